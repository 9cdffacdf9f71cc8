package ftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// transfer is a command with a data connection, from the command to its final
// reply.
type transfer struct {
	c      *Client
	verb   Verb
	arg    string
	upload bool
	text   bool // what is sent has LF for line ends

	// ctx ends with the caller's, and with a reply that is a refusal: its cause
	// is that reply then.
	ctx    context.Context
	cancel context.CancelCauseFunc

	replies *replies
	data    *dataConn
	settled bool // the transfer holds nothing any more
}

// begin sends a command that uses a data connection, and returns when octets
// can pass. The caller holds the session.
func (c *Client) begin(ctx context.Context, verb Verb, arg string, offset int64) (*transfer, error) {
	way, err := c.prepareData(ctx)
	if err != nil {
		return nil, err
	}
	t := &transfer{c: c, verb: verb, arg: arg, upload: verb == VerbSTOR || verb == VerbAPPE || verb == VerbSTOU}
	if err := t.command(ctx, offset); err != nil {
		way.close()
		return nil, err
	}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	t.replies = &replies{conn: c.conn}
	if err := t.open(way); err != nil {
		err = t.abort(err) // which resets an upload, before a plain end could make it whole
		way.close()
		return nil, err
	}
	return t, nil
}

// command sends REST, where it is needed, and the command.
func (t *transfer) command(ctx context.Context, offset int64) error {
	if offset > 0 || t.c.restart {
		// Many servers keep an offset until a transfer takes it, though the
		// next command should be that (RFC 3659 §5.3).
		t.c.restart = true
		arg := strconv.FormatInt(offset, 10)
		r, err := t.c.command(ctx, VerbREST, arg)
		if err == nil {
			err = wantReply(r, 350, "REST", "RFC 3659 §5.3")
		}
		if err != nil {
			return err
		}
	}
	if err := t.c.send(ctx, t.verb, t.arg); err != nil {
		return commandError(t.verb, t.arg, err)
	}
	t.c.restart = false
	return nil
}

// open waits for the first reply and the connection, and secures it. The
// handshake comes after the reply, never before it (RFC 4217 §7).
func (t *transfer) open(way *dataWay) (err error) {
	if way.l != nil {
		t.watchAfter(0)
		if way.nc, err = t.c.accept(t.ctx, way.l); err != nil {
			return err
		}
		t.hush()
	}
	t.data = newDataConn(t.ctx, way.nc, t.c.opts.DataTimeout)
	if err := t.await(t.ctx, t.replies.hasBegun, t.c.opts.ReplyTimeout); err != nil {
		return err
	}
	if t.replies.over { // it was the last one, or none
		if err := t.outcome(); err != nil {
			return err
		}
	}
	t.watchAfter(watchDelay)
	if t.c.tls.protect {
		return t.data.startTLS(t.c.tls.config, t.c.conn.TLS(), t.c.opts.HandshakeTimeout)
	}
	return nil
}

func timedOut(name string, d time.Duration) error {
	return fmt.Errorf("%w: %w", &LimitError{Name: name, Max: int64(d)}, os.ErrDeadlineExceeded)
}

// complete waits for the final reply after all octets have passed, and gives
// the session back to its user but for the release.
func (t *transfer) complete() (Reply, error) {
	t.hush()
	err := t.await(t.ctx, t.replies.isOver, t.c.opts.ReplyTimeout)
	switch {
	case err == nil:
		err = t.outcome()
	case t.await(context.Background(), t.replies.isOver, t.c.opts.AbortTimeout) != nil:
		t.c.calls.End(err)
	}
	t.settle()
	return t.replies.final, err
}

// outcome is what the last word says.
func (t *transfer) outcome() error {
	err := t.replies.err
	if err == nil {
		err = verdict(t.verb, t.replies.final)
	}
	if err == nil {
		return nil
	}
	return commandError(t.verb, t.arg, err)
}

// settle lets go of what the transfer held, and ends the session where the
// final reply was its last.
func (t *transfer) settle() {
	t.settled = true
	t.cancel(nil)
	if t.data != nil {
		t.data.close()
	}
	switch r := t.replies; {
	case r.err != nil:
		t.c.calls.End(r.err)
	case r.final.Code == 421:
		t.c.calls.End(r.final.Err())
	}
}

// abort ends a transfer that came to grief by why, which it returns, or what the
// server says of it. The session can be used again, or has ended.
//
// A server that has not said its last word is told ABOR; then the data
// connection ends, since many a server looks at commands only between
// transfers. An upload is reset: a plain end would tell that the file is whole.
// How many replies follow differs between servers; that to PWD, 257, can be no
// other's, and what stands before it belongs to the transfer (RFC 959 §4.1.3).
func (t *transfer) abort(why error) error {
	defer t.settle()
	defer t.cut()
	t.hush()
	broken := t.broken(why)
	if broken {
		t.await(context.Background(), t.replies.isOver, t.c.opts.AbortTimeout)
	}
	switch r := t.replies; {
	case !r.over:
		if err := t.c.fence(t.cut); err != nil {
			t.c.calls.End(why)
		}
	case r.err == nil && broken:
		if err := t.outcome(); err != nil {
			return err
		}
	}
	return why
}

// abandon aborts a transfer that is under way still: the caller's own code, a
// source or the body of a loop, has panicked or ended its goroutine.
func (t *transfer) abandon() {
	if !t.settled {
		t.abort(context.Canceled)
	}
}

// broken tells whether why is the connection's own trouble, of which the server
// is likely to know more.
func (t *transfer) broken(why error) bool {
	_, limit := errors.AsType[*LimitError](why)
	_, local := errors.AsType[*localError](why)
	_, network := errors.AsType[*net.OpError](why)
	// That the server said it already is what ended ctx then.
	_, said := errors.AsType[*ReplyError](context.Cause(t.ctx))
	return (t.ctx.Err() == nil || said) && !limit && !local && (network || errors.Is(why, io.ErrUnexpectedEOF))
}

// cut ends the data connection in the middle.
func (t *transfer) cut() {
	if t.data != nil {
		t.data.cut(t.upload)
	}
}

// fence aborts what is under way and waits until nothing is: until PWD is
// answered. It is sent behind the first reply, since Pure-FTPd throws away what
// it gets with ABOR in one segment.
func (c *Client) fence(cut func()) error {
	if err := c.sent(c.conn.WriteCommand(Command{Verb: VerbABOR})); err != nil {
		return err
	}
	cut()
	until := deadline(c.opts.AbortTimeout)
	for asked := false; ; {
		c.nc.SetReadDeadline(until)
		r, err := c.conn.ReadReply()
		switch {
		case err != nil:
			return err
		case r.Code == 421:
			return r.Err()
		case r.Code == 257:
			return nil
		}
		if asked {
			continue
		}
		asked = true
		if err := c.sent(c.conn.WriteCommand(Command{Verb: VerbPWD})); err != nil {
			return err
		}
	}
}
