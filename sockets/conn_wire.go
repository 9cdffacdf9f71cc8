package sockets

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// sliceOctets is how much is written under one deadline.
const sliceOctets = 1 << 20

// wire is the layer right above the transport, below TLS: it counts octets and
// keeps the deadlines. TLS stands above it because a Write that a deadline cut
// spoils a TLS connection for good, so that nothing below may fire early.
type wire struct {
	base net.Conn
	born time.Time

	in, out       half
	read, written atomic.Int64

	// failed hears of the first error that ends the connection.
	failed context.CancelCauseFunc
}

// now is read on every Read and Write.
func (w *wire) now() instant { return instant(time.Since(w.born)) }

func (w *wire) Read(b []byte) (int, error) {
	w.in.begin(w.born, w.now())
	for {
		n, err := w.base.Read(b)
		if n > 0 {
			w.read.Add(int64(n))
			if w.in.rate.Octets > 0 {
				w.in.end(w.now(), n)
			}
		}
		if err == nil || n > 0 && isTimeout(err) {
			return n, nil
		}
		if !isTimeout(err) {
			return n, w.fail(err)
		}
		why, over := w.in.over(w.born, w.now())
		if over {
			return n, why.explain(err)
		}
	}
}

func (w *wire) Write(b []byte) (n int, err error) {
	for first := true; first || n < len(b); first = false {
		m, err := w.writeSlice(b[n:min(len(b), n+sliceOctets)])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// writeSlice writes b under one deadline.
func (w *wire) writeSlice(b []byte) (n int, err error) { return w.write(b, w.base.Write) }

// write is writeSlice by a way of the base's.
func (w *wire) write(b []byte, by func([]byte) (int, error)) (n int, err error) {
	w.out.begin(w.born, w.now())
	for {
		m, err := by(b[n:])
		n += m
		w.written.Add(int64(m))
		if w.out.rate.Octets > 0 {
			w.out.end(w.now(), m)
		}
		if err == nil {
			return n, nil
		}
		if !isTimeout(err) {
			return n, w.fail(err)
		}
		why, over := w.out.over(w.born, w.now())
		if over {
			return n, why.explain(err)
		}
	}
}

// fail tells the connection's context of an error that is its end.
func (w *wire) fail(err error) error {
	if w.failed != nil && err != io.EOF {
		w.failed(err)
	}
	return err
}

func (w *wire) Close() error         { return w.base.Close() }
func (w *wire) LocalAddr() net.Addr  { return w.base.LocalAddr() }
func (w *wire) RemoteAddr() net.Addr { return w.base.RemoteAddr() }

func (w *wire) SetDeadline(t time.Time) error {
	if err := w.SetReadDeadline(t); err != nil {
		return err
	}
	return w.SetWriteDeadline(t)
}

func (w *wire) SetReadDeadline(t time.Time) error  { return w.setUser(&w.in, t) }
func (w *wire) SetWriteDeadline(t time.Time) error { return w.setUser(&w.out, t) }

func (w *wire) setUser(h *half, t time.Time) error {
	at := never
	if !t.IsZero() {
		at = instant(t.Sub(w.born))
	}
	return h.change(w.born, func() { h.user = at })
}

// withContext is [WithContext] for a Conn.
func (w *wire) withContext(ctx context.Context, at time.Time, limited bool) (release func()) {
	halves := [2]*half{&w.in, &w.out}
	var marks [2]*contextMark
	for i, h := range halves {
		m := &contextMark{ctx: ctx, at: never}
		if limited {
			m.at = instant(at.Sub(w.born))
		}
		h.change(w.born, func() { m.next, h.contexts = h.contexts, m })
		marks[i] = m
	}
	return watch(ctx, func() {
		for i, h := range halves {
			h.change(w.born, func() { marks[i].at = passed })
		}
	}, func() {
		for i, h := range halves {
			h.change(w.born, func() { h.contexts = h.contexts.without(marks[i]) })
		}
	})
}

// without takes m out of the list.
func (l *contextMark) without(m *contextMark) *contextMark {
	if l == m {
		return l.next
	}
	for p := l; p != nil; p = p.next {
		if p.next == m {
			p.next = m.next
		}
	}
	return l
}
