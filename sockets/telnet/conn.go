package telnet

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// ConnOptions says what a [Conn] agrees to and whom it tells. Nil and the zero
// value agree to nothing and tell nobody.
type ConnOptions struct {
	// Local holds the options that we agree to perform when asked to, Remote
	// those that the peer may perform when it offers.
	Local, Remote OptionSet
	// Offer lists the options that we offer to perform, Request those that we
	// ask the peer to, unasked, as soon as the connection is read or written.
	Offer, Request []Option
	// Await keeps Offer and Request until the peer has sent a command: one
	// that speaks no Telnet, as an HTTP server, never sees any.
	Await bool

	// MaxSubnegotiation bounds the parameters that a peer makes us hold
	// (default 4096 octets, negative for no limit).
	MaxSubnegotiation int
	// MaxTypeahead bounds the data held while [Conn.TerminalType] waits
	// (default 64 KiB, negative for no limit).
	MaxTypeahead int
	// MaxTerminalTypes bounds the names that a peer may go through (default 20,
	// negative for no limit).
	MaxTerminalTypes int

	// TerminalTypes are the names that we tell when asked, the preferred one
	// first (default "UNKNOWN").
	TerminalTypes []string
	// Window is the size that we tell; see [Conn.SetWindow].
	Window Window

	// Command hears of each command of the peer's that stands for itself, such
	// as IP, known or not; save NOP, GA and DM, and EOR where END-OF-RECORD is
	// off.
	Command func(Command)
	// Changed hears of an option that goes on or off because the peer said so.
	// A mark that [Conn.TimingMark] asked for is TIMING-MARK on the remote
	// side; it is never on for longer.
	Changed func(side Side, o Option, on bool)
	// Resized hears of each window that the peer tells.
	Resized func(Window)
	// Status hears of what the peer tells about STATUS.
	Status func(Status)
	// Trace hears of what passes. It may be nil.
	Trace *Trace
}

// Trace has functions that hear of what passes on a [Conn]. A nil one is not
// called; none is called under a lock. Data of an event is valid during the
// call.
type Trace struct {
	// Received and Sent hear of each event. Runs of data come as they were cut.
	Received, Sent func(Event)
	// Malformed hears of subnegotiations that say nothing; they are skipped.
	Malformed func(error)
	// Secrets has a [Server] show passwords, which are blanked without.
	Secrets bool
}

// Conn is a Telnet connection: what is read and written is the data, while
// commands and options are dealt with inside [Conn.Read]. So options move only
// while somebody reads. The functions of [ConnOptions] are called there, in the
// order of the stream: data that stood before a command has been returned
// before.
//
// Line ends are CR LF both ways, as in [Codec].
//
// One goroutine may read while others write; each Write is sent at once, whole.
// Close and the deadlines may come from anywhere. After an error a direction is
// dead and repeats it; a Read that a deadline ended can be repeated.
type Conn struct {
	nc     net.Conn
	opts   ConnOptions
	urgent syscall.RawConn // nil where there are no urgent octets

	// Of the goroutine that reads.
	dec      Codec
	buf      []byte
	from, to int    // what of buf is not yet decoded
	data     []byte // what of buf is decoded and not yet read
	held     []byte // data that came while nobody asked for it
	heard    bool   // a command came that nobody was told of yet:
	order    Command
	dropping bool // between a Synch and its DM
	readErr  error

	wmu      sync.Mutex // held by who writes to nc; taken before mu
	wbuf     []byte
	writeErr error

	mu      sync.Mutex // guards the fields below, and is not held over I/O
	began   bool
	n       Negotiator
	enc     Codec
	out     []byte // encoded, to go before what is written next
	window  Window // the peer's
	windows bool   // it has told one
	own     Window
	types   terminalTypes
	nextOwn int // index of our terminal type to tell next
	marks   int // timing marks that we asked for
}

// bufferSize is how much is read at once; nobody types faster.
const bufferSize = 2 << 10

