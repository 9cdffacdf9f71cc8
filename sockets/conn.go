package sockets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// Conn is a stream connection with deadlines from limits and contexts,
// counters, and the ways of the connection below that make io.Copy fast. It is
// a net.Conn: one goroutine may read while another writes, and Close may be
// called from anywhere.
//
// A [Server] gives one to its [Handler]; a client makes one with [NewConn].
//
// # Deadlines
//
// Several deadlines stand on a Read or Write at once, and the earliest ends
// it: the one that the handler set with SetDeadline, SetReadDeadline or
// SetWriteDeadline; ReadTimeout or WriteTimeout after the call began, or for a
// Read of a connection marked idle IdleTimeout after MarkIdle; the end of
// MaxLifetime; the least rate; and those of contexts (see [WithContext]). So a
// handler can shorten what the limits allow, never lengthen it, save by
// [Conn.SetReadTimeout] and [Conn.SetWriteTimeout]. The error is
// [os.ErrDeadlineExceeded]; it also wraps a [*LimitError] with the limit's name
// or the context's cause, where one of them was the earliest.
type Conn struct {
	wire  wire
	tls   atomic.Pointer[tls.Conn]
	shown []byte // the certificate shown in the handshake, written before tls is

	handshakeTimeout time.Duration
	draining         <-chan struct{}
	closed           atomic.Bool
	ready            *readyReader // the reader's
	more             *moreWriter  // the writer's
}

// ConnOptions are the limits of a [Conn] that no server made. Their meaning is
// that of the same fields in [Limits], except that zero is none: a client's
// calls have their contexts.
type ConnOptions struct {
	IdleTimeout, ReadTimeout, WriteTimeout, HandshakeTimeout, MaxLifetime time.Duration

	MinReadRate, MinWriteRate Rate
}

// NewConn makes a Conn of nc, which it owns from then on. Nil options are no
// limits. The deadlines of nc are lost.
func NewConn(nc net.Conn, opts *ConnOptions) *Conn {
	if opts == nil {
		opts = new(ConnOptions)
	}
	return newConn(nc, opts)
}

func newConn(nc net.Conn, o *ConnOptions) *Conn {
	c := &Conn{handshakeTimeout: max(o.HandshakeTimeout, 0)}
	life := never
	if o.MaxLifetime > 0 {
		life = instant(o.MaxLifetime)
	}
	c.wire.base, c.wire.born = nc, time.Now()
	c.wire.in = half{
		set: nc.SetReadDeadline, timeoutName: "ReadTimeout", rateName: "MinReadRate",
		timeout: max(o.ReadTimeout, 0), idleTimeout: max(o.IdleTimeout, 0), rate: o.MinReadRate.whole(),
		user: never, life: life, armed: never,
	}
	c.wire.out = half{
		set: nc.SetWriteDeadline, timeoutName: "WriteTimeout", rateName: "MinWriteRate",
		timeout: max(o.WriteTimeout, 0), rate: o.MinWriteRate.whole(),
		user: never, life: life, armed: never,
	}
	return c
}

// whole is r with its window filled in.
func (r Rate) whole() Rate {
	if r.Window <= 0 {
		r.Window = defaultRateWindow
	}
	return r
}

// stream is what carries the protocol: TLS, or the wire itself.
func (c *Conn) stream() net.Conn {
	if t := c.tls.Load(); t != nil {
		return t
	}
	return &c.wire
}

// Read reads from the connection.
func (c *Conn) Read(b []byte) (int, error) {
	if t := c.tls.Load(); t != nil {
		return t.Read(b)
	}
	return c.wire.Read(b)
}

// Write writes all of b, in slices of at most 1 MiB with a deadline each.
func (c *Conn) Write(b []byte) (int, error) {
	if t := c.tls.Load(); t != nil {
		return t.Write(b)
	}
	return c.wire.Write(b)
}

// Close closes the connection and ends its handler's context. Over TLS it
// sends the close alert first, for at most 5 s.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return fmt.Errorf("sockets: close %v: %w", c.RemoteAddr(), net.ErrClosed)
	}
	err := c.stream().Close()
	c.end(net.ErrClosed)
	return err
}

// cut closes the transport at once, without farewell.
func (c *Conn) cut(why error) {
	c.end(why)
	c.closed.Store(true)
	c.wire.base.Close()
}

func (c *Conn) end(why error) {
	if c.wire.failed != nil {
		c.wire.failed(why)
	}
}

