package line_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/line"
)

const (
	refuse = line.Refuse
	accept = line.Accept
	keep   = line.Keep
)

var cases = []struct {
	name    string
	format  line.Format
	in      string
	want    []string
	wantErr error
}{
	{"CRLF", line.Format{}, "a\r\n\r\nbc\r\n", []string{"a", "", "bc"}, io.EOF},
	{"nothing", line.Format{}, "", nil, io.EOF},
	{"a half line", line.Format{}, "a\r\nb", []string{"a"}, io.ErrUnexpectedEOF},
	{"bare LF refused", line.Format{}, "a\r\nb\nc\r\n", []string{"a"}, line.ErrBareLF},
	{"bare LF accepted", line.Format{BareLF: accept}, "a\nb\r\n\n", []string{"a", "b", ""}, io.EOF},
	{"bare LF kept", line.Format{BareLF: keep}, "\na\nb\r\nc\r\n", []string{"\na\nb", "c"}, io.EOF},
	{"bare CR refused", line.Format{}, "a\r\nb\rc\r\n", []string{"a"}, line.ErrBareCR},
	{"two CRs refused", line.Format{}, "a\r\r\n", nil, line.ErrBareCR},
	{"CR at the very end refused", line.Format{}, "a\r", nil, line.ErrBareCR},
	{"bare CR accepted", line.Format{BareCR: accept}, "a\rb\r\nc\r\r\n", []string{"a", "b", "c", ""}, io.EOF},
	{"CR at the very end accepted", line.Format{BareCR: accept}, "a\r", []string{"a"}, io.EOF},
	{"bare CR kept", line.Format{BareCR: keep}, "\ra\r\r\nb\r\n", []string{"\ra\r", "b"}, io.EOF},
	{"CR at the very end kept", line.Format{BareCR: keep}, "a\r", nil, io.ErrUnexpectedEOF},
	{"all kept", line.Format{BareCR: keep, BareLF: keep}, "\n\r\r\n", []string{"\n\r"}, io.EOF},
	{"just short enough", line.Format{Max: 5}, "abc\r\nabc\r\n", []string{"abc", "abc"}, io.EOF},
	{"too long by one", line.Format{Max: 5}, "abcd\r\n", nil, line.ErrTooLong},
	{"too long, with CR kept", line.Format{Max: 5, BareCR: keep}, "abcd\r\n", nil, line.ErrTooLong},
	{"too long, with CR accepted", line.Format{Max: 5, BareCR: accept}, "abcd\r\n", nil, line.ErrTooLong},
	{"bare CR accepted at the limit", line.Format{Max: 5, BareCR: accept}, "abcd\re\r\n", []string{"abcd", "e"}, io.EOF},
	{"bare LF accepted at the limit", line.Format{Max: 5, BareLF: accept}, "abcd\ne\r\n", []string{"abcd", "e"}, io.EOF},
	{"bare CR refused at the limit", line.Format{Max: 5}, "abcd\re\r\n", nil, line.ErrBareCR},
	{"too long before the end has come", line.Format{Max: 5}, "abcde", nil, line.ErrTooLong},
	{"the default limit", line.Format{}, strings.Repeat("a", 998) + "\r\n" + strings.Repeat("a", 999) + "\r\n", []string{strings.Repeat("a", 998)}, line.ErrTooLong},
	{"no limit", line.Format{Max: -1}, strings.Repeat("a", 5000) + "\r\n", []string{strings.Repeat("a", 5000)}, io.EOF},
}

func TestReadLine(t *testing.T) {
	for _, tt := range cases {
		readers := map[string]io.Reader{
			"whole":          strings.NewReader(tt.in),
			"octet by octet": iotest.OneByteReader(strings.NewReader(tt.in)),
			"data with EOF":  iotest.DataErrReader(strings.NewReader(tt.in)),
		}
		for how, in := range readers {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				r := line.NewReader(in, tt.format)
				got, err := readAll(r)
				assert.Equal(t, tt.want, got)
				assert.ErrorIs(t, err, tt.wantErr)
				_, again := r.ReadLine()
				assert.Equal(t, err, again, "an error stays")
			})
		}
	}
}

