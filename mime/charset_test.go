package mime_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/mime"
)

func TestNewDecoder(t *testing.T) {
	tests := []struct {
		name, label, in, want string
		code                  mime.DefectCode
		at                    int64
	}{
		{"2046-4.1.2 US-ASCII", "us-ascii", "abc", "abc", "", 0},
		{"2046-4.1.2 no label", "", "abc", "abc", "", 0},
		{"7103-7.6 UTF-8 without a label", "", "a gr\xc3\xbc\xc3\x9fe", "a grüße", mime.DefectUnlabelled8Bit, 4},
		{"7103-7.6 windows-1252 without a label", "", "a \x93gr\xfc\xdfe\x94", "a “grüße”", mime.DefectUnlabelled8Bit, 2},
		{"7103-7.6 UTF-8 as US-ASCII", "US-ASCII", "\xe2\x82\xac", "€", mime.DefectUnlabelled8Bit, 0},
		{"7103-7.6 windows-1252 as US-ASCII", "ANSI_X3.4-1968", "x\x80", "x€", mime.DefectUnlabelled8Bit, 1},
		{"a cut character without a label is none", "", "\xe2\x82", "â‚", mime.DefectUnlabelled8Bit, 0},
		{"1428 unknown-8bit", "unknown-8bit", "\xfc", "ü", mime.DefectUnlabelled8Bit, 0},
		{"UTF-8", "utf-8", "a\xe2\x82\xac\xf0\x9f\x98\x80", "a€😀", "", 0},
		{"3629-3 one U+FFFD for the front of a character", "UTF8", "a\xe2\x82b", "a\uFFFDb", mime.DefectBadCharacter, 1},
		{"3629-3 surrogates are none", "utf-8", "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD", mime.DefectBadCharacter, 0},
		{"3629-3 overlong", "utf-8", "\xe0\x80\xaf", "\uFFFD\uFFFD\uFFFD", mime.DefectBadCharacter, 0},
		{"3629-3 three of four octets", "utf-8", "\xf0\x9f\x98!", "\uFFFD!", mime.DefectBadCharacter, 0},
		{"3629-3 behind U+10FFFF", "utf-8", "\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD", mime.DefectBadCharacter, 0},
		{"3629-3 front of four octets at the end", "utf-8", "ab\xf1\x80", "ab\uFFFD", mime.DefectBadCharacter, 2},
		{"ISO-8859-1", "iso-8859-1", "gr\xfc\xdfe\xa0", "grüße\u00a0", "", 0},
		{"ISO-8859-1 that is windows-1252", "ISO_8859-1:1987", "\xfc \x80\x81", "ü €\u0081", mime.DefectWrongCharset, 2},
		{"windows-1252", "Windows-1252", "\x80\x93", "€“", "", 0},
		{"windows-1252 has no 81", "cp1252", "a\x81", "a\uFFFD", mime.DefectBadCharacter, 1},
		{"ISO-8859-15", "latin-9", "\xa4", "€", "", 0},
		{"KOI8-R", "koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет", "", 0},
		{"punctuation of a label does not matter", " iso8859_2 ", "\xb1", "ą", "", 0},
		{"UTF-16 without a mark is big-endian", "utf-16", "\x00a\x20\xac", "a€", "", 0},
		{"UTF-16 big-endian mark", "utf-16", "\xfe\xff\x00a", "a", "", 0},
		{"UTF-16 little-endian mark", "utf-16", "\xff\xfea\x00\xac\x20", "a€", "", 0},
		{"UTF-16LE", "utf-16le", "=\xd8\x00\xde", "😀", "", 0},
		{"2781-2.2 second surrogate alone", "utf-16be", "\xde\x00\x00a", "\uFFFDa", mime.DefectBadCharacter, 0},
		{"2781-2.2 first surrogate alone", "utf-16be", "\x00a\xd8\x3d\x00b", "a\uFFFDb", mime.DefectBadCharacter, 2},
		{"2781-2.2 first surrogate at the end", "utf-16be", "\xd8\x3d", "\uFFFD", mime.DefectBadCharacter, 0},
		{"half a unit", "utf-16", "\x00a\x00", "a\uFFFD", mime.DefectBadCharacter, 2},
		{"2152 UTF-7", "utf-7", "Hi Mom -+Jjo--!", "Hi Mom -☺-!", "", 0},
		{"2152 octet beyond ASCII", "utf-7", "a\xfc", "a\uFFFD", mime.DefectBadCharacter, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := mime.NewDecoder(tt.label, nil)
			require.NoError(t, err)
			r := mime.NewTextReader(strings.NewReader(tt.in), d)
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
			var code mime.DefectCode
			var at int64
			for _, defect := range r.Defects() {
				code, at = defect.Code, defect.Offset
			}
			assert.Equal(t, tt.code, code)
			assert.Equal(t, tt.at, at)
		})
	}
}

