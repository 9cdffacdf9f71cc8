package telnet

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"applayer/sockets"
)

// begin sends what was to be offered unasked.
func (c *Conn) begin() {
	if !c.opts.Await {
		c.beginOffers()
	}
}

func (c *Conn) beginOffers() {
	c.mu.Lock()
	var said []Event
	if !c.began {
		c.began = true
		for side, wanted := range [][]Option{SideLocal: c.opts.Offer, SideRemote: c.opts.Request} {
			for _, o := range wanted {
				cmd, _ := c.n.Enable(Side(side), o) // it is on already then
				said = c.say(said, cmd, o)
			}
		}
	}
	c.mu.Unlock()
	c.sent(said...)
}

// say queues a negotiation, if there is one. The caller holds mu.
func (c *Conn) say(said []Event, cmd Command, o Option) []Event {
	if cmd == 0 {
		return said
	}
	return append(said, c.queue(Event{Kind: EventNegotiation, Command: cmd, Option: o}))
}

// sayParameters queues a subnegotiation. The caller holds mu.
func (c *Conn) sayParameters(said []Event, s Subnegotiation) []Event {
	return append(said, c.queue(Event{Kind: EventSubnegotiation, Option: s.Option(), Data: s.AppendParameters(nil)}))
}

// Enable asks for an option to be on, on that side; the answer comes while
// somebody reads. It is no error where it is on already, or asked for; it is a
// [*ProtocolError] where the peer has refused it.
func (c *Conn) Enable(side Side, o Option) error { return c.want(side, o, true) }

// Disable asks for an option to be off, on that side.
func (c *Conn) Disable(side Side, o Option) error { return c.want(side, o, false) }

func (c *Conn) want(side Side, o Option, on bool) error {
	c.mu.Lock()
	refused := on && c.n.State(side, o) == StateRefused
	move := c.n.Disable
	if on {
		move = c.n.Enable
	}
	cmd, err := move(side, o)
	said := c.say(nil, cmd, o)
	c.mu.Unlock()
	c.sent(said...)
	if refused {
		return err
	}
	return c.flush(true)
}

// Enabled tells whether an option is on, on that side.
func (c *Conn) Enabled(side Side, o Option) bool { return c.State(side, o) == StateYes }

// State tells how far an option has come, on that side.
func (c *Conn) State(side Side, o Option) State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n.State(side, o)
}

// SetEcho offers to echo what the peer's user types, or to leave that to the
// peer. A server that echoes and wants a password leaves it on and echoes
// nothing (RFC 857).
func (c *Conn) SetEcho(on bool) error { return c.want(SideLocal, OptionEcho, on) }

// negotiate deals with WILL, WONT, DO and DONT.
func (c *Conn) negotiate(cmd Command, o Option) {
	if o == OptionTimingMark {
		c.timingMark(cmd)
		return
	}
	side := SideRemote
	if cmd == CommandDo || cmd == CommandDont {
		side = SideLocal
	}
	c.mu.Lock()
	before := c.n.Enabled(side, o)
	said := c.say(nil, c.n.Receive(cmd, o), o)
	c.enc.BinaryOut = c.n.Enabled(SideLocal, OptionBinary)
	c.dec.BinaryIn = c.n.Enabled(SideRemote, OptionBinary)
	after := c.n.Enabled(side, o)
	if after && !before {
		said = c.turnedOn(said, side, o)
	}
	c.mu.Unlock()
	c.sent(said...)
	if after != before && c.opts.Changed != nil {
		c.opts.Changed(side, o, after)
	}
}

// turnedOn says what an option that has come on asks for. The caller holds mu.
func (c *Conn) turnedOn(said []Event, side Side, o Option) []Event {
	switch {
	case side == SideLocal && o == OptionNAWS:
		return c.sayParameters(said, c.own)
	case side == SideRemote && o == OptionTerminalType:
		c.types = terminalTypes{asked: true}
		return c.sayParameters(said, TerminalType{Send: true})
	}
	return said
}

