package form

import (
	"io"

	"applayer/internal/boundary"
)

// Writer writes a multipart/form-data body. It is for one goroutine at a time.
// After an error of the underlying writer it repeats the error.
type Writer struct {
	parts *boundary.Writer
	begun int // parts
	buf   []byte
}

// NewWriter returns a Writer to w, with a boundary of 130 random bits.
func NewWriter(w io.Writer) *Writer {
	parts, err := boundary.NewWriter(w, "")
	if err != nil {
		panic("form: a random boundary is refused: " + err.Error())
	}
	return &Writer{parts: parts}
}

// ContentType returns the message's Content-Type.
func (w *Writer) ContentType() string { return contentType(w.parts.Boundary()) }

func contentType(delimiter string) string {
	return "multipart/form-data; boundary=" + delimiter
}

// Field writes a field. Name and value are UTF-8, which receivers take them for
// (RFC 7578 §5.1.2), the name without control characters. What is not text goes
// by [Writer.File].
func (w *Writer) Field(name, value string) error {
	if err := checkValue(value); err != nil {
		return err
	}
	if err := w.next(&partHeader{name: name}); err != nil {
		return err
	}
	_, err := io.WriteString(w.parts, value)
	return err
}

// File begins a file. What is written to the writer that it returns is the
// content, up to the next call of a method of w. An empty contentType stands
// for application/octet-stream (RFC 7578 §4.4).
func (w *Writer) File(name, fileName, contentType string) (io.Writer, error) {
	if err := w.next(fileHeader(name, fileName, contentType)); err != nil {
		return nil, err
	}
	return &fileWriter{w, w.begun}, nil
}

// fileWriter writes the content of one part, and of no other.
type fileWriter struct {
	w    *Writer
	part int
}

func (f *fileWriter) Write(b []byte) (int, error) {
	if f.w.begun != f.part {
		return 0, boundary.ErrPast
	}
	return f.w.parts.Write(b)
}

func fileHeader(name, fileName, contentType string) *partHeader {
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	return &partHeader{name: name, fileName: fileName, isFile: true, contentType: contentType}
}

func (w *Writer) next(h *partHeader) (err error) {
	if w.buf, err = appendPartHeader(w.buf[:0], h); err != nil {
		return err
	}
	w.begun++
	return w.parts.Next(w.buf)
}

// Close writes the last delimiter. It does not close the underlying writer.
func (w *Writer) Close() error { return w.parts.Close() }
