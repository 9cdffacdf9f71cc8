package cjk_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/mime"
	"applayer/mime/cjk"
)

func decode(t *testing.T, label, in string) (text string, bad int64) {
	d := cjk.Decoder(label)
	require.NotNil(t, d, label)
	r := mime.NewTextReader(strings.NewReader(in), d)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	if defects := r.Defects(); len(defects) > 0 {
		return string(b), defects[0].Offset
	}
	return string(b), -1
}

func TestDecoder(t *testing.T) {
	tests := []struct {
		name, label, in, want string
		bad                   int64 // -1 for none
	}{
		{"ISO-2022-JP", "iso-2022-jp", "a \x1b$BF|K\\\x1b(B b", "a 日本 b", -1},
		{"ISO-2022-JP of 1978", "iso-2022-jp", "\x1b$@F|\x1b(J\\~\x1b(B\\~", "日¥‾\\~", -1},
		{"ISO-2022-JP katakana", "cp50221", "\x1b(I1\x1b(B1", "ｱ1", -1},
		{"ISO-2022-JP katakana has no 60", "cp50221", "\x1b(I`", "\uFFFD", 3},
		{"ISO-2022-JP-1", "iso-2022-jp-1", "\x1b$(D0!\x1b(B", "丂", -1},
		{"ISO-2022-JP-2", "iso-2022-jp-2", "\x1b$AVP\x1b$(C0!\x1b(B", "中가", -1},
		{"ISO-2022-JP with characters of Windows", "iso-2022-jp", "\x1b$B-!\x1b(B", "①", -1},
		{"1468 damage ends with the line", "iso-2022-jp", "\x1b$BF|\r\nabcd", "日\r\nabcd", -1},
		{"1468 ISO-646 stays behind a line", "iso-2022-jp", "\x1b(J\r\n~", "\r\n‾", -1},
		{"ISO-2022-JP half a character", "iso-2022-jp", "\x1b$BF\x1b(Ba", "\uFFFDa", 3},
		{"ISO-2022-JP half a character at the end", "iso-2022-jp", "\x1b$BF|K", "日\uFFFD", 5},
		{"ISO-2022-JP half a character before a line end", "iso-2022-jp", "\x1b$BF\na", "\uFFFD\na", 3},
		{"ISO-2022-JP no character", "iso-2022-jp", "\x1b$B~~", "\uFFFD", 3},
		{"ISO-2022-JP unknown escape", "iso-2022-jp", "\x1b$Zab", "\uFFFD$Zab", 0},
		{"ISO-2022-JP cut escape", "iso-2022-jp", "a\x1b$", "a\uFFFD$", 1},
		{"ISO-2022-JP octet beyond ASCII", "iso-2022-jp", "a\xc6\xfc", "a\uFFFD\uFFFD", 1},
		{"Shift_JIS", "shift_jis", "a\x93\xfa\x96\x7b\xb1\\", "a日本ｱ\\", -1},
		{"Shift_JIS, backslash as second octet", "windows-31j", "\x95\x5c", "表", -1},
		{"Shift_JIS of Windows", "sjis", "\x87\x40\x81\x60\x81\x61\x81\x7c\x81\x91\x81\x92\x81\xca", "①～∥－￠￡￢", -1},
		{"Shift_JIS damage takes no ASCII", "shift_jis", "\x93\r\n", "\uFFFD\r\n", 0},
		{"Shift_JIS damage of two octets", "shift_jis", "\x85\xf0a", "\uFFFDa", 0},
		{"Shift_JIS trail that is none", "shift_jis", "\x93\xfda", "\uFFFDa", 0},
		{"Shift_JIS cut", "shift_jis", "a\x93", "a\uFFFD", 1},
		{"EUC-JP", "euc-jp", "\xc6\xfc\xcb\xdc\x8e\xb1\x8f\xb0\xa1", "日本ｱ丂", -1},
		{"EUC-JP damage", "euc-jp", "\xc6<\x8e\xe0<\x8f\xb0<\x80\x8f\xfe\xfe", "\uFFFD<\uFFFD<\uFFFD<\uFFFD\uFFFD", 0},
		{"EUC-JP cut", "euc-jp", "\x8f\xb0", "\uFFFD\uFFFD", 0},
		{"EUC-KR", "euc-kr", "\xb0\xa1\xb3\xaa", "가나", -1},
		{"EUC-KR as Windows-949", "ks_c_5601-1987", "\x81\x41", "갂", -1},
		{"EUC-KR damage", "euc-kr", "\xb0<\x80\xc9\xa1", "\uFFFD<\uFFFD\uFFFD", 0},
		{"GB2312", "gb2312", "\xd6\xd0\xce\xc4\x80", "中文€", -1},
		{"GBK", "gbk", "\x81\x40", "丂", -1},
		{"GB18030, four octets", "gb18030", "\x81\x30\x81\x30\x94\x39\xda\x33", "\u0080💩", -1},
		{"GB18030 damage", "gb18030", "\xd6<\xff\x81\x30<\x81\x30\x81<\xe4\x30\x81\x30\xd6\x7f\xd6\xff",
			"\uFFFD<\uFFFD\uFFFD0<\uFFFD0\uFFFD<\uFFFD\uFFFD\x7f\uFFFD", 0},
		{"GB18030 cut", "gb18030", "\x81\x30\x81", "\uFFFD0\uFFFD", 0},
		{"1557 ISO-2022-KR", "iso-2022-kr", "\x1b$)C\x0e0!3*\x0f abc\n\x0e4Y\x0f", "가나 abc\n다", -1},
		{"1557 a line begins in ASCII", "iso-2022-kr", "\x0e0!\nab", "가\nab", -1},
		{"1557 damage", "iso-2022-kr", "\x1b$B\x0e0\x0fa\xb0\x0e~~ 0", "\uFFFD$B\uFFFDa\uFFFD\uFFFD \uFFFD", 0},
		{"1557 cut", "iso-2022-kr", "\x1b$)", "\uFFFD$)", 0},
		{"1843 HZ", "hz-gb-2312", "~{VPND~} abc~~x\n~{ND~}a~\nb", "中文 abc~x\n文ab", -1},
		{"1843 a line begins in ASCII", "hz-gb-2312", "~{VP\nab", "中\nab", -1},
		{"1843 damage", "hz-gb-2312", "a~b~{V\n~{~~~}~", "a\uFFFDb\uFFFD\n\uFFFD\uFFFD\uFFFD", 1},
		{"Big5", "big5", "\xa4\xa4\xa4\xe5", "中文", -1},
		{"Big5, backslash as second octet", "big5", "\xb3\x5c", "許", -1},
		{"Big5 with characters of Hong Kong", "big5", "\x88\x62", "Ê̄", -1},
		{"Big5-HKSCS", "big5-hkscs", "\x88\xa5\x87\x40", "ê̌䏰", -1},
		{"Big5 damage", "big5", "\xa4<\x80\xa4\x80\xff\x81\x40", "\uFFFD<\uFFFD\uFFFD\uFFFD\uFFFD@", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, bad := decode(t, tt.label, tt.in)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.bad, bad)
		})
	}
}