func TestNewDecoderUnknown(t *testing.T) {
	for _, label := range []string{"x-klingon", "?", "iso-8859-12", strings.Repeat("a", 1000)} {
		_, err := mime.NewDecoder(label, nil)
		require.ErrorIs(t, err, mime.ErrUnknownCharset, "%.20s", label)
	}
	opts := &mime.Options{Charset: func(label string) mime.Decoder {
		if label == "x-klingon" {
			d, _ := mime.NewDecoder("koi8-r", nil)
			return d
		}
		return nil
	}}
	d, err := mime.NewDecoder(" X-Klingon", opts)
	require.NoError(t, err)
	got, n := d.AppendUTF8(nil, []byte("\xc1"), true)
	assert.Equal(t, "а", string(got))
	assert.Equal(t, 1, n)
	_, err = mime.NewDecoder("x-vulcan", opts)
	require.ErrorIs(t, err, mime.ErrUnknownCharset)
}

// The text is taken for one charset by its first 4096 octets from the first that
// is not ASCII.
func TestUnlabelledWindow(t *testing.T) {
	decode := func(s string) string {
		d, err := mime.NewDecoder("", nil)
		require.NoError(t, err)
		b, err := io.ReadAll(mime.NewTextReader(strings.NewReader(s), d))
		require.NoError(t, err)
		return string(b)
	}
	head := strings.Repeat("a", 20000)
	fill := strings.Repeat("b", 5000)
	assert.Equal(t, head+"ü"+fill+"ü", decode(head+"\xfc"+fill+"\xfc"))
	assert.Equal(t, head+"ü"+fill+"ü", decode(head+"ü"+fill+"ü"))
	assert.Equal(t, head+"ü"+fill+"ü", decode(head+"ü"+fill+"\xfc"), "what is not UTF-8 behind the window is windows-1252")
	assert.Equal(t, head+"üÃ¼"+fill, decode(head+"\xfcü"+fill), "one octet decides for all")
	cut := "ü" + strings.Repeat("b", 4093) // the window ends within the character behind
	assert.Equal(t, cut+"€", decode(cut+"€"))
	assert.Equal(t, cut+"€"+fill, decode(cut+"€"+fill))
	assert.Equal(t, cut+"â‚", decode(cut+"\xe2\x82"), "it is no character")
}

// Each octet of each charset is what Python's codecs have it for.
func TestCharsetTables(t *testing.T) {
	witness, err := os.ReadFile("testdata/charsets.txt")
	require.NoError(t, err)
	n := 0
	for row := range strings.Lines(string(witness)) {
		name, want, _ := strings.Cut(strings.TrimSpace(row), " ")
		d, err := mime.NewDecoder(name, nil)
		require.NoError(t, err, name)
		text, _ := d.AppendUTF8(nil, upperOctets(), true)
		sum := sha256.Sum256(text)
		assert.Equal(t, want, hex.EncodeToString(sum[:]), name)
		n++
	}
	assert.Equal(t, 30, n)
}

func upperOctets() (b []byte) {
	for c := range 0x80 {
		b = append(b, byte(0x80+c))
	}
	return b
}

