package pop3

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"

	"applayer/internal/dot"
	"applayer/sockets"
)

// Message is a message as it comes from the server, its lines ending in CRLF. It
// is for one goroutine at a time.
//
// Its reads give io.EOF behind the end mark alone: a message of which a part is
// missing ends in io.ErrUnexpectedEOF.
type Message struct {
	// Number is the message-number.
	Number int
	// UID is the unique-id, where [Client.Sync] asked for it.
	UID string

	c       *Client
	text    *dot.Reader
	read    int64
	err     error
	release func() // of the context
	call    bool   // Close ends a call
}

// Retr asks for a message (RETR). ctx bounds the reading, too. The session is
// busy until the Message is closed.
func (c *Client) Retr(ctx context.Context, number int) (*Message, error) {
	return c.open(ctx, number, VerbRETR, strconv.Itoa(number))
}

// Top is Retr for the header of a message and so many lines of its body (TOP).
func (c *Client) Top(ctx context.Context, number, lines int) (*Message, error) {
	return c.open(ctx, number, VerbTOP, strconv.Itoa(number)+" "+strconv.Itoa(max(lines, 0)))
}

func (c *Client) open(ctx context.Context, number int, verb Verb, arg string) (*Message, error) {
	if err := c.calls.Begin(ctx); err != nil {
		return nil, err
	}
	if _, err := c.command(ctx, verb, arg); err != nil {
		c.calls.Done()
		return nil, err
	}
	m := c.message(ctx, number)
	m.call = true
	return m, nil
}

// message is the message whose response has been read.
func (c *Client) message(ctx context.Context, number int) *Message {
	c.nc.SetReadTimeout(c.opts.StallTimeout)
	return &Message{Number: number, c: c, text: c.conn.textReader(), release: sockets.WithContext(ctx, c.nc)}
}

// Read reads the message.
func (m *Message) Read(b []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.text.Read(b)
	return n, m.note(n, err)
}

// WriteTo writes the rest of the message to w, as io.Copy asks.
func (m *Message) WriteTo(w io.Writer) (int64, error) {
	if m.err != nil {
		return 0, notEOF(m.err)
	}
	n, err := m.text.WriteTo(&counted{m, w})
	if err == nil {
		err = io.EOF
	}
	if bad, is := errors.AsType[*sinkError](err); is {
		return n, bad.err // of w's: the session is as it was
	}
	return n, notEOF(m.note(0, err))
}

// counted writes what a message brings, as long as that may be.
type counted struct {
	m *Message
	w io.Writer
}

func (c *counted) Write(b []byte) (int, error) {
	if err := c.m.note(len(b), nil); err != nil {
		return 0, err
	}
	n, err := c.w.Write(b)
	if err != nil {
		err = &sinkError{err}
	}
	return n, err
}

// sinkError is an error of what a message is written to.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return e.err.Error() }

func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// note takes what a read has brought. Any error but the end is the session's.
func (m *Message) note(n int, err error) error {
	m.read += int64(n)
	switch limit := m.c.lim.MaxMessageBytes; {
	case m.err != nil:
		return m.err
	case err == nil && m.read > limit:
		err = &LimitError{Name: "MaxMessageBytes", Max: limit}
		fallthrough
	case err != nil && err != io.EOF:
		m.err = m.c.broken("message "+strconv.Itoa(m.Number), err)
	default:
		m.err = err
	}
	return m.err
}

// Close ends the reading. What was not read is thrown away, up to
// [Limits].MaxDiscard; where there is more the session ends.
func (m *Message) Close() error {
	if m.release == nil {
		return nil
	}
	if m.err == nil {
		if err := m.text.Discard(int64(m.c.lim.MaxDiscard)); err != nil {
			m.note(0, err)
		}
	}
	if m.err == nil || m.err == io.EOF {
		m.err = errMessageClosed
	}
	m.release()
	m.release = nil
	m.c.nc.SetReadTimeout(m.c.opts.ReplyTimeout)
	if m.call {
		m.c.calls.Done()
	}
	return nil
}

var errMessageClosed = errors.New("pop3: message closed")

