package dot

import (
	"bytes"
	"errors"
	"io"

	"applayer/internal/line"
)

// ErrClosed is what [Writer.Write] returns after [Writer.Close].
var ErrClosed = errors.New("text closed")

// Writer writes one text with dots put before its dots, and its end. What it
// writes ends by its end alone, whatever the text is. It writes large parts as
// they are, and many small ones where many lines begin with dots, so that what
// is below it should have a buffer. It has none.
type Writer struct {
	w    io.Writer
	bare line.Policy
	// plain leaves dots and the end mark out.
	plain  bool
	within bool // a line
	cr     bool // the text ended in a CR so far, which is not written
	offset int64
	err    error
}

// NewWriter returns a Writer to w. Bare says what becomes of a CR or LF that
// stands alone, as in [Format].
func NewWriter(w io.Writer, bare line.Policy) *Writer { return &Writer{w: w, bare: bare} }

// NewPlainWriter returns a Writer that sees to line ends alone, the last one
// too, and puts neither dots nor an end mark: for text whose length is told
// (RFC 3030 §2).
func NewPlainWriter(w io.Writer, bare line.Policy) *Writer {
	return &Writer{w: w, bare: bare, plain: true}
}

// Offset counts the octets of the text that are taken. After [line.ErrBareCR] or
// [line.ErrBareLF] it is the place of what is wrong.
func (w *Writer) Offset() int64 { return w.offset }

// Write writes text. After an error it repeats the error; the text cannot be
// ended then.
func (w *Writer) Write(p []byte) (n int, err error) {
	if w.err != nil {
		return 0, w.err
	}
	for n < len(p) {
		m, err := w.next(p[n:])
		n += m
		w.offset += int64(m)
		if err != nil {
			w.err = err
			return n, err
		}
	}
	return n, nil
}

// next writes something of p.
func (w *Writer) next(p []byte) (n int, err error) {
	if w.cr {
		return w.afterCR(p)
	}
	if !w.within && p[0] == '.' && !w.plain {
		if err := w.put(dots); err != nil {
			return 0, err
		}
		w.within = true
		return 1, nil
	}
	n = w.run(p)
	if n > 0 {
		_, err = w.w.Write(p[:n])
		return n, err
	}
	if p[0] == '\r' {
		w.cr = true
		return 1, nil
	}
	return w.lf()
}

// dots is what a dot at the front of a line becomes.
var dots = []byte("..")

// run measures the text at the front of p that may be written as it is, and
// that does not end within a CRLF.
func (w *Writer) run(p []byte) (n int) {
	for n < len(p) && (w.within || w.plain || p[n] != '.') {
		text := clip(p[n:])
		lf := bytes.IndexByte(text, '\n')
		if lf >= 0 {
			text = text[:lf]
		}
		ended := lf > 0 && text[lf-1] == '\r'
		if ended {
			text = text[:lf-1]
		}
		if cr := bytes.IndexByte(text, '\r'); cr >= 0 {
			w.within = w.within || cr > 0
			return n + cr
		}
		w.within = w.within || len(text) > 0
		n += len(text)
		switch {
		case ended:
			n += len(crlf)
			w.within = false
		case lf >= 0:
			return n
		}
	}
	return n
}

// afterCR writes the CR that was kept back, with p behind it.
func (w *Writer) afterCR(p []byte) (n int, err error) {
	w.cr = false
	switch {
	case p[0] == '\n':
		w.within = false
		return 1, w.put(crlf)
	case w.bare == line.Refuse:
		w.offset--
		return 0, line.ErrBareCR
	case w.bare == line.Keep:
		w.within = true
		return 0, w.put(crlf[:1])
	case p[0] == '\r': // of several, the last
		w.cr = true
		return 1, nil
	}
	w.within = false
	return 0, w.put(crlf)
}

// lf writes an LF before which there is no CR.
func (w *Writer) lf() (n int, err error) {
	if w.bare == line.Refuse {
		return 0, line.ErrBareLF
	}
	if w.bare == line.Keep {
		w.within = true
		return 1, w.put(crlf[1:])
	}
	w.within = false
	return 1, w.put(crlf)
}

func (w *Writer) put(b []byte) error {
	_, err := w.w.Write(b)
	return err
}

// Close ends the last line, where the text did not, and the text. It does not
// close what is below.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.err = w.end()
	if w.err != nil {
		return w.err
	}
	w.err = ErrClosed
	return nil
}

var mark = []byte("\r\n.\r\n")

func (w *Writer) end() error {
	rest := mark
	switch {
	case w.cr && w.bare == line.Refuse:
		w.offset--
		return line.ErrBareCR
	case w.cr && w.bare == line.Keep:
		if err := w.put(crlf[:1]); err != nil {
			return err
		}
	case !w.cr && !w.within:
		rest = mark[2:]
	}
	if w.plain {
		rest = rest[:len(rest)-3]
	}
	if len(rest) == 0 {
		return nil
	}
	return w.put(rest)
}