// timingMark deals with TIMING-MARK, which is never on: each DO asks for one
// mark. All data before it has been read by now, for Read returns it first.
func (c *Conn) timingMark(cmd Command) {
	c.mu.Lock()
	var said []Event
	awaited := c.marks > 0
	switch {
	case cmd == CommandDo:
		said = c.say(said, CommandWill, OptionTimingMark)
	case cmd == CommandDont: // he has no use for our mark
	case awaited:
		c.marks--
	case cmd == CommandWill: // a mark that nobody asked for
		said = c.say(said, CommandDont, OptionTimingMark)
	}
	c.mu.Unlock()
	c.sent(said...)
	if awaited && (cmd == CommandWill || cmd == CommandWont) && c.opts.Changed != nil {
		c.opts.Changed(SideRemote, OptionTimingMark, cmd == CommandWill)
	}
}

// TimingMark asks the peer to answer once it has worked off all that was sent
// before (RFC 860). ConnOptions.Changed hears of the answer.
func (c *Conn) TimingMark() error {
	c.mu.Lock()
	c.marks++
	said := c.say(nil, CommandDo, OptionTimingMark)
	c.mu.Unlock()
	c.sent(said...)
	return c.flush(true)
}

// RequestStatus asks the peer to tell which options are on, where STATUS is on
// its side; else it is a [*ProtocolError]. ConnOptions.Status hears of the
// answer.
func (c *Conn) RequestStatus() error {
	c.mu.Lock()
	s := c.n.State(SideRemote, OptionStatus)
	if s != StateYes {
		c.mu.Unlock()
		return &ProtocolError{State: s.String(), Event: "SB STATUS SEND", Ref: "RFC 859 §5"}
	}
	said := c.sayParameters(nil, Status{Send: true})
	c.mu.Unlock()
	c.sent(said...)
	return c.flush(true)
}

// SendCommand sends commands that stand for themselves, behind what was
// written. It is [ErrEvent] where one does not.
func (c *Conn) SendCommand(cmds ...Command) error {
	events, err := c.queueCommands(cmds)
	if err != nil {
		return err
	}
	c.sent(events...)
	return c.flush(true)
}