// iconv's tables are the second witness. Those of macintosh differ: Apple's own
// list, which Python follows, has the increment for the delta and a private
// character for the apple.
func TestCharsetTablesAgainstIconv(t *testing.T) {
	iconv := testkit.Program(t, "iconv")
	names := map[string]string{"windows-874": "CP874"}
	differ := map[string]string{"macintosh": "\xc6\xf0"}
	witness, err := os.ReadFile("testdata/charsets.txt")
	require.NoError(t, err)
	for row := range strings.Lines(string(witness)) {
		name, _, _ := strings.Cut(row, " ")
		var octets []byte
		for _, c := range upperOctets() {
			got, _ := must(mime.NewDecoder(name, nil)).AppendUTF8(nil, []byte{c}, true)
			if string(got) != "\uFFFD" && strings.IndexByte(differ[name], c) < 0 {
				octets = append(octets, c, '\n') // which keeps iconv from composing
			}
		}
		cmd := exec.Command(iconv, "-f", cmp.Or(names[name], name), "-t", "UTF-8")
		cmd.Stdin = bytes.NewReader(octets)
		want, err := cmd.Output()
		require.NoError(t, err, name)
		got, _ := must(mime.NewDecoder(name, nil)).AppendUTF8(nil, octets, true)
		assert.Equal(t, string(want), string(got), name)
	}
}

func TestAppendCharset(t *testing.T) {
	for _, tt := range []struct{ label, text, want string }{
		{"ISO-8859-1", "grüße\u0080", "gr\xfc\xdfe\x80"},
		{"windows-1252", "€", "\x80"},
		{"koi8-r", "Привет", "\xf0\xd2\xc9\xd7\xc5\xd4"},
		{"utf-8", "€😀", "€😀"},
		{"us-ascii", "abc", "abc"},
	} {
		got, err := mime.AppendCharset([]byte("x"), tt.text, tt.label)
		require.NoError(t, err, tt.label)
		assert.Equal(t, "x"+tt.want, string(got))
	}
	for _, tt := range []struct {
		label, text string
		at          int64
	}{
		{"iso-8859-1", "a€", 1}, {"us-ascii", "ü", 0}, {"utf-8", "a\xfc", 1}, {"iso-8859-2", "\xfc", 0}, {"windows-1252", "\uFFFD", 0}, {"cp437", "ab😀", 2},
	} {
		got, err := mime.AppendCharset([]byte("x"), tt.text, tt.label)
		var parse *mime.ParseError
		require.ErrorAs(t, err, &parse, tt.label)
		assert.Equal(t, tt.at, parse.Offset, tt.label)
		assert.Equal(t, "x", string(got), "nothing was appended")
	}
	for _, label := range []string{"utf-16", "utf-7", "x-klingon"} {
		_, err := mime.AppendCharset(nil, "a", label)
		require.ErrorIs(t, err, mime.ErrUnknownCharset, label)
	}
	// What is read is written again, octet by octet.
	witness, err := os.ReadFile("testdata/charsets.txt")
	require.NoError(t, err)
	for row := range strings.Lines(string(witness)) {
		name, _, _ := strings.Cut(row, " ")
		for _, c := range upperOctets() {
			text, _ := must(mime.NewDecoder(name, nil)).AppendUTF8(nil, []byte{c}, true)
			if got, err := mime.AppendCharset(nil, string(text), name); err == nil {
				assert.Equal(t, []byte{c}, got, name)
			} else {
				assert.Equal(t, "\uFFFD", string(text), name)
			}
		}
	}
}