func TestDecoderUnknown(t *testing.T) {
	for _, label := range []string{"x-klingon", "", strings.Repeat("x", 1000)} {
		assert.Nil(t, cjk.Decoder(label), "%.20s", label)
	}
	for _, label := range []string{"EUC_JP", "shift-jis", "Extended_UNIX_Code_Packed_Format_for_Japanese", "KS_C_5601-1987", "GB_2312-80", "Big5-HKSCS", "ISO-2022-KR", "HZ-GB-2312"} {
		assert.NotNil(t, cjk.Decoder(label), label)
	}
	opts := &mime.Options{Charset: cjk.Decoder}
	_, err := mime.NewDecoder("x-klingon", opts)
	require.ErrorIs(t, err, mime.ErrUnknownCharset)
	_, err = mime.NewDecoder("ISO-2022-JP", opts)
	require.NoError(t, err)
}

// codes yields every code that may be a character, as testdata/gen/tables.py
// does.
func codes(label string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		all := func(ranges ...[2]int) bool {
			code := make([]byte, len(ranges))
			var fill func(i int) bool
			fill = func(i int) bool {
				if i == len(ranges) {
					return yield(code)
				}
				for c := ranges[i][0]; c < ranges[i][1]; c++ {
					code[i] = byte(c)
					if !fill(i + 1) {
						return false
					}
				}
				return true
			}
			return fill(0)
		}
		if !all([2]int{0, 0x100}) || !all([2]int{0x80, 0x100}, [2]int{0x30, 0x100}) {
			return
		}
		switch label {
		case "euc-jp":
			all([2]int{0x8F, 0x90}, [2]int{0xA1, 0xFF}, [2]int{0xA1, 0xFF})
		case "gb18030":
			all([2]int{0x81, 0xFF}, [2]int{0x30, 0x3A}, [2]int{0x81, 0xFF}, [2]int{0x30, 0x3A})
		}
	}
}

