package reply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/reply"
)

var (
	free = reply.Format{Max: 200, MaxLines: 8}
	each = reply.Format{Max: 200, MaxLines: 8, EachLine: true}
)

var cases = []struct {
	name    string
	format  reply.Format
	in      string
	code    int
	want    []string
	n       int
	wantErr error
}{
	{"one line", free, "220 ready\r\nmore", 220, []string{"ready"}, 11, nil},
	{"959-4.2 many lines", free, "123-First line\r\nSecond line\r\n  234 A line beginning with numbers\r\n123 The last line\r\n", 123, []string{"First line", "Second line", "  234 A line beginning with numbers", "The last line"}, 85, nil},
	{"another code inside is text", free, "211-a\r\n212 b\r\n211-c\r\n2111 d\r\n211 e\r\n", 211, []string{"a", "212 b", "c", "2111 d", "e"}, 36, nil},
	{"each line with its code", free, "220-a\r\n220-b\r\n220 c\r\n", 220, []string{"a", "b", "c"}, 21, nil},
	{"empty lines inside", free, "220-\r\n\r\n\n220 \r\n", 220, []string{"", "", "", ""}, 15, nil},
	{"LF alone", free, "220-a\nb\n220 c\n", 220, []string{"a", "b", "c"}, 14, nil},
	{"bare CR is text", free, "220 a\rb\r\n", 220, []string{"a\rb"}, 9, nil},
	{"a code alone", free, "226\r\n", 226, []string{""}, 5, nil},
	{"a code alone at the end", free, "226-a\r\n226\r\n", 226, []string{"a", ""}, 12, nil},
	{"spaces stay", free, "257  \"a\" \r\n", 257, []string{" \"a\" "}, 11, nil},
	{"nothing", free, "", 0, nil, 0, reply.ErrIncomplete},
	{"half a line", free, "220 a\r", 0, nil, 0, reply.ErrIncomplete},
	{"no last line", free, "220-a\r\n220-b\r\n", 0, nil, 0, reply.ErrIncomplete},
	{"no code", free, "hello\r\n", 0, nil, 0, reply.ErrCode},
	{"two digits", free, "22 a\r\n", 0, nil, 0, reply.ErrCode},
	{"empty line first", free, "\r\n220 a\r\n", 0, nil, 0, reply.ErrCode},
	{"four digits", free, "2200 a\r\n", 0, nil, 0, reply.ErrSeparator},
	{"too long", reply.Format{Max: 10}, "220 abcdefg\r\n", 0, nil, 10, reply.ErrTooLong},
	{"just short enough", reply.Format{Max: 10}, "220 abcd\r\n", 220, []string{"abcd"}, 10, nil},
	{"too long in a later line", reply.Format{Max: 10}, "220-ab\r\n\r\n220 c\r\n", 0, nil, 10, reply.ErrTooLong},
	{"a line too long", reply.Format{MaxLine: 10}, "220-abcd\r\n220 abcde\r\n", 0, nil, 20, reply.ErrLineTooLong},
	{"a line too long, of SMTP", reply.Format{EachLine: true, MaxLine: 10, Max: 100}, "220-abcd\r\n220 abcde\r\n", 0, nil, 20, reply.ErrLineTooLong},
	{"all too long before a line is", reply.Format{MaxLine: 10, Max: 15}, "220-abcd\r\n220 abcde\r\n", 0, nil, 15, reply.ErrTooLong},
	{"lines just short enough", reply.Format{MaxLine: 10}, "220-abcd\r\n220 abcd\r\n", 220, []string{"abcd", "abcd"}, 20, nil},
	{"too many lines", reply.Format{MaxLines: 3}, "220-a\r\nb\r\nc\r\n220 d\r\n", 0, nil, 13, reply.ErrTooManyLines},
	{"just few enough lines", reply.Format{MaxLines: 3}, "220-a\r\nb\r\n220 d\r\n", 220, []string{"a", "b", "d"}, 17, nil},
	{"no limits", reply.Format{}, "220-" + strings.Repeat("a\r\n", 1000) + "220 b\r\n", 220, append(slices.Repeat([]string{"a"}, 1000), "b"), 3011, nil},

	{"5321-4.2.1 many lines", each, "250-First line\r\n250-Second line\r\n250-234 Text beginning with numbers\r\n250 The last line\r\n", 250, []string{"First line", "Second line", "234 Text beginning with numbers", "The last line"}, 89, nil},
	{"5321-4.2 a code alone", each, "250\r\n", 250, []string{""}, 5, nil},
	{"5321-4.2.1 a line without code", each, "250-a\r\nb\r\n250 c\r\n", 0, nil, 7, reply.ErrCode},
	{"5321-4.2.1 another code", each, "250-a\r\n251 b\r\n", 0, nil, 7, reply.ErrOtherCode},
	{"5321-4.2.1 another separator", each, "250-a\r\n250+b\r\n", 0, nil, 7, reply.ErrSeparator},
	{"5321-2.3.8 LF alone", each, "250 a\n", 0, nil, 5, reply.ErrLineEnd},
	{"5321-2.3.8 bare CR", each, "250-a\r\n250 \rb\r\n", 0, nil, 11, reply.ErrLineEnd},
}

