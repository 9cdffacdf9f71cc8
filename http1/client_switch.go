package http1

import (
	"errors"
	"net"
	"syscall"
)

// tunnel is the connection behind a 101 or a 2xx to CONNECT: the octets that
// came with the head go first. It is a net.Conn.
type tunnel struct {
	net.Conn
	early []byte
	x     *call
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

// Close closes the connection.
func (t *tunnel) Close() error {
	err := t.Conn.Close()
	if !t.x.done {
		t.x.done = true
		t.x.release()
		t.x.client.pool.drop(t.x.cc.host)
	}
	return err
}

// isReset tells that the peer, or we, closed the connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}
