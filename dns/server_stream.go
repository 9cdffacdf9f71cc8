package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"applayer/sockets"
)

// serverStream is a server's connection: messages behind their lengths, in both
// directions (RFC 1035 §4.2.2, RFC 7766 §6).
type serverStream struct {
	server *Server
	nc     *sockets.Conn
	origin Origin

	in   []byte        // read and not yet served; nil while the connection waits
	late bool          // a read deadline of our own stands
	more time.Duration // what is left of a wait that began with an answer

	x   *serving // of the requests that are being served
	out []byte   // their answers, gathered

	mu       sync.Mutex
	changed  sync.Cond // inFlight fell, or writing ended
	inFlight int       // detached queries whose answer has not left
	lastLeft time.Time // when the last one did
	writing  bool
	waiting  []byte // answers of detached queries, behind their lengths
	waitingN int    // how many
	spare    []byte
	err      error // of writing: nothing more can be sent
}

// streamBuffers hold what is read, while there is something to be read.
var streamBuffers = sync.Pool{New: func() any { return new([streamBuffer]byte) }}

func getStreamBuffer() []byte  { return streamBuffers.Get().(*[streamBuffer]byte)[:] }
func putStreamBuffer(b []byte) { streamBuffers.Put((*[streamBuffer]byte)(b[:streamBuffer])) }

const (
	streamBuffer = 4 << 10
	// flushAt is how many octets of answers are gathered before they are sent.
	flushAt = 32 << 10
)

// serveStream serves one connection to its end.
func (s *Server) serveStream(ctx context.Context, nc *sockets.Conn, kind TransportKind) {
	s.open.Add(1)
	defer s.open.Add(-1)
	c := &serverStream{server: s, nc: nc}
	c.changed.L = &c.mu
	c.origin = Origin{Peer: addrPort(nc.RemoteAddr()), Local: addrPort(nc.LocalAddr()), Transport: kind}
	if state, ok := nc.TLS(); ok {
		c.origin.TLS = &state
	}
	for c.read() && c.serve(ctx) {
	}
	c.drain()
}

// read waits for octets of a request. It is false at the connection's end.
func (c *serverStream) read() bool {
	for {
		err := c.readOnce()
		switch {
		case err == nil:
			return true
		case errors.Is(err, ErrServerClosed):
			return false
		case errors.Is(err, os.ErrDeadlineExceeded) && c.in == nil && c.mayWait():
		default:
			return false
		}
	}
}

// mayWait tells whether a connection on which nothing came may wait longer:
// idle is one without outstanding queries (RFC 7766 §6.2.3).
func (c *serverStream) mayWait() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return false
	case c.inFlight > 0:
		return true
	}
	c.more = c.server.idleTimeout() - time.Since(c.lastLeft)
	return c.more > 0
}

func (c *serverStream) readOnce() error {
	idle := c.server.idleTimeout()
	if c.in == nil {
		// Between requests the limit IdleTimeout stands, unless connections
		// have become many.
		wait, ours := idle, idle < c.server.limits.IdleTimeout
		if c.more > 0 {
			wait, ours, c.more = c.more, true, 0
		}
		c.deadline(wait, ours)
		b, n, err := c.nc.ReadReady(true, getStreamBuffer, putStreamBuffer)
		if err != nil {
			return err
		}
		c.in = b[:n]
		return nil
	}
	c.grow()
	// A server that shuts down does not wait for the rest of a request: whoever
	// sends single octets would keep it.
	c.nc.MarkIdle()
	n, err := c.nc.Read(c.in[len(c.in):cap(c.in)])
	c.nc.MarkBusy()
	c.in = c.in[:len(c.in)+n]
	if n > 0 {
		return nil
	}
	return err
}

