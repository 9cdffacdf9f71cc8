package pop3

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Capabilities returns what the server can do; it is asked where it has not been
// since the connection, TLS or the login. A server that does not know CAPA has
// none.
func (c *Client) Capabilities(ctx context.Context) (caps Capabilities, err error) {
	err = c.with(ctx, func() error {
		caps, err = c.capabilities(ctx)
		return err
	})
	return slices.Clone(caps), err
}

// maxCapabilities bounds the octets of CAPA's answer: words that are kept take
// many times what short ones take on the wire.
const maxCapabilities = 64 << 10

func (c *Client) capabilities(ctx context.Context) (Capabilities, error) {
	if c.capsKnown {
		return c.caps, nil
	}
	_, err := c.command(ctx, VerbCAPA, "")
	if _, refused := errors.AsType[*ReplyError](err); refused && c.calls.Alive() {
		c.caps, c.capsKnown = nil, true
		return nil, nil
	}
	var caps Capabilities
	if err == nil {
		err = c.lines(ctx, "CAPA", min(c.lim.MaxListing, maxCapabilities), func(line []byte) error {
			one, err := ParseCapability(line)
			if err == nil {
				caps = append(caps, one)
			}
			return nil // a line that nobody can read tells of nothing that we know
		})
	}
	if err != nil {
		return nil, err
	}
	c.caps, c.capsKnown = caps, true
	return caps, nil
}

// Stat returns how many messages are not marked, and their size (STAT).
func (c *Client) Stat(ctx context.Context) (messages int, size int64, err error) {
	err = c.with(ctx, func() error {
		r, err := c.command(ctx, VerbSTAT, "")
		if err != nil {
			return err
		}
		l, err := ParseListing([]byte(r.Text))
		messages, size = l.Number, l.Size
		return wrong("STAT", err)
	})
	return messages, size, err
}

// wrong says which command was answered outside the grammar. The session is in
// step all the same.
func wrong(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("pop3: %s: %w", what, err)
}

// List returns the numbers and sizes of the messages that are not marked (LIST).
func (c *Client) List(ctx context.Context) (all []Listing, err error) {
	err = c.with(ctx, func() error {
		all, err = listing(ctx, c, VerbLIST, ParseListing)
		return err
	})
	return all, err
}

// ListOne is List of one message.
func (c *Client) ListOne(ctx context.Context, number int) (one Listing, err error) {
	err = c.with(ctx, func() error {
		one, err = listingOf(ctx, c, VerbLIST, number, ParseListing)
		return sameNumber(VerbLIST, number, one.Number, err)
	})
	return one, err
}

// UIDL returns the numbers and unique-ids of the messages that are not marked.
// Two copies of a message may have the same one (RFC 1939 §7).
func (c *Client) UIDL(ctx context.Context) (all []UniqueID, err error) {
	err = c.with(ctx, func() error {
		all, err = listing(ctx, c, VerbUIDL, ParseUniqueID)
		return err
	})
	return all, err
}

// UIDLOne is UIDL of one message.
func (c *Client) UIDLOne(ctx context.Context, number int) (one UniqueID, err error) {
	err = c.with(ctx, func() error {
		one, err = listingOf(ctx, c, VerbUIDL, number, ParseUniqueID)
		return sameNumber(VerbUIDL, number, one.Number, err)
	})
	return one, err
}

// listing asks for all messages.
func listing[T any](ctx context.Context, c *Client, verb Verb, parse func([]byte) (T, error)) ([]T, error) {
	if _, err := c.command(ctx, verb, ""); err != nil {
		return nil, err
	}
	var all []T
	err := c.lines(ctx, verb.String(), c.lim.MaxListing, func(line []byte) error {
		one, err := parse(line)
		if err != nil {
			return err
		}
		if len(all) >= c.lim.MaxMessages {
			return &LimitError{Name: "MaxMessages", Max: int64(c.lim.MaxMessages)}
		}
		all = append(all, one)
		return nil
	})
	return all, err
}

// listingOf asks for one message.
func listingOf[T any](ctx context.Context, c *Client, verb Verb, number int, parse func([]byte) (T, error)) (one T, err error) {
	r, err := c.command(ctx, verb, strconv.Itoa(number))
	if err != nil {
		return one, err
	}
	one, err = parse([]byte(r.Text))
	return one, wrong(verb.String(), err)
}

// sameNumber tells of an answer that is for another message.
func sameNumber(verb Verb, want, got int, err error) error {
	if err == nil && got != want {
		err = wrong(verb.String(), &ParseError{What: "message-number", Ref: "RFC 1939 §5", Err: ErrValue})
	}
	return err
}

// Dele marks messages, which [Client.Quit] removes. The commands go together
// where the server has PIPELINING. The error joins those of all refusals.
func (c *Client) Dele(ctx context.Context, numbers ...int) error {
	return c.with(ctx, func() error {
		window, err := c.window(ctx)
		if err != nil {
			return err
		}
		var refused []error
		for batch := range slices.Chunk(numbers, window) {
			if err := c.delete(ctx, batch, &refused); err != nil {
				return err
			}
		}
		return errors.Join(refused...)
	})
}

// delete is Dele for as many as may be sent at once.
func (c *Client) delete(ctx context.Context, numbers []int, refused *[]error) error {
	defer func() { c.ahead = 0 }()
	for _, number := range numbers {
		if err := c.send(ctx, VerbDELE, strconv.Itoa(number)); err != nil {
			if c.ahead > 0 {
				c.calls.End(err) // some were sent, whose answers nobody waits for
			}
			return err
		}
		c.ahead++
	}
	for _, number := range numbers {
		_, err := c.response(ctx, "DELE "+strconv.Itoa(number))
		if _, is := errors.AsType[*ReplyError](err); is {
			*refused = append(*refused, err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// window is how many commands may be sent ahead of their answers.
func (c *Client) window(ctx context.Context) (int, error) {
	caps, err := c.capabilities(ctx)
	if err == nil && caps.Has("PIPELINING") {
		return c.opts.Window, nil
	}
	return 1, err
}

// Rset takes back all marks (RSET).
func (c *Client) Rset(ctx context.Context) error { return c.simple(ctx, VerbRSET, "") }

// Noop does nothing but show that the server is there (NOOP).
func (c *Client) Noop(ctx context.Context) error { return c.simple(ctx, VerbNOOP, "") }

// UTF8 asks for messages with UTF-8 in their headers (RFC 6856 §2.1). It comes
// before the login, and behind TLS.
func (c *Client) UTF8(ctx context.Context) error {
	return c.with(ctx, func() error {
		_, err := c.command(ctx, VerbUTF8, "")
		c.utf8 = c.utf8 || err == nil
		return err
	})
}

// Lang asks for responses in a language, or with "*" in the server's
// (RFC 6856 §3), and returns the one that it chose.
func (c *Client) Lang(ctx context.Context, language string) (tag string, err error) {
	if language == "" {
		return "", &ParseError{What: "language range", Ref: "RFC 6856 §3.2", Err: ErrValue}
	}
	err = c.with(ctx, func() error {
		r, err := c.command(ctx, VerbLANG, language)
		tag, _, _ = strings.Cut(r.Text, " ")
		return err
	})
	return tag, err
}

// simple is a call for a command that brings nothing.
func (c *Client) simple(ctx context.Context, verb Verb, arg string) error {
	return c.with(ctx, func() error {
		_, err := c.command(ctx, verb, arg)
		return err
	})
}
