package dot_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/dot"
	"applayer/internal/line"
)

// feed is a buffer that gets step octets at a time.
type feed struct {
	unread, rest []byte
	step         int
}

func (f *feed) Unread() []byte { return f.unread }
func (f *feed) Take(n int)     { f.unread = f.unread[n:] }
func (f *feed) Fill() error {
	if len(f.rest) == 0 {
		return io.EOF
	}
	n := min(f.step, len(f.rest))
	f.unread = append(bytes.Clone(f.unread), f.rest[:n]...)
	f.rest = f.rest[n:]
	return nil
}

// left is what was not used.
func (f *feed) left() string { return string(f.unread) + string(f.rest) }

var formats = map[string]dot.Format{
	"refuse": {}, "accept": {Bare: line.Accept}, "keep": {Bare: line.Keep}, "short": {MaxLine: 6},
}

var readerTests = []struct {
	name, format, in, want, left string
	err                          error
}{
	{"5321-4.5.2 plain", "refuse", "a\r\nbc\r\n.\r\nQUIT\r\n", "a\r\nbc\r\n", "QUIT\r\n", nil},
	{"5321-4.5.2 leading dot is doubled", "refuse", "..hidden\r\n.\r\n", ".hidden\r\n", "", nil},
	{"5321-4.5.2 a line of two dots", "refuse", "..\r\n...\r\n.\r\n", ".\r\n..\r\n", "", nil},
	{"5321-4.5.2 a dot that was not doubled", "refuse", ".a\r\n.\r\n", "a\r\n", "", nil},
	{"5321-4.5.2 dots within a line", "refuse", "a.b\r\nc.\r\n.\r\n", "a.b\r\nc.\r\n", "", nil},
	{"5321-4.5.2 no text", "refuse", ".\r\nx", "", "x", nil},
	{"5321-4.5.2 empty lines", "refuse", "\r\n\r\n.\r\n", "\r\n\r\n", "", nil},
	{"connection ends", "refuse", "a\r\n", "a\r\n", "", io.ErrUnexpectedEOF},
	{"connection ends in the mark", "refuse", "a\r\n.\r", "a\r\n", ".\r", io.ErrUnexpectedEOF},
	{"connection ends behind CR", "refuse", "a\r", "a", "\r", io.ErrUnexpectedEOF},
	{"nothing", "refuse", "", "", "", io.ErrUnexpectedEOF},

	{"2.3.8 bare LF", "refuse", "a\nb\r\n.\r\n", "a", "\nb\r\n.\r\n", line.ErrBareLF},
	{"2.3.8 bare LF at the start", "refuse", "\n.\r\n", "", "\n.\r\n", line.ErrBareLF},
	{"2.3.8 bare CR", "refuse", "a\rb\r\n.\r\n", "a", "\rb\r\n.\r\n", line.ErrBareCR},
	{"2.3.8 bare CR behind a dot", "refuse", ".\rb\r\n.\r\n", "", "\rb\r\n.\r\n", line.ErrBareCR},
	{"2.3.8 two CRs", "refuse", "a\r\r\n.\r\n", "a", "\r\r\n.\r\n", line.ErrBareCR},
	{"bare LF kept", "keep", "a\nb\n.\n.\r\n\r\n.\r\n", "a\nb\n.\n.\r\n\r\n", "", nil},
	{"bare CR kept", "keep", "\ra\r\r\n.\r\n", "\ra\r\r\n", "", nil},
	{"bare LF accepted", "accept", "a\nb\r\n.\r\n", "a\r\nb\r\n", "", nil},
	{"bare CR accepted", "accept", "a\rb\r\n.\r\n", "a\r\nb\r\n", "", nil},
	{"CRs accepted", "accept", "a\r\r\r\nb\r\rc\r\n.\r\n", "a\r\nb\r\nc\r\n", "", nil},
	{"CR before LF accepted", "accept", "a\n\r\n.\r\n", "a\r\n\r\n", "", nil},

	{"line just short enough", "short", "abcd\r\n.abcd\r\n.\r\n", "abcd\r\nabcd\r\n", "", nil},
	{"line too long", "short", "abcde\r\n.\r\n", "abcde", "\r\n.\r\n", line.ErrTooLong},
	{"line too long, with a CR at the limit", "short", "abcde\r\n.\r\n", "abcde", "\r\n.\r\n", line.ErrTooLong},
	{"line far too long", "short", "abcdefgh\r\n.\r\n", "abcdef", "gh\r\n.\r\n", line.ErrTooLong},
}

