package dot

import (
	"errors"
	"io"

	"applayer/internal/line"
)

// buffer is where octets come in. What Unread returns is valid until Fill.
type buffer interface {
	// Unread returns what has come and not been taken.
	Unread() []byte
	// Take takes n octets of it.
	Take(n int)
	// Fill waits for more.
	Fill() error
}

// ErrDiscard is what [Reader.Discard] returns where the text goes on for too
// long.
var ErrDiscard = errors.New("text does not end")

// Reader reads one text from a connection's buffer, and leaves what follows it
// there. It holds no octets of its own.
type Reader struct {
	in     buffer
	d      Decoder
	text   []byte // decoded, not yet given
	held   int    // octets of the buffer that text stands for
	offset int64  // in the buffer's stream, from the start of the text
	err    error
}

// NewReader returns a Reader of the text that in has next.
func NewReader(in buffer, format Format) *Reader {
	r := new(Reader)
	r.Reset(in, format)
	return r
}

// Reset makes r a new Reader.
func (r *Reader) Reset(in buffer, format Format) {
	*r = Reader{in: in, d: Decoder{Format: format}}
}

// Next returns text of at least one octet, which stays next until it is taken.
// It points into the buffer and is valid until then. The error is io.EOF at the
// end of the text, and io.ErrUnexpectedEOF where the connection ended before
// that; else one of the Decoder or the connection. It comes again at each call.
func (r *Reader) Next() ([]byte, error) {
	if len(r.text) == 0 {
		if err := r.more(); err != nil {
			return nil, err
		}
	}
	return r.text, nil
}

// Take takes n octets of what Next returned.
func (r *Reader) Take(n int) {
	r.text = r.text[n:]
	if len(r.text) == 0 {
		r.release()
	}
}

// Read reads text, as much as has come. Its errors are those of Next.
func (r *Reader) Read(p []byte) (n int, err error) {
	for n < len(p) && (n == 0 || r.decode()) {
		text, err := r.Next()
		if err != nil {
			return 0, err
		}
		m := copy(p[n:], text)
		r.Take(m)
		n += m
	}
	return n, nil
}

// SmallRun is the length under which what Next returns is not worth a write of
// its own: where each line begins with a dot there is so little in each.
const SmallRun = 1 << 10

// WriteTo writes all the text to w, large parts as they stand in the buffer.
func (r *Reader) WriteTo(w io.Writer) (n int64, err error) {
	var small []byte
	for {
		b, err := r.Next()
		direct := len(b) >= SmallRun
		if err == nil && !direct {
			if small == nil {
				small = make([]byte, 4*SmallRun)
			}
			b = small
			var m int
			m, err = r.Read(b)
			b = b[:m]
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		m, err := w.Write(b)
		n += int64(m)
		if direct {
			r.Take(m)
		}
		if err != nil {
			return n, err
		}
	}
}

// Offset counts the octets of the connection that are used, dots and all.
// After an error it is the place of what is wrong.
func (r *Reader) Offset() int64 { return r.offset }

// Ended tells whether the end of the text was reached.
func (r *Reader) Ended() bool { return r.err == io.EOF }

// Discard throws the rest of the text away, whatever it holds, also after an
// error that the Decoder found. It returns nil at the end, and ErrDiscard where
// that is not within max octets.
func (r *Reader) Discard(max int64) error {
	switch r.err {
	case io.EOF:
		return nil
	case line.ErrBareCR, line.ErrBareLF, line.ErrTooLong:
		r.err = nil
	}
	r.d.Format = Format{Bare: line.Keep}
	for left := max; ; {
		text, err := r.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case int64(len(text)) > left:
			return ErrDiscard
		}
		left -= int64(len(text))
		r.Take(len(text))
	}
}

// more makes text of at least one octet.
func (r *Reader) more() error {
	for !r.decode() {
		if r.err == nil {
			r.err = r.fill()
		}
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

// decode makes text of what has come, and tells whether there is any. With
// neither text nor an error more is to come.
func (r *Reader) decode() bool {
	for len(r.text) == 0 && r.err == nil {
		text, n, err := r.d.Next(r.in.Unread())
		r.text, r.held = text, n
		if err == ErrIncomplete {
			return false
		}
		if len(text) == 0 {
			r.release()
		}
		r.err = err
	}
	return len(r.text) > 0
}

func (r *Reader) fill() error {
	err := r.in.Fill()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// release takes what was decoded out of the buffer.
func (r *Reader) release() {
	r.in.Take(r.held)
	r.offset += int64(r.held)
	r.text, r.held = nil, 0
}
