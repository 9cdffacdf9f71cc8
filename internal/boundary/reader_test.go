package boundary_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/boundary"
)

// part is what a test sees of one.
type part struct{ header, content string }

// readAll returns the parts of in and the error that ended them, nil for the
// last delimiter.
func readAll(in io.Reader, opts *boundary.Options) (parts []part, err error) {
	r, err := boundary.NewReader(in, "b", opts)
	if err != nil {
		return nil, err
	}
	for {
		p, err := r.Next()
		if err == io.EOF {
			return parts, nil
		}
		if err != nil {
			return parts, err
		}
		header := string(p.Header)
		content, err := io.ReadAll(struct{ io.Reader }{p}) // not by WriteTo
		parts = append(parts, part{header, string(content)})
		if err != nil {
			return parts, err
		}
	}
}

var readerCases = []struct {
	name, in string
	opts     *boundary.Options
	want     []part
	wantErr  error
}{
	{"2046-5.1.1 the section's example",
		"This is the preamble.\r\n\r\n--b\r\n\r\nIt does NOT end with a linebreak.\r\n" +
			"--b\r\nContent-type: text/plain; charset=us-ascii\r\n\r\nIt DOES end with a linebreak.\r\n\r\n" +
			"--b--\r\n\r\nThis is the epilogue.", nil,
		[]part{{"", "It does NOT end with a linebreak."}, {"Content-type: text/plain; charset=us-ascii\r\n", "It DOES end with a linebreak.\r\n"}}, nil},
	{"no part", "--b--\r\n", nil, nil, nil},
	{"no part, no line end", "--b--", nil, nil, nil},
	{"empty content", "--b\r\nA: 1\r\n\r\n\r\n--b--", nil, []part{{"A: 1\r\n", ""}}, nil},
	{"2046-5.1.1 no content at all", "--b\r\nA: 1\r\n\r\n--b--", nil, []part{{"A: 1\r\n", ""}}, nil},
	{"no header and no content", "--b\r\n\r\n--b\r\n\r\n\r\n--b--", nil, []part{{"", ""}, {"", ""}}, nil},
	{"2046-5.1.1 transport padding", "--b  \r\n\r\nx\r\n--b\t--\r\n--b \t\r\n\r\ny\r\n--b-- \r\n", nil, []part{{"", "x\r\n--b\t--"}, {"", "y"}}, nil},
	{"almost delimiters are content", "--b\r\n\r\n\r\n-\r\n--\r\n--c\r\n--bb\r\n--b-\r\r\n--b--", nil, []part{{"", "\r\n-\r\n--\r\n--c\r\n--bb\r\n--b-\r"}}, nil},
	{"the epilogue is ignored", "--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n--b--\r\n", nil, []part{{"", "x"}}, nil},
	{"nothing", "", nil, nil, io.ErrUnexpectedEOF},
	{"preamble alone", "abc\r\n--", nil, nil, io.ErrUnexpectedEOF},
	{"cut in a header", "--b\r\nA: 1\r\n", nil, nil, io.ErrUnexpectedEOF},
	{"no last delimiter", "--b\r\n\r\nabc", nil, []part{{"", "abc"}}, io.ErrUnexpectedEOF},
	{"cut in the last delimiter", "--b\r\n\r\nabc\r\n--b-", nil, []part{{"", "abc\r\n--b-"}}, io.ErrUnexpectedEOF},
	{"no last delimiter behind another", "--b\r\n\r\nabc\r\n--b\r\n", nil, []part{{"", "abc"}}, io.ErrUnexpectedEOF},
	{"delimiter in a header", "--b\r\nA: 1\r\n--b\r\n\r\nx\r\n--b--", nil, nil, boundary.ErrHeaderCut},
	{"last delimiter in a header", "--b\r\nA: 1\r\n--b-- \r\n", nil, nil, boundary.ErrHeaderCut},
	{"a longer line in a header is the caller's", "--b\r\n--bc: 1\r\n\r\n\r\n--b--", nil, []part{{"--bc: 1\r\n", ""}}, nil},
	{"bare LF in a header", "--b\r\nA: 1\n\r\n\r\n--b--", nil, nil, boundary.ErrBareLF},
	{"bare LF for the empty line", "--b\r\nA: 1\r\n\nx\r\n--b--", nil, nil, boundary.ErrBareLF},
	{"bare LF accepted", "pre\n--b\nA: 1\n\nx\ny\n--b\r\n\r\nz\r\n--b--\n", &boundary.Options{BareLF: true}, []part{{"A: 1\n", "x\ny"}, {"", "z"}}, nil},
	{"header just short enough", "--b\r\nA: 1\r\n\r\nx\r\n--b--", &boundary.Options{MaxHeader: 8}, []part{{"A: 1\r\n", "x"}}, nil},
	{"header too long by one", "--b\r\nA: 1\r\n\r\nx\r\n--b--", &boundary.Options{MaxHeader: 7}, nil, boundary.ErrHeaderTooLong},
	{"header without end", "--b\r\n" + strings.Repeat("A", 9000), nil, nil, boundary.ErrHeaderTooLong},
	{"long header, no limit", "--b\r\n" + strings.Repeat("A", 50000) + "\r\n\r\n\r\n--b--", &boundary.Options{MaxHeader: -1}, []part{{strings.Repeat("A", 50000) + "\r\n", ""}}, nil},
	{"endless padding", "--b\r\n\r\nx\r\n--b" + strings.Repeat(" ", 1000), nil, []part{{"", "x"}}, boundary.ErrPadding},
	{"content longer than the buffer", "--b\r\n\r\n" + strings.Repeat("0123456789\r\n--a", 5000) + "\r\n--b--", nil, []part{{"", strings.Repeat("0123456789\r\n--a", 5000)}}, nil},
}

