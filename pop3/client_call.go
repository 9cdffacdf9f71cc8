package pop3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"applayer/sockets"
)

// command sends a command and waits for its response. An argument "" is none.
func (c *Client) command(ctx context.Context, verb Verb, arg string) (Response, error) {
	if err := c.send(ctx, verb, arg); err != nil {
		return Response{}, err
	}
	return c.response(ctx, verb.String())
}

// send writes a command, if the table has it here. It is sent when its answer is
// waited for.
func (c *Client) send(ctx context.Context, verb Verb, arg string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	cmd := Command{Verb: verb}
	if arg != "" {
		cmd.Arg = []byte(arg)
	}
	if n := len(verb.String()) + 1 + len(arg) + 2; n > c.lim.MaxLine {
		return fmt.Errorf("pop3: %v: %w", verb, &LimitError{Name: "MaxLine", Max: int64(c.lim.MaxLine)})
	}
	event := verbEvents[verb]
	if !c.machine.Can(event) {
		err := c.machine.Do(event)
		if order, is := errors.AsType[*ProtocolError](err); is {
			order.Remote = false
		}
		return err
	}
	if err := c.unasked(verb); err != nil {
		c.calls.End(err)
		return err
	}
	err := c.conn.WriteCommand(cmd)
	if err == nil && event != EventUser {
		c.machine.Do(event)
	}
	return c.sent(verb.String(), err)
}

// unasked tells of a response that came before any command that it could belong
// to: the command's own would be taken for the next one's, and each later one
// too. A refusal may come so: it tells why the session ends.
func (c *Client) unasked(verb Verb) error {
	if c.ahead > 0 || c.conn.Buffered() == 0 {
		return nil
	}
	if c.conn.waiting() { // what has not come whole is not waited for
		r, err := c.conn.ReadResponse()
		switch {
		case err != nil:
			return err
		case r.Status == StatusErr:
			return &ReplyError{Response: r, Command: verb.String()}
		}
	}
	return &ProtocolError{Remote: true, State: c.machine.State().String(), Event: "response that nobody asked for", Ref: "RFC 1939 §3"}
}

// sent ends the session where a write failed. A command that was refused has
// not been written.
func (c *Client) sent(what string, err error) error {
	if err == nil {
		return nil
	}
	if _, refused := errors.AsType[*ParseError](err); !refused {
		c.calls.End(err)
	}
	return fmt.Errorf("pop3: %s: %w", what, err)
}

// response waits for a response. A refusal is an error too.
func (c *Client) response(ctx context.Context, what string) (Response, error) {
	r, err := c.anyResponse(ctx, what)
	if err == nil && r.Status == StatusContinue {
		err = &ProtocolError{Remote: true, State: c.machine.State().String(), Event: "challenge", Ref: "RFC 5034 §4"}
		c.calls.End(err)
	}
	return r, err
}

// anyResponse is response that takes challenges.
func (c *Client) anyResponse(ctx context.Context, what string) (Response, error) {
	r, err := c.readResponse(ctx)
	if err != nil {
		return r, c.broken(what, err)
	}
	if r.Status == StatusErr {
		return r, &ReplyError{Response: r, Command: what}
	}
	return r, nil
}

// readResponse waits for the whole of a response: one that comes octet by octet
// gets no more time.
func (c *Client) readResponse(ctx context.Context) (Response, error) {
	defer sockets.WithContext(ctx, c.nc)()
	within := c.opts.ReplyTimeout
	if within > 0 {
		c.nc.SetReadDeadline(time.Now().Add(within))
		defer c.nc.SetReadDeadline(time.Time{})
	}
	r, err := c.conn.ReadResponse()
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", &LimitError{Name: "ReplyTimeout", Max: int64(within)}, err)
	}
	return r, err
}

// broken ends the session for an error of reading.
func (c *Client) broken(what string, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	c.calls.End(err)
	return fmt.Errorf("pop3: %s: %w", what, err)
}

// lines reads the lines of a listing, which may have so many octets.
func (c *Client) lines(ctx context.Context, what string, most int64, each func(line []byte) error) error {
	release := sockets.WithContext(ctx, c.nc)
	defer release()
	var octets int64
	for {
		line, err := c.conn.readLine("MaxResponse", c.lim.MaxResponse, false)
		if err != nil {
			return c.broken(what, err)
		}
		if len(line) > 0 && line[0] == '.' {
			if line = line[1:]; len(line) == 0 {
				return nil
			}
		}
		if octets += int64(len(line)) + 2; octets > most {
			return c.broken(what, &LimitError{Name: "MaxListing", Max: most})
		}
		if err := each(line); err != nil {
			return c.broken(what, err)
		}
	}
}
