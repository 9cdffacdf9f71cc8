package ftp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// pieces gives n octets at a time.
type pieces struct {
	b []byte
	n int
}

func (r *pieces) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[:min(r.n, len(r.b))])
	r.b = r.b[n:]
	return n, nil
}

// readers are the ways in which a stream may come, and be read.
func readers(in string, decode func(io.Reader) io.Reader) map[string]io.Reader {
	b := []byte(in)
	return map[string]io.Reader{
		"whole":                  decode(bytes.NewReader(b)),
		"octet by octet":         decode(&pieces{b, 1}),
		"two by two":             decode(&pieces{b, 2}),
		"data with EOF":          decode(iotest.DataErrReader(bytes.NewReader(b))),
		"read octet by octet":    iotest.OneByteReader(decode(bytes.NewReader(b))),
		"octet by octet at both": iotest.OneByteReader(decode(&pieces{b, 1})),
	}
}

var asciiCases = []struct{ name, in, want string }{
	{"nothing", "", ""},
	{"no line end", "abc", "abc"},
	{"959-3.1.1.1 line ends", "a\r\nb\r\n\r\nc", "a\nb\n\nc"},
	{"a CR alone", "a\rb\r\n", "a\rb\n"},
	{"CR CR LF", "a\r\r\nb", "a\r\nb"},
	{"a CR at the end", "a\r\n\r", "a\n\r"},
	{"an LF alone", "a\nb\r\n", "a\nb\n"},
	{"LF CR", "\n\r", "\n\r"},
	{"CRs alone", "\r\r\r", "\r\r\r"},
	{"CR NUL", "a\r\x00b", "a\r\x00b"},
	{"all 8 bits", "\xff\x80\r\n", "\xff\x80\n"},
}

func TestASCIIReader(t *testing.T) {
	for _, tt := range asciiCases {
		for how, r := range readers(tt.in, func(r io.Reader) io.Reader { return ftp.NewASCIIReader(r) }) {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				got, err := io.ReadAll(r)
				assert.NoError(t, err)
				assert.Equal(t, tt.want, string(got))
			})
		}
	}
}

func TestASCIIReaderStandard(t *testing.T) {
	in := strings.Repeat("some text\r\nand\r\r\n\r", 300)
	want := strings.ReplaceAll(in, "\r\n", "\n")
	assert.NoError(t, iotest.TestReader(ftp.NewASCIIReader(strings.NewReader(in)), []byte(want)))
}

func TestASCIIReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	r := ftp.NewASCIIReader(io.MultiReader(strings.NewReader("a\r\n"), iotest.ErrReader(broken)))
	got, err := io.ReadAll(r)
	assert.Equal(t, broken, err)
	assert.Equal(t, "a\n", string(got))
	_, err = r.Read(make([]byte, 10))
	assert.Equal(t, broken, err, "an error stays")
	n, err := ftp.NewASCIIReader(idle{}).Read(make([]byte, 10))
	assert.Zero(t, n)
	assert.NoError(t, err, "nothing came, which is no error")
	n, err = ftp.NewASCIIReader(strings.NewReader("a")).Read(nil)
	assert.Zero(t, n)
	assert.NoError(t, err)
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestASCIIWriter(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"959-3.1.1.1 line ends", "a\nb\n\n", "a\r\nb\r\n\r\n"},
		{"959-3.1.2 what can be undone", "a\r\nb\r", "a\r\r\nb\r"},
		{"more than one step", strings.Repeat("x\n", 40000), strings.Repeat("x\r\n", 40000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			n, err := ftp.NewASCIIWriter(&out).Write([]byte(tt.in))
			assert.NoError(t, err)
			assert.Equal(t, len(tt.in), n)
			assert.Equal(t, tt.want, out.String())
			size, err := ftp.ASCIISize(iotest.DataErrReader(strings.NewReader(tt.in)))
			assert.NoError(t, err)
			assert.Equal(t, int64(len(tt.want)), size, "SIZE tells what is sent")
		})
	}
}

func TestASCIIWriterErrors(t *testing.T) {
	// full takes the first step and no more.
	full := &fullWriter{room: 1}
	n, err := ftp.NewASCIIWriter(full).Write(bytes.Repeat([]byte{'x'}, 100<<10))
	assert.ErrorIs(t, err, errFull)
	assert.Equal(t, 32<<10, n, "what was written")
	_, err = ftp.ASCIISize(iotest.ErrReader(errFull))
	assert.ErrorIs(t, err, errFull)
}

var errFull = errors.New("full")

type fullWriter struct{ room int }

func (w *fullWriter) Write(p []byte) (int, error) {
	if w.room == 0 {
		return 0, errFull
	}
	w.room--
	return len(p), nil
}

