package http1

import (
	"errors"
	"io"
)

// ReadRequest reads the head of the next request into r, which it reuses, and
// sets Body. It returns io.EOF where the connection ended between messages, or
// no more may follow. A [*ParseError], [*LimitError] or [*ProtocolError] names
// in Reply what to answer before the connection is closed.
//
// The body of the request before must have been read to its end, or discarded;
// one that asked for another protocol must have been answered. While it waits,
// what was written is sent.
func (c *Conn) ReadRequest(r *Request) error {
	r.Body = emptyBody{}
	if err := c.mayRead(SideClient, EventRequest); err != nil {
		return err
	}
	c.recv.request = r
	if _, err := c.readHead(); err != nil {
		return err
	}
	c.expecting.Store(c.recv.continues)
	c.trace.head(SideClient, r.head.raw)
	body, err := c.newBody()
	r.Body = body
	return err
}

// ReadResponse reads the head of the next response into p, which it reuses, and
// sets Body. Each interim response (1xx) comes as one by itself; the final one
// answers the first request that has none (RFC 9112 §9.2). Behind a 101, or a
// 2xx to CONNECT, take the connection with [Conn.Hijack].
//
// It returns io.EOF where the connection ended and no request was unanswered; a
// [*ParseError] that wraps io.ErrUnexpectedEOF where one was. Whether an octet
// of the response came, so that the server had seen the request, [Conn.Wait]
// tells before. While it waits, what was written is sent.
func (c *Conn) ReadResponse(p *Response) error {
	p.Body = emptyBody{}
	if err := c.mayRead(SideServer, EventResponse); err != nil {
		return err
	}
	c.recv.response = p
	e, err := c.readHead()
	if err != nil {
		return err
	}
	c.trace.head(SideServer, p.head.raw)
	p.Body = emptyBody{}
	if e != EventResponse {
		return nil
	}
	body, err := c.newBody()
	p.Body = body
	return err
}

// readHead reads the head of a message. The end of the connection is io.EOF.
func (c *Conn) readHead() (Event, error) {
	c.beginHead()
	e, err := c.next()
	switch {
	case err != nil:
		return 0, err
	case e == EventConnectionClosed:
		return 0, io.EOF
	}
	c.base = c.r
	return e, nil
}

// mayRead checks that a message of that side is the next to read.
func (c *Conn) mayRead(by Side, e Event) error {
	if c.readErr != nil {
		return c.readErr
	}
	if c.recv.by != by || c.recv.stage != stageHead {
		return &ProtocolError{State: c.State(by).String(), Event: e.String(), Ref: "RFC 9112 §9.3"}
	}
	return nil
}

// beginHead makes the buffer ready for a head: the one before is not shown any
// more.
func (c *Conn) beginHead() {
	putBuffer(c.held)
	c.held, c.base = nil, 0
}