// RetrAll asks for many messages, ahead of the answers where the server has
// PIPELINING. Each is to be read within its step: what is not read of it then is
// thrown away as [Message.Close] does. A message that the server refuses comes
// with its error, and the others follow; behind any other error nothing does. It
// comes without a message, also where the session ends within a step, so that a
// loop without one has seen all.
//
// The session is busy meanwhile, numbers included. Who leaves the loop early may
// lose the session: messages that were asked for already and are longer than
// [Limits].MaxDiscard are not waited for.
func (c *Client) RetrAll(ctx context.Context, numbers iter.Seq[int]) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		if err := c.calls.Begin(ctx); err != nil {
			yield(nil, err)
			return
		}
		defer c.calls.Done()
		window, err := c.window(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		next, stop := iter.Pull(numbers)
		defer stop()
		f := &fetch{c: c, ctx: ctx, window: window, next: next}
		f.run(yield)
	}
}

// fetch is a RetrAll under way.
type fetch struct {
	c      *Client
	ctx    context.Context
	window int
	next   func() (int, bool)
	asked  []int // for, and not answered
	over   bool  // nothing more is to be asked for
}

func (f *fetch) run(yield func(*Message, error) bool) {
	panicked := true
	defer func() {
		if panicked {
			f.c.calls.End(errStepPanicked)
		}
	}()
	f.each(yield)
	panicked = false
}

// errStepPanicked is why no call is possible behind a loop that was left in the
// middle of a message.
var errStepPanicked = errors.New("a loop over messages panicked")

func (f *fetch) each(yield func(*Message, error) bool) {
	for {
		if err := f.ask(); err != nil {
			if len(f.asked) > 0 {
				f.c.calls.End(err)
			}
			yield(nil, err)
			return
		}
		if f.done() {
			return
		}
		if !f.step(yield) {
			f.abandon()
			return
		}
	}
}

// ask asks for as many as may be ahead, when half of them were answered, so that
// commands leave in few packets.
func (f *fetch) ask() error {
	if len(f.asked) > f.window/2 {
		return nil
	}
	for !f.over && len(f.asked) < f.window {
		number, more := f.next()
		if !more {
			f.over = true
			break
		}
		if err := f.c.send(f.ctx, VerbRETR, strconv.Itoa(number)); err != nil {
			return err
		}
		f.asked = append(f.asked, number)
		f.c.ahead++
	}
	return nil
}

// step takes the next answer, and is false when there is to be no other.
func (f *fetch) step(yield func(*Message, error) bool) bool {
	m, err := f.answer()
	if m == nil {
		yield(nil, err)
		return false
	}
	if err != nil {
		return yield(m, err)
	}
	more := yield(m, nil)
	m.Close()
	if err := f.c.calls.Err(); err != nil && more && !f.done() {
		yield(nil, err) // or the loop would seem to have come to its end
		return false
	}
	return more
}

// done tells that all were asked for, and answered.
func (f *fetch) done() bool { return f.over && len(f.asked) == 0 }

// answer reads the next response. Without a message the session has ended.
func (f *fetch) answer() (*Message, error) {
	number := f.asked[0]
	f.asked = f.asked[1:]
	f.c.ahead--
	_, err := f.c.response(f.ctx, "RETR "+strconv.Itoa(number))
	if _, refused := errors.AsType[*ReplyError](err); refused && f.c.calls.Alive() {
		return &Message{Number: number, c: f.c, err: err}, err
	}
	if err != nil {
		return nil, err
	}
	return f.c.message(f.ctx, number), nil
}

// abandon throws away what was asked for.
func (f *fetch) abandon() {
	for len(f.asked) > 0 && f.c.calls.Alive() {
		if m, err := f.answer(); err == nil {
			m.Close()
		}
	}
}

// Sync asks for the messages that were not seen yet, to keep them on the server
// as well: download-and-keep. seen tells whether the message with a unique-id is
// here already; it is asked before the first message comes. The steps are those
// of [Client.RetrAll], with UID set.
func (c *Client) Sync(ctx context.Context, seen func(uid string) bool) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		all, err := c.UIDL(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		uids := make(map[int]string)
		var numbers []int
		for _, u := range all {
			if _, twice := uids[u.Number]; !twice && !seen(u.UID) {
				uids[u.Number] = u.UID
				numbers = append(numbers, u.Number)
			}
		}
		for m, err := range c.RetrAll(ctx, slices.Values(numbers)) {
			if m != nil {
				m.UID = uids[m.Number]
			}
			if !yield(m, err) {
				return
			}
		}
	}
}
