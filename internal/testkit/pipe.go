package testkit

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// DefaultBuffer is how many octets a direction of [Pipe] holds before Write
// blocks.
const DefaultBuffer = 64 << 10

// Pipe returns the two ends of a buffered in-memory connection that behaves
// as a TCP connection does: see [PipeBuffer].
func Pipe() (client, server net.Conn) { return PipeBuffer(DefaultBuffer) }

// PipeBuffer returns the two ends of an in-memory connection that holds n
// octets a direction. Write returns when all octets are in the buffer and
// blocks while it is full; what was written before Close or CloseWrite can
// still be read, then Read gives io.EOF. Writing to an end that was closed
// gives EPIPE at once, where TCP would let the first write pass; and Close with
// octets unread is no reset, which TCP makes of it (RFC 2525 §2.17), so that a
// missing CloseLingering is for a test over real sockets to find. Deadlines are
// those of package time, so in a synctest bubble they are virtual, and a
// blocked Read or Write is durably blocked.
//
// Both ends have CloseWrite; SetLinger(0) makes their Close a reset.
func PipeBuffer(n int) (client, server net.Conn) {
	loopback := net.IPv4(127, 0, 0, 1)
	return pipe(n, &net.TCPAddr{IP: loopback, Port: 49152}, &net.TCPAddr{IP: loopback, Port: 1024})
}

func pipe(n int, clientAddr, serverAddr net.Addr) (client, server *conn) {
	up, down := newHalf(n), newHalf(n)
	client = &conn{in: down, out: up, local: clientAddr, remote: serverAddr}
	server = &conn{in: up, out: down, local: serverAddr, remote: clientAddr}
	return client, server
}

// conn is one end: it reads from in and writes to out.
type conn struct {
	in, out       *half
	local, remote net.Addr

	mu     sync.Mutex
	closed bool
	reset  bool // Close resets, as SO_LINGER with time 0
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.opError("read", err)
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.opError("write", err)
}

// CloseWrite ends the writing side: the peer reads io.EOF after what is
// buffered, this end can still read.
func (c *conn) CloseWrite() error {
	return c.opError("close", c.out.shut())
}

// CloseRead ends the reading side: this end reads io.EOF, the peer's writes
// are taken and dropped, as Linux does for TCP.
func (c *conn) CloseRead() error {
	return c.opError("close", c.in.ignore())
}

func (c *conn) Close() error {
	c.mu.Lock()
	closed, reset := c.closed, c.reset
	c.closed = true
	c.mu.Unlock()
	if closed {
		return c.opError("close", net.ErrClosed)
	}
	c.out.closeWriter(reset)
	c.in.closeReader(reset)
	return nil
}

// SetLinger with 0 makes Close drop what is buffered, so that the peer reads
// ECONNRESET. Other values leave the default: buffered data arrives.
func (c *conn) SetLinger(sec int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset = sec == 0
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	return c.opError("set", c.in.setReadDeadline(t))
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.opError("set", c.out.setWriteDeadline(t))
}

func (c *conn) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}

// half is one direction of a connection. Everything that waits, waits on
// cond, which is durable blocking in a synctest bubble; a mutex held over a
// wait would not be.
type half struct {
	max int

	mu            sync.Mutex
	cond          *sync.Cond
	buf           []byte // unread octets are buf[off:]
	off           int
	writing       bool // a Write is in progress: writes do not mix
	ended         bool // no octets will follow: EOF after the last
	writerClosed  bool
	readerClosed  bool
	ignored       bool // the reader wants no more
	wasReset      bool
	readDeadline  deadline
	writeDeadline deadline
}

func newHalf(n int) *half {
	h := &half{max: max(n, 1)}
	h.cond = sync.NewCond(&h.mu)
	return h
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.readerClosed:
			return 0, net.ErrClosed
		case h.readDeadline.passed():
			return 0, os.ErrDeadlineExceeded
		case h.ignored:
			return 0, io.EOF
		case h.off < len(h.buf):
			n := copy(p, h.buf[h.off:])
			h.off += n
			if h.off == len(h.buf) {
				h.buf, h.off = h.buf[:0], 0
			}
			h.cond.Broadcast()
			return n, nil
		case h.wasReset:
			return 0, os.NewSyscallError("read", syscall.ECONNRESET)
		case h.ended:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		h.cond.Wait()
	}
}

func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.writing {
		if err := h.writeError(); err != nil {
			return 0, err
		}
		h.cond.Wait()
	}
	h.writing = true
	defer func() {
		h.writing = false
		h.cond.Broadcast()
	}()
	for {
		if err := h.writeError(); err != nil {
			return n, err
		}
		n += h.take(p[n:])
		if n == len(p) {
			return n, nil
		}
		h.cond.Wait()
	}
}

func (h *half) writeError() error {
	switch {
	case h.writerClosed:
		return net.ErrClosed
	case h.writeDeadline.passed():
		return os.ErrDeadlineExceeded
	case h.wasReset:
		return os.NewSyscallError("write", syscall.ECONNRESET)
	case h.ended, h.readerClosed:
		return os.NewSyscallError("write", syscall.EPIPE)
	}
	return nil
}

// take puts as much of p into the buffer as fits.
func (h *half) take(p []byte) int {
	if h.ignored {
		return len(p)
	}
	n := min(len(p), h.max-(len(h.buf)-h.off))
	if n == 0 {
		return 0
	}
	if h.off > 0 && len(h.buf)+n > cap(h.buf) {
		h.buf = h.buf[:copy(h.buf, h.buf[h.off:])]
		h.off = 0
	}
	h.buf = append(h.buf, p[:n]...)
	h.cond.Broadcast()
	return n
}

// shut is CloseWrite.
func (h *half) shut() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writerClosed {
		return net.ErrClosed
	}
	h.ended = true
	h.cond.Broadcast()
	return nil
}

// ignore is CloseRead.
func (h *half) ignore() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readerClosed {
		return net.ErrClosed
	}
	h.ignored = true
	h.buf, h.off = nil, 0
	h.cond.Broadcast()
	return nil
}

func (h *half) closeWriter(reset bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writerClosed = true
	h.ended = true
	if reset {
		h.wasReset = true
		h.buf, h.off = nil, 0
	}
	h.writeDeadline.stop()
	h.cond.Broadcast()
}

func (h *half) closeReader(reset bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readerClosed = true
	h.wasReset = h.wasReset || reset
	h.buf, h.off = nil, 0
	h.readDeadline.stop()
	h.cond.Broadcast()
}

func (h *half) setReadDeadline(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readerClosed {
		return net.ErrClosed
	}
	h.readDeadline.set(t, h.wake)
	h.cond.Broadcast()
	return nil
}

func (h *half) setWriteDeadline(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writerClosed {
		return net.ErrClosed
	}
	h.writeDeadline.set(t, h.wake)
	h.cond.Broadcast()
	return nil
}

func (h *half) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cond.Broadcast()
}

// deadline is a point in time that wakes who waits. Its owner's mutex guards
// it.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) set(t time.Time, wake func()) {
	d.stop()
	d.at = t
	if !t.IsZero() {
		// On the clock of the timer: a wall clock put back meanwhile would have
		// it wake nobody.
		now := time.Now()
		left := t.Sub(now)
		d.at = now.Add(left)
		d.timer = time.AfterFunc(left, wake)
	}
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
