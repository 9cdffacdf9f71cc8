package line

import (
	"errors"
	"io"
)

// Reader reads lines from a stream. It is for one goroutine at a time. After
// an error it repeats the error: the stream's boundaries are lost.
type Reader struct {
	r      io.Reader
	format Format
	buf    []byte // what has come
	used   int    // octets of buf that were returned
	next   int    // where Find goes on, from used
	err    error
}

// NewReader returns a Reader of r's lines in format.
func NewReader(r io.Reader, format Format) *Reader {
	return &Reader{r: r, format: format}
}

// ReadLine returns the next line without its end. It is valid until the next
// call. The error is io.EOF at the end between two lines and
// io.ErrUnexpectedEOF inside one.
func (r *Reader) ReadLine() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	for {
		end, next, err := r.format.Find(r.buf[r.used:], r.next)
		switch {
		case err == nil:
			return r.take(end), nil
		case !errors.Is(err, ErrIncomplete):
			r.err = err
			return nil, err
		}
		r.next = next
		if err := r.fill(); err != nil {
			return r.last(err)
		}
	}
}

func (r *Reader) take(end int) []byte {
	b := r.buf[r.used : r.used+end]
	r.used, r.next = r.used+end, 0
	return Trim(b)
}

// fill reads more. The buffer grows with what arrives.
func (r *Reader) fill() error {
	if r.used > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.used:])]
		r.used = 0
	}
	const chunk = 512
	if cap(r.buf)-len(r.buf) < chunk {
		grown := make([]byte, len(r.buf), 2*cap(r.buf)+chunk)
		copy(grown, r.buf)
		r.buf = grown
	}
	for range 100 {
		n, err := r.r.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		if n > 0 {
			return nil // an error comes again
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// last deals with what is there when no more will come.
func (r *Reader) last(err error) ([]byte, error) {
	rest := r.buf[r.used:]
	if errors.Is(err, io.EOF) && len(rest) > 0 {
		err = io.ErrUnexpectedEOF
		// A CR that is the last octet of all has no LF behind it.
		if r.next == len(rest)-1 && rest[r.next] == '\r' {
			switch r.format.BareCR {
			case Accept:
				r.err = io.EOF
				return r.take(len(rest)), nil
			case Refuse:
				err = ErrBareCR
			}
		}
	}
	r.err = err
	return nil, err
}

// Buffered returns how many octets have come behind the line last returned.
// Before an upgrade to TLS there must be none.
func (r *Reader) Buffered() int { return len(r.buf) - r.used }
