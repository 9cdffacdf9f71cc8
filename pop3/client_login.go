package pop3

import (
	"context"
	"crypto"
	"fmt"
	"slices"

	"applayer/internal/ascii"
	"applayer/internal/sasl"
)

// Login logs in by the best way that the server offers: SCRAM, APOP where
// AllowAPOP is set, CRAM-MD5, and then those that tell the password, where it
// may be told: PLAIN, LOGIN, USER and PASS. A refusal that says so is
// [ErrAuthRefused], another session's lock [ErrInUse]; a refused way is not
// followed by a weaker one.
func (c *Client) Login(ctx context.Context, user, password string) error {
	return c.with(ctx, func() error {
		caps, err := c.capabilities(ctx)
		if err != nil {
			return err
		}
		if mechanism := c.choose(caps.Mechanisms(), user, password); mechanism != nil {
			return c.auth(ctx, mechanism)
		}
		switch {
		case c.mayTellPassword():
			return c.userPass(ctx, caps, user, password)
		case c.opts.AllowAPOP && c.timestamp != "":
			return c.apop(ctx, user, password)
		}
		return fmt.Errorf("%w for a password to %v", ErrTLSRequired, c.RemoteAddr())
	})
}

// choose returns the best of the mechanisms that a server has, nil for none.
func (c *Client) choose(offered []string, user, password string) SASLClient {
	has := func(name string) bool {
		return slices.ContainsFunc(offered, func(o string) bool { return ascii.EqualFold(o, name) })
	}
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA1} {
		name := "SCRAM-" + hash.String()
		if has(name) || has(name+"-PLUS") {
			m := &sasl.SCRAMClient{Hash: hash, User: user, Password: password, Plus: has(name + "-PLUS")}
			if state, secure := c.TLS(); secure {
				m.Binding = sasl.ClientBinding(&state)
			}
			return m
		}
	}
	tell := c.mayTellPassword()
	switch {
	case c.opts.AllowAPOP && c.timestamp != "" && !tell:
		return nil
	case has("PLAIN") && tell:
		return AuthPlain("", user, password)
	case has("CRAM-MD5"):
		return AuthCRAMMD5(user, password)
	case has("LOGIN") && tell:
		return AuthLogin(user, password)
	}
	return nil
}

// userPass is USER and PASS. The password waits for USER to be granted.
func (c *Client) userPass(ctx context.Context, caps Capabilities, user, password string) error {
	user, password, err := prepare(caps, user, password, sasl.Query)
	if err != nil {
		return err
	}
	if _, err := c.command(ctx, VerbUSER, user); err != nil {
		return err
	}
	c.machine.Do(EventUser)
	_, err = c.command(ctx, VerbPASS, password)
	return c.loggedIn(err)
}

// prepare makes a name and a password what is sent, or what a proof is made of,
// in which case the password is as if stored. Octets beyond ASCII need a server
// that says that it takes them (RFC 6856 §2.2).
func prepare(caps Capabilities, user, password string, secret sasl.Kind) (string, string, error) {
	if user == "" || password == "" {
		return "", "", &ParseError{What: "name or password", Ref: "RFC 1939 §7", Err: ErrValue}
	}
	if isASCII([]byte(user)) && isASCII([]byte(password)) {
		return user, password, nil
	}
	if !caps.Has("UTF8", "USER") {
		return "", "", fmt.Errorf("pop3: a name or password beyond ASCII: %w", ErrNotSupported)
	}
	name, err := sasl.Saslprep(user, sasl.Query)
	if err == nil {
		password, err = sasl.Saslprep(password, secret)
	}
	return name, password, err
}

// loggedIn takes what became of a login. What the server can do is to be asked
// again.
func (c *Client) loggedIn(err error) error {
	if err != nil {
		c.machine.Do(EventRefused)
		return err
	}
	c.machine.Do(EventLogin)
	c.caps, c.capsKnown = nil, false
	return nil
}