var recordCases = []struct {
	name, in, want string
	wantErr        error
}{
	{"an empty file", "\xff\x02", "", nil},
	{"959-3.4.1 records", "a\xff\x01b\xff\x01\xff\x02", "a\nb\n", nil},
	{"959-3.4.1 both marks at once", "a\xff\x01b\xff\x03", "a\nb\n", nil},
	{"the last record without end", "a\xff\x01b\xff\x02", "a\nb", nil},
	{"empty records", "\xff\x01\xff\x01\xff\x02", "\n\n", nil},
	{"959-3.4.1 the mark itself", "a\xff\xffb\xff\xff\xff\x02", "a\xffb\xff", nil},
	{"a CR is an octet", "a\r\xff\x03", "a\r\n", nil},
	{"no end of the file", "a\xff\x01b", "a\nb", io.ErrUnexpectedEOF},
	{"the end inside a code", "a\xff", "a", io.ErrUnexpectedEOF},
	{"nothing at all", "", "", io.ErrUnexpectedEOF},
	{"another code", "ab\xff\x04", "ab", &ftp.ParseError{Offset: 2, What: "control code", Ref: "RFC 959 §3.4.1", Reply: 451, Err: ftp.ErrValue}},
	{"code 0", "\xff\x00", "", &ftp.ParseError{Offset: 0, What: "control code", Ref: "RFC 959 §3.4.1", Reply: 451, Err: ftp.ErrValue}},
	{"octets behind the end", "a\xff\x02bc", "a", &ftp.ParseError{Offset: 3, What: "octets behind the end of the file", Ref: "RFC 959 §3.4.1", Reply: 451, Err: ftp.ErrSyntax}},
}

func TestRecordReader(t *testing.T) {
	for _, tt := range recordCases {
		for how, r := range readers(tt.in, func(r io.Reader) io.Reader { return ftp.NewRecordReader(r) }) {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				got, err := io.ReadAll(r)
				assert.Equal(t, tt.wantErr, err)
				assert.Equal(t, tt.want, string(got))
			})
		}
	}
}

func TestRecordWriter(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"an empty file", "", "\xff\x02"},
		{"959-3.1.2 lines", "a\nb\n", "a\xff\x01b\xff\x01\xff\x02"},
		{"the last line without end", "a\nb", "a\xff\x01b\xff\x02"},
		{"959-3.4.1 the mark itself", "\xff\xff\n", "\xff\xff\xff\xff\xff\x01\xff\x02"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			w := ftp.NewRecordWriter(&out)
			n, err := w.Write([]byte(tt.in))
			assert.NoError(t, err)
			assert.Equal(t, len(tt.in), n)
			assert.NoError(t, w.Close())
			assert.NoError(t, w.Close(), "once is enough")
			assert.Equal(t, tt.want, out.String())
			_, err = w.Write([]byte("x"))
			assert.ErrorIs(t, err, net.ErrClosed)
		})
	}
	assert.ErrorIs(t, ftp.NewRecordWriter(&fullWriter{}).Close(), errFull)
}

// What is written reads as the same, and cutting makes no difference.
func fuzzCoding(t *testing.T, b []byte, step uint8, encode func(io.Writer) io.Writer, decode func(io.Reader) io.Reader) {
	var out bytes.Buffer
	w := encode(&out)
	for part := range slices.Chunk(b, int(step)%17+1) {
		n, err := w.Write(part)
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	if c, ok := w.(io.Closer); ok {
		require.NoError(t, c.Close())
	}
	back, err := io.ReadAll(decode(bytes.NewReader(out.Bytes())))
	require.NoError(t, err)
	require.Equal(t, string(b), string(back), "there and back")

	whole, wholeErr := io.ReadAll(decode(bytes.NewReader(b)))
	cut, cutErr := io.ReadAll(decode(&pieces{b, int(step)%17 + 1}))
	require.Equal(t, string(whole), string(cut), "chunks make no difference")
	require.Equal(t, wholeErr, cutErr)
	require.LessOrEqual(t, len(whole), len(b), "what is read is never longer")
}

func FuzzASCII(f *testing.F) {
	for _, tt := range asciiCases {
		f.Add([]byte(tt.in), uint8(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		fuzzCoding(t, b, step,
			func(w io.Writer) io.Writer { return ftp.NewASCIIWriter(w) },
			func(r io.Reader) io.Reader { return ftp.NewASCIIReader(r) })
		got, err := io.ReadAll(ftp.NewASCIIReader(bytes.NewReader(b)))
		require.NoError(t, err)
		require.Equal(t, strings.ReplaceAll(string(b), "\r\n", "\n"), string(got))
	})
}

func FuzzRecord(f *testing.F) {
	for _, tt := range recordCases {
		f.Add([]byte(tt.in), uint8(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		fuzzCoding(t, b, step,
			func(w io.Writer) io.Writer { return ftp.NewRecordWriter(w) },
			func(r io.Reader) io.Reader { return ftp.NewRecordReader(r) })
	})
}

func BenchmarkASCIIReader(b *testing.B) {
	text := []byte(strings.Repeat("a line of text, which is as long as lines are\r\n", 20000))
	r, buf := bytes.NewReader(text), make([]byte, 32<<10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Reset(text)
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, ftp.NewASCIIReader(r), buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkASCIIWriter(b *testing.B) {
	text := []byte(strings.Repeat("a line of text, which is as long as lines are\n", 20000))
	w := ftp.NewASCIIWriter(io.Discard)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := w.Write(text); err != nil {
			b.Fatal(err)
		}
	}
}
