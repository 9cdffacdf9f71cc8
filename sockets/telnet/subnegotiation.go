package telnet

import (
	"errors"
	"fmt"
	"strconv"
)

// Subnegotiation is what the parameters of a subnegotiation say: a [Window],
// [TerminalType], [Status], [TerminalSpeed], [FlowControl], [LineMode] or
// [Environ].
type Subnegotiation interface {
	// Option is the option that the parameters belong to.
	Option() Option
	// AppendParameters appends the parameters, without IAC SB and what frames
	// them else. It is for [Codec.Append] to double the IACs.
	AppendParameters(dst []byte) []byte
	// String tells what they say, as a trace shows it. What the peer chose is
	// quoted.
	String() string
}

// ErrUnknownOption is what [ParseSubnegotiation] returns for an option whose
// parameters this package does not know.
var ErrUnknownOption = errors.New("telnet: unknown option")

// The commands that several options have in the first octet of their
// parameters.
const (
	paramIs   = 0
	paramSend = 1
)

// ParseSubnegotiation takes the parameters of a subnegotiation, as
// [Codec.Next] gives them. Its errors are a [*ParseError] that wraps
// [ErrSubnegotiation], and ErrUnknownOption. What it returns is a copy.
func ParseSubnegotiation(o Option, params []byte) (Subnegotiation, error) {
	switch o {
	case OptionNAWS:
		return parseWindow(params)
	case OptionTerminalType:
		return parseTerminalType(params)
	case OptionStatus:
		return parseStatus(params)
	case OptionTerminalSpeed:
		return parseTerminalSpeed(params)
	case OptionFlowControl:
		return parseFlowControl(params)
	case OptionLineMode:
		return parseLineMode(params)
	case OptionNewEnviron:
		return parseEnviron(params)
	}
	return nil, ErrUnknownOption
}

// malformed makes the error of parameters that are wrong at an octet.
func malformed(o Option, at int, what, ref string) error {
	return &ParseError{Offset: int64(at), What: o.String() + ": " + what, Ref: ref, Err: ErrSubnegotiation}
}

// Window is the size of the client's window in characters; 0 is not told.
type Window struct{ Columns, Rows uint16 }

func parseWindow(b []byte) (Subnegotiation, error) {
	if len(b) != 4 {
		return nil, malformed(OptionNAWS, min(len(b), 4), "not four octets", "RFC 1073 §2")
	}
	return Window{Columns: uint16(b[0])<<8 | uint16(b[1]), Rows: uint16(b[2])<<8 | uint16(b[3])}, nil
}

// Option returns [OptionNAWS].
func (Window) Option() Option { return OptionNAWS }

// AppendParameters appends the four octets of RFC 1073 §2.
func (w Window) AppendParameters(dst []byte) []byte {
	return append(dst, byte(w.Columns>>8), byte(w.Columns), byte(w.Rows>>8), byte(w.Rows))
}

// String returns the size as in "80x24".
func (w Window) String() string { return fmt.Sprintf("%dx%d", w.Columns, w.Rows) }

// TerminalType asks for the name of a terminal type, or tells one.
type TerminalType struct {
	// Send asks for the next name.
	Send bool
	// Name is the name told.
	Name string
}

// maxTerminalType is how long a name may be (RFC 1091 §6).
const maxTerminalType = 40

func parseTerminalType(b []byte) (Subnegotiation, error) {
	switch {
	case len(b) == 1 && b[0] == paramSend:
		return TerminalType{Send: true}, nil
	case len(b) == 0 || b[0] != paramIs:
		return nil, malformed(OptionTerminalType, 0, "neither IS nor SEND", "RFC 1091 §2")
	case len(b) > 1+maxTerminalType:
		return nil, malformed(OptionTerminalType, 1+maxTerminalType, "name longer than 40", "RFC 1091 §6")
	}
	for i, c := range b[1:] {
		// Whatever shows such a name would else show what the peer likes.
		if c <= ' ' || c >= 0x7f {
			return nil, malformed(OptionTerminalType, 1+i, "octet that does not print", "RFC 1091 §5")
		}
	}
	return TerminalType{Name: string(b[1:])}, nil
}