// smuggled are the ends that are none (CVE-2023-51764), each with what follows it.
var smuggled = []string{
	"a\n.\nX", "a\n.\r\nX", "a\r\n.\nX", "a\r.\rX", "a\r\n.\rX", "a\r\n\x00.\r\nX",
	"a\r.\r\nX", "a\r\n.\r\rX", "a\n\r.\r\nX", "a\r\n.\n\r\nX", "a\r\r\n.\n", "a\n.\r\r\n", "a\r\n.\x00\r\n", "a\r\n. \r\n",
}

func TestReader(t *testing.T) {
	for _, tt := range readerTests {
		for step := 1; step <= len(tt.in)+1; step++ {
			in := &feed{rest: []byte(tt.in), step: step}
			r := dot.NewReader(in, formats[tt.format])
			got, err := io.ReadAll(r)
			require.Equal(t, tt.want, string(got), "%s in steps of %d", tt.name, step)
			require.Equal(t, tt.err, err, "%s in steps of %d", tt.name, step)
			require.Equal(t, tt.left, in.left(), tt.name)
			require.Equal(t, int64(len(tt.in)-len(tt.left)), r.Offset(), tt.name)
			require.Equal(t, err == nil, r.Ended(), tt.name)
		}
	}
}

// Nothing but CRLF "." CRLF ends a text, whatever the policy is.
func TestReaderSmuggling(t *testing.T) {
	for _, s := range smuggled {
		for name, format := range formats {
			for step := 1; step < 4; step++ {
				in := &feed{rest: []byte(s + "\r\nz\r\n.\r\nNOOP\r\n"), step: step}
				r := dot.NewReader(in, format)
				_, err := io.ReadAll(r)
				if err != nil {
					require.NoError(t, r.Discard(100), "%q %s", s, name)
				}
				require.True(t, r.Ended())
				assert.Equal(t, "NOOP\r\n", in.left(), "%q %s", s, name)
			}
		}
	}
}

func TestDiscard(t *testing.T) {
	in := &feed{rest: []byte("a\nb\r\n.\r\nNOOP\r\n"), step: 3}
	r := dot.NewReader(in, dot.Format{})
	_, err := io.ReadAll(r)
	require.Equal(t, line.ErrBareLF, err)
	require.NoError(t, r.Discard(10))
	assert.Equal(t, "NOOP\r\n", in.left())
	require.NoError(t, r.Discard(10), "again")

	r = dot.NewReader(&feed{rest: []byte(strings.Repeat("x", 100)), step: 7}, dot.Format{})
	assert.Equal(t, dot.ErrDiscard, r.Discard(50))
	r = dot.NewReader(&feed{rest: []byte("abc"), step: 7}, dot.Format{})
	assert.Equal(t, io.ErrUnexpectedEOF, r.Discard(50))

	r = dot.NewReader(&feed{rest: []byte("abc\r\n.\r\n"), step: 100}, dot.Format{})
	n, err := r.Read(make([]byte, 2))
	require.Equal(t, 2, n)
	require.NoError(t, err)
	n, err = r.Read(nil)
	require.Zero(t, n)
	require.NoError(t, err)
	assert.Equal(t, dot.ErrDiscard, r.Discard(2), "the rest of what was found counts")
	assert.NoError(t, r.Discard(3))
	_, err = r.Read(make([]byte, 2))
	assert.Equal(t, io.EOF, err)
}

