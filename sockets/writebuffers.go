package sockets

import "net"

// WriteBuffers writes all buffers, one behind the other, and consumes them as
// [net.Buffers.WriteTo] does. On a plain socket they leave with one system call
// (writev), under the deadlines of one Write, when they are 1 MiB or less
// together; else each is written by itself.
func (c *Conn) WriteBuffers(bufs *net.Buffers) (int64, error) {
	size := 0
	for _, b := range *bufs {
		size += len(b)
	}
	if c.tls.Load() != nil || size > sliceOctets {
		return bufs.WriteTo(struct{ net.Conn }{c})
	}
	return c.wire.writeBuffers(bufs)
}

func (w *wire) writeBuffers(bufs *net.Buffers) (n int64, err error) {
	w.out.begin(w.born, w.now())
	for {
		m, err := bufs.WriteTo(w.base)
		n += m
		w.written.Add(m)
		if w.out.rate.Octets > 0 {
			w.out.end(w.now(), int(m))
		}
		switch {
		case err == nil:
			return n, nil
		case !isTimeout(err):
			return n, w.fail(err)
		}
		if why, over := w.out.over(w.born, w.now()); over {
			return n, why.explain(err)
		}
	}
}
