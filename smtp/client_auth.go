package smtp

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Auth logs in by a mechanism (RFC 4954). It does not ask whether the password
// is safe from listeners, as [Client.Login] does. A refusal is a [*ReplyError],
// mostly 535, and the session goes on.
func (c *Client) Auth(ctx context.Context, mechanism SASLClient) error {
	return c.with(ctx, func() error { return c.auth(ctx, mechanism) })
}

// maxCommandLine is the longest command line with its end (RFC 5321 §4.5.3.1.4).
const maxCommandLine = 512

func (c *Client) auth(ctx context.Context, mechanism SASLClient) error {
	if !c.extensions.Has("AUTH") {
		return fmt.Errorf("%w: AUTH", ErrUnsupported)
	}
	name, initial, err := mechanism.Start()
	if err != nil {
		return during("AUTH", err)
	}
	arg, err := AppendAuth(nil, name, initial)
	if err == nil && len("AUTH ")+len(arg)+len("\r\n") > maxCommandLine {
		arg, err = AppendAuth(nil, name, nil) // RFC 4954 §4: it goes on a line of its own then
	} else {
		initial = nil
	}
	if err != nil {
		return during("AUTH", err)
	}
	if err := c.send(Command{Verb: VerbAUTH, Arg: arg}); err != nil {
		return err
	}
	return c.converse(ctx, mechanism, initial)
}

// converse answers challenges until the server has decided. first answers the
// first one, where it is not nil.
func (c *Client) converse(ctx context.Context, mechanism SASLClient, first []byte) error {
	for {
		r, err := c.challenge(ctx)
		if err != nil {
			return err
		}
		if r.Code != 334 {
			return c.concluded(mechanism, r)
		}
		response := first
		if first == nil {
			response, err = c.answer(mechanism, r)
		}
		first = nil
		if err != nil {
			return c.giveUp(ctx, err)
		}
		line := base64.StdEncoding.AppendEncode(nil, response)
		if err := c.authLine(line); err != nil {
			return err
		}
	}
}

// challenge waits for a reply within an exchange, whose lines are as long as the
// mechanism makes them, and no limit of other replies may be in the way
// (RFC 4954 §4).
func (c *Client) challenge(ctx context.Context) (Reply, error) {
	defer c.conn.setMaxReplyLine(c.conn.lim.MaxReplyLine)
	c.conn.setMaxReplyLine(max(c.conn.lim.MaxReplyLine, c.conn.lim.MaxAuthLine))
	r, err := c.reply(ctx, "AUTH", "Command", c.opts.Timeouts.Command)
	if long, ok := errors.AsType[*LimitError](err); ok && long.Name == "MaxReplyLine" {
		long.Name = "MaxAuthLine"
	}
	return r, err
}

// concluded is the end of an exchange. A server that grants it may have had
// something to prove, and a session with one that has not proved it is no good.
func (c *Client) concluded(mechanism SASLClient, r Reply) error {
	if err := c.verdict("AUTH", r, 235, "RFC 4954 §4"); err != nil {
		return err
	}
	if _, err := mechanism.Next(nil, false); err != nil {
		err = during("AUTH", err)
		c.calls.End(err)
		return err
	}
	return nil
}

// answer gives the mechanism a challenge.
func (c *Client) answer(mechanism SASLClient, r Reply) ([]byte, error) {
	challenge, err := ParseAuthResponse([]byte(strings.TrimSpace(strings.Join(r.Lines, ""))))
	if err != nil {
		return nil, err
	}
	return mechanism.Next(challenge, true)
}

// giveUp cancels an exchange by "*", to which the server says 501, so that the
// session can go on.
func (c *Client) giveUp(ctx context.Context, why error) error {
	why = during("AUTH", why)
	if err := c.authLine([]byte("*")); err != nil {
		return why
	}
	r, err := c.reply(ctx, "AUTH", "Command", c.opts.Timeouts.Command)
	if err == nil && r.Code/100 != 5 {
		c.calls.End(why)
	}
	return why
}

// authLine sends a line of an exchange.
func (c *Client) authLine(line []byte) error {
	err := c.unasked()
	if err == nil {
		if err = c.conn.WriteAuthLine(line); err == nil {
			err = c.conn.Flush()
		}
		if err != nil {
			err = during("AUTH", err)
			c.calls.End(err)
		}
	}
	return err
}

// Login logs in by the best mechanism that the server offers: SCRAM, by which
// neither a listener nor the server itself learns the password; then those that
// send it, PLAIN and LOGIN, over TLS, loopback and Unix-domain sockets alone
// unless Options.AllowInsecureAuth says otherwise; CRAM-MD5 last, whose
// exchange gives a listener the password to guess at his leisure. Where nothing
// is left in the clear the error is [ErrTLSRequired].
func (c *Client) Login(ctx context.Context, user, password string) error {
	return c.with(ctx, func() error {
		mechanism, err := c.choose(user, password)
		if err != nil {
			return err
		}
		return c.auth(ctx, mechanism)
	})
}

// choose makes the best mechanism that the server offers.
func (c *Client) choose(user, password string) (SASLClient, error) {
	if !c.extensions.Has("AUTH") {
		return nil, fmt.Errorf("%w: AUTH", ErrUnsupported)
	}
	offered := c.extensions.Mechanisms()
	offers := func(name string) bool { return slices.Contains(offered, name) }
	state, secure := c.TLS()
	open := !secure && !isLocal(c.RemoteAddr()) && !c.opts.AllowInsecureAuth
	for _, scram := range []struct {
		name string
		hash crypto.Hash
	}{{"SCRAM-SHA-256", crypto.SHA256}, {"SCRAM-SHA-1", crypto.SHA1}} {
		o := SCRAMOptions{Plus: offers(scram.name + "-PLUS")}
		if secure {
			o.TLS = &state
		}
		if offers(scram.name) || o.Plus && secure {
			return AuthSCRAM(scram.hash, user, password, &o), nil
		}
	}
	switch {
	case offers("PLAIN") && !open:
		return AuthPlain("", user, password), nil
	case offers("LOGIN") && !open:
		return AuthLogin(user, password), nil
	case offers("CRAM-MD5"):
		return AuthCRAMMD5(user, password), nil
	case offers("PLAIN"), offers("LOGIN"):
		return nil, fmt.Errorf("%w: the server takes passwords in the clear alone", ErrTLSRequired)
	}
	return nil, fmt.Errorf("%w: AUTH by a password; there is %s", ErrUnsupported, quoted(strings.Join(offered, " ")))
}
