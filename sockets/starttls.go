package sockets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"
)

// Side is the part that an end plays in a TLS handshake.
type Side int

// The sides of a TLS handshake.
const (
	SideClient Side = iota
	SideServer
)

func (s Side) String() string {
	switch s {
	case SideClient:
		return "client"
	case SideServer:
		return "server"
	}
	return fmt.Sprintf("Side(%d)", int(s))
}

// ErrBufferedPlaintext is what [Conn.StartTLS] returns when plaintext that came
// before the handshake is still unread.
var ErrBufferedPlaintext = errors.New("sockets: plaintext still buffered at the start of TLS")

// StartTLS upgrades the connection to TLS, as a command of the protocol asked,
// and returns after the handshake. No Read or Write may be under way.
//
// Buffered is the number of octets that the caller has read from c and not yet
// used: the Buffered of its bufio.Reader. If it is not zero the peer sent more
// behind the command that starts TLS, in plain text, where anybody on the way
// could have put it; taken as if it came through TLS it would be a command or
// reply injected (CVE-2011-0411). StartTLS then returns
// [ErrBufferedPlaintext]. Octets that the caller has not read go to the
// handshake, which refuses what is no TLS record. A server should ask for its
// buffer before it agrees to TLS.
//
// The configuration is cloned. A client's names the server (ServerName). The
// deadlines that stand on c and ctx bound the handshake, and so does the limit
// HandshakeTimeout. After an error the connection is closed.
func (c *Conn) StartTLS(ctx context.Context, config *tls.Config, side Side, buffered int) error {
	if err := c.startTLS(ctx, config, side, buffered); err != nil {
		c.cut(err)
		return err
	}
	return nil
}

func (c *Conn) startTLS(ctx context.Context, config *tls.Config, side Side, buffered int) error {
	switch {
	case buffered != 0:
		return fmt.Errorf("%w: %d octets from %v", ErrBufferedPlaintext, buffered, c.RemoteAddr())
	case c.tls.Load() != nil:
		return fmt.Errorf("sockets: TLS stands already with %v", c.RemoteAddr())
	}
	var t *tls.Conn
	switch side {
	case SideClient:
		t = tls.Client(&c.wire, config.Clone())
	case SideServer:
		t = tls.Server(&c.wire, watched(config))
	default:
		return fmt.Errorf("sockets: no side of TLS: %v", side)
	}
	return c.handshake(ctx, t)
}

// handshake shakes hands on t and makes it the stream.
func (c *Conn) handshake(ctx context.Context, t *tls.Conn) error {
	if d := c.handshakeTimeout; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d, handshakeLimit(d))
		defer cancel()
	}
	if ctx.Err() != nil { // the deadline would come a moment too late
		return fmt.Errorf("sockets: TLS handshake with %v: %w", c.RemoteAddr(), context.Cause(ctx))
	}
	// The deadline is ctx's alone here, so that its cause is told; tls would
	// start a goroutine to close the connection under us.
	release := WithContext(ctx, c)
	err := t.HandshakeContext(context.WithValue(context.WithoutCancel(ctx), shownBy{}, c))
	release()
	if err != nil {
		return fmt.Errorf("sockets: TLS handshake with %v: %w", c.RemoteAddr(), err)
	}
	c.tls.Store(t)
	return nil
}

func handshakeLimit(d time.Duration) error {
	return &LimitError{Name: "HandshakeTimeout", Max: int64(d)}
}

// TLS tells the state of TLS on the connection, and whether there is any: begun
// by [Conn.StartTLS], or by the connection below, as a [*tls.Conn] has it once it
// has shaken hands.
func (c *Conn) TLS() (tls.ConnectionState, bool) {
	if t := c.tls.Load(); t != nil {
		return t.ConnectionState(), true
	}
	if below, ok := c.wire.base.(interface{ ConnectionState() tls.ConnectionState }); ok {
		state := below.ConnectionState()
		return state, state.HandshakeComplete
	}
	return tls.ConnectionState{}, false
}