func TestReader(t *testing.T) {
	for _, tt := range readerCases {
		readers := map[string]io.Reader{
			"whole":          strings.NewReader(tt.in),
			"octet by octet": iotest.OneByteReader(strings.NewReader(tt.in)),
			"halves":         iotest.HalfReader(strings.NewReader(tt.in)),
			"data with EOF":  iotest.DataErrReader(strings.NewReader(tt.in)),
		}
		for how, in := range readers {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				got, err := readAll(in, tt.opts)
				assert.Equal(t, tt.want, got)
				if tt.wantErr == nil {
					require.NoError(t, err)
				}
				assert.ErrorIs(t, err, tt.wantErr)
			})
		}
	}
}

// TestReaderPrompt shows content as soon as it can be no delimiter.
func TestReaderPrompt(t *testing.T) {
	in, out := io.Pipe()
	go func() { _, _ = io.WriteString(out, "--b\r\n\r\nhello\r\n-") }()
	r, err := boundary.NewReader(in, "b", nil)
	require.NoError(t, err)
	p, err := r.Next()
	require.NoError(t, err)
	got := make([]byte, 5)
	_, err = io.ReadFull(p, got)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))
}

func TestReaderErrorsSayWhere(t *testing.T) {
	for in, offset := range map[string]int64{
		"pre\r\n--b\r\nA: 1\r\n\r\nx\r\n--b\r\nB: 2\r\n--b\r\n": 32,
		"--b\r\nA: 1\n\r\n": 9,
		"--b\r\n\r\nx\r\n--b" + strings.Repeat(" ", 300): 8,
	} {
		_, err := readAll(strings.NewReader(in), nil)
		e, ok := errors.AsType[*boundary.Error](err)
		require.True(t, ok, "%q: %v", in, err)
		assert.Equal(t, offset, e.Offset, "%q: %v", in, err)
	}
	assert.EqualError(t, &boundary.Error{Offset: 9, Err: boundary.ErrBareLF}, "boundary: LF without CR at byte 9")
}

func TestReaderOfBrokenSources(t *testing.T) {
	broken := errors.New("broken")
	got, err := readAll(io.MultiReader(strings.NewReader("--b\r\n\r\nabc"), iotest.ErrReader(broken)), nil)
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, []part{{"", "abc"}}, got, "what came is handed on")
	_, err = readAll(io.MultiReader(strings.NewReader("--b\r\nA"), iotest.ErrReader(broken)), nil)
	assert.ErrorIs(t, err, broken)
	_, err = readAll(stuckReader{}, nil)
	assert.ErrorIs(t, err, io.ErrNoProgress)
	_, err = boundary.NewReader(nil, "", nil)
	assert.ErrorIs(t, err, boundary.ErrBoundary)
}

type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

func TestPartEndsWithTheNext(t *testing.T) {
	r, err := boundary.NewReader(strings.NewReader("--b\r\nA: 1\r\n\r\nskipped\r\n--b\r\n\r\ny\r\n--b--"), "b", nil)
	require.NoError(t, err)
	first, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, int64(5), first.Offset)
	n, err := first.Read(nil)
	assert.Zero(t, n)
	require.NoError(t, err)
	second, err := r.Next()
	require.NoError(t, err)
	_, err = first.Read(make([]byte, 1))
	require.ErrorIs(t, err, boundary.ErrPast)
	_, err = first.WriteTo(io.Discard)
	require.ErrorIs(t, err, boundary.ErrPast)
	got, err := io.ReadAll(second)
	require.NoError(t, err)
	assert.Equal(t, "y", string(got))
	for range 2 {
		_, err = r.Next()
		assert.Equal(t, io.EOF, err)
	}
}

