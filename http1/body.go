package http1

import (
	"errors"
	"io"
	"math"
	"net"
	"sync"
)

// emptyBody is the body of a message that has none.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }

// bodyReader is the content of the message that a Conn is reading.
type bodyReader struct {
	c *Conn
	// mu lets one read at a time: the goroutine that a handler left behind may
	// be at it when the server discards the rest.
	mu  sync.Mutex
	err error // what Read returns from now on
}

// newBody returns the content behind a head just read. The message without one
// ends here.
func (c *Conn) newBody() (io.ReadCloser, error) {
	if c.recv.stage == stageEnd {
		_, err := c.next()
		return emptyBody{}, err
	}
	b := &bodyReader{c: c}
	c.body.Store(b)
	return b, nil
}

// Read reads content. It returns io.EOF behind the end of the message, where
// the trailers are known.
func (b *bodyReader) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.err != nil:
		return 0, b.err
	case len(p) == 0:
		return 0, nil
	}
	n, err := b.read(p)
	if err != nil {
		b.end(err)
	}
	return n, err
}

// end makes err what Read returns.
func (b *bodyReader) end(err error) {
	b.err = err
	b.c.body.CompareAndSwap(b, nil)
}

func (b *bodyReader) read(p []byte) (int, error) {
	c := b.c
	if c.readErr != nil {
		return 0, c.readErr
	}
	if c.expecting.Load() {
		if err := c.sendContinue(); err != nil {
			return 0, err
		}
	}
	if c.r == c.w && !c.eof && len(p) >= bufferSize/4 {
		if most := c.recv.direct(); most > 0 {
			return b.readDirect(p[:min(int64(len(p)), most)])
		}
	}
	c.recv.most = len(p)
	e, err := c.next()
	if err != nil {
		return 0, err
	}
	if e != EventData {
		return 0, b.finish(e)
	}
	n := copy(p, c.recv.data)
	return n, b.peekEnd()
}

// readDirect reads octets that are known to be content past the buffer.
func (b *bodyReader) readDirect(p []byte) (int, error) {
	c := b.c
	n, err := c.read(p)
	if n > 0 {
		c.recv.tookDirect(int64(n))
	}
	if err := c.ended(n, err); err != nil {
		return n, err
	}
	if n == 0 && c.eof {
		return b.read(p) // what the end of the connection means is for Next to say
	}
	return n, b.peekEnd()
}

// peekEnd returns io.EOF if the message ends with what is in the buffer, so
// that who reads no further than its length has read it whole.
func (b *bodyReader) peekEnd() error {
	c := b.c
	c.recv.most = 0
	e, n, err := c.recv.Next(c.in[c.r:c.w], false)
	c.r += n
	switch {
	case err == ErrIncomplete:
		return nil
	case err != nil:
		c.fail(err)
		return nil // the next Read tells
	}
	return b.finish(e)
}

// finish goes on behind the last content to the message's end.
func (b *bodyReader) finish(e Event) error {
	for e != EventEndOfMessage {
		var err error
		if e, err = b.c.next(); err != nil {
			return err
		}
	}
	b.c.trace.end(b.c.recv.by, b.c.recv.content)
	b.end(io.EOF)
	return io.EOF
}

// Close ends the reading of the body; it does not read what is left of it. See
// [Conn.DiscardBody].
func (b *bodyReader) Close() error {
	if b.err == nil {
		b.err = errBodyClosed
	}
	return nil
}

var (
	errBodyClosed   = errors.New("http1: read of a closed body")
	errNothingAfter = errors.New("http1: content not discarded, for nothing follows it")
)

// DiscardBody reads what is left of the message that is being read, at most
// that many octets of content, so that the next can follow. Beyond them the
// error is a [*LimitError]; close the connection then. No 100 is sent for it.
// Where the response was the last one anyhow it reads nothing and returns an
// error: a client that waited for a 100 may send nothing either.
func (c *Conn) DiscardBody(most int64) error {
	b := c.body.Load()
	if b == nil {
		return c.readFault()
	}
	if c.hijacked.Load() {
		return net.ErrClosed
	}
	if c.by == SideServer && c.State(SideServer) == StateMustClose {
		return errNothingAfter
	}
	c.expecting.Store(false)
	b.mu.Lock()
	if b.err == errBodyClosed {
		b.err = nil
	}
	b.mu.Unlock()
	n, err := io.Copy(io.Discard, io.LimitReader(struct{ io.Reader }{b}, most+1))
	switch {
	case err != nil:
		return err
	case n > most:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.err = errBodyClosed
		return &LimitError{"DiscardBody", most, StatusContentTooLarge}
	}
	return nil
}

// direct returns how many octets that come next are content for sure, as far as
// is known, and within the limit.
func (r *Receiver) direct() int64 {
	most := int64(math.MaxInt64)
	switch {
	case r.stage != stageBody || r.err != nil:
		return 0
	case r.kind == Sized:
		most = r.left
	case r.kind == Chunked && r.chunks.part == chunkData:
		most = r.chunks.left
	case r.kind == Chunked:
		return 0
	}
	if r.lim.MaxBody > 0 {
		most = min(most, r.lim.MaxBody-r.content)
	}
	return most
}

// tookDirect counts n octets of content, no more than direct tells, that were
// taken past Next.
func (r *Receiver) tookDirect(n int64) {
	r.offset += n
	if r.kind == Chunked {
		r.chunks.took(n)
	}
	r.took(n)
}

// dropForbidden removes the fields that mean nothing in a trailer section
// (RFC 9110 §6.5.1): a recipient that took them for those of the head would let
// the end of a message change its beginning.
func dropForbidden(t *Header) {
	kept := t.fields[:0]
	for _, f := range t.fields {
		if IsTrailerField(f.Name) {
			kept = append(kept, f)
		}
	}
	clear(t.fields[len(kept):])
	t.fields = kept
}
