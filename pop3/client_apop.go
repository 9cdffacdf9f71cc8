package pop3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"applayer/internal/ascii"
	"applayer/internal/sasl"
)

// APOP logs in by APOP (RFC 1939 §7), if the greeting had a timestamp. See
// [Options].AllowAPOP for what it is worth.
func (c *Client) APOP(ctx context.Context, user, password string) error {
	return c.with(ctx, func() error { return c.apop(ctx, user, password) })
}

func (c *Client) apop(ctx context.Context, user, password string) error {
	if c.timestamp == "" {
		return fmt.Errorf("%w: APOP", ErrNotSupported)
	}
	caps, err := c.capabilities(ctx)
	if err == nil {
		user, password, err = prepare(caps, user, password, sasl.Stored)
	}
	switch {
	case err != nil:
		return err
	case strings.Contains(user, " "):
		return &ParseError{What: "name", Ref: "RFC 1939 §7", Err: ErrValue}
	}
	_, err = c.command(ctx, VerbAPOP, user+" "+string(apopDigest(c.timestamp, password)))
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