// deadline sets or takes away the deadline for reading.
func (c *serverStream) deadline(d time.Duration, on bool) {
	switch {
	case on && d > 0:
		c.nc.SetReadDeadline(time.Now().Add(d))
		c.late = true
	case c.late:
		c.nc.SetReadDeadline(time.Time{})
		c.late = false
	}
}

// grow makes room behind what was read. The buffer doubles with the octets that
// come, whatever length they announce.
func (c *serverStream) grow() {
	if len(c.in) == cap(c.in) {
		c.in = slices.Grow(c.in, len(c.in))
	}
}

// release gives the buffer back, if all of it was served.
func (c *serverStream) release() {
	if cap(c.in) == streamBuffer {
		putStreamBuffer(c.in)
	}
	c.in = nil
}

// serve answers the requests that were read whole. It is false where the peer
// does not speak DNS, or cannot be written to.
func (c *serverStream) serve(ctx context.Context) bool {
	c.x = c.server.newServing(c)
	c.out = c.x.out[:0]
	rest, ok := c.in, true
	for ok {
		request, after, whole := cutRequest(rest)
		if !whole {
			break
		}
		rest, ok = after, request != nil && c.answer(ctx, request)
	}
	ok = c.writeOut() && ok
	c.x.out = c.out
	c.x.free()
	c.x, c.out = nil, nil
	c.keep(rest)
	return ok
}

// cutRequest takes a request from the front of b, if it is there as a whole;
// nil is one that has no header.
func cutRequest(b []byte) (request, rest []byte, whole bool) {
	if len(b) < 2 {
		return nil, b, false
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	switch {
	case n < 2+HeaderSize:
		return nil, b, true
	case n > len(b):
		return nil, b, false
	}
	return b[2:n:n], b[n:], true
}

// answer gathers the answer to a request, once there is room for one more.
func (c *serverStream) answer(ctx context.Context, request []byte) bool {
	if !c.room() && (!c.writeOut() || !c.waitForRoom()) {
		return false
	}
	at := len(c.out)
	response := c.x.serve(ctx, append(c.out, 0, 0), request, c.origin)
	if c.x.detached {
		c.x = c.server.newServing(c)
		return true
	}
	c.out = frame(response, at)
	return len(c.out) < flushAt || c.writeOut()
}

// writeOut sends what was gathered.
func (c *serverStream) writeOut() bool {
	ok := c.write(c.out)
	c.out = c.out[:0]
	return ok
}

// frame writes the length before the response that begins behind at; where
// there is none it takes the place for it away.
func frame(buf []byte, at int) []byte {
	n := len(buf) - at - 2
	if n <= 0 {
		return buf[:at]
	}
	binary.BigEndian.PutUint16(buf[at:], uint16(n))
	return buf
}

// keep moves the part of a request that was read to the buffer's front.
func (c *serverStream) keep(rest []byte) {
	if len(rest) == 0 {
		c.release()
		return
	}
	if len(rest) < len(c.in) || !c.late {
		// The rest of a request has as long as the wait for one: a deadline
		// that single octets do not move (CVE-2026-32934).
		c.deadline(c.server.requestTimeout(), true)
	}
	c.in = c.in[:copy(c.in, rest)]
}

// idleTimeout is how long a connection may wait: IdleTimeout until half of the
// connections are there, then less, down to a fifth (RFC 7766 §6.2.3).
func (s *Server) idleTimeout() time.Duration {
	idle, most := s.limits.IdleTimeout, int64(s.limits.MaxConns)
	over := s.open.Load() - most/2
	if idle <= 0 || most < 0 || over <= 0 {
		return idle
	}
	return idle - idle*4/5*time.Duration(min(over, most-most/2))/time.Duration(most-most/2)
}

// requestTimeout is how long the rest of a request may take: as long as the wait
// for one or, where that may last for ever, ReadTimeout.
func (s *Server) requestTimeout() time.Duration {
	if idle := s.idleTimeout(); idle > 0 {
		return idle
	}
	return s.limits.ReadTimeout
}