func readAll(r *line.Reader) (lines []string, err error) {
	for {
		b, err := r.ReadLine()
		if err != nil {
			return lines, err
		}
		lines = append(lines, string(b))
	}
}

func TestReadLineErrors(t *testing.T) {
	broken := errors.New("broken")
	_, err := line.NewReader(io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken)), line.Format{}).ReadLine()
	assert.ErrorIs(t, err, broken)
	_, err = line.NewReader(stuckReader{}, line.Format{}).ReadLine()
	assert.ErrorIs(t, err, io.ErrNoProgress)
}

type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

func TestBuffered(t *testing.T) {
	r := line.NewReader(strings.NewReader("STARTTLS\r\nNOOP\r\n"), line.Format{})
	_, err := r.ReadLine()
	require.NoError(t, err)
	assert.Equal(t, 6, r.Buffered())
	_, err = r.ReadLine()
	require.NoError(t, err)
	assert.Zero(t, r.Buffered())
}

func TestFindSaysWhere(t *testing.T) {
	tests := []struct {
		in   string
		next int
		err  error
	}{
		{"abc", 3, line.ErrIncomplete},
		{"abc\r", 3, line.ErrIncomplete},
		{"ab\rc", 2, line.ErrBareCR},
		{"ab\n", 2, line.ErrBareLF},
		{"abcdefgh", 8, line.ErrTooLong},
	}
	f := line.Format{Max: 8}
	for _, tt := range tests {
		_, next, err := f.Find([]byte(tt.in), 0)
		assert.Equal(t, tt.err, err, tt.in)
		assert.Equal(t, tt.next, next, tt.in)
	}
}

// TestFindLooksOnce counts on next: octets before it are never needed again,
// but for a CR right before it.
func TestFindLooksOnce(t *testing.T) {
	b := []byte(strings.Repeat("x", 500) + "\r\n")
	f := line.Format{}
	from := 0
	for n := range b {
		end, next, err := f.Find(b[:n], from)
		require.Zero(t, end)
		require.ErrorIs(t, err, line.ErrIncomplete)
		require.GreaterOrEqual(t, next, n-1, "all but a last CR is done with")
		from = next
	}
	end, _, err := f.Find(b, from)
	require.NoError(t, err)
	assert.Equal(t, len(b), end)
}

func FuzzFind(f *testing.F) {
	for _, tt := range cases {
		f.Add([]byte(tt.in[:min(len(tt.in), 40)]), uint8(tt.format.Max), uint8(tt.format.BareLF), uint8(tt.format.BareCR), uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, limit, lf, cr, step uint8) {
		format := line.Format{Max: int(limit), BareLF: line.Policy(lf % 3), BareCR: line.Policy(cr % 3)}
		whole, wholeErr := readAll(line.NewReader(strings.NewReader(string(b)), format))
		pieces, piecesErr := readAll(line.NewReader(&stepReader{b: slices.Clone(b), step: int(step)%7 + 1}, format))
		require.Equal(t, whole, pieces, "chunks make no difference")
		require.Equal(t, wholeErr, piecesErr)
		for _, l := range whole {
			if limit > 0 {
				require.Less(t, len(l), int(limit))
			}
			if format.BareCR != keep {
				require.NotContains(t, l, "\r")
			}
			if format.BareLF != keep {
				require.NotContains(t, l, "\n")
			}
			require.NotContains(t, l, "\r\n")
		}
	})
}

// stepReader gives step octets at a time.
type stepReader struct {
	b    []byte
	step int
}

func (r *stepReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[:min(r.step, len(r.b))])
	r.b = r.b[n:]
	return n, nil
}

func BenchmarkFind(b *testing.B) {
	in := []byte(strings.Repeat("x", 70) + "\r\n")
	f := line.Format{}
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := f.Find(in, 0); err != nil {
			b.Fatal(err)
		}
	}
}
