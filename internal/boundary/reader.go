package boundary

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// DefaultMaxHeader is the limit of a zero [Options].
const DefaultMaxHeader = 8 << 10

// bufferSize is what a Reader holds of the stream; only a longer part header
// makes it grow.
const bufferSize = 16 << 10

// Options says how a [Reader] reads. The zero value has the defaults.
type Options struct {
	// MaxHeader is the longest header of a part in octets, with the empty line
	// (default 8 KiB, negative for no limit). It is held in memory.
	MaxHeader int
	// BareLF also takes LF alone as a line's end.
	BareLF bool
}

// Error tells where in the stream a rule was broken.
type Error struct {
	Offset int64 // octets from the start of the stream
	Err    error // one of this package's errors
}

func (e *Error) Error() string { return fmt.Sprintf("boundary: %v at byte %d", e.Err, e.Offset) }

// Unwrap returns the rule that was broken.
func (e *Error) Unwrap() error { return e.Err }

// Reader yields the parts of a multipart body in order. It is for one
// goroutine at a time. It holds a buffer of 16 KiB, whatever comes.
type Reader struct {
	src       io.Reader
	srcErr    error // what src said last
	delimiter *Delimiter
	maxHeader int

	buf    []byte // octets at hand from pos on
	pos    int
	offset int64 // of buf[pos] in the stream

	fresh bool  // no content was taken since the last delimiter
	match Match // what is known of buf[pos:]; End is 0 until a delimiter is found

	part   *Part
	header []byte
	err    error // repeated
}

// NewReader returns a Reader of the parts in src. opts may be nil.
func NewReader(src io.Reader, boundary string, opts *Options) (*Reader, error) {
	d, err := NewDelimiter(boundary)
	if err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &Options{}
	}
	d.BareLF = opts.BareLF
	r := &Reader{src: src, delimiter: d, maxHeader: opts.MaxHeader, fresh: true, buf: make([]byte, 0, bufferSize)}
	if r.maxHeader == 0 {
		r.maxHeader = DefaultMaxHeader
	}
	return r, nil
}

// Next passes over what is left of the current part, or over the preamble, and
// returns the next part. The error is io.EOF behind the last delimiter, with
// the epilogue unread but for what was buffered, and io.ErrUnexpectedEOF where
// the stream ends without it. After an error it repeats the error.
func (r *Reader) Next() (*Part, error) {
	r.part = nil
	for {
		if err := r.scan(); err != nil {
			return nil, err
		}
		if r.match.Content == 0 {
			break
		}
		r.take(r.match.Content)
	}
	m := r.match
	r.drop(m.End)
	r.match, r.fresh = Match{}, true
	if m.Last {
		r.err = io.EOF
		return nil, r.err
	}
	part := &Part{r: r, Offset: r.offset}
	if r.err = r.readHeader(); r.err != nil {
		return nil, r.err
	}
	part.Header, r.part = r.header, part
	return part, nil
}

// scan makes content at hand, or the delimiter that ends it, or both.
func (r *Reader) scan() error {
	for r.err == nil && r.match.Content == 0 && r.match.End == 0 {
		eof := errors.Is(r.srcErr, io.EOF)
		m, err := r.delimiter.Find(r.buf[r.pos:], r.fresh, eof)
		switch {
		case err == nil || m.Content > 0:
			r.match = m // any other error comes again, when the content is taken
		case err != ErrIncomplete:
			r.err = &Error{r.offset, err}
		default:
			r.err = r.fill()
		}
	}
	return r.err
}

// take uses n octets of content.
func (r *Reader) take(n int) {
	r.drop(n)
	r.fresh = false
	r.match.Content -= n
	if r.match.End > 0 {
		r.match.End -= n
	}
}

func (r *Reader) drop(n int) {
	r.pos += n
	r.offset += int64(n)
}

// readHeader takes the lines up to the first empty one.
func (r *Reader) readHeader() error {
	for line, from := 0, 0; ; {
		b := r.buf[r.pos:]
		i := bytes.IndexByte(b[from:], '\n')
		end := from + i
		switch {
		case r.maxHeader > 0 && (i < 0 && len(b) >= r.maxHeader || i >= 0 && end >= r.maxHeader):
			return &Error{r.offset + int64(r.maxHeader), ErrHeaderTooLong}
		case i < 0:
			from = len(b)
			if err := r.fill(); err != nil {
				return err
			}
			continue
		}
		text, crlf := bytes.CutSuffix(b[line:end], []byte{'\r'})
		switch {
		case !crlf && !r.delimiter.BareLF:
			return &Error{r.offset + int64(end), ErrBareLF}
		case len(text) == 0:
			r.header = append(r.header[:0], b[:line]...)
			r.drop(end + 1)
			return nil
		case r.delimiter.isLine(text):
			return &Error{r.offset + int64(line), ErrHeaderCut}
		}
		line, from = end+1, end+1
	}
}

// fill reads more behind what is at hand.
func (r *Reader) fill() error {
	if r.srcErr != nil {
		if errors.Is(r.srcErr, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return r.srcErr
	}
	switch {
	case cap(r.buf)-len(r.buf) >= cap(r.buf)/2:
	case r.pos > 0:
		r.buf = r.buf[:copy(r.buf, r.buf[r.pos:])]
		r.pos = 0
	case len(r.buf) == cap(r.buf):
		grown := make([]byte, len(r.buf), 2*cap(r.buf))
		copy(grown, r.buf)
		r.buf = grown
	}
	for range 100 {
		n, err := r.src.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		r.srcErr = err
		if n > 0 || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// Part is one part of a multipart body: its header as it came, and its content
// as a stream. It ends with the next call of [Reader.Next].
type Part struct {
	// Header is the part's field lines with their ends, without the empty line
	// behind them. It is valid until the next call of [Reader.Next].
	Header []byte
	// Offset is where the header begins in the stream.
	Offset int64

	r *Reader
}

// Read reads the part's content. The error is io.EOF at the delimiter.
func (p *Part) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	content, err := p.next()
	if err != nil {
		return 0, err
	}
	n := copy(b, content)
	p.r.take(n)
	return n, nil
}

// WriteTo writes the rest of the part's content to w, without a buffer between.
func (p *Part) WriteTo(w io.Writer) (written int64, err error) {
	for {
		content, err := p.next()
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(content)
		p.r.take(n)
		written += int64(n)
		if err == nil && n < len(content) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return written, err
		}
	}
}

// next returns content that is at hand, at least one octet.
func (p *Part) next() ([]byte, error) {
	r := p.r
	if r.part != p {
		return nil, ErrPast
	}
	if err := r.scan(); err != nil {
		return nil, err
	}
	if r.match.Content == 0 {
		return nil, io.EOF
	}
	return r.buf[r.pos : r.pos+r.match.Content], nil
}
