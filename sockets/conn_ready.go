package sockets

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"
	"time"
)

// ReadReady is Read with a buffer that get gives once there is something to
// read, and that it returns with how many octets of it were read. So a
// connection that waits needs none. Put takes back what get gave in vain. It
// works on TCP and Unix-domain sockets, on Unix systems; elsewhere get is asked
// before the wait. Over TLS n is 1, since only a read that may block tells
// whether there is more, and what get gave before goes back by put at once.
//
// Idle says that the next request is waited for: the connection is marked idle
// meanwhile, and busy when ReadReady returns; see [Conn.MarkIdle].
func (c *Conn) ReadReady(idle bool, get func() []byte, put func([]byte)) (b []byte, n int, err error) {
	if c.ready == nil {
		c.ready = newReadyReader(c.wire.base)
	}
	t := c.tls.Load()
	if t == nil {
		return c.ready.read(&c.wire, idle, get, put)
	}
	if idle {
		c.MarkIdle()
		defer c.MarkBusy()
	}
	b, err = c.ready.readFirst(t, get, put)
	if b != nil {
		n = 1
	}
	return b, n, err
}

// readyReader reads from a socket when it has something.
type readyReader struct {
	raw syscall.RawConn // nil where this can't be done
	try func(fd uintptr) bool

	// Of the read under way.
	get func() []byte
	put func([]byte)
	b   []byte
	n   int
	err error

	first [1]byte
}

// readFirst reads one octet from a TLS connection into the buffer, of which it
// needs none before. What the caller still holds goes back.
func (r *readyReader) readFirst(t *tls.Conn, get func() []byte, put func([]byte)) (b []byte, err error) {
	put(get())
	n, err := t.Read(r.first[:])
	if n == 0 {
		return nil, err
	}
	b = get()
	b[0] = r.first[0]
	return b, nil
}

// newReadyReader looks for the socket. What merely wraps one has a Read of its
// own, which must not be passed by.
func newReadyReader(base net.Conn) *readyReader {
	r := new(readyReader)
	r.try = r.tryOnce
	switch nc := base.(type) {
	case *net.TCPConn:
		r.raw, _ = nc.SyscallConn()
	case *net.UnixConn:
		r.raw, _ = nc.SyscallConn()
	}
	if !canReadReady {
		r.raw = nil
	}
	return r
}

// tryOnce reads once, and tells whether that is all.
func (r *readyReader) tryOnce(fd uintptr) bool {
	b := r.get()
	n, again, err := readOnce(fd, b)
	if again || err != nil || n == 0 {
		r.put(b)
		r.err = err
		return !again
	}
	r.b, r.n = b, n
	return true
}

// read is [wire.Read] by tryOnce, marked idle or not.
func (r *readyReader) read(w *wire, idle bool, get func() []byte, put func([]byte)) (b []byte, n int, err error) {
	r.get, r.put, r.b, r.n, r.err = get, put, nil, 0, nil
	if idle {
		w.in.beginIdle(w.born, w.now())
		defer w.in.endIdle()
	} else {
		w.in.begin(w.born, w.now())
	}
	for {
		err := r.once(w)
		switch {
		case r.n > 0:
			w.read.Add(int64(r.n))
			if w.in.rate.Octets > 0 {
				w.in.end(w.now(), r.n)
			}
			b, r.b = r.b, nil
			return b, r.n, nil
		case err == nil:
			return nil, 0, io.EOF
		case !isTimeout(err):
			return nil, 0, w.fail(err)
		}
		if why, over := w.in.over(w.born, w.now()); over {
			return nil, 0, why.explain(err)
		}
	}
}

// once waits until a read gives something, and gives back the buffer of one
// that gave nothing.
func (r *readyReader) once(w *wire) error {
	if r.raw != nil {
		err := r.raw.Read(r.try)
		if err == nil && r.err != nil {
			err = &net.OpError{Op: "read", Net: w.base.LocalAddr().Network(), Source: w.LocalAddr(), Addr: w.RemoteAddr(), Err: r.err}
		}
		return err
	}
	if t, ok := w.base.(*tls.Conn); ok {
		b, err := r.readFirst(t, r.get, r.put)
		if b != nil {
			r.b, r.n = b, 1
		}
		return err
	}
	b := r.get()
	n, err := w.base.Read(b)
	if n == 0 {
		r.put(b)
		return err
	}
	r.b, r.n = b, n
	return nil
}

// beginIdle is begin for a read that waits for the next request.
func (h *half) beginIdle(born time.Time, now instant) {
	h.mu.Lock()
	h.idle, h.idleSince = true, now
	h.start, h.early = now, 0
	if at, _ := h.limit(); at < h.armed || h.armed <= now {
		h.arm(born, at)
	}
	h.mu.Unlock()
}

// endIdle ends the time that beginIdle began. What counts from a read's start
// does so with the next.
func (h *half) endIdle() {
	h.mu.Lock()
	h.idle = false
	h.mu.Unlock()
}