func TestParse(t *testing.T) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			code, lines, n, err := reply.Parse([]byte(tt.in), tt.format)
			assert.Equal(t, tt.wantErr, err)
			assert.Equal(t, tt.code, code)
			assert.Equal(t, tt.want, lines)
			assert.Equal(t, tt.n, n)
		})
	}
}

// find gives a Finder b in pieces of step octets.
func find(format reply.Format, b []byte, step int) (int, error) {
	f := reply.Finder{Format: format}
	for have := 0; ; {
		n, err := f.Find(b[:have])
		if err != reply.ErrIncomplete || have == len(b) {
			return n, err
		}
		have = min(have+step, len(b))
	}
}

func TestFindInPieces(t *testing.T) {
	for _, tt := range cases {
		for _, step := range []int{1, 3} {
			n, err := find(tt.format, []byte(tt.in), step)
			assert.Equal(t, tt.wantErr, err, tt.name)
			assert.Equal(t, tt.n, n, tt.name)
		}
	}
}

func TestFinderGoesOn(t *testing.T) {
	f := reply.Finder{Format: free}
	b := []byte("331-a\r\n331 b\r\n230 c\r\n")
	for _, want := range []int{14, 7} {
		n, err := f.Find(b)
		require.NoError(t, err)
		assert.Equal(t, want, n)
		b = b[n:]
	}
	assert.Empty(t, b)
}

func TestAppend(t *testing.T) {
	tests := []struct {
		name    string
		format  reply.Format
		code    int
		lines   []string
		want    string
		n       int
		wantErr error
	}{
		{"one line", free, 220, []string{"ready"}, "220 ready\r\n", 0, nil},
		{"no line", free, 220, nil, "220 \r\n", 0, nil},
		{"many lines", free, 211, []string{"Features:", " MDTM", "", "End"}, "211-Features:\r\n MDTM\r\n\r\n211 End\r\n", 0, nil},
		{"959-4.2 padding", free, 213, []string{"111 a", "222 b", "333", "44 c", "555 d"}, "213-111 a\r\n 222 b\r\n 333\r\n44 c\r\n213 555 d\r\n", 0, nil},
		{"5321-4.2.1 each line", each, 250, []string{"a", "222 b", "c"}, "250-a\r\n250-222 b\r\n250 c\r\n", 0, nil},
		{"LF", free, 220, []string{"a", "b\n221 c"}, "", 1, reply.ErrControlOctet},
		{"CR", each, 220, []string{"a\r"}, "", 0, reply.ErrControlOctet},
		{"NUL", free, 220, []string{"\x00"}, "", 0, reply.ErrControlOctet},
		{"two digits", free, 99, []string{"a"}, "", 0, reply.ErrCode},
		{"four digits", free, 1000, []string{"a"}, "", 0, reply.ErrCode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, n, err := reply.Append(nil, tt.code, tt.lines, tt.format)
			assert.Equal(t, tt.wantErr, err)
			assert.Equal(t, tt.want, string(b))
			assert.Equal(t, tt.n, n)
		})
	}
}

// Cutting makes no difference, and what is read and written reads as the same.
func FuzzParse(f *testing.F) {
	for _, tt := range cases {
		f.Add([]byte(tt.in), uint16(tt.format.Max), uint8(tt.format.MaxLines), tt.format.EachLine, uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, size uint16, count uint8, eachLine bool, step uint8) {
		format := reply.Format{EachLine: eachLine, Max: int(size), MaxLines: int(count)}
		code, lines, n, err := reply.Parse(b, format)
		pieces, piecesErr := find(format, b, int(step%16)+1)
		require.Equal(t, err, piecesErr, "chunks make no difference")
		require.Equal(t, n, pieces)
		if err != nil {
			return
		}
		require.NotEmpty(t, lines)
		if size > 0 {
			require.LessOrEqual(t, n, int(size))
		}
		if count > 0 {
			require.LessOrEqual(t, len(lines), int(count))
		}
		again, _, err := reply.Append(nil, code, lines, format)
		if err != nil {
			if code >= 100 {
				require.ErrorIs(t, err, reply.ErrControlOctet)
			}
			return
		}
		code2, lines2, n2, err := reply.Parse(append(again, "250 next\r\n"...), reply.Format{EachLine: eachLine})
		require.NoError(t, err)
		require.Equal(t, len(again), n2, "one reply")
		require.Equal(t, code, code2)
		require.Equal(t, len(lines), len(lines2))
		for i, l := range lines {
			require.Contains(t, []string{l, " " + l}, lines2[i], "the text stays, but for padding")
		}
	})
}

func BenchmarkFind(b *testing.B) {
	for _, bb := range []struct{ name, in string }{
		{"one", "226 Transfer complete.\r\n"},
		{"feat", "211-Features:\r\n EPRT\r\n EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n SIZE\r\n TVFS\r\n211 End\r\n"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			in, f := []byte(bb.in), reply.Finder{}
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Find(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