// characters yields each code that is one character, with what it is.
func characters(label string) iter.Seq2[[]byte, string] {
	return func(yield func(code []byte, text string) bool) {
		text := make([]byte, 0, 64)
		alone := make(map[byte]bool) // octets that are characters by themselves
		for code := range codes(label) {
			if len(code) == 2 && alone[code[0]] {
				continue
			}
			text, _ = cjk.Decoder(label).AppendUTF8(text[:0], code, true)
			if bytes.Contains(text, []byte("\uFFFD")) {
				continue
			}
			if len(code) == 1 {
				alone[code[0]] = true
			}
			if !yield(code, string(text)) {
				return
			}
		}
	}
}

// Each code of each charset is what Python's codecs have it for.
func TestDecoderAgainstPython(t *testing.T) {
	digests, err := os.ReadFile("testdata/digests.txt")
	require.NoError(t, err)
	for row := range strings.Lines(string(digests)) {
		fields := strings.Fields(row)
		t.Run(fields[0], func(t *testing.T) {
			if fields[0] == "gb18030" && testing.Short() {
				t.Skip("a million codes")
			}
			n, sum := 0, sha256.New()
			var line []byte
			for code, text := range characters(fields[0]) {
				line = append(hex.AppendEncode(line[:0], code), ' ')
				line = append(append(line, text...), '\n')
				sum.Write(line)
				n++
			}
			assert.Equal(t, fields[1], strconv.Itoa(n))
			assert.Equal(t, fields[2], hex.EncodeToString(sum.Sum(nil)))
		})
	}
}

// The sets of ISO-2022-JP are those of EUC, without the eighth bit.
func TestISO2022JPAgainstEUC(t *testing.T) {
	for _, tt := range []struct{ escape, label, lead string }{
		{"\x1b$B", "euc-jp", ""}, {"\x1b$(D", "euc-jp", "\x8f"}, {"\x1b$A", "gb2312", ""}, {"\x1b$(C", "euc-kr", ""},
	} {
		n := 0
		for row := 0x21; row < 0x7F; row++ {
			for column := 0x21; column < 0x7F; column++ {
				got, _ := decode(t, "iso-2022-jp", tt.escape+string([]byte{byte(row), byte(column)}))
				want, _ := decode(t, tt.label, tt.lead+string([]byte{byte(row + 0x80), byte(column + 0x80)}))
				if got != want {
					assert.Equal(t, want, got, "%q %x %x", tt.escape, row, column)
				}
				if want != "\uFFFD" {
					n++
				}
			}
		}
		assert.Greater(t, n, 6000, tt.escape)
	}
}

