package sockets

import (
	"io"
	"io/fs"
	"net"
	"syscall"
	"time"
)

// leastSlice is the least that one sendfile under a least rate moves.
const leastSlice = 64 << 10

// ReadFrom copies r to the connection until io.EOF, as [io.ReaderFrom]; it is
// what io.Copy and io.CopyN call.
//
// From a regular [*os.File] to a plain TCP connection the kernel moves the
// octets (sendfile on Linux), in slices of 1 MiB with a deadline each. From a
// socket to a plain TCP connection it does so too (splice) once the connection
// has no WriteTimeout and no least rate: a deadline that passes in the middle
// of a splice loses octets, and the wait for the source would count as the
// peer's. [Conn.SetWriteTimeout] takes it away, as a tunnel should. All else is
// copied through a buffer, under the deadlines of Write.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	src, left := unwrapLimit(r)
	rf, ok := c.wire.base.(io.ReaderFrom)
	if ok && c.tls.Load() == nil && c.wire.canMove(src) {
		n, err := c.wire.moveFrom(rf, src, left.N)
		left.N -= n
		return n, err
	}
	return io.Copy(struct{ io.Writer }{c}, r)
}

// unwrapLimit sees through io.CopyN, as package net does, but through one
// layer only. A limit that was not there is a large one that nobody looks at.
func unwrapLimit(r io.Reader) (io.Reader, *io.LimitedReader) {
	if lr, ok := r.(*io.LimitedReader); ok {
		return lr.R, lr
	}
	return r, &io.LimitedReader{N: 1<<63 - 1}
}

// file is an [*os.File], or what its WriteTo makes of itself.
type file interface {
	syscall.Conn
	Stat() (fs.FileInfo, error)
}

// canMove tells whether src can go to the transport by the kernel, with
// nothing lost when a deadline ends it. A pipe or a terminal is an [*os.File]
// too, but one that makes us wait, and that wait would count as the peer's.
func (w *wire) canMove(src io.Reader) bool {
	if f, ok := src.(file); ok {
		info, err := f.Stat()
		return err == nil && info.Mode().IsRegular()
	}
	_, ok := src.(net.Conn)
	return ok && !w.out.limited()
}

// limited tells whether timeouts of ours stand on the direction.
func (h *half) limited() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.timeout > 0 || h.rate.Octets > 0
}

// moveFrom moves at most limit octets in slices with a deadline each.
func (w *wire) moveFrom(rf io.ReaderFrom, src io.Reader, limit int64) (total int64, err error) {
	slice, windows := w.out.slice()
	start := offset(src)
	for total < limit {
		lr := &io.LimitedReader{R: src, N: min(slice, limit-total)}
		w.out.beginExact(w.born, w.now(), windows)
		n, err := rf.ReadFrom(lr)
		total += n
		w.written.Add(n)
		over := err != nil
		if isTimeout(err) {
			// Asked before n counts toward the least rate, which it may restart.
			err, over = w.out.explain(w.born, w.now(), err)
			// If the deadline was moved meanwhile, and nothing is lost, go on.
			over = over || start < 0 || offset(src) != start+total
		} else if err != nil {
			err = w.fail(err)
		}
		w.out.end(w.now(), int(n))
		switch {
		case over:
			return total, err
		case err == nil && lr.N > 0: // the source's end
			return total, nil
		}
	}
	return total, nil
}

// slice is how much one sendfile of a new copy moves, and how many windows of
// the least rate it may take for that.
func (h *half) slice() (octets, windows int64) {
	h.mu.Lock()
	h.early = 0
	h.mu.Unlock()
	if h.rate.Octets <= 0 {
		return sliceOctets, 1
	}
	octets = min(sliceOctets, max(leastSlice, h.rate.Octets))
	return octets, (octets + h.rate.Octets - 1) / h.rate.Octets
}

// offset is where a file stands, or negative for what is none.
func offset(src io.Reader) int64 {
	if f, ok := src.(interface {
		file
		io.Seeker
	}); ok {
		if at, err := f.Seek(0, io.SeekCurrent); err == nil {
			return at
		}
	}
	return -1
}

// explain adds to a timeout what stands behind it, and tells whether that time
// has come: it may have been moved.
func (h *half) explain(born time.Time, now instant, err error) (why error, over bool) {
	cause, over := h.over(born, now)
	return cause.explain(err), over
}

// WriteTo copies the connection to wr until io.EOF, as [io.WriterTo]. Where no
// ReadTimeout, IdleTimeout or least rate stands on the connection and wr can
// take octets from a socket itself, the kernel moves them (splice on Linux);
// see [Conn.ReadFrom].
func (c *Conn) WriteTo(wr io.Writer) (total int64, err error) {
	rf, ok := wr.(io.ReaderFrom)
	_, isTransport := c.wire.base.(io.ReaderFrom) // a *net.TCPConn, or the like of it
	if !ok || !isTransport || c.tls.Load() != nil || c.wire.in.limited() {
		return io.Copy(wr, struct{ io.Reader }{c})
	}
	w := &c.wire
	for {
		lr := &io.LimitedReader{R: w.base, N: sliceOctets}
		w.in.beginExact(w.born, w.now(), 1)
		n, err := rf.ReadFrom(lr)
		total += n
		w.read.Add(n)
		if isTimeout(err) {
			err, _ = w.in.explain(w.born, w.now(), err)
		}
		if err != nil || lr.N > 0 {
			return total, err
		}
	}
}