func TestTextReaderErrors(t *testing.T) {
	d, err := mime.NewDecoder("koi8-r", nil)
	require.NoError(t, err)
	broken := errors.New("broken")
	r := mime.NewTextReader(io.MultiReader(strings.NewReader("\xc1"), iotest.ErrReader(broken)), d)
	got, err := io.ReadAll(r)
	assert.Equal(t, "а", string(got))
	require.ErrorIs(t, err, broken)
	n, err := r.Read(nil)
	assert.Zero(t, n)
	assert.NoError(t, err)

	var b bytes.Buffer
	r = mime.NewTextReader(io.MultiReader(strings.NewReader("\xc1"), iotest.ErrReader(broken)), d)
	_, err = r.WriteTo(&b)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, "а", b.String())

	r = mime.NewTextReader(strings.NewReader(strings.Repeat("x", 20000)), waiting{})
	_, err = io.ReadAll(r)
	require.ErrorIs(t, err, io.ErrNoProgress)

	r = mime.NewTextReader(strings.NewReader("\xc1"), nil)
	got, err = io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "\xc1", string(got), "no decoder leaves the octets")
	assert.Empty(t, r.Defects())
	b.Reset()
	_, err = mime.NewTextReader(strings.NewReader("\xc1"), nil).WriteTo(&b)
	require.NoError(t, err)
	assert.Equal(t, "\xc1", b.String())

	r = mime.NewTextReader(strings.NewReader("a"), d)
	_, err = r.WriteTo(brokenWriter{broken})
	require.ErrorIs(t, err, broken)
}

// waiting is a decoder that takes nothing.
type waiting struct{}

func (waiting) AppendUTF8(dst, _ []byte, last bool) ([]byte, int) { return dst, 0 }

type brokenWriter struct{ err error }

func (w brokenWriter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return 0, w.err
}

// FuzzNewDecoder checks that text is the same however it is cut, that it is
// valid UTF-8, and that ASCII stands for itself where it has to.
func FuzzNewDecoder(f *testing.F) {
	f.Add("utf-8", []byte("a\xe2\x82b\xf0\x9f\x98\x80"))
	f.Add("", []byte("gr\xfc\xdfe"))
	f.Add("us-ascii", append(bytes.Repeat([]byte("\xc3\xbc"), 2050), 0xe2, 0x82))
	f.Add("utf-16", []byte("\xff\xfe=\xd8\x00\xde="))
	f.Add("utf-7", []byte("+2D3eAA-+-+AOQ"))
	f.Add("iso-8859-1", []byte("\x80\x81"))
	f.Fuzz(func(t *testing.T, label string, in []byte) {
		d, err := mime.NewDecoder(label, nil)
		if err != nil {
			return
		}
		whole, n := d.AppendUTF8(nil, in, true)
		require.Equal(t, len(in), n, "with last all is taken")
		require.Truef(t, bytes.Equal(whole, bytes.ToValidUTF8(whole, nil)), "%q is not UTF-8", whole)

		r := mime.NewTextReader(iotest.OneByteReader(bytes.NewReader(in)), must(mime.NewDecoder(label, nil)))
		cut, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, string(whole), string(cut))

		var b bytes.Buffer
		r2 := mime.NewTextReader(bytes.NewReader(in), must(mime.NewDecoder(label, nil)))
		_, err = r2.WriteTo(&b)
		require.NoError(t, err)
		require.Equal(t, string(whole), b.String())
		require.Equal(t, r.Defects(), r2.Defects())
	})
}

func must(d mime.Decoder, err error) mime.Decoder {
	if err != nil {
		panic(err)
	}
	return d
}

func BenchmarkTextReader(b *testing.B) {
	for _, bb := range []struct{ label, line string }{
		{"us-ascii", "The quick brown fox jumps over the lazy dog.\r\n"},
		{"utf-8", "Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich.\r\n"},
		{"iso-8859-1", "Zw\xf6lf Boxk\xe4mpfer jagen Viktor quer \xfcber den Sylter Deich.\r\n"},
	} {
		in := bytes.Repeat([]byte(bb.line), 1000)
		b.Run(bb.label, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				r := mime.NewTextReader(bytes.NewReader(in), must(mime.NewDecoder(bb.label, nil)))
				if _, err := r.WriteTo(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The tables are what the committed script makes, by the Python that is here.
func TestInteropCharsetTables(t *testing.T) {
	python := testkit.Program(t, "python3")
	want, err := os.ReadFile("charset_tables.go")
	require.NoError(t, err)
	got, err := exec.Command(python, "testdata/gen/charset_tables.py").Output()
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got), "go generate changes charset_tables.go")
}
