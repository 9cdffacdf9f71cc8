package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
)

// StartTLS secures the session by STLS (RFC 2595 §4), for one that was opened
// with TLSOff. It comes before the login. What the server told before of its
// capabilities is forgotten.
func (c *Client) StartTLS(ctx context.Context) error {
	return c.with(ctx, func() error { return c.startTLS(ctx) })
}

// startTLS asks for TLS and shakes hands. A refusal is not answered by going on
// in the clear. What came behind the response in the clear is refused by
// Conn.StartTLS.
func (c *Client) startTLS(ctx context.Context) error {
	if c.utf8 {
		return &ProtocolError{State: "UTF8", Event: EventSTLS.String(), Ref: "RFC 6856 §2.1"}
	}
	if _, err := c.command(ctx, VerbSTLS, ""); err != nil {
		if _, refused := errors.AsType[*ReplyError](err); refused {
			return fmt.Errorf("%w: %w", ErrTLSRequired, err)
		}
		return err
	}
	return c.shakeHands(ctx)
}

func (c *Client) shakeHands(ctx context.Context) error {
	config := new(tls.Config)
	if c.opts.TLSConfig != nil {
		config = c.opts.TLSConfig.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = c.host
	}
	if len(config.NextProtos) == 0 {
		config.NextProtos = protocols
	}
	ctx, cancel := within(ctx, c.opts.HandshakeTimeout)
	defer cancel()
	c.caps, c.capsKnown = nil, false
	if err := c.conn.StartTLS(ctx, config); err != nil {
		c.calls.End(err)
		return fmt.Errorf("pop3: %w", err)
	}
	return nil
}

// mayTellPassword tells whether a password may be told as it is.
func (c *Client) mayTellPassword() bool {
	_, secure := c.TLS()
	return secure || c.opts.AllowInsecureAuth || isLocal(c.RemoteAddr())
}
