package http1

import (
	"errors"
	"net"
	"sync"
	"syscall"
)

// tunnel is the connection behind a 101 or a 2xx to CONNECT: the octets that
// came with the head go first. It is a net.Conn with CloseWrite.
type tunnel struct {
	net.Conn
	early []byte
	x     *call
	leave sync.Once
}

// hijack takes the connection out of the pool.
func (x *call) hijack() *tunnel {
	nc, early, _ := x.cc.c.Hijack() // its error comes again with a Write
	x.resp.Complete = true
	return &tunnel{Conn: nc, early: early, x: x}
}

// Read reads what the peer sends in the new protocol.
func (t *tunnel) Read(b []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(b, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	return t.Conn.Read(b)
}

// CloseWrite tells the peer that nothing more follows, and leaves the other
// direction open.
func (t *tunnel) CloseWrite() error {
	if c, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close closes the connection. Each direction may call it where it ends.
func (t *tunnel) Close() error {
	err := t.Conn.Close()
	t.leave.Do(func() {
		t.x.release()
		t.x.client.pool.drop(t.x.cc.host)
	})
	return err
}

// isReset tells that the peer, or we, closed the connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}