// NewConn makes a Telnet connection of nc, which it owns from then on. It has
// urgent octets come in line ([PrepareUrgent]), so nothing may have been read
// from nc before.
func NewConn(nc net.Conn, opts *ConnOptions) *Conn {
	c := &Conn{nc: nc}
	if opts != nil {
		c.opts = *opts
		c.opts.Offer, c.opts.Request = slices.Clone(opts.Offer), slices.Clone(opts.Request)
		c.opts.TerminalTypes = slices.Clone(opts.TerminalTypes)
	}
	if len(c.opts.TerminalTypes) == 0 {
		c.opts.TerminalTypes = []string{"UNKNOWN"}
	}
	if c.opts.Trace == nil {
		c.opts.Trace = &Trace{}
	}
	c.dec.MaxSubnegotiation = c.opts.MaxSubnegotiation
	c.n.Local, c.n.Remote = c.opts.Local, c.opts.Remote
	c.own = c.opts.Window
	if raw, err := urgentRaw(nc); err == nil && prepareUrgent(raw) == nil {
		c.urgent = raw
	}
	return c
}

// Read reads data. See [Conn] for what else it does.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.begin()
	defer c.flush(false)
	if c.lookForSynch(); c.dropping {
		c.held, c.data = nil, nil
	}
	for {
		for _, left := range []*[]byte{&c.held, &c.data} {
			if n := copy(p, *left); n > 0 {
				*left = (*left)[n:]
				return n, nil
			}
		}
		c.tell()
		if err := c.step(); err != nil {
			return 0, err
		}
	}
}

// ReadEvent reads the next run of data or the next command that
// ConnOptions.Command would hear of, which does not hear of it then; for who
// has to act on a command before more data comes. Data is valid until the next
// call of ReadEvent or Read.
func (c *Conn) ReadEvent() (Event, error) {
	c.begin()
	defer c.flush(false)
	if c.lookForSynch(); c.dropping {
		c.held, c.data = nil, nil
	}
	for {
		for _, left := range []*[]byte{&c.held, &c.data} {
			if data := *left; len(data) > 0 {
				*left = nil
				return Event{Kind: EventData, Data: data}, nil
			}
		}
		if c.heard {
			c.heard = false
			return Event{Kind: EventCommand, Command: c.order}, nil
		}
		if err := c.step(); err != nil {
			return Event{}, err
		}
	}
}

// tell tells of the command that came.
func (c *Conn) tell() {
	if c.heard {
		c.heard = false
		call(c.opts.Command, c.order)
	}
}

// step deals with one event, or reads more octets where there is none. What it
// leaves in c.data, or as c.order, is to be taken before the next step.
func (c *Conn) step() error {
	if c.readErr != nil {
		return c.readErr
	}
	c.lookForSynch()
	if c.from == c.to {
		return c.fill()
	}
	ev, n, err := c.dec.Next(c.buf[c.from:c.to])
	c.from += n
	if errors.Is(err, ErrIncomplete) {
		return nil
	}
	if err != nil {
		c.readErr = err
		return err
	}
	c.take(ev)
	return nil
}

