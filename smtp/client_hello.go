package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"
)

// Hello says EHLO again, or LHLO, by the name of the options, and learns what
// the server offers. [Dial] and [NewClient] have done so already.
func (c *Client) Hello(ctx context.Context) error {
	return c.with(ctx, func() error { return c.hello(ctx) })
}

// hello greets the server. One that does not know EHLO, which is 500 or 502, is
// greeted by HELO (RFC 5321 §3.2).
func (c *Client) hello(ctx context.Context) error {
	c.learn(nil)
	verb := VerbEHLO
	switch {
	case c.opts.LMTP:
		verb = VerbLHLO
	case c.opts.NoExtensions:
		verb = VerbHELO
	}
	name, err := helloArgument(c.opts.Hello)
	if err != nil {
		return during(verb.String(), err)
	}
	r, err := c.call(ctx, Command{Verb: verb, Arg: name})
	if refused, ok := errors.AsType[*ReplyError](err); ok && verb == VerbEHLO && (refused.Code == 500 || refused.Code == 502) {
		verb = VerbHELO
		r, err = c.call(ctx, Command{Verb: verb, Arg: name})
	}
	if err != nil {
		return err
	}
	c.unclean = false // EHLO does what RSET does (RFC 5321 §4.1.4)
	if verb != VerbHELO {
		c.learn(ParseExtensions(r.Lines))
	}
	return nil
}

// helloArgument is the name of this host as EHLO says it: in A-labels, since what
// the server takes is not known yet (RFC 6531 §3.7.1).
func helloArgument(name string) ([]byte, error) {
	if isASCII(name) {
		return []byte(name), nil
	}
	ascii, err := ToASCII(name)
	return []byte(ascii), err
}

// learn notes what the server offers.
func (c *Client) learn(x Extensions) {
	c.mu.Lock()
	c.extensions = x
	c.mu.Unlock()
}

// Extension tells whether the server offers an extension, and what stands behind
// its keyword (RFC 5321 §4.1.1.1): of SIZE the number, of AUTH the mechanisms.
// Keywords are in any case.
func (c *Client) Extension(keyword string) (params []string, ok bool) {
	c.mu.Lock()
	x := c.extensions
	c.mu.Unlock()
	return x.Lookup(keyword)
}

// StartTLS secures the session (RFC 3207), for one that was opened with
// [TLSOff]; a nil config is that of the options. What the server offered in the
// clear is forgotten, and EHLO said again. A server that does not offer STARTTLS
// gives [ErrTLSRequired]; so does one that refuses, and the session goes on in
// the clear then. Any other error ends it.
func (c *Client) StartTLS(ctx context.Context, config *tls.Config) error {
	if config == nil {
		config = c.opts.TLSConfig
	}
	return c.with(ctx, func() error { return c.startTLS(ctx, config) })
}

func (c *Client) startTLS(ctx context.Context, config *tls.Config) error {
	if !c.extensions.Has("STARTTLS") {
		return fmt.Errorf("%w: the server does not offer STARTTLS", ErrTLSRequired)
	}
	if err := c.askTLS(ctx); err != nil {
		if c.calls.Alive() {
			err = fmt.Errorf("%w: %w", ErrTLSRequired, err)
		}
		return err
	}
	if err := c.handshake(ctx, config); err != nil {
		return err
	}
	return c.hello(ctx) // RFC 3207 §4.2
}

// tryTLS is startTLS for who goes on in the clear.
func (c *Client) tryTLS(ctx context.Context) error {
	if !c.extensions.Has("STARTTLS") {
		return nil
	}
	err := c.startTLS(ctx, c.opts.TLSConfig)
	refused, ok := errors.AsType[*ReplyError](err)
	if ok && refused.Command == VerbSTARTTLS.String() && refused.Code != 421 {
		return nil
	}
	return err
}

func (c *Client) askTLS(ctx context.Context) error {
	const name = "STARTTLS"
	if err := c.send(Command{Verb: VerbSTARTTLS}); err != nil {
		return err
	}
	r, err := c.reply(ctx, name, "Command", c.opts.Timeouts.Command)
	if err != nil {
		return err
	}
	return c.verdict(name, r, 220, "RFC 3207 §4")
}

// handshake starts TLS. What came behind the 220 in the clear is refused by
// Conn.StartTLS: taken as if it came within, it would be a reply that anybody
// on the way could put there (CVE-2011-0411).
func (c *Client) handshake(ctx context.Context, config *tls.Config) error {
	config = config.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = c.serverName
	}
	ctx, cancel := within(ctx, "Handshake", c.opts.Timeouts.Handshake)
	defer cancel()
	c.nc.SetReadDeadline(time.Time{}) // the last reply's
	if err := c.conn.StartTLS(ctx, config); err != nil {
		c.calls.End(err)
		return during("TLS", err)
	}
	return nil
}