func (c *Conn) queueCommands(cmds []Command) (said []Event, err error) {
	if slices.ContainsFunc(cmds, func(cmd Command) bool { return !cmd.isPlain() }) {
		return nil, ErrEvent
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cmd := range cmds {
		said = append(said, c.queue(Event{Kind: EventCommand, Command: cmd}))
	}
	return said, nil
}

// Synch sends the commands and a DM behind them, whose octet is urgent: the
// peer drops all data before the DM, though not the commands in it. A user's
// client sends Synch(CommandIP); a server answers AO by Synch()
// (RFC 1123 §3.2.4).
func (c *Conn) Synch(cmds ...Command) error {
	c.wmu.Lock()
	said, err := c.queueCommands(append(slices.Clone(cmds), CommandDM))
	if err == nil {
		c.mu.Lock()
		b := slices.Clone(c.out)
		c.out = c.out[:0]
		c.mu.Unlock()
		if c.writeErr == nil {
			_, c.writeErr = SendUrgent(c.nc, b)
		}
		err = c.writeErr
	}
	c.wmu.Unlock()
	c.sent(said...)
	return errors.Join(err, c.flush(false))
}

// subnegotiate deals with parameters. Those of an option that is not on are
// skipped, as are those that say nothing.
func (c *Conn) subnegotiate(ev Event) {
	s, err := ParseSubnegotiation(ev.Option, ev.Data)
	if err != nil {
		if c.opts.Trace.Malformed != nil && !errors.Is(err, ErrUnknownOption) {
			c.opts.Trace.Malformed(err)
		}
		return
	}
	var then func()
	c.mu.Lock()
	local, remote := c.n.Enabled(SideLocal, ev.Option), c.n.Enabled(SideRemote, ev.Option)
	var said []Event
	switch s := s.(type) {
	case Window:
		if remote {
			c.window, c.windows = s, true
			then = func() { call(c.opts.Resized, s) }
		}
	case TerminalType:
		switch {
		case s.Send && local:
			said = c.sayParameters(said, c.nextTerminalType())
		case !s.Send && remote && c.types.asked:
			if c.types.take(s.Name, orDefault(c.opts.MaxTerminalTypes, 20)) {
				said = c.sayParameters(said, TerminalType{Send: true})
			}
		}
	case Status:
		switch {
		case s.Send && local:
			said = c.sayParameters(said, c.n.Status())
		case !s.Send && remote:
			then = func() { call(c.opts.Status, s) }
		}
	}
	c.mu.Unlock()
	c.sent(said...)
	if then != nil {
		then()
	}
}

// call calls f, if there is one.
func call[T any](f func(T), v T) {
	if f != nil {
		f(v)
	}
}

// orDefault is a limit: 0 stands for the default.
func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Window returns the size that the peer told last, and whether it told any.
// ConnOptions.Resized hears of changes.
func (c *Conn) Window() (w Window, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.window, c.windows
}

// SetWindow tells the peer our size, if NAWS is on; if not yet, it is told when
// that comes on.
func (c *Conn) SetWindow(w Window) error {
	c.mu.Lock()
	var said []Event
	if c.own != w {
		c.own = w
		if c.n.Enabled(SideLocal, OptionNAWS) {
			said = c.sayParameters(said, w)
		}
	}
	c.mu.Unlock()
	c.sent(said...)
	return c.flush(true)
}

// terminalTypes is the walk through the names that a client has for its
// terminal: each SEND brings the next, and the last one comes twice
// (RFC 1091 §6).
type terminalTypes struct {
	asked  bool     // an answer is awaited
	names  []string // each once
	whole  bool     // the last one came twice, or one came again
	chosen string   // what the client is at
}

// take takes an answer and tells whether to ask once more.
func (t *terminalTypes) take(name string, most int) (more bool) {
	t.chosen, t.asked = name, false
	switch {
	case t.whole: // asked once more, to be at the first name again
		return false
	case !slices.Contains(t.names, name) && (most < 0 || len(t.names) < most):
		t.names = append(t.names, name)
		t.asked = true
	default:
		t.whole = true
		t.asked = name != t.names[0]
	}
	return t.asked
}

// nextTerminalType is what we answer. The caller holds mu.
func (c *Conn) nextTerminalType() TerminalType {
	names := c.opts.TerminalTypes
	i := c.nextOwn
	c.nextOwn++
	if c.nextOwn > len(names) { // the last one once more, and from the first again
		i, c.nextOwn = len(names)-1, 0
	}
	return TerminalType{Name: names[i]}
}

// TerminalTypes returns the names that the peer has told so far for its
// terminal, the preferred one first, and whether they are all. Where the peer
// performs TERMINAL-TYPE they are asked for without more ado.
func (c *Conn) TerminalTypes() (names []string, whole bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.types.names), c.types.whole
}

// TerminalType asks the peer for TERMINAL-TYPE, waits until all the names are
// told, and returns them, the preferred one first. It is a [*ProtocolError]
// where the peer refuses. TerminalType reads, so it may not run beside a Read;
// data that comes meanwhile is held for that, up to MaxTypeahead octets.
func (c *Conn) TerminalType(ctx context.Context) ([]string, error) {
	if err := c.Enable(SideRemote, OptionTerminalType); err != nil {
		return nil, err
	}
	release := sockets.WithContext(ctx, c.nc)
	defer release()
	defer c.flush(false)
	for {
		names, whole := c.TerminalTypes()
		switch state := c.State(SideRemote, OptionTerminalType); {
		case whole:
			return names, nil
		case state == StateNo || state == StateRefused:
			return nil, &ProtocolError{Remote: true, State: state.String(), Event: "TERMINAL-TYPE", Ref: "RFC 1091 §2"}
		}
		if err := c.hold(); err != nil {
			return nil, err
		}
		if err := c.step(); err != nil {
			return nil, causeOf(ctx, err)
		}
	}
}

// causeOf gives the end of ctx for an error that it made. A connection's timer
// may run out a moment before that of ctx.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if at, ok := ctx.Deadline(); ok && errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return err
}

// hold keeps data for later.
func (c *Conn) hold() error {
	most := orDefault(c.opts.MaxTypeahead, 64<<10)
	if most > 0 && len(c.held)+len(c.data) > most {
		return &LimitError{Name: "MaxTypeahead", Max: int64(most)}
	}
	c.held = append(c.held, c.data...)
	c.data = nil
	c.tell()
	return nil
}
