package smtp

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"
)

// call sends a command and waits for its reply. A refusal is an error too.
func (c *Client) call(ctx context.Context, cmd Command) (Reply, error) {
	if err := c.send(cmd); err != nil {
		return Reply{}, err
	}
	name := cmd.Verb.String()
	r, err := c.reply(ctx, name, "Command", c.opts.Timeouts.Command)
	if err == nil {
		err = c.verdict(name, r, 0, "RFC 5321 §4.3.2")
	}
	return r, err
}

// send sends one command, before which nothing may be under way. One that cannot
// be written, since its argument would be another, leaves the session as it is.
func (c *Client) send(cmd Command) error {
	if err := c.unasked(); err != nil {
		return err
	}
	err := c.conn.WriteCommand(cmd)
	if _, refused := errors.AsType[*ParseError](err); err != nil && refused {
		return during(cmd.Verb.String(), err)
	}
	if err == nil {
		err = c.conn.Flush()
	}
	if err != nil {
		err = during(cmd.Verb.String(), err)
		c.calls.End(err)
	}
	return err
}

// unasked tells of a reply that came before any command it could belong to: the
// command's own would be taken for the next one's, and each later one too. 421
// is the one that may come unasked (RFC 5321 §3.8).
func (c *Client) unasked() error {
	if c.conn.Buffered() == 0 {
		return nil
	}
	c.nc.SetReadDeadline(past)
	r, err := c.conn.ReadReply()
	switch {
	case err == nil && r.Code == 421:
		err = &ReplyError{Reply: r, Command: "session"}
	case err == nil || isTimeout(err): // a whole one, or the beginning of one
		err = unexpected(r, "Ready", "RFC 5321 §4.2")
	}
	c.calls.End(err)
	return err
}

// reply waits for a reply, d long; timeout is the name of d. Without one the
// session has ended, and so it has with 421, which may come at any time
// (RFC 5321 §3.8).
func (c *Client) reply(ctx context.Context, command, timeout string, d time.Duration) (Reply, error) {
	c.nc.SetReadDeadline(deadline(d))
	r, err := c.conn.ReadReply()
	switch {
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	case err == nil && r.Code == 421:
		err = &ReplyError{Reply: r, Command: command}
	case err == nil:
		return r, nil
	case isTimeout(err) && ctx.Err() == nil:
		err = timedOut(timeout, d)
	}
	err = during(command, err)
	c.calls.End(err)
	return r, err
}

// verdict is what a reply says of a command: code grants it, or any 2yz where
// code is 0; 4yz and 5yz refuse it. All else ends the session: the two ends do
// not mean the same.
func (c *Client) verdict(command string, r Reply, code int, ref string) error {
	switch {
	case r.Code == code, code == 0 && r.Code/100 == 2:
		return nil
	case r.Code >= 400:
		return &ReplyError{Reply: r, Command: command}
	}
	err := during(command, unexpected(r, command, ref))
	c.calls.End(err)
	return err
}

// past is a deadline that ends what is under way.
var past = time.Unix(1, 0)

func unexpected(r Reply, state, ref string) error {
	return &ProtocolError{Remote: true, State: state, Event: "reply " + strconv.Itoa(r.Code), Ref: ref}
}

// Noop asks whether the server is there.
func (c *Client) Noop(ctx context.Context) error {
	return c.with(ctx, func() error {
		_, err := c.call(ctx, Command{Verb: VerbNOOP})
		return err
	})
}

// Reset has the server forget what a transaction left behind. [Client.Send] does
// so by itself where it is needed.
func (c *Client) Reset(ctx context.Context) error {
	return c.with(ctx, func() error {
		_, err := c.call(ctx, Command{Verb: VerbRSET})
		c.unclean = c.unclean && err != nil
		return err
	})
}

// Verify asks whether a user or mailbox is known (RFC 5321 §3.5.1). Most servers
// answer 252, which says nothing.
func (c *Client) Verify(ctx context.Context, user string) (Reply, error) {
	return c.named(ctx, VerbVRFY, user)
}

// Expand asks for the members of a mailing list (RFC 5321 §3.5.2), which most
// servers refuse.
func (c *Client) Expand(ctx context.Context, list string) (Reply, error) {
	return c.named(ctx, VerbEXPN, list)
}

// named sends a command whose argument is a name, which needs SMTPUTF8 where it
// is beyond ASCII (RFC 6531 §3.7.4.2).
func (c *Client) named(ctx context.Context, verb Verb, name string) (r Reply, err error) {
	err = c.with(ctx, func() error {
		if !isASCII(name) {
			if !c.extensions.Has("SMTPUTF8") {
				return during(verb.String(), ErrNotUTF8)
			}
			name += " SMTPUTF8"
		}
		r, err = c.call(ctx, Command{Verb: verb, Arg: []byte(name)})
		return err
	})
	return r, err
}

// Help asks for a text for people; of a command where topic is not empty.
func (c *Client) Help(ctx context.Context, topic string) (r Reply, err error) {
	err = c.with(ctx, func() error {
		r, err = c.call(ctx, Command{Verb: VerbHELP, Arg: []byte(topic)})
		return err
	})
	return r, err
}