func TestPartWriteTo(t *testing.T) {
	in := "--b\r\n\r\n" + strings.Repeat("x", 100000) + "\r\n--b--"
	r, err := boundary.NewReader(strings.NewReader(in), "b", nil)
	require.NoError(t, err)
	p, err := r.Next()
	require.NoError(t, err)
	var out bytes.Buffer
	n, err := io.Copy(&out, p)
	require.NoError(t, err)
	assert.Equal(t, int64(100000), n)
	assert.Equal(t, 100000, out.Len())

	for _, w := range []io.Writer{failingWriter{io.ErrClosedPipe}, failingWriter{}} {
		r, err = boundary.NewReader(strings.NewReader(in), "b", nil)
		require.NoError(t, err)
		p, err = r.Next()
		require.NoError(t, err)
		_, err = p.WriteTo(w)
		assert.Error(t, err)
	}
	got, err := readAllByWriteTo("--b\r\n\r\nx")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, "x", got)
}

func readAllByWriteTo(in string) (string, error) {
	r, err := boundary.NewReader(strings.NewReader(in), "b", nil)
	if err != nil {
		return "", err
	}
	p, err := r.Next()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	_, err = p.WriteTo(&out)
	return out.String(), err
}

// failingWriter takes one octet, with or without an error.
type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 1, w.err }

// TestReaderAllocations: parts cost an object each, their content nothing.
func TestReaderAllocations(t *testing.T) {
	in := strings.Repeat("--b\r\nA: 1\r\n\r\n"+strings.Repeat("x\r\n", 1000)+"\r\n", 100) + "--b--"
	src := strings.NewReader(in)
	allocs := testing.AllocsPerRun(10, func() {
		src.Reset(in)
		r, err := boundary.NewReader(src, "b", nil)
		require.NoError(t, err)
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	})
	assert.Less(t, allocs, 110.0)
}

// FuzzReader cuts the stream in two ways, and writes what it read, which must
// read the same.
func FuzzReader(f *testing.F) {
	for _, tt := range readerCases {
		if len(tt.in) < 500 {
			f.Add([]byte(tt.in), uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		opts := &boundary.Options{MaxHeader: 200}
		whole, wholeErr := readAll(bytes.NewReader(in), opts)
		pieces, piecesErr := readAll(&stepReader{in, int(step)%9 + 1}, opts)
		require.Equal(t, whole, pieces, "chunks make no difference")
		require.Equal(t, fmt.Sprint(wholeErr), fmt.Sprint(piecesErr))
		for _, p := range whole {
			require.LessOrEqual(t, len(p.header), 198)
		}
		if wholeErr != nil {
			return
		}
		// What we read without an error, we write so that it reads the same.
		for _, p := range whole {
			if boundary.CheckHeader([]byte(p.header)) != nil {
				return // bare CR or NUL, which the caller's parser judges
			}
		}
		var out bytes.Buffer
		w, err := boundary.NewWriter(&out, "b")
		require.NoError(t, err)
		for _, p := range whole {
			require.NoError(t, w.Next([]byte(p.header)))
			if _, err := io.WriteString(w, p.content); err != nil {
				require.ErrorIs(t, err, boundary.ErrDelimiter)
				return
			}
		}
		require.NoError(t, w.Close())
		again, err := readAll(&out, opts)
		require.NoError(t, err)
		require.Equal(t, whole, again)
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

// FuzzContent puts any content through our writer and both readers.
func FuzzContent(f *testing.F) {
	f.Add("one", "two\r\n", uint8(1))
	f.Add("\r\n--", "--b\r\n", uint8(2))
	f.Add("", "\r\n--b-", uint8(3))
	f.Fuzz(func(t *testing.T, one, two string, step uint8) {
		var out bytes.Buffer
		w, err := boundary.NewWriter(&out, "")
		require.NoError(t, err)
		for _, content := range []string{one, two} {
			require.NoError(t, w.Next([]byte("A: 1\r\n")))
			_, err := io.CopyBuffer(struct{ io.Writer }{w}, &stepReader{[]byte(content), int(step)%9 + 1}, make([]byte, 8))
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		peer := multipart.NewReader(bytes.NewReader(out.Bytes()), w.Boundary())
		r, err := boundary.NewReader(&stepReader{out.Bytes(), int(step)%7 + 1}, w.Boundary(), nil)
		require.NoError(t, err)
		for _, content := range []string{one, two} {
			p, err := r.Next()
			require.NoError(t, err)
			require.Equal(t, "A: 1\r\n", string(p.Header))
			got, err := io.ReadAll(p)
			require.NoError(t, err)
			require.Equal(t, content, string(got))
			theirs, err := peer.NextRawPart()
			require.NoError(t, err)
			got, err = io.ReadAll(theirs)
			require.NoError(t, err)
			require.Equal(t, content, string(got))
		}
		_, err = r.Next()
		require.Equal(t, io.EOF, err)
		_, err = peer.NextRawPart()
		require.Equal(t, io.EOF, err)
	})
}
