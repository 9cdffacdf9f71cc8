package http1

import (
	"errors"
	"net"
	"sync"
)

// ErrBodyLength is the error of a message whose body is not as long as its
// Content-Length says. The connection can carry nothing more.
var ErrBodyLength = errors.New("http1: body is not as long as Content-Length says")

// ErrNoBody is the error of content written to a message that can't have any,
// such as a 204 (RFC 9112 §6.3).
var ErrNoBody = errors.New("http1: message can't have a body")

// noChunk is the place of the chunk under way where there is none.
const noChunk = -1

// chunkRoom is what is kept free before a chunk for its size: two digits to
// four, and CRLF.
const chunkRoom = 4 + 2

// Write writes content of the message under way. In a chunked message small
// writes make one chunk. More than a Content-Length allows is
// [ErrBodyLength]; what is written to the response to HEAD is dropped.
func (c *Conn) Write(p []byte) (int, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.writeContent(p)
}

func (c *Conn) writeContent(p []byte) (int, error) {
	switch {
	case c.err != nil:
		return 0, c.err
	case !c.inBody:
		return 0, &ProtocolError{State: c.State(c.by).String(), Event: EventData.String(), Ref: "RFC 9112 §6"}
	case c.drops || len(p) == 0:
		return len(p), nil
	}
	c.haveOut()
	switch c.kind {
	case NoBody:
		return 0, ErrNoBody
	case Chunked:
		return c.writeChunked(p)
	case Sized:
		if int64(len(p)) > c.left {
			n, err := c.writeRaw(p[:c.left])
			c.left -= int64(n)
			if err == nil {
				err = c.broken(ErrBodyLength)
			}
			return n, err
		}
		n, err := c.writeRaw(p)
		c.left -= int64(n)
		return n, err
	}
	return c.writeRaw(p)
}

// broken makes err the end of what is sent.
func (c *Conn) broken(err error) error {
	c.err = err
	c.order.fail(c.by)
	return err
}

// writeRaw appends p to the buffer, or sends both where they are too much for
// it.
func (c *Conn) writeRaw(p []byte) (int, error) {
	if len(p) <= cap(c.out)-len(c.out) {
		c.out = append(c.out, p...)
		return len(p), nil
	}
	if len(p) < cap(c.out)/2 {
		if err := c.send(nil); err != nil {
			return 0, err
		}
		c.out = append(c.out, p...)
		return len(p), nil
	}
	if err := c.send(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeChunked puts p into the chunk under way, or makes a chunk of it that is
// sent at once.
func (c *Conn) writeChunked(p []byte) (int, error) {
	const around = chunkRoom + len("\r\n")
	for {
		if c.chunkAt == noChunk && cap(c.out)-len(c.out) > around {
			c.out = append(c.out, make([]byte, chunkRoom)...)
			c.chunkAt = len(c.out)
		}
		if c.chunkAt != noChunk && len(p) <= cap(c.out)-len(c.out)-len("\r\n") {
			c.out = append(c.out, p...)
			return len(p), nil
		}
		c.endChunk()
		if len(p) >= cap(c.out)/2 {
			return c.writeWholeChunk(p)
		}
		if err := c.send(nil); err != nil {
			return 0, err
		}
	}
}

// writeWholeChunk sends what is in the buffer and p as a chunk of its own.
func (c *Conn) writeWholeChunk(p []byte) (int, error) {
	if cap(c.out)-len(c.out) < 16+2 {
		if err := c.send(nil); err != nil {
			return 0, err
		}
	}
	c.out = appendChunkSize(c.out, len(p))
	if err := c.send(p); err != nil {
		return 0, err
	}
	c.out = append(c.out, '\r', '\n')
	return len(p), nil
}

// endChunk writes the size before the chunk under way, and closes the gap that
// was kept for it.
func (c *Conn) endChunk() {
	if c.chunkAt == noChunk {
		return
	}
	start, n := c.chunkAt-chunkRoom, len(c.out)-c.chunkAt
	c.chunkAt = noChunk
	if n == 0 {
		c.out = c.out[:start]
		return
	}
	var line [chunkRoom]byte
	size := appendChunkSize(line[:0], n)
	end := start + copy(c.out[start:], size)
	if len(size) < chunkRoom {
		end += copy(c.out[end:], c.out[start+chunkRoom:])
		c.out = c.out[:end]
	}
	c.out = append(c.out, '\r', '\n')
}

// EndMessage ends the message under way. A chunked one gets the fields of
// trailer, nil for none; in others there is no place for them, and they are
// dropped. A body shorter than its Content-Length is [ErrBodyLength].
func (c *Conn) EndMessage(trailer *Header) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	switch {
	case c.err != nil:
		return c.err
	case !c.inBody:
		return &ProtocolError{State: c.State(c.by).String(), Event: EventEndOfMessage.String(), Ref: "RFC 9112 §6"}
	case c.kind == Sized && c.left > 0 && !c.drops:
		return c.broken(ErrBodyLength)
	case c.kind == Chunked && !c.drops:
		if err := c.endChunks(trailer); err != nil {
			return err
		}
	}
	c.inBody = false
	if c.by == SideServer {
		c.expecting.Store(false)
		return c.order.answered(false)
	}
	return c.order.do(SideClient, EventEndOfMessage, false)
}

// endChunks writes last-chunk and the trailer section.
func (c *Conn) endChunks(trailer *Header) error {
	c.haveOut()
	c.endChunk()
	if cap(c.out)-len(c.out) < len("0\r\n\r\n") {
		if err := c.send(nil); err != nil {
			return err
		}
	}
	b := append(c.out, "0\r\n"...)
	if trailer != nil {
		for _, f := range trailer.fields {
			err := (*ParseError)(nil)
			if !IsTrailerField(f.Name) {
				return refusedTrailer(f.Name)
			}
			if b, err = appendField(b, f.Name, f.Value); err != nil {
				return err
			}
		}
	}
	c.out = append(b, "\r\n"...)
	return nil
}

// Flush sends what was written.
func (c *Conn) Flush() error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.flush()
}

