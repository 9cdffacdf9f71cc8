package boundary

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
)

// Random returns a boundary of 130 random bits in letters and digits: what
// content holds it, nobody can have chosen.
func Random() string { return rand.Text() }

// Valid tells whether s may be written as a boundary (RFC 2046 §5.1.1,
// boundary).
func Valid(s string) bool {
	if len(s) == 0 || len(s) > MaxLen || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && strings.IndexByte("'()+_,-./:=? ", c) < 0 {
			return false
		}
	}
	return true
}

// AppendPart appends what stands before the content of a part: the delimiter,
// of the first part without the line end before it, header and an empty line.
// Header is lines with their CRLF; see [CheckHeader].
func AppendPart(dst []byte, boundary string, first bool, header []byte) []byte {
	if !first {
		dst = append(dst, '\r', '\n')
	}
	dst = append(dst, '-', '-')
	dst = append(dst, boundary...)
	dst = append(dst, '\r', '\n')
	dst = append(dst, header...)
	return append(dst, '\r', '\n')
}

// AppendClose appends the last delimiter. first says that there was no part.
func AppendClose(dst []byte, boundary string, first bool) []byte {
	if !first {
		dst = append(dst, '\r', '\n')
	}
	dst = append(dst, '-', '-')
	dst = append(dst, boundary...)
	return append(dst, '-', '-', '\r', '\n')
}

// CheckHeader refuses a part header in which an empty line or a line end other
// than CRLF would let a value begin the content or another field.
func CheckHeader(header []byte) error {
	for rest := header; len(rest) > 0; {
		i := bytes.IndexAny(rest, "\r\n\x00")
		if i <= 0 || !bytes.HasPrefix(rest[i:], []byte("\r\n")) {
			return ErrHeader
		}
		rest = rest[i+2:]
	}
	return nil
}

// Writer writes the parts of a multipart body. It is for one goroutine at a
// time. After an error it repeats the error.
type Writer struct {
	w        io.Writer
	boundary string
	buf      []byte
	begun    bool
	err      error

	search *Delimiter // nil for a random boundary
	tail   []byte     // the content's last octets, fewer than a delimiter has
}

// NewWriter returns a Writer to w. An empty boundary stands for a random one.
// Content is searched for any other boundary, so that no part ends early.
func NewWriter(w io.Writer, boundary string) (*Writer, error) {
	if boundary == "" {
		return &Writer{w: w, boundary: Random()}, nil
	}
	if !Valid(boundary) {
		return nil, ErrBoundary
	}
	d, err := NewDelimiter(boundary)
	return &Writer{w: w, boundary: boundary, search: d}, err
}

// Boundary returns what belongs in the media type's parameter of that name,
// where it needs quotes if it holds a space or one of ()/:=?, .
func (w *Writer) Boundary() string { return w.boundary }

// Next ends the part before and begins one with this header, which is lines
// with their CRLF or empty.
func (w *Writer) Next(header []byte) error {
	if w.err != nil {
		return w.err
	}
	if err := CheckHeader(header); err != nil {
		w.err = err
		return err
	}
	w.buf = AppendPart(w.buf[:0], w.boundary, !w.begun, header)
	w.begun = true
	w.tail = append(w.tail[:0], '\n') // content begins at the front of a line
	_, w.err = w.w.Write(w.buf)
	return w.err
}

var errNoPart = errors.New("boundary: content before the first part")

// Write writes content of the part that Next began.
func (w *Writer) Write(b []byte) (int, error) {
	switch {
	case w.err != nil:
		return 0, w.err
	case !w.begun:
		return 0, errNoPart
	case w.search != nil && w.holds(b):
		w.err = ErrDelimiter
		return 0, w.err
	}
	n, err := w.w.Write(b)
	w.err = err
	return n, err
}

// holds tells whether b, behind what was written of the part, holds a line
// that begins like the delimiter, which RFC 2046 §5.1.1 forbids.
func (w *Writer) holds(b []byte) bool {
	line := w.search.line
	seam := append(w.tail, b[:min(len(b), len(line)-1)]...)
	if bytes.Contains(seam, line) || bytes.Contains(b, line) {
		return true
	}
	if len(b) >= len(line) {
		seam = b
	}
	w.tail = append(w.tail[:0], seam[max(0, len(seam)-len(line)+1):]...)
	return false
}

// Close writes the last delimiter. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.buf = AppendClose(w.buf[:0], w.boundary, !w.begun)
	_, w.err = w.w.Write(w.buf)
	if w.err == nil {
		w.err = errClosed
		return nil
	}
	return w.err
}

var errClosed = errors.New("boundary: writer closed")
