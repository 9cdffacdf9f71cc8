package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"

	"applayer/internal/session"
	"applayer/sockets"
)

// Client is the sending end of one session, over which any number of messages
// go one after the other. One call at a time may be under way; others get
// [ErrBusy] meanwhile. Close may be called from anywhere.
//
// Each call is bounded by its context and by [Options].Timeouts. What a server
// refuses is a [*ReplyError], after which the session goes on. After reply 421,
// an error of the connection, a call cut short, or a reply that is outside the
// grammar or that nobody asked for, the session has ended, and each call says
// so, which wraps net.ErrClosed.
//
// What a caller gives goes into commands only after a check: CR, LF and NUL are
// refused before an octet is sent, since what follows them would be another
// command.
type Client struct {
	opts       Options
	serverName string
	nc         *sockets.Conn
	conn       *Conn

	calls session.Calls

	mu         sync.Mutex // guards extensions outside calls
	extensions Extensions

	// What follows belongs to the call under way.
	greeting Reply
	unclean  bool   // a transaction was left that the server may still hold
	chunk    []byte // the buffer of BDAT
}

// Dial connects to the address of a server, such as "mail.example.org:25", waits
// for its greeting, says EHLO and secures the session as opts say. Nil options
// are all defaults.
func Dial(ctx context.Context, network, addr string, opts *Options) (*Client, error) {
	o := opts.inForce()
	nc, err := dial(ctx, network, addr, o)
	if err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return newClient(ctx, nc, host, o)
}

func dial(ctx context.Context, network, addr string, o *Options) (net.Conn, error) {
	ctx, cancel := within(ctx, "Connect", o.Timeouts.Connect)
	defer cancel()
	return o.Dial(ctx, network, addr)
}

// NewClient makes a session of a connection, which it owns, as [Dial] does. For
// TLS the server's name is that of Options.TLSConfig, else the peer's IP
// address. One that is TLS already, a [*tls.Conn], is used as it is; TLSImplicit
// is for one that is not.
func NewClient(ctx context.Context, nc net.Conn, opts *Options) (*Client, error) {
	host := ""
	if ip := addrOf(nc.RemoteAddr()); ip.IsValid() {
		host = ip.String()
	}
	return newClient(ctx, nc, host, opts.inForce())
}

func newClient(ctx context.Context, nc net.Conn, serverName string, o *Options) (*Client, error) {
	c := &Client{opts: *o, serverName: serverName}
	c.nc = sockets.NewConn(nc, &sockets.ConnOptions{WriteTimeout: max(o.Timeouts.DataBlock, 0)})
	c.conn = NewConn(c.nc, &ConnOptions{Client: true, Limits: &c.opts.Limits, Trace: o.Trace})
	c.calls = session.Calls{Proto: "smtp", Busy: ErrBusy, Close: c.conn.Close}
	if c.opts.Hello == "" {
		c.opts.Hello = helloName(nc.LocalAddr())
	}
	if err := c.with(ctx, func() error { return c.start(ctx) }); err != nil {
		c.calls.End(err)
		return nil, err
	}
	return c, nil
}

// start brings the session from the server's greeting to where it can be used. A
// connection may have come with TLS.
func (c *Client) start(ctx context.Context) error {
	if c.opts.TLS == TLSImplicit {
		if err := c.handshake(ctx, c.opts.TLSConfig); err != nil {
			return err
		}
	}
	if err := c.greet(ctx); err != nil {
		return err
	}
	if err := c.hello(ctx); err != nil {
		return err
	}
	_, secure := c.TLS()
	switch {
	case secure:
		return nil
	case c.opts.TLS == TLSRequired:
		return c.startTLS(ctx, c.opts.TLSConfig)
	case c.opts.TLS == TLSOpportunistic:
		return c.tryTLS(ctx)
	}
	return nil
}

// greet waits for 220. 554 stands for a host that takes no mail (RFC 5321 §3.1).
func (c *Client) greet(ctx context.Context) error {
	r, err := c.reply(ctx, "greeting", "Greeting", c.opts.Timeouts.Greeting)
	if err == nil {
		err = c.verdict("greeting", r, 220, "RFC 5321 §4.3.2")
	}
	c.greeting = r
	return err
}

// Greeting returns the server's first reply, which begins with its name.
func (c *Client) Greeting() Reply { return c.greeting }

// LocalAddr returns this end's address.
func (c *Client) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the server's address.
func (c *Client) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// TLS tells the state of TLS, and whether there is any.
func (c *Client) TLS() (tls.ConnectionState, bool) { return c.nc.TLS() }

// Close ends the session at once, whatever is under way. [Client.Quit] is the
// polite way.
func (c *Client) Close() error {
	c.calls.End(net.ErrClosed)
	return nil
}

// Quit says goodbye and closes the session. It is closed whatever the error, at
// once where another call is under way or ctx has ended. A session that has
// ended already is no error.
func (c *Client) Quit(ctx context.Context) error {
	defer c.calls.End(net.ErrClosed)
	err := c.with(ctx, func() error {
		if err := c.send(Command{Verb: VerbQUIT}); err != nil {
			return err
		}
		r, err := c.reply(ctx, "QUIT", "Quit", c.opts.Timeouts.Quit)
		if r.Code == 421 {
			return nil // it is closing, as it was asked to
		}
		if err != nil {
			return err
		}
		return c.verdict("QUIT", r, 0, "RFC 5321 §4.3.2")
	})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// with runs a call under its context. One that panics, in a message's reader or
// a mechanism, has left the dialogue anywhere.
func (c *Client) with(ctx context.Context, call func() error) error {
	if err := c.calls.Begin(ctx); err != nil {
		return err
	}
	defer c.calls.Done()
	returned := false
	defer func() {
		if !returned {
			c.calls.End(errPanicked)
		}
	}()
	release := sockets.WithContext(ctx, c.nc)
	defer release()
	err := call()
	returned = true
	return err
}

// errPanicked is why a session has ended in which a call did not return.
var errPanicked = errors.New("a call that panicked")

// Alive tells whether the session can take another call, as far as this end
// knows.
func (c *Client) Alive() bool { return c.calls.Free() }