func (c *Conn) flush() error {
	if c.err != nil {
		return c.err
	}
	c.endChunk()
	if len(c.out) == 0 {
		return nil
	}
	return c.send(nil)
}

// flushBeforeWait sends what was written before a read that waits for what the
// peer answers to it. A writer at work does so itself.
func (c *Conn) flushBeforeWait() {
	if c.wmu.TryLock() {
		c.flush() // its error is the next writer's
		c.wmu.Unlock()
	}
}

// send sends the buffer and p behind it, in one write where the system can.
func (c *Conn) send(p []byte) error {
	if c.err != nil {
		return c.err
	}
	var err error
	switch {
	case len(p) == 0:
		_, err = c.nc.Write(c.out)
	case len(c.out) == 0:
		_, err = c.nc.Write(p)
	default:
		_, err = c.sendBoth(p)
	}
	c.resetOut()
	if err != nil {
		return c.broken(err)
	}
	return nil
}

// sendBoth sends the buffer and p with one system call where it can.
func (c *Conn) sendBoth(p []byte) (int64, error) {
	v := vectors.Get().(*vector)
	defer vectors.Put(v)
	v.both = [2][]byte{c.out, p}
	v.left = v.both[:]
	defer clear(v.both[:])
	if w, ok := c.nc.(interface {
		WriteBuffers(*net.Buffers) (int64, error)
	}); ok {
		return w.WriteBuffers(&v.left)
	}
	return v.left.WriteTo(c.nc)
}

// vector is what sendBoth sends, and what of it is left. An idle connection has
// none.
type vector struct {
	both [2][]byte
	left net.Buffers
}

var vectors = sync.Pool{New: func() any { return new(vector) }}

// sendAnswered sends what is buffered of the messages before the one under way,
// which is given up.
func (c *Conn) sendAnswered() {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	whole := c.out
	if c.inBody {
		whole = c.out[:c.headAt]
	}
	if len(whole) > 0 {
		c.nc.Write(whole)
	}
	c.out = nil
}

// resetOut empties the buffer. One that a long head made grow is left.
func (c *Conn) resetOut() {
	c.out, c.headAt = c.out[:0], 0
	if cap(c.out) != bufferSize {
		c.out = getBuffer()[:0]
	}
}
