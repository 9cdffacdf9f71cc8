package pop3

import (
	"context"
	"crypto"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"applayer/internal/ascii"
	"applayer/internal/sasl"
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
		c.end(err)
		return fmt.Errorf("pop3: %w", err)
	}
	return nil
}

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

// mayTellPassword tells whether a password may be told as it is.
func (c *Client) mayTellPassword() bool {
	_, secure := c.TLS()
	return secure || c.opts.AllowInsecureAuth || isLocal(c.RemoteAddr())
}

// userPass is USER and PASS. The password waits for USER to be granted.
func (c *Client) userPass(ctx context.Context, caps Capabilities, user, password string) error {
	user, password, err := c.prepare(caps, user, password)
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

// prepare makes a name and a password what is sent. Octets beyond ASCII need a
// server that says that it takes them (RFC 6856 §2.2).
func (c *Client) prepare(caps Capabilities, user, password string) (string, string, error) {
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
		password, err = sasl.Saslprep(password, sasl.Query)
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

// APOP logs in by APOP (RFC 1939 §7), if the greeting had a timestamp. See
// [Options].AllowAPOP for what it is worth.
func (c *Client) APOP(ctx context.Context, user, password string) error {
	return c.with(ctx, func() error { return c.apop(ctx, user, password) })
}

func (c *Client) apop(ctx context.Context, user, password string) error {
	if c.timestamp == "" {
		return fmt.Errorf("%w: APOP", ErrNotSupported)
	}
	if user == "" || strings.Contains(user, " ") {
		return &ParseError{What: "name", Ref: "RFC 1939 §7", Err: ErrValue}
	}
	_, err := c.command(ctx, VerbAPOP, user+" "+string(apopDigest(c.timestamp, password)))
	if _, order := errors.AsType[*ProtocolError](err); order {
		return err
	}
	return c.loggedIn(err)
}

// findTimestamp returns the timestamp of a greeting, "" for none. It must be a
// msg-id, of ASCII: those who find passwords by it need others (CVE-2007-1558,
// RFC 1939 §7).
func findTimestamp(text string) string {
	start := strings.IndexByte(text, '<')
	if start < 0 {
		return ""
	}
	end := strings.IndexByte(text[start:], '>')
	if end < 0 {
		return ""
	}
	id := text[start : start+end+1]
	left, right, found := strings.Cut(id[1:len(id)-1], "@")
	if !found || !isDotAtom(left) || !isDotAtom(right) && !isDomainLiteral(right) {
		return ""
	}
	return id
}

// atomOctets are those of an atom (RFC 5322 §3.2.3).
var atomOctets = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("!#$%&'*+-/=?^_`{|}~"))

// isDotAtom checks dot-atom-text. Two dots in a row, and one at an end, are in
// greetings of real servers, and let pass.
func isDotAtom(s string) bool {
	dotted := atomOctets.Or(ascii.Chars("."))
	return s != "" && ascii.Span(&dotted, s) == len(s)
}

// isDomainLiteral checks no-fold-literal (RFC 5322 §3.6.4).
func isDomainLiteral(s string) bool {
	text := ascii.VChar.Without(ascii.Chars("[]\\<>"))
	return len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' && ascii.Span(&text, s[1:len(s)-1]) == len(s)-2
}

// Auth logs in by a mechanism of SASL (RFC 5034 §4). One that tells what opens
// doors needs TLS, this host, or AllowInsecureAuth.
func (c *Client) Auth(ctx context.Context, mechanism SASLClient) error {
	return c.with(ctx, func() error { return c.auth(ctx, mechanism) })
}

func (c *Client) auth(ctx context.Context, m SASLClient) error {
	name, initial, err := m.Start()
	if err != nil {
		return err
	}
	if slices.Contains(clearMechanisms, name) && !c.mayTellPassword() {
		return fmt.Errorf("%w for %s to %v", ErrTLSRequired, name, c.RemoteAddr())
	}
	caps, err := c.capabilities(ctx)
	if err != nil {
		return err
	}
	arg := name
	if with := name + " " + encodeInitial(initial); initial != nil && caps.Has("SASL") && len("AUTH  ")+len(with)+1 <= c.lim.MaxLine {
		arg, initial = with, nil
	}
	if err := c.send(ctx, VerbAUTH, arg); err != nil {
		return err
	}
	return c.loggedIn(c.exchange(ctx, m, initial))
}

// encodeInitial encodes an initial response; the empty one is "=".
func encodeInitial(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

// exchange answers the challenges of a mechanism. An initial response that could
// not go with the command is the answer to the first, empty one.
func (c *Client) exchange(ctx context.Context, m SASLClient, initial []byte) error {
	for {
		r, err := c.anyResponse(ctx, "AUTH")
		if err != nil {
			return err
		}
		if r.Status == StatusOK {
			if _, err := m.Next(nil, false); err != nil {
				c.end(err) // who is logged in to whom nobody knows
				return err
			}
			return nil
		}
		var response []byte
		challenge, err := decodeBase64([]byte(r.Text))
		switch {
		case err != nil:
		case initial != nil && len(challenge) == 0:
			response, initial = initial, nil
		default:
			response, err = m.Next(challenge, true)
		}
		if err != nil {
			return c.cancel(ctx, err)
		}
		if err := c.sent("AUTH", c.conn.WriteAuthLine(base64.StdEncoding.AppendEncode(nil, response))); err != nil {
			return err
		}
	}
}

// cancel ends an exchange for a reason of ours (RFC 5034 §4).
func (c *Client) cancel(ctx context.Context, why error) error {
	err := c.sent("AUTH", c.conn.WriteAuthLine([]byte("*")))
	if err == nil {
		_, err = c.response(ctx, "AUTH")
	}
	if _, refused := errors.AsType[*ReplyError](err); refused {
		return why
	}
	if err == nil {
		c.end(why) // it was to refuse
	}
	return errors.Join(why, err)
}
