package ftp

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"

	"applayer/internal/ascii"
)

// Reader is a file on its way from a server. Read gives io.EOF only when the
// whole file has come: the server has said so, and it is as long as was
// announced; a shorter one is io.ErrUnexpectedEOF. Close before the end aborts
// the transfer. One goroutine at a time may use a Reader, and the context of
// the call that opened it governs it until its end.
type Reader struct {
	t      *transfer
	name   string
	offset int64
	n      int64 // octets read
	size   int64 // of the file, -1 where it is not known
	length int64 // of the file or of the rest, as 150 announced it, or -1
	ended  bool
	err    error // of the transfer, once it has ended
}

var (
	_ io.ReadCloser = (*Reader)(nil)
	_ io.WriterTo   = (*Reader)(nil)
)

// Retrieve opens a file for reading, from an offset on. The octets come as they
// are in the file (TYPE I).
func (c *Client) Retrieve(ctx context.Context, name string, offset int64) (*Reader, error) {
	if err := checkOffset(offset); err != nil {
		return nil, commandError(VerbRETR, name, err)
	}
	return c.open(ctx, name, func(arg string) (*Reader, error) { return c.retrieve(ctx, name, arg, offset) })
}

// checkOffset refuses what cannot be an offset.
func checkOffset(offset int64) error {
	if offset < 0 {
		return &ParseError{What: "offset", Ref: "RFC 3659 §5.3", Err: ErrValue}
	}
	return nil
}

// RetrieveText opens a text for reading, line by line the same whatever system
// the server runs on (TYPE A): lines end in LF here. A cut text may pass for a
// whole one if the server does not tell, since sizes are of no use.
func (c *Client) RetrieveText(ctx context.Context, name string) (io.ReadCloser, error) {
	r, err := c.open(ctx, name, func(arg string) (*Reader, error) {
		if err := c.setType(ctx, 'A'); err != nil {
			return nil, err
		}
		t, err := c.begin(ctx, VerbRETR, arg, 0)
		return &Reader{t: t, name: name, size: -1, length: -1}, err
	})
	if err != nil {
		return nil, err
	}
	return &textReader{NewASCIIReader(r), r}, nil
}

type textReader struct {
	*ASCIIReader
	io.Closer
}

// open holds the session for a file that is being read.
func (c *Client) open(ctx context.Context, name string, retrieve func(arg string) (*Reader, error)) (*Reader, error) {
	arg, err := c.encode(VerbRETR, name)
	if err != nil {
		return nil, err
	}
	if err := c.calls.Begin(ctx); err != nil {
		return nil, err
	}
	r, err := retrieve(arg)
	if err != nil {
		c.calls.Done()
		return nil, err
	}
	return r, nil
}

func (c *Client) retrieve(ctx context.Context, name, arg string, offset int64) (*Reader, error) {
	if err := c.setType(ctx, 'I'); err != nil {
		return nil, err
	}
	r := &Reader{name: name, offset: offset, size: -1, length: -1}
	asked := c.features.Has("SIZE") && (offset > 0 || !c.announces)
	if asked {
		size, err := c.size(ctx, arg)
		if err == nil {
			r.size = size
		} else if !c.calls.Alive() || ctx.Err() != nil {
			return nil, err
		}
	}
	var err error
	if r.t, err = c.begin(ctx, VerbRETR, arg, offset); err != nil {
		return nil, err
	}
	r.length = announced(r.t.replies.mark)
	switch {
	case asked && offset == 0:
		// From now on the 150 is enough, if it tells the truth.
		c.announces = r.size >= 0 && r.length == r.size
	case offset == 0 && r.size < 0:
		r.size = r.length
	}
	return r, nil
}

// announced takes the size out of "150 Opening BINARY mode data connection for
// a.txt (120 bytes).", the form of most servers, or returns -1. It stands at the
// end: elsewhere it may be part of a name.
func announced(r Reply) int64 {
	if len(r.Lines) == 0 {
		return -1
	}
	text := strings.TrimRight(r.Lines[len(r.Lines)-1], ". ")
	text, isSize := strings.CutSuffix(text, " bytes)")
	i := strings.LastIndexByte(text, '(')
	if !isSize || i < 0 {
		return -1
	}
	size, n, err := ascii.Decimal(text[i+1:], 1<<63-1)
	if err != nil || n != len(text)-i-1 {
		return -1
	}
	return int64(size)
}

// Size is the size of the file, -1 where the server did not tell.
func (r *Reader) Size() int64 { return r.size }

// Read reads the file's next octets.
func (r *Reader) Read(b []byte) (int, error) {
	if r.ended {
		return 0, r.readError()
	}
	b, err := r.t.c.pace.allow(r.t.ctx, b)
	if err != nil {
		return 0, r.fail(context.Cause(r.t.ctx))
	}
	n, err := r.t.data.Read(b)
	r.count(int64(n))
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		r.finish()
	case errors.Is(err, errNoCloseNotify) && r.whole():
		// What the protected control connection announced has come.
		r.finish()
	default:
		r.fail(err)
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.readError()
}

// readError is what Read says at the end.
func (r *Reader) readError() error {
	if r.err == nil {
		return io.EOF
	}
	return r.err
}

// count takes note of octets.
func (r *Reader) count(n int64) {
	r.n += n
	if f := r.t.c.opts.Progress; f != nil && n > 0 {
		f(Progress{Name: r.name, Done: r.offset + r.n, Total: r.size})
	}
}

// short tells that less has come than was announced. Of the size in a 150 after
// REST servers differ whether it is the file's or the rest's.
func (r *Reader) short() bool {
	if r.size >= 0 {
		return r.offset+r.n < r.size
	}
	return r.n < r.length && r.offset+r.n < r.length
}

// whole tells that what was announced has come.
func (r *Reader) whole() bool { return r.size >= 0 && r.offset+r.n == r.size }

// finish ends the transfer after the last octet.
func (r *Reader) finish() {
	r.t.data.close()
	_, err := r.t.complete()
	if err == nil && r.short() {
		err = commandError(r.t.verb, r.t.arg, io.ErrUnexpectedEOF)
	}
	r.end(err)
}

// fail ends the transfer in its middle.
func (r *Reader) fail(err error) error {
	r.end(r.t.abort(err))
	return r.err
}

func (r *Reader) end(err error) {
	r.ended, r.err = true, err
	r.t.c.calls.Done()
}

// Close ends the transfer, and tells what was wrong with it. Before the end of
// the file it sends ABOR.
func (r *Reader) Close() error {
	if !r.ended {
		r.fail(context.Canceled)
		r.err = net.ErrClosed
		return nil
	}
	if errors.Is(r.err, net.ErrClosed) {
		return nil
	}
	return r.err
}

// WriteTo writes the rest of the file to w. The kernel moves the octets of a
// plain connection to an *os.File.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	if f, ok := w.(*os.File); ok && !r.ended && r.t.c.pace == nil && r.t.data.moves(f) {
		return r.splice(f)
	}
	b := dataBuffers.Get().(*[dataBuffer]byte)
	defer dataBuffers.Put(b)
	return io.CopyBuffer(w, struct{ io.Reader }{r}, b[:])
}

// splice copies to a file by slices, so that each has its time.
func (r *Reader) splice(f *os.File) (total int64, err error) {
	for !r.ended {
		n, err := r.t.data.spliceTo(f)
		total += n
		r.count(n)
		switch {
		case err == io.EOF:
			r.finish()
		case err != nil:
			r.fail(err)
		}
	}
	return total, r.err
}
