package sockets

import (
	"context"
	"io"
	"time"
)

// The bounds of [Conn.CloseLingering] where the caller has none.
const (
	defaultLingerOctets = 256 << 10
	defaultLingerTime   = 2 * time.Second
)

// CloseLingering closes the connection so that the last reply arrives. A
// kernel that closes a socket with unread octets, or that gets some after it,
// resets the connection (RFC 1122 §4.2.2.13), and the reset throws away what
// the peer has received and not yet read. CloseLingering half-closes, then
// reads and drops until the peer closes too, at most octets and for at most
// d, then closes. Zero bounds are 256 KiB and 2 s.
//
// Use it where a server answers before it has read all: a request too large, a
// line too long. It may not run beside a Read. Over TLS the ciphertext is
// dropped unread.
func (c *Conn) CloseLingering(octets int64, d time.Duration) error {
	if octets <= 0 {
		octets = defaultLingerOctets
	}
	if d <= 0 {
		d = defaultLingerTime
	}
	end := time.Now().Add(d)
	// A context too, for tls moves the deadline by itself to send its alert.
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	defer WithContext(ctx, c)()
	c.SetWriteDeadline(end)
	if c.farewell() == nil {
		c.MarkBusy()
		c.SetReadDeadline(end)
		io.CopyN(io.Discard, struct{ io.Reader }{&c.wire}, octets)
	}
	return c.Close()
}

// farewell half-closes TLS, if there is any, and the transport.
func (c *Conn) farewell() error {
	if t := c.tls.Load(); t != nil {
		if err := t.CloseWrite(); err != nil {
			return err
		}
	}
	return c.wire.CloseWrite()
}