// fill reads octets into the empty buffer.
func (c *Conn) fill() error {
	c.flush(false)
	if c.buf == nil {
		c.buf = make([]byte, bufferSize)
	}
	n, err := c.nc.Read(c.buf)
	c.from, c.to = 0, n
	if n > 0 || err == nil {
		return nil // an error comes again
	}
	if errors.Is(err, io.EOF) {
		if end := c.dec.End(); end != nil {
			err = end
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		c.readErr = err
	}
	return err
}

// lookForSynch sees an urgent octet that is on its way. From then on data is
// dropped (RFC 854, "THE TELNET "SYNCH" SIGNAL").
func (c *Conn) lookForSynch() {
	if c.urgent != nil && !c.dropping {
		c.dropping, _ = urgentPending(c.urgent)
	}
}

// take deals with an event.
func (c *Conn) take(ev Event) {
	if c.opts.Trace.Received != nil {
		c.opts.Trace.Received(ev)
	}
	if ev.Kind != EventData {
		c.beginOffers()
	}
	switch ev.Kind {
	case EventData:
		if !c.dropping {
			c.data = ev.Data
		}
	case EventCommand:
		c.command(ev.Command)
	case EventNegotiation:
		c.negotiate(ev.Command, ev.Option)
	case EventSubnegotiation:
		c.subnegotiate(ev)
	}
}

func (c *Conn) command(cmd Command) {
	switch cmd {
	case CommandNOP, CommandGA:
	case CommandEOR: // is NOP where it was not agreed upon (RFC 885)
		c.heard, c.order = c.Enabled(SideRemote, OptionEOR), cmd
	case CommandDM:
		// More urgent data behind this DM belongs to another Synch.
		c.dropping = false
		c.lookForSynch()
	default:
		c.heard, c.order = true, cmd
	}
}

// Write writes data and returns when it is sent. A CR at its end is sent at
// once; the NUL that it may need goes with what is written next, or with
// [Conn.Flush].
func (c *Conn) Write(p []byte) (n int, err error) {
	c.begin()
	if c.opts.Trace.Sent != nil && len(p) > 0 {
		c.opts.Trace.Sent(Event{Data: p})
	}
	c.wmu.Lock()
	for n < len(p) && err == nil {
		part := p[n:min(len(p), n+16<<10)]
		c.mu.Lock()
		c.wbuf = append(c.wbuf[:0], c.out...)
		c.out = c.out[:0]
		c.wbuf = c.enc.AppendData(c.wbuf, part)
		c.mu.Unlock()
		if err = c.send(c.wbuf); err == nil {
			n += len(part)
		}
	}
	c.wmu.Unlock()
	c.flush(false) // what was queued meanwhile
	return n, err
}

// Flush sends the NUL that a CR at the end of what was written still needs, as
// behind the Return key.
func (c *Conn) Flush() error {
	c.mu.Lock()
	c.out = c.enc.AppendFlush(c.out)
	c.mu.Unlock()
	return c.flush(true)
}

// send writes to nc. The caller holds wmu.
func (c *Conn) send(b []byte) error {
	if c.writeErr == nil && len(b) > 0 {
		_, c.writeErr = c.nc.Write(b)
	}
	if cap(c.wbuf) > 4<<10 {
		c.wbuf = nil
	}
	return c.writeErr
}

// mostQueued is how much may be queued before a reader waits until the peer
// takes it.
const mostQueued = 4 << 10

// flush sends what is queued. Where somebody writes at the moment he sends it
// too, so that nobody waits for him; with wait, and where too much is queued,
// the caller waits.
func (c *Conn) flush(wait bool) error {
	for {
		c.mu.Lock()
		queued := len(c.out)
		c.mu.Unlock()
		switch {
		case queued == 0:
			return nil
		case wait || queued >= mostQueued:
			c.wmu.Lock()
		case !c.wmu.TryLock():
			return nil // its holder looks again once it has unlocked
		}
		err := c.drain()
		c.wmu.Unlock()
		if err != nil {
			return err
		}
	}
}

// drain sends what is queued. The caller holds wmu.
func (c *Conn) drain() error {
	c.mu.Lock()
	c.wbuf = append(c.wbuf[:0], c.out...)
	c.out = c.out[:0]
	c.mu.Unlock()
	return c.send(c.wbuf)
}

// queue has an event sent before what is written next. The caller holds mu, and
// flushes and traces later.
func (c *Conn) queue(ev Event) Event {
	c.out, _ = c.enc.Append(c.out, ev) // no event is made here that it refuses
	c.enc.BinaryOut = c.n.Enabled(SideLocal, OptionBinary)
	return ev
}

// sent traces events.
func (c *Conn) sent(events ...Event) {
	for _, ev := range events {
		if c.opts.Trace.Sent != nil {
			c.opts.Trace.Sent(ev)
		}
	}
}

// Close closes the connection.
func (c *Conn) Close() error { return c.nc.Close() }

// CloseWrite tells the peer that nothing more follows, and leaves the other
// direction open. It gives [errors.ErrUnsupported] where the connection below
// cannot.
func (c *Conn) CloseWrite() error {
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	c.Flush()
	return half.CloseWrite()
}

// NetConn returns the connection below. Nothing may be read from it or written
// to it.
func (c *Conn) NetConn() net.Conn { return c.nc }

// LocalAddr returns this end's address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// SetDeadline sets the deadline of Read and Write, as in [net.Conn].
func (c *Conn) SetDeadline(t time.Time) error { return c.nc.SetDeadline(t) }

// SetReadDeadline sets the deadline of Read.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.nc.SetReadDeadline(t) }

// SetWriteDeadline sets the deadline of Write.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.nc.SetWriteDeadline(t) }

var _ net.Conn = (*Conn)(nil)