func TestWriteTo(t *testing.T) {
	var b strings.Builder
	r := dot.NewReader(&feed{rest: []byte("a\r\n..b\r\n.\r\n"), step: 5}, dot.Format{})
	n, err := r.WriteTo(&b)
	require.NoError(t, err)
	assert.Equal(t, "a\r\n.b\r\n", b.String())
	assert.Equal(t, int64(7), n)

	_, err = dot.NewReader(&feed{rest: []byte("a\n"), step: 5}, dot.Format{}).WriteTo(&b)
	assert.Equal(t, line.ErrBareLF, err)
	full := errors.New("full")
	_, err = dot.NewReader(&feed{rest: []byte("a\r\n"), step: 5}, dot.Format{}).WriteTo(writer(func([]byte) (int, error) { return 0, full }))
	assert.Equal(t, full, err)
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

var writerTests = []struct {
	name, in, want string
	bare           line.Policy
	err            error
}{
	{"5321-4.5.2 plain", "a\r\nb\r\n", "a\r\nb\r\n.\r\n", line.Refuse, nil},
	{"5321-4.5.2 dots", ".\r\n..\r\n.a\r\nb.\r\n", "..\r\n...\r\n..a\r\nb.\r\n.\r\n", line.Refuse, nil},
	{"5321-4.5.2 no end of line", "a\r\nb", "a\r\nb\r\n.\r\n", line.Refuse, nil},
	{"5321-4.5.2 a dot alone", ".", "..\r\n.\r\n", line.Refuse, nil},
	{"5321-4.5.2 nothing", "", ".\r\n", line.Refuse, nil},
	{"5321-4.5.2 empty lines", "\r\n\r\n", "\r\n\r\n.\r\n", line.Refuse, nil},
	{"bare LF refused", "a\nb", "a", line.Refuse, line.ErrBareLF},
	{"bare CR refused", "a\rb", "a", line.Refuse, line.ErrBareCR},
	{"bare CR at the end refused", "a\r", "a", line.Refuse, line.ErrBareCR},
	{"two CRs refused", "a\r\r\n", "a", line.Refuse, line.ErrBareCR},
	{"bare LF accepted", "a\nb\n", "a\r\nb\r\n.\r\n", line.Accept, nil},
	{"bare LF and a dot accepted", "a\n.\nb\n.\r\n", "a\r\n..\r\nb\r\n..\r\n.\r\n", line.Accept, nil},
	{"bare CR accepted", "a\rb\r", "a\r\nb\r\n.\r\n", line.Accept, nil},
	{"bare CR and a dot accepted", "a\r.\r", "a\r\n..\r\n.\r\n", line.Accept, nil},
	{"CRs accepted", "\r\r\ra\r\r\n", "\r\na\r\n.\r\n", line.Accept, nil},
	{"all kept", "a\nb\rc\r", "a\nb\rc\r\r\n.\r\n", line.Keep, nil},
	{"bare LF and a dot kept", "a\n.\r\n", "a\n.\r\n.\r\n", line.Keep, nil},
	{"bare CR at the start kept", "\r.\r\n", "\r.\r\n.\r\n", line.Keep, nil},
	{"LF at the end kept", "a\n", "a\n\r\n.\r\n", line.Keep, nil},
}

func TestWriter(t *testing.T) {
	for _, tt := range writerTests {
		for step := 1; step <= len(tt.in)+1; step++ {
			got, err := write(dot.NewWriter, tt.in, tt.bare, step)
			require.Equal(t, tt.want, got, "%s in steps of %d", tt.name, step)
			require.Equal(t, tt.err, err, "%s in steps of %d", tt.name, step)
		}
	}
}

// write writes s in steps and closes.
func write(make func(io.Writer, line.Policy) *dot.Writer, s string, bare line.Policy, step int) (string, error) {
	var b strings.Builder
	w := make(&b, bare)
	for from := 0; from < len(s); from += step {
		if n, err := w.Write([]byte(s[from:min(from+step, len(s))])); err != nil {
			_, again := w.Write([]byte("x"))
			if again != err || w.Close() != err || w.Offset() != int64(b.Len()) {
				return "", errors.New("the error does not stay")
			}
			return b.String(), err
		} else if n != min(step, len(s)-from) {
			return "", io.ErrShortWrite
		}
	}
	err := w.Close()
	return b.String(), err
}

func TestPlainWriter(t *testing.T) {
	tests := []struct {
		in, want string
		bare     line.Policy
		err      error
	}{
		{".\r\n.a\r\n", ".\r\n.a\r\n", line.Refuse, nil},
		{".a", ".a\r\n", line.Refuse, nil},
		{"", "", line.Refuse, nil},
		{"a\n.\rb", "a\r\n.\r\nb\r\n", line.Accept, nil},
		{"a\n", "a", line.Refuse, line.ErrBareLF},
	}
	for _, tt := range tests {
		for step := 1; step <= len(tt.in)+1; step++ {
			got, err := write(dot.NewPlainWriter, tt.in, tt.bare, step)
			assert.Equal(t, tt.want, got, tt.in)
			assert.Equal(t, tt.err, err, tt.in)
		}
	}
}

func TestWriterErrors(t *testing.T) {
	full := errors.New("full")
	for _, s := range []string{"a", ".", "\n", "\r\n", "\rb", "a\r\n"} {
		for room := range 8 {
			left := room
			w := dot.NewWriter(writer(func(b []byte) (int, error) {
				if left--; left < 0 {
					return 0, full
				}
				return len(b), nil
			}), line.Accept)
			_, err := w.Write([]byte(s))
			if err == nil {
				err = w.Close()
			}
			if err == nil {
				_, err = w.Write([]byte(s))
				assert.Equal(t, dot.ErrClosed, err)
				assert.Equal(t, dot.ErrClosed, w.Close())
				continue
			}
			assert.Equal(t, full, err)
			assert.Equal(t, full, w.Close())
		}
	}
}

// What the Writer writes, the Reader reads as what it was, and nothing of it is
// taken for the end; however either was cut.
func FuzzDot(f *testing.F) {
	for _, tt := range writerTests {
		f.Add(tt.in, uint8(2), uint8(3))
	}
	for _, s := range smuggled {
		f.Add(s, uint8(1), uint8(5))
	}
	f.Fuzz(func(t *testing.T, s string, out, in uint8) {
		for _, bare := range []line.Policy{line.Refuse, line.Accept, line.Keep} {
			wire, err := write(dot.NewWriter, s, bare, int(out)+1)
			whole, wholeErr := write(dot.NewWriter, s, bare, len(s)+1)
			require.Equal(t, wholeErr, err)
			require.Equal(t, whole, wire)
			if err != nil {
				require.Equal(t, line.Refuse, bare)
				continue
			}
			if bare != line.Keep {
				require.Zero(t, strings.Count(strings.ReplaceAll(wire, "\r\n", ""), "\r"))
				require.Zero(t, strings.Count(strings.ReplaceAll(wire, "\r\n", ""), "\n"))
			}
			require.Equal(t, 1, strings.Count("\r\n"+wire, "\r\n.\r\n"))
			format := dot.Format{Bare: line.Refuse}
			if bare == line.Keep {
				format.Bare = line.Keep
			}
			r := dot.NewReader(&feed{rest: []byte(wire), step: int(in) + 1}, format)
			got, err := io.ReadAll(r)
			require.NoError(t, err)
			text, err := write(dot.NewPlainWriter, s, bare, len(s)+1)
			require.NoError(t, err)
			require.Equal(t, text, string(got))
			if bare == line.Refuse && (s == "" || strings.HasSuffix(s, "\r\n")) {
				require.Equal(t, s, string(got))
			}
		}
	})
}

// However the octets come, the same text is read, the same end found and the
// same octets left.
func FuzzReader(f *testing.F) {
	for _, tt := range readerTests {
		f.Add(tt.in, uint8(2), uint8(6))
	}
	for _, s := range smuggled {
		f.Add(s+"\r\n.\r\n", uint8(1), uint8(0))
	}
	f.Fuzz(func(t *testing.T, s string, step, most uint8) {
		for _, bare := range []line.Policy{line.Refuse, line.Accept, line.Keep} {
			format := dot.Format{Bare: bare, MaxLine: int(most)}
			read := func(step int) (string, string, string, error, error) {
				in := &feed{rest: []byte(s), step: step}
				r := dot.NewReader(in, format)
				b, err := io.ReadAll(r)
				at := in.left()
				end := r.Discard(int64(len(s)))
				return string(b), at, in.left(), err, end
			}
			text, at, left, err, end := read(len(s) + 1)
			text1, at1, left1, err1, end1 := read(int(step) + 1)
			require.Equal(t, text, text1)
			require.Equal(t, at, at1)
			require.Equal(t, left, left1)
			require.Equal(t, err, err1)
			require.Equal(t, end, end1)
			i := strings.Index("\r\n"+s, "\r\n.\r\n")
			require.Equal(t, i >= 0, end == nil, "the mark ends the text and nothing else")
			if i >= 0 {
				require.Equal(t, s[i+3:], left)
			}
			if bare == line.Refuse {
				require.NotContains(t, strings.ReplaceAll(text, "\r\n", ""), "\n")
			}
		}
	})
}

// Line ends are found wherever they stand in what is looked at at a time.
func TestLongLines(t *testing.T) {
	for n := 505; n < 520; n++ {
		for _, end := range []string{"\r\n", "\r\n.", "\n", "\r", "\r\r\n", "\n\r\n"} {
			s := strings.Repeat("x", n) + end + "y\r\n"
			for _, bare := range []line.Policy{line.Refuse, line.Accept, line.Keep} {
				want, wantErr := write(dot.NewWriter, s, bare, 1)
				got, err := write(dot.NewWriter, s, bare, len(s))
				require.Equal(t, want, got, "%d %q", n, end)
				require.Equal(t, wantErr, err, "%d %q", n, end)

				read := func(step int) (string, error) {
					b, err := io.ReadAll(dot.NewReader(&feed{rest: []byte(s + "\r\n.\r\n"), step: step}, dot.Format{Bare: bare}))
					return string(b), err
				}
				want, wantErr = read(1)
				got, err = read(2000)
				require.Equal(t, want, got, "%d %q", n, end)
				require.Equal(t, wantErr, err, "%d %q", n, end)
			}
		}
	}
}

// No text makes what is behind be looked through again and again: the square of
// these would not end.
func TestFloodsAreLinear(t *testing.T) {
	const size = 1 << 20
	for _, unit := range []string{"\r", "\n", "a\r", "a\n", ".\r\n", "\r\n", "x", "\n\r\n"} {
		s := strings.Repeat(unit, size/len(unit)) + "\r\n"
		n := 0
		count := writer(func(b []byte) (int, error) { n += len(b); return len(b), nil })
		w := dot.NewWriter(count, line.Accept)
		_, err := io.WriteString(w, s)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.Positive(t, n)

		writes := 0
		r := dot.NewReader(&feed{rest: []byte(s + ".\r\n"), step: 2 * size}, dot.Format{Bare: line.Accept})
		_, err = r.WriteTo(writer(func(b []byte) (int, error) { writes++; return len(b), nil }))
		require.NoError(t, err)
		assert.LessOrEqual(t, writes, 2*size/4096+2, "%q", unit)
	}
}