// Option returns [OptionTerminalType].
func (TerminalType) Option() Option { return OptionTerminalType }

// AppendParameters appends SEND, or IS and the name.
func (t TerminalType) AppendParameters(dst []byte) []byte {
	if t.Send {
		return append(dst, paramSend)
	}
	return append(append(dst, paramIs), t.Name...)
}

// String returns what is said, as in `IS "VT220"`.
func (t TerminalType) String() string {
	if t.Send {
		return "SEND"
	}
	return "IS " + strconv.Quote(t.Name)
}

// TerminalSpeed asks for the speed of a terminal, or tells it.
type TerminalSpeed struct {
	// Send asks for it.
	Send bool
	// Transmit and Receive are in bits a second.
	Transmit, Receive uint32
}

func parseTerminalSpeed(b []byte) (Subnegotiation, error) {
	if len(b) == 1 && b[0] == paramSend {
		return TerminalSpeed{Send: true}, nil
	}
	if len(b) == 0 || b[0] != paramIs {
		return nil, malformed(OptionTerminalSpeed, 0, "neither IS nor SEND", "RFC 1079 §2")
	}
	transmit, n, ok := speed(b, 1)
	if !ok || n == len(b) || b[n] != ',' {
		return nil, malformed(OptionTerminalSpeed, n, "not two numbers", "RFC 1079 §4")
	}
	receive, n, ok := speed(b, n+1)
	if !ok || n != len(b) {
		return nil, malformed(OptionTerminalSpeed, n, "not two numbers", "RFC 1079 §4")
	}
	return TerminalSpeed{Transmit: transmit, Receive: receive}, nil
}

// speed takes the decimal number at b[n:], which has no leading zero.
func speed(b []byte, n int) (v uint32, next int, ok bool) {
	start, sum := n, uint64(0)
	for ; n < len(b) && b[n] >= '0' && b[n] <= '9'; n++ {
		sum = sum*10 + uint64(b[n]-'0')
		if sum > 1<<32-1 {
			return 0, n, false
		}
	}
	if n == start || b[start] == '0' && n > start+1 {
		return 0, start, false
	}
	return uint32(sum), n, true
}

// Option returns [OptionTerminalSpeed].
func (TerminalSpeed) Option() Option { return OptionTerminalSpeed }

// AppendParameters appends SEND, or IS and the two numbers.
func (t TerminalSpeed) AppendParameters(dst []byte) []byte {
	if t.Send {
		return append(dst, paramSend)
	}
	dst = strconv.AppendUint(append(dst, paramIs), uint64(t.Transmit), 10)
	return strconv.AppendUint(append(dst, ','), uint64(t.Receive), 10)
}

// String returns what is said, as in "IS 9600,1200".
func (t TerminalSpeed) String() string {
	if t.Send {
		return "SEND"
	}
	return fmt.Sprintf("IS %d,%d", t.Transmit, t.Receive)
}

// FlowControl tells a terminal when to stop and go.
type FlowControl uint8

// The words of RFC 1372 §2.
const (
	FlowOff FlowControl = iota
	FlowOn
	FlowRestartAny
	FlowRestartXON
)

func parseFlowControl(b []byte) (Subnegotiation, error) {
	if len(b) != 1 || b[0] > byte(FlowRestartXON) {
		return nil, malformed(OptionFlowControl, 0, "not one of four words", "RFC 1372 §2")
	}
	return FlowControl(b[0]), nil
}

// Option returns [OptionFlowControl].
func (FlowControl) Option() Option { return OptionFlowControl }

// AppendParameters appends the word.
func (f FlowControl) AppendParameters(dst []byte) []byte { return append(dst, byte(f)) }

// String returns the word as RFC 1372 writes it.
func (f FlowControl) String() string {
	return [...]string{"OFF", "ON", "RESTART-ANY", "RESTART-XON"}[f&3]
}
