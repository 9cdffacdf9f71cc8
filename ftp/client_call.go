package ftp

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
	"applayer/sockets"
)

// CommandError tells which command of a [Client] failed, and why.
type CommandError struct {
	// Verb is the command's, as it was sent, and Arg its argument, "" where it
	// is secret.
	Verb, Arg string
	Err       error
}

// Error tells the command and why, such as
// `ftp: RETR "a.txt": reply 550: "No such file."`.
func (e *CommandError) Error() string {
	s := "ftp: " + e.Verb
	if e.Arg != "" {
		s += " " + strconv.QuoteToASCII(e.Arg[:min(len(e.Arg), maxQuoted)])
	}
	return s + ": " + strings.TrimPrefix(e.Err.Error(), "ftp: ")
}

// Unwrap returns Err.
func (e *CommandError) Unwrap() error { return e.Err }

// command sends a command and waits for its final reply. A refusal is an error
// too. An argument "" is none.
func (c *Client) command(ctx context.Context, verb Verb, arg string) (Reply, error) {
	r, err := c.exchange(ctx, verb, arg)
	if err == nil {
		err = verdict(verb, r)
	}
	if err != nil {
		return r, commandError(verb, arg, err)
	}
	return r, nil
}

// verdict is what a final reply says of a command: 2yz grants it, and 3yz wants
// more, which has a place behind few.
func verdict(verb Verb, r Reply) error {
	switch verb {
	case VerbUSER, VerbPASS, VerbRNFR, VerbREST:
	default:
		if r.Code/100 == 3 {
			return unexpected(r, verb.String(), "RFC 959 §5.4")
		}
	}
	return r.Err()
}

// named is command for an argument that is a path, in the server's character
// set.
func (c *Client) named(ctx context.Context, verb Verb, name string) (Reply, error) {
	arg, err := c.encode(verb, name)
	if err != nil {
		return Reply{}, err
	}
	return c.command(ctx, verb, arg)
}

// encode turns a path into what is sent. The empty one is an error: without an
// argument many a command means something else.
func (c *Client) encode(verb Verb, name string) (string, error) {
	if name == "" {
		return "", commandError(verb, name, &ParseError{What: "pathname", Ref: "RFC 959 §5.3.2", Err: ErrValue})
	}
	return c.encodeArg(verb, name)
}

// encodeArg is encode for an argument that may be missing. What cannot be sent
// is refused here, before the commands that prepare for the one in question.
func (c *Client) encodeArg(verb Verb, name string) (string, error) {
	arg, err := c.opts.Charset.Encode(name)
	if i := strings.IndexAny(arg, "\r\n\x00"); i >= 0 && err == nil {
		err = &ParseError{Offset: int64(i), What: "pathname", Ref: "RFC 959 §5.3.2", Err: ErrControlOctet}
	}
	if err != nil {
		return "", commandError(verb, name, err)
	}
	// Servers put a user's home for a tilde: removing a directory of that name
	// would remove what is at home.
	if strings.HasPrefix(arg, "~") && verb != VerbCWD {
		arg = "./" + arg
	}
	return arg, nil
}

func commandError(verb Verb, arg string, err error) error {
	if verb == VerbPASS || verb == VerbACCT {
		arg = ""
	}
	return &CommandError{Verb: verb.String(), Arg: arg, Err: err}
}

// exchange sends a command and returns its final reply, whatever it says.
func (c *Client) exchange(ctx context.Context, verb Verb, arg string) (Reply, error) {
	if err := c.send(ctx, verb, arg); err != nil {
		return Reply{}, err
	}
	return c.reply(ctx)
}

// send sends a command.
func (c *Client) send(ctx context.Context, verb Verb, arg string) error {
	cmd := Command{Verb: verb}
	if arg != "" {
		cmd.Arg = []byte(arg)
	}
	return c.write(ctx, func() error { return c.conn.WriteCommand(cmd) })
}

// write sends a command by a method of Conn, unless a reply is there already.
func (c *Client) write(ctx context.Context, command func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := c.unasked(); err != nil {
		c.calls.End(err)
		return err
	}
	return c.sent(command())
}

// unasked tells of a reply that came before any command it could belong to: the
// command's own would be taken for the next one's, and each later one too. 421
// is the one that may come unasked (RFC 959 §5.4).
func (c *Client) unasked() error {
	if c.conn.Buffered() == 0 {
		return nil
	}
	c.nc.SetReadDeadline(past)
	r, err := c.conn.ReadReply()
	switch {
	case r.Code == 421:
		return r.Err()
	case err == nil || isTimeout(err): // a whole one, or the beginning of one
		return unexpected(r, "Ready", "RFC 959 §5.4")
	}
	return err
}

// sent ends the session where a write failed. A command that was refused has
// not been written.
func (c *Client) sent(err error) error {
	if _, refused := errors.AsType[*ParseError](err); err != nil && !refused {
		c.calls.End(err)
	}
	return err
}

// reply waits for a final reply. Where ctx ends before it, the reply is still
// waited for, for a moment, so that the session stays in step.
func (c *Client) reply(ctx context.Context) (Reply, error) {
	release := sockets.WithContext(ctx, c.nc)
	r, err := c.nextReply(c.opts.ReplyTimeout)
	release()
	if err == nil {
		return r, nil
	}
	switch {
	case !isTimeout(err):
	case ctx.Err() == nil:
		err = timedOut("ReplyTimeout", c.opts.ReplyTimeout)
	default:
		err = context.Cause(ctx)
		if _, late := c.nextReply(c.opts.AbortTimeout); late == nil {
			return Reply{}, err
		}
	}
	c.calls.End(err)
	return Reply{}, err
}

// nextReply waits for a final reply, d long, and leaves out those before it.
// 421 may come at any time and ends the session (RFC 959 §5.4).
func (c *Client) nextReply(d time.Duration) (Reply, error) {
	c.nc.SetReadDeadline(deadline(d))
	for {
		r, err := c.conn.ReadReply()
		switch {
		case err == io.EOF:
			return r, io.ErrUnexpectedEOF
		case err != nil:
			return r, err
		case r.Code == 421:
			c.calls.End(r.Err())
			return r, nil
		case r.Code >= 200:
			return r, nil
		}
	}
}

// past is a deadline that ends what is under way.
var past = time.Unix(1, 0)

// isTimeout tells that a deadline has passed.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// deadline is d from now, or none.
func deadline(d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// wantReply tells that r is not what is wanted: a refusal, or a reply that has
// no place there.
func wantReply(r Reply, code int, state, ref string) error {
	if r.Code == code {
		return nil
	}
	if err := r.Err(); err != nil {
		return err
	}
	return unexpected(r, state, ref)
}

func unexpected(r Reply, state, ref string) error {
	return &ProtocolError{Remote: true, State: state, Event: "reply " + strconv.Itoa(r.Code), Ref: ref}
}

// Quote sends a line as it is typed, such as "SITE UMASK 022", and returns the
// reply. The reply's code makes no error. Commands with data connections, and
// those that change the session, have methods of their own.
func (c *Client) Quote(ctx context.Context, line string) (r Reply, err error) {
	err = c.with(ctx, func() error {
		verb, _, _ := strings.Cut(line, " ")
		c.typ = 0 // the line may have been TYPE, or REST
		c.restart = c.restart || ascii.EqualFold(verb, VerbREST.String())
		err := c.write(ctx, func() error { return c.conn.WriteLine(line) })
		if err == nil {
			r, err = c.reply(ctx)
		}
		if err != nil {
			return &CommandError{Verb: verb, Err: err}
		}
		return nil
	})
	return r, err
}