// iconv is the second witness. It has no private characters for what Windows
// leaves free, in EUC-JP none of Windows and in Windows-950 none of Hong Kong; and
// in GB18030 it has characters that came later for private ones, in 2022.
func TestDecoderAgainstIconv(t *testing.T) {
	iconv := testkit.Program(t, "iconv")
	for _, tt := range []struct {
		label, name string
		missing     int      // in iconv
		other       []string // ours, iconv's
	}{
		{"shift_jis", "CP932", 5, nil},
		{"euc-jp", "EUC-JP", 457, []string{"~～"}},
		{"euc-kr", "CP949", 0, nil},
		{"gb18030", "GB18030", 20, nil},
		{"big5", "CP950", 4906, nil},
		{"big5-hkscs", "BIG5-HKSCS", 5, []string{"╴Z", "＼@"}},
	} {
		t.Run(tt.label, func(t *testing.T) {
			var in, want bytes.Buffer
			n := 0
			for code, text := range characters(tt.label) {
				if len(code) == 4 && code[0] >= 0x90 { // by arithmetic
					break
				}
				if text != "\n" {
					n++
					in.Write(append(code, '\n'))
					want.WriteString(text + "\n")
				}
			}
			cmd := exec.Command(iconv, "-c", "-f", tt.name, "-t", "UTF-8")
			cmd.Stdin = &in
			got, err := cmd.Output()
			if err != nil {
				require.Equal(t, 1, cmd.ProcessState.ExitCode(), "some are left out")
			}
			gotRows, wantRows := strings.Split(string(got), "\n"), strings.Split(want.String(), "\n")
			require.Len(t, gotRows, len(wantRows))
			missing, other := 0, []string(nil)
			for i, row := range wantRows {
				got := gotRows[i]
				switch {
				case got == row:
				case got == "", tt.missing > 1000 && got[0] < 0x80: // the second octet alone
					missing++
				case !private(got) && !private(row):
					other = append(other, row+got)
				}
			}
			assert.LessOrEqual(t, missing, tt.missing, "of %d", n)
			assert.Equal(t, tt.other, other)
		})
	}
}

// private tells whether s begins with a character of private use.
func private(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r >= 0xE000 && r <= 0xF8FF
}

func FuzzDecoder(f *testing.F) {
	for _, label := range []string{"iso-2022-jp", "shift_jis", "euc-jp", "euc-kr", "iso-2022-kr", "gb18030", "hz", "big5", "big5-hkscs"} {
		f.Add(label, []byte("a\x1b$BF|K\\\x1b(B\x93\xfa\xb1\x8f\xb0\xa1\x81\x30\x81\x30\x88\x62<~{V~}\x0e0!\x0f\r\n"))
	}
	f.Fuzz(func(t *testing.T, label string, in []byte) {
		d := cjk.Decoder(label)
		if d == nil {
			return
		}
		whole, n := d.AppendUTF8(nil, in, true)
		require.Equal(t, len(in), n, "with last all is taken")
		require.True(t, utf8.Valid(whole))
		require.LessOrEqual(t, len(whole), 4*len(in))

		r := mime.NewTextReader(iotest.OneByteReader(bytes.NewReader(in)), cjk.Decoder(label))
		cut, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, string(whole), string(cut))
		if !strings.HasPrefix(label, "hz") {
			require.Equal(t, bytes.Count(in, []byte("\n")), bytes.Count(whole, []byte("\n")), "no line end is lost")
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	for _, bb := range []struct{ label, line string }{
		{"iso-2022-jp", "\x1b$BF|K\\8l$N%F%-%9%H\x1b(B plain text\r\n"},
		{"gb18030", "\xd6\xd0\xce\xc4\xd6\xd0\xce\xc4 plain text\r\n"},
	} {
		in := bytes.Repeat([]byte(bb.line), 1000)
		b.Run(bb.label, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				out, _ = cjk.Decoder(bb.label).AppendUTF8(out[:0], in, true)
			}
		})
	}
}