// next returns the next event, and waits for it.
func (c *Conn) next() (Event, error) {
	for {
		e, n, err := c.recv.Next(c.in[c.r:c.w], c.eof)
		c.r += n
		if err != ErrIncomplete {
			if err != nil && c.recv.err != nil {
				c.fail(err)
			}
			return e, err
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
}

// fill reads more octets into the buffer, at least one or the end.
func (c *Conn) fill() error {
	if c.readErr != nil {
		return c.readErr
	}
	if c.recv.stage == stageHead {
		c.flushBeforeWait()
	}
	c.makeRoom()
	n, err := c.read(c.in[c.w:])
	c.w += n
	return c.ended(n, err)
}

// read reads the rest of a message.
func (c *Conn) read(p []byte) (int, error) {
	if c.watch == nil {
		return c.nc.Read(p)
	}
	c.watch.beforeRead(c.recv.stage == stageHead, c.recv.content)
	n, err := c.nc.Read(p)
	c.watch.afterRead()
	return n, err
}

// ended takes the outcome of a Read of n octets.
func (c *Conn) ended(n int, err error) error {
	switch {
	case err == nil || n > 0 && err != io.EOF:
		return nil // an error comes again with the next Read
	case err == io.EOF:
		c.eof = true
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF): // TLS without its closing alert (RFC 9112 §9.8)
		err = premature(c.w - c.r)
	}
	return c.fail(c.recv.fail(err))
}

// fail makes err the end of reading.
func (c *Conn) fail(err error) error {
	c.readErr = err
	c.fault.Store(&err)
	return err
}

// readFault is the error that ended reading, nil while none has. Other than
// readErr it is for any goroutine.
func (c *Conn) readFault() error {
	if err := c.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// makeRoom sees to room behind in[:w]: a quarter of the buffer, where moving
// what is unread can make it.
func (c *Conn) makeRoom() {
	switch {
	case c.in == nil:
		c.in, c.r, c.w, c.base = getBuffer(), 0, 0, 0
	case c.r == c.w:
		c.r, c.w = c.base, c.base
	}
	room := len(c.in) - c.w
	if room >= len(c.in)/4 {
		return
	}
	if room+c.r-c.base >= len(c.in)/4 {
		c.w = c.base + copy(c.in[c.base:], c.in[c.r:c.w])
		c.r = c.base
		return
	}
	if room == 0 || c.base > 0 {
		c.outgrow()
	}
}

// outgrow goes on in another buffer, twice as large where what is unread fills
// this one.
func (c *Conn) outgrow() {
	unread := c.in[c.r:c.w]
	next := getBuffer()
	if len(unread)*2 > len(next) {
		putBuffer(next)
		next = make([]byte, len(unread)*2)
	}
	copy(next, unread)
	if c.base > 0 {
		c.held = c.in
	} else {
		putBuffer(c.in)
	}
	c.in, c.r, c.w, c.base = next, 0, len(unread), 0
}

// Wait blocks until an octet of the next message is there, or the end of the
// connection: then it returns io.EOF. It is for the time between messages: a
// server waits for a request, a client for a 100 or for what may come on an
// idle connection. What was written is sent before. An error that is a timeout
// breaks nothing: wait again, or go on.
//
// Where the connection below can wait without one, as [sockets.Conn.ReadReady]
// does, the buffers go back to their pool meanwhile.
func (c *Conn) Wait() error {
	switch {
	case c.r < c.w:
		return nil
	case c.readErr != nil:
		return c.readErr
	case c.eof:
		return io.EOF
	}
	if err := c.Flush(); err != nil {
		return err
	}
	n, err := c.readIdle()
	if isTimeout(err) && n == 0 {
		return err
	}
	if err = c.ended(n, err); err == nil && c.eof && c.r == c.w {
		return io.EOF
	}
	return err
}

// readIdle is the Read of Wait. Where the transport can, it waits without a
// buffer.
func (c *Conn) readIdle() (int, error) {
	t, ok := c.nc.(readyReader)
	if !ok || c.r < c.w || c.recv.stage != stageHead {
		c.makeRoom()
		n, err := c.nc.Read(c.in[c.w:])
		c.w += n
		return n, err
	}
	c.beginHead()
	if c.lend == nil {
		c.lend, c.takeBack = c.lendBuffer, c.takeBackBuffer
	}
	_, n, err := t.ReadReady(c.idles, c.lend, c.takeBack)
	if c.w += n; n == 0 {
		c.release()
	}
	return n, err
}

// lendBuffer and takeBackBuffer are for [sockets.Conn.ReadReady].
func (c *Conn) lendBuffer() []byte {
	c.makeRoom()
	return c.in[c.w:]
}

func (c *Conn) takeBackBuffer([]byte) { c.release() }

// readyReader is what a [sockets.Conn] does.
type readyReader interface {
	ReadReady(idle bool, get func() []byte, put func([]byte)) (b []byte, n int, err error)
}

// isTimeout tells whether err is of a deadline.
func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

// release gives the buffers back that are empty. They come back by themselves.
func (c *Conn) release() {
	if c.r == c.w && c.recv.stage == stageHead && c.in != nil {
		c.beginHead()
		putBuffer(c.in)
		c.in, c.r, c.w = nil, 0, 0
	}
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if len(c.out) == 0 && c.out != nil {
		putBuffer(c.out[:0])
		c.out = nil
	}
}