// CloseWrite tells the peer that nothing more follows and leaves the other
// direction open: a FIN, or over TLS the close alert. It gives
// [errors.ErrUnsupported] where the connection below cannot.
func (c *Conn) CloseWrite() error {
	if t := c.tls.Load(); t != nil {
		return t.CloseWrite()
	}
	return c.wire.CloseWrite()
}

func (w *wire) CloseWrite() error {
	if cw, ok := w.base.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return fmt.Errorf("sockets: half-close of %T: %w", w.base, errors.ErrUnsupported)
}

// LocalAddr returns this end's address.
func (c *Conn) LocalAddr() net.Addr { return c.wire.base.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.wire.base.RemoteAddr() }

// SetDeadline sets the caller's own deadline for Read and Write; the zero time
// is none. See [Conn] for how it stands beside the others. Over TLS a Write
// that a deadline ended has spoilt the connection.
func (c *Conn) SetDeadline(t time.Time) error { return c.wire.SetDeadline(t) }

// SetReadDeadline is [Conn.SetDeadline] for Read alone.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.wire.SetReadDeadline(t) }

// SetWriteDeadline is [Conn.SetDeadline] for Write alone.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.wire.SetWriteDeadline(t) }

// SetReadTimeout replaces the limit ReadTimeout on this connection, from the
// Read under way on; zero is none. Protocols with a timeout for each phase
// (RFC 5321 §4.5.3.2) and tunnels use it.
func (c *Conn) SetReadTimeout(d time.Duration) { c.wire.setTimeout(&c.wire.in, d) }

// SetWriteTimeout replaces the limit WriteTimeout on this connection; zero is
// none.
func (c *Conn) SetWriteTimeout(d time.Duration) { c.wire.setTimeout(&c.wire.out, d) }

func (w *wire) setTimeout(h *half, d time.Duration) {
	h.change(w.born, func() { h.timeout = max(d, 0) })
}

// MarkIdle tells that the connection waits for its next request. From then on
// IdleTimeout counts in place of ReadTimeout, and a server that shuts down
// ends the Read that waits, at once or when it comes, with [ErrServerClosed],
// so that the handler can say goodbye and return. Marking it again starts the
// time anew.
func (c *Conn) MarkIdle() {
	w := &c.wire
	now := w.now()
	w.in.change(w.born, func() { w.in.idle, w.in.idleSince = true, now })
}

// MarkBusy tells that a request has begun; a server that shuts down waits for
// it. A connection begins as busy.
func (c *Conn) MarkBusy() {
	w := &c.wire
	now := w.now()
	w.in.change(w.born, func() {
		w.in.idle = false
		w.in.start, w.in.rateFrom = now, now
	})
}

// drain ends the Read of an idle connection, and those to come.
func (c *Conn) drain() {
	w := &c.wire
	w.in.change(w.born, func() { w.in.draining = true })
}

// Draining is closed when the server begins to shut down: finish what is under
// way, begin nothing new. It is nil, so never ready, on a Conn that no server
// made.
func (c *Conn) Draining() <-chan struct{} { return c.draining }

// NetConn returns the connection below: what was accepted or given to
// [NewConn]. Using it directly goes past deadlines, counters and TLS.
func (c *Conn) NetConn() net.Conn { return c.wire.base }

// SyscallConn gives the raw connection below, as a *net.TCPConn does, or
// [errors.ErrUnsupported].
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if sc, ok := c.wire.base.(syscall.Conn); ok {
		rc, err := sc.SyscallConn()
		return plainRaw{rc}, err
	}
	return nil, fmt.Errorf("sockets: raw connection of %T: %w", c.wire.base, errors.ErrUnsupported)
}

// plainRaw hides what else package net's raw connection has. Through it an
// [*os.File] finds the socket and sends itself (os.File.WriteTo, which io.Copy
// prefers), past our slices, deadlines and counters; without, it comes to
// [Conn.ReadFrom], which does the same under them.
type plainRaw struct{ syscall.RawConn }

// BytesRead counts the octets read from the transport; over TLS these are
// ciphertext.
func (c *Conn) BytesRead() int64 { return c.wire.read.Load() }

// BytesWritten counts the octets written to the transport; over TLS these are
// ciphertext.
func (c *Conn) BytesWritten() int64 { return c.wire.written.Load() }

// withEnd lets cancel hear of the connection's end.
func (c *Conn) withEnd(cancel context.CancelCauseFunc) { c.wire.failed = cancel }

var (
	_ net.Conn      = (*Conn)(nil)
	_ syscall.Conn  = (*Conn)(nil)
	_ io.ReaderFrom = (*Conn)(nil)
	_ io.WriterTo   = (*Conn)(nil)
)
