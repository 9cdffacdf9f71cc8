package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"

	client "applayer/internal/session"
	"applayer/sockets"
)

// Errors of [Client], beside those of responses and connections.
var (
	// ErrBusy is what a call gets while a message of the same client is being
	// read or another call is under way.
	ErrBusy = errors.New("pop3: the session is busy")
	// ErrTLSRequired means that a password would have been told in the clear,
	// or that [TLSRequired] was asked for and the server has no STLS.
	ErrTLSRequired = errors.New("pop3: TLS is required")
	// ErrNotSupported means that the server lacks what a call needs.
	ErrNotSupported = errors.New("pop3: not supported by the server")
)

// Client is the user's end of one session. One call at a time may be under way,
// and a [Message] that is not closed is a call; others get [ErrBusy] meanwhile.
// Close may be called from anywhere.
//
// Each call is bounded by its context and by the timeouts of [Options]. What a
// server refuses is a [*ReplyError], and the session goes on. One that was cut
// in the middle, by its context, by the connection or by a response outside the
// grammar, has ended the session, since POP3 has no way to be in step again;
// each later call says so, and wraps net.ErrClosed.
type Client struct {
	opts Options
	lim  Limits
	conn *Conn
	nc   *sockets.Conn
	host string // of the server, for TLS

	calls client.Calls

	// What follows belongs to the call under way.
	machine   Machine
	timestamp string // of the greeting, "" for none
	utf8      bool   // UTF8 was granted
	caps      Capabilities
	capsKnown bool
	ahead     int // commands that were sent and not answered
}

// Dial connects to the address of a server, such as "pop.example.org:110", and
// secures the session as opts say. Nobody is logged in then.
func Dial(ctx context.Context, network, addr string, opts *Options) (*Client, error) {
	o := opts.inForce()
	to, cancel := within(ctx, o.ConnectTimeout)
	nc, err := o.Dial(to, network, addr)
	cancel()
	if err != nil {
		return nil, fmt.Errorf("pop3: %w", err)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return newClient(ctx, nc, o, host)
}

// NewClient makes a session of a connection, which it owns, as [Dial] does. For
// TLS the server's name is that of Options.TLSConfig, else the peer's IP
// address.
func NewClient(ctx context.Context, nc net.Conn, opts *Options) (*Client, error) {
	host := ""
	if peer := nc.RemoteAddr(); peer != nil { // many a tunnel has none
		var err error
		if host, _, err = net.SplitHostPort(peer.String()); err != nil {
			host = peer.String()
		}
	}
	return newClient(ctx, nc, opts.inForce(), host)
}

func newClient(ctx context.Context, nc net.Conn, o Options, host string) (*Client, error) {
	c := &Client{opts: o, lim: o.Limits.inForce(), host: host}
	c.nc = sockets.NewConn(nc, &sockets.ConnOptions{WriteTimeout: o.ReplyTimeout, ReadTimeout: o.ReplyTimeout})
	c.conn = NewConn(c.nc, &ConnOptions{Client: true, Limits: &o.Limits, Trace: o.Trace})
	c.calls = client.Calls{Proto: "pop3", Busy: ErrBusy, Close: c.conn.Close}
	if err := c.start(ctx); err != nil {
		c.calls.End(err)
		return nil, err
	}
	return c, nil
}

// start brings the session from the connection to where somebody can log in.
func (c *Client) start(ctx context.Context) error {
	if c.opts.TLS == TLSImplicit {
		if err := c.shakeHands(ctx); err != nil {
			return err
		}
	}
	r, err := c.response(ctx, "greeting")
	if err != nil {
		return err
	}
	c.timestamp = findTimestamp(r.Text)
	switch c.opts.TLS {
	case TLSRequired:
		return c.startTLS(ctx)
	case TLSOpportunistic:
		caps, err := c.capabilities(ctx)
		if err == nil && caps.Has("STLS") {
			err = c.startTLS(ctx)
		}
		return err
	}
	return nil
}

// Close ends the session at once, whatever is under way, and removes nothing.
// [Client.Quit] is what removes the messages that [Client.Dele] marked.
func (c *Client) Close() error {
	c.calls.End(net.ErrClosed)
	return nil
}

// Quit ends the session: what [Client.Dele] marked is removed, if the error is
// nil. The session is closed whatever the error.
func (c *Client) Quit(ctx context.Context) error {
	defer c.calls.End(net.ErrClosed)
	if err := c.calls.Begin(ctx); err != nil {
		return err
	}
	defer c.calls.Done()
	_, err := c.command(ctx, VerbQUIT, "")
	if errors.Is(err, io.ErrUnexpectedEOF) && c.machine.State() == StateClosed {
		return nil // nobody was logged in, so that nothing was lost
	}
	return err
}

// with runs a call that leaves nothing open.
func (c *Client) with(ctx context.Context, call func() error) error {
	if err := c.calls.Begin(ctx); err != nil {
		return err
	}
	defer c.calls.Done()
	return call()
}

// LocalAddr returns this end's address.
func (c *Client) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the server's address.
func (c *Client) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// TLS tells the state of TLS, and whether there is any.
func (c *Client) TLS() (tls.ConnectionState, bool) { return c.nc.TLS() }
