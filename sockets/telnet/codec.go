package telnet

import (
	"fmt"
	"io"
)

// EventKind tells what an [Event] is.
type EventKind uint8

// The kinds of events.
const (
	EventData           EventKind = iota // a run of data: Data
	EventCommand                         // a command that stands for itself: Command
	EventNegotiation                     // WILL, WONT, DO or DONT: Command and Option
	EventSubnegotiation                  // parameters: Option and Data
)

// String returns the kind's name.
func (k EventKind) String() string {
	names := [...]string{"data", "command", "negotiation", "subnegotiation"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}

// Event is one thing that a Telnet stream says.
type Event struct {
	Kind    EventKind
	Command Command
	Option  Option
	// Data is the run of data, or the parameters of a subnegotiation with its
	// doubled IACs made single. It is valid until the next call of
	// [Codec.Next], and while the octets given to it stay as they are.
	Data []byte
}

// String returns the event as a trace shows it, such as "WILL NAWS".
func (e Event) String() string {
	switch e.Kind {
	case EventCommand:
		return e.Command.String()
	case EventNegotiation:
		return e.Command.String() + " " + e.Option.String()
	case EventSubnegotiation:
		return fmt.Sprintf("SB %v %q", e.Option, cut(e.Data))
	}
	return fmt.Sprintf("%q", cut(e.Data))
}

// cut bounds what a peer can put into a log.
func cut(b []byte) []byte { return b[:min(len(b), 100)] }

// DefaultMaxSubnegotiation is the limit of a zero [Codec].
const DefaultMaxSubnegotiation = 4 << 10

// Codec turns the octets of a Telnet stream into events, and events into
// octets. The two directions are apart: one goroutine may decode while another
// encodes. The zero value is a new connection's.
//
// # Line ends
//
// Data is what the network virtual terminal knows (RFC 854, "THE NVT PRINTER
// AND KEYBOARD"): CR LF is a line's end and stays as it is, both ways; CR NUL
// on the wire is the octet CR, so a NUL behind a CR is taken away by Next and
// put in by AppendData. A bare CR, which must not be sent, is taken as a CR.
// Under BINARY every octet but IAC stands for itself, in each direction that
// has it (RFC 856 §5).
type Codec struct {
	// MaxSubnegotiation bounds the parameters of a subnegotiation in octets
	// (default 4096, negative for no limit), which are held until they are
	// whole.
	MaxSubnegotiation int
	// BinaryIn and BinaryOut tell that BINARY is on, in the direction that
	// Next reads and in that which AppendData writes. They may change between
	// any two calls of that direction.
	BinaryIn, BinaryOut bool

	state   decoding
	command Command // of a negotiation under way
	option  Option  // of a subnegotiation under way
	params  []byte
	err     error

	owesNUL bool // a CR was the last octet sent
}

// decoding is where the octets so far have led to.
type decoding uint8

const (
	inData        decoding = iota
	afterCR                // a CR was the last octet of data
	afterIAC               // the command comes
	beforeOption           // of a negotiation
	beforeSBOpt            // the option of a subnegotiation comes
	afterSBOptIAC          // an IAC stands in its place
	inParams               // of a subnegotiation
	afterParamIAC          // an IAC in the parameters
)

// Next takes the first event from the front of b and tells how many octets
// that took. Where b ends before the event does, all of b is used, what it
// began is remembered, and the error is [ErrIncomplete]. So b may be cut
// anywhere; only runs of data come in as many pieces as b does.
//
// A command that is not known is an event like the others; receivers take no
// notice of it. SE outside a subnegotiation is no event. A subnegotiation that
// another command breaks off is dropped, and that command is the event.
// One longer than MaxSubnegotiation is a [*LimitError], which Next repeats
// from then on.
//
// Data is a view of b: nothing is copied.
func (c *Codec) Next(b []byte) (ev Event, n int, err error) {
	if c.err != nil {
		return Event{}, 0, c.err
	}
	for n < len(b) {
		var whole bool
		switch {
		case c.state == inData || c.state == afterCR:
			ev, n, whole = c.data(b, n)
		case c.state == afterIAC && b[n] == IAC: // doubled: the second one begins a run
			ev, n, whole = c.run(b, n)
		case c.state == inParams:
			n = c.parameters(b, n)
		default:
			ev, whole = c.octet(b[n])
			n++
		}
		if c.err != nil {
			return Event{}, n, c.err
		}
		if whole {
			return ev, n, nil
		}
	}
	return Event{}, n, ErrIncomplete
}

// data takes what stands at b[n:], where data is expected.
func (c *Codec) data(b []byte, n int) (ev Event, next int, whole bool) {
	switch {
	case b[n] == IAC:
		c.state = afterIAC
	case b[n] == 0 && c.state == afterCR && !c.BinaryIn: // CR NUL is CR
		c.state = inData
	default:
		return c.run(b, n)
	}
	return Event{}, n + 1, false
}

// run takes the run of data at b[n:], whose first octet belongs to it whatever
// it is. The run ends before an IAC, and behind a CR that a NUL follows.
func (c *Codec) run(b []byte, n int) (ev Event, next int, whole bool) {
	c.state = inData
	end := n
	for end < len(b) {
		if b[end] == '\r' && !c.BinaryIn {
			end++
			if end == len(b) || b[end] == 0 {
				c.state = afterCR
				break
			}
			continue
		}
		if b[end] == IAC && end > n {
			break
		}
		end++
	}
	return Event{Kind: EventData, Data: b[n:end]}, end, true
}

// parameters takes the parameters of a subnegotiation at b[n:], up to an IAC.
func (c *Codec) parameters(b []byte, n int) (next int) {
	end := n
	for end < len(b) && b[end] != IAC {
		end++
	}
	c.hold(b[n:end])
	if end < len(b) {
		c.state = afterParamIAC
		end++
	}
	return end
}

// hold keeps parameters until they are whole.
func (c *Codec) hold(b []byte) {
	limit := c.MaxSubnegotiation
	if limit == 0 {
		limit = DefaultMaxSubnegotiation
	}
	if limit > 0 && len(b) > limit-len(c.params) {
		c.params = nil
		c.err = &LimitError{Name: "MaxSubnegotiation", Max: int64(limit)}
		return
	}
	c.params = append(c.params, b...)
}

// octet takes one octet of a command.
func (c *Codec) octet(o byte) (ev Event, whole bool) {
	switch c.state {
	case afterIAC:
		return c.afterIAC(o)
	case beforeOption:
		c.state = inData
		return Event{Kind: EventNegotiation, Command: c.command, Option: Option(o)}, true
	case beforeSBOpt:
		if o == IAC {
			c.state = afterSBOptIAC
			return Event{}, false
		}
		c.begin(Option(o))
	case afterSBOptIAC:
		if o != IAC { // a subnegotiation of nothing
			return c.afterIAC(o)
		}
		c.begin(OptionExtended)
	case afterParamIAC:
		switch o {
		case IAC:
			c.state = inParams
			c.hold([]byte{IAC})
		case byte(CommandSE):
			c.state = inData
			return Event{Kind: EventSubnegotiation, Option: c.option, Data: c.params}, true
		default:
			return c.afterIAC(o)
		}
	}
	return Event{}, false
}

// begin begins the parameters of a subnegotiation.
func (c *Codec) begin(o Option) {
	c.state, c.option, c.params = inParams, o, c.params[:0]
}

// afterIAC takes the octet behind an IAC, which is no second one.
func (c *Codec) afterIAC(o byte) (ev Event, whole bool) {
	c.state = inData
	switch cmd := Command(o); {
	case cmd == CommandSB:
		c.state = beforeSBOpt
	case cmd.IsNegotiation():
		c.state, c.command = beforeOption, cmd
	case cmd != CommandSE:
		return Event{Kind: EventCommand, Command: cmd}, true
	}
	return Event{}, false
}

// End tells what the end of the stream means where it came: nil between two
// events, [io.ErrUnexpectedEOF] inside one, as behind a lone IAC.
func (c *Codec) End() error {
	switch {
	case c.err != nil:
		return c.err
	case c.state == inData || c.state == afterCR:
		return nil
	}
	return io.ErrUnexpectedEOF
}
