package sockets

import (
	"net"
	"syscall"
)

// WriteMore is Write for octets behind which others follow at once, such as a
// head before a file: the system may wait for those, and send them together.
// It does so on plain TCP on Linux, for at most 200 ms; elsewhere WriteMore is
// Write.
func (c *Conn) WriteMore(b []byte) (int, error) {
	if canWriteMore && c.tls.Load() == nil && len(b) <= sliceOctets {
		if c.more == nil {
			c.more = newMoreWriter(c.wire.base)
		}
		if c.more.raw != nil {
			return c.wire.write(b, c.more.write)
		}
	}
	return c.Write(b)
}

// moreWriter writes to a socket and says that more follows.
type moreWriter struct {
	raw syscall.RawConn // nil where this can't be done
	try func(fd uintptr) bool

	base net.Conn
	// Of the write under way.
	b   []byte
	n   int
	err error
}

func newMoreWriter(base net.Conn) *moreWriter {
	m := &moreWriter{base: base}
	m.try = m.tryOnce
	if nc, ok := base.(*net.TCPConn); ok {
		m.raw, _ = nc.SyscallConn()
	}
	return m
}

// tryOnce writes as much as the socket takes, and tells whether that is all.
func (m *moreWriter) tryOnce(fd uintptr) bool {
	for m.n < len(m.b) {
		n, again, err := sendMore(fd, m.b[m.n:])
		if again {
			return false
		}
		if m.err = err; err != nil {
			return true
		}
		m.n += n
	}
	return true
}

// write is the base's Write.
func (m *moreWriter) write(b []byte) (int, error) {
	m.b, m.n, m.err = b, 0, nil
	err := m.raw.Write(m.try)
	m.b = nil
	if err == nil && m.err != nil {
		err = &net.OpError{Op: "write", Net: m.base.LocalAddr().Network(), Source: m.base.LocalAddr(), Addr: m.base.RemoteAddr(), Err: m.err}
	}
	return m.n, err
}
