package ftp

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"applayer/sockets"
)

// ErrBufferedPlaintext is what [Conn.StartTLS] returns where the peer sent more
// behind the command or reply that starts TLS.
var ErrBufferedPlaintext = sockets.ErrBufferedPlaintext

// tlsLayer is the TLS of a control connection, if it has any.
type tlsLayer struct {
	conn    *tls.Conn
	records *recordConn // below conn
	first   [1]byte
}

// StartTLS shakes hands, as the end of the connection that ConnOptions says.
// Nothing may be under way in either direction. What is buffered came in the
// clear, from anybody on the way: as a command or reply from within TLS it
// would be an injected one (CVE-2011-0411, CVE-2021-22947), so it is
// [ErrBufferedPlaintext]. ctx bounds the handshake. After an error the
// connection is closed.
func (c *Conn) StartTLS(ctx context.Context, config *tls.Config) error {
	err := c.startTLS(ctx, config)
	if err != nil {
		c.abandon(err)
	}
	return err
}

// abandon closes the connection, and nothing more is read of what it brought.
func (c *Conn) abandon(err error) {
	c.rerr, c.werr = err, err
	c.take(c.Buffered())
	c.nc.Close()
}

func (c *Conn) startTLS(ctx context.Context, config *tls.Config) error {
	switch {
	case c.tls.conn != nil:
		return fmt.Errorf("ftp: TLS stands already with %v", c.RemoteAddr())
	case c.Buffered() != 0 || c.skip != 0 || c.telnet.codec.End() != nil:
		return fmt.Errorf("%w: %d octets from %v", ErrBufferedPlaintext, c.Buffered(), c.RemoteAddr())
	}
	side := tls.Server
	if c.client {
		side = tls.Client
	}
	records := &recordConn{Conn: c.nc}
	t := side(records, config)
	release := sockets.WithContext(ctx, c.nc)
	err := t.HandshakeContext(context.WithoutCancel(ctx))
	release()
	if err != nil {
		return fmt.Errorf("ftp: TLS handshake with %v: %w", c.RemoteAddr(), err)
	}
	c.tls.conn, c.tls.records = t, records
	return nil
}

// TLS tells the state of TLS, nil without it.
//
//go:noinline
func (c *Conn) TLS() *tls.ConnectionState {
	if c.tls.conn == nil {
		return nil
	}
	state := c.tls.conn.ConnectionState()
	return &state
}

// StopTLS ends TLS by an alert each way, and goes on in the clear: after CCC
// (RFC 4217 §5) and REIN (RFC 4217 §13). Nothing may be under way. ctx bounds
// the wait for the peer's alert. After an error the connection is closed.
func (c *Conn) StopTLS(ctx context.Context) error {
	err := c.stopTLS(ctx)
	if err != nil {
		c.abandon(err)
	}
	return err
}

func (c *Conn) stopTLS(ctx context.Context) error {
	t := c.tls.conn
	if t == nil {
		return errors.New("ftp: no TLS to stop")
	}
	release := sockets.WithContext(ctx, c.nc)
	defer release()
	if err := t.CloseWrite(); err != nil {
		return err
	}
	// What was sent within TLS before the alert is no command of the clear.
	first, clear, err := c.tls.records.peek()
	if err == nil && !clear {
		_, err = t.Read(c.tls.first[:])
	}
	switch {
	case c.Buffered() > 0, err == nil && !clear:
		return fmt.Errorf("%w: behind the end of TLS with %v", ErrBufferedPlaintext, c.RemoteAddr())
	case err != nil && (err != io.EOF || c.tls.records.have == 0):
		return fmt.Errorf("ftp: end of TLS with %v: %w", c.RemoteAddr(), err)
	}
	if clear {
		c.makeRoom()
		c.in = c.get()
		c.in[0] = first
		if c.w, err = c.telnet.filter(c.in[:1]); err != nil {
			return err
		}
	}
	c.tls.conn, c.tls.records = nil, nil
	return c.nc.SetWriteDeadline(time.Time{}) // CloseWrite left one that has passed
}

// closing closes a connection, with TLS's alert first where that is not
// waited for.
func (l *tlsLayer) closing(nc net.Conn) error {
	if l.conn != nil {
		return l.conn.Close()
	}
	return nc.Close()
}

// end sends TLS's alert, where there is TLS.
func (l *tlsLayer) end() {
	if l.conn != nil {
		l.conn.CloseWrite()
	}
}

// recordConn reads no more than one TLS record at a time, so that what follows
// TLS's last one stays with the connection.
type recordConn struct {
	net.Conn
	header [5]byte
	have   int // octets of the header read
	given  int // octets of the header given
	left   int // octets of the record's content to come
}

// peek looks at the first octet of what comes between two records. It is one in
// the clear where it is none of TLS's types (RFC 8446 §5.1): there are clients
// that go on behind our alert without one of their own. An octet of TLS's stays
// the first of its record.
func (c *recordConn) peek() (first byte, clear bool, err error) {
	if c.have == len(c.header) && c.given == c.have && c.left == 0 {
		c.have, c.given = 0, 0
	}
	if c.have > 0 {
		return 0, false, nil // within a record
	}
	n, err := c.Conn.Read(c.header[:1])
	if n == 0 {
		return 0, false, err
	}
	if first = c.header[0]; first < 20 || first > 24 {
		return first, true, nil
	}
	c.have = 1
	return first, false, nil
}

// Read gives the rest of a record's header, or of its content.
func (c *recordConn) Read(b []byte) (int, error) {
	if c.left == 0 && c.given == c.have && c.have == len(c.header) {
		c.have, c.given = 0, 0
	}
	for c.have < len(c.header) {
		n, err := c.Conn.Read(c.header[c.have:])
		c.have += n
		if err != nil {
			return 0, c.cut(err)
		}
		if c.have == len(c.header) {
			c.left = int(binary.BigEndian.Uint16(c.header[3:])) // RFC 8446 §5.1
		}
	}
	if c.given < c.have {
		n := copy(b, c.header[c.given:c.have])
		c.given += n
		return n, nil
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// cut makes the end of the stream within a header what it is.
func (c *recordConn) cut(err error) error {
	if err == io.EOF && c.have > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
