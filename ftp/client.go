package ftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"applayer/internal/session"
	"applayer/sockets"
	"applayer/sockets/telnet"
)

// Errors of [Client], beside those of replies and connections.
var (
	// ErrBusy is what a call gets while a reader of the same client is open or
	// another call is under way: a session does one thing at a time. [Pool] has
	// several.
	ErrBusy = errors.New("ftp: the session is busy")
	// ErrNotSupported means that the server lacks what a call needs.
	ErrNotSupported = errors.New("ftp: not supported by the server")
)

// Client is the user's end of one session. One call at a time may be under way,
// and an open [Reader] is a call; others get [ErrBusy] meanwhile. Close may be
// called from anywhere.
//
// Each call is bounded by its context and by the timeouts of [Options]. One
// that is cancelled in a transfer sends ABOR and waits for the server to be in
// step again, at most [Options].AbortTimeout; where that works the session can
// be used on, else it is closed. What a server refuses is a [*ReplyError]. After
// reply 421, an error of the connection, or a reply that is outside the grammar
// or that nobody asked for, the session has ended, and each call says so, which
// wraps net.ErrClosed.
//
// Names go to the server as they are: relative ones count from its current
// directory. One with CR, LF or NUL is refused before an octet is sent, since
// what follows would be another command.
type Client struct {
	opts Options
	lim  Limits
	nc   *sockets.Conn
	conn *Conn
	tls  clientTLS

	calls session.Calls

	// What follows belongs to the call under way.
	features  Features
	typ       byte // of the last TYPE, 0 before any
	avoid     detours
	announces bool  // 150 tells the size
	restart   bool  // the server may hold an offset
	hosted    bool  // HOST was said
	listed    int64 // octets of the last listing
	pace      *pacer
}

// detours are ways that the server was found to lack.
type detours struct{ epsv, eprt, mlsd, mlst bool }

// Dial connects to the address of a server, such as "ftp.example.org:21",
// secures the session as opts say, and logs in. A nil opts logs in as anonymous,
// in the clear.
func Dial(ctx context.Context, network, addr string, opts *Options) (*Client, error) {
	o := opts.inForce()
	nc, err := o.dialControl(ctx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("ftp: %w", err)
	}
	if host, _, err := net.SplitHostPort(addr); err == nil {
		o.serverName = host
	}
	return newClient(ctx, nc, o)
}

// NewClient makes a session of a connection, which it owns, as [Dial] does. For
// TLS the server's name is that of Options.TLSConfig, else the peer's IP
// address.
func NewClient(ctx context.Context, nc net.Conn, opts *Options) (*Client, error) {
	o := opts.inForce()
	o.serverName = hostOf(nc.RemoteAddr())
	return newClient(ctx, nc, o)
}

func newClient(ctx context.Context, nc net.Conn, o *Options) (*Client, error) {
	c := &Client{opts: *o, lim: o.Limits.inForce(), pace: o.pace}
	telnet.PrepareUrgent(nc) // an error means that there is nothing urgent
	c.nc = sockets.NewConn(nc, &sockets.ConnOptions{WriteTimeout: positive(o.ReplyTimeout)})
	c.conn = NewConn(c.nc, &ConnOptions{Client: true, Limits: &o.Limits, Trace: o.Trace})
	c.calls = session.Calls{Proto: "ftp", Busy: ErrBusy, Close: c.conn.Close}
	if err := c.start(ctx); err != nil {
		c.calls.End(err)
		return nil, err
	}
	return c, nil
}

// start brings the session from the server's greeting to where it can be used.
func (c *Client) start(ctx context.Context) error {
	if c.opts.TLS == TLSImplicit {
		if err := c.startTLS(ctx); err != nil {
			return err
		}
	}
	if err := c.greeting(ctx); err != nil {
		return err
	}
	if c.opts.TLS == TLSExplicit {
		if err := c.authTLS(ctx); err != nil {
			return err
		}
	}
	if c.opts.NoLogin {
		return nil
	}
	return c.login(ctx, c.opts.User, c.opts.Password)
}

// greeting waits for 220. 120 before it asks for patience (RFC 959 §5.4).
func (c *Client) greeting(ctx context.Context) error {
	r, err := c.reply(ctx)
	if err == nil {
		err = wantReply(r, 220, "the greeting", "RFC 959 §5.4")
	}
	if err != nil {
		return &CommandError{Verb: "greeting", Err: err}
	}
	return nil
}

// Close ends the session at once, whatever is under way; a [Reader] that is open
// is to be closed all the same. [Client.Quit] is the polite way.
func (c *Client) Close() error {
	c.calls.End(net.ErrClosed)
	return nil
}

// Quit says goodbye and closes the session. It is closed whatever the error, at
// once where another call is under way or ctx has ended.
func (c *Client) Quit(ctx context.Context) error {
	defer c.calls.End(net.ErrClosed)
	if err := c.calls.Begin(ctx); err != nil {
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	}
	defer c.calls.Done()
	_, err := c.command(ctx, VerbQUIT, "")
	return err
}

// with runs a call that leaves no stream open.
func (c *Client) with(ctx context.Context, call func() error) error {
	if err := c.calls.Begin(ctx); err != nil {
		return err
	}
	defer c.calls.Done()
	return call()
}

// LocalAddr returns this end's address of the control connection.
func (c *Client) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the server's address of the control connection.
func (c *Client) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// positive makes of a negative duration, which means none, zero.
func positive(d time.Duration) time.Duration { return max(d, 0) }
