package telnet

import (
	"fmt"
	"strings"
)

// Status asks which options are on, or tells it (RFC 859 §5).
type Status struct {
	// Send asks for it.
	Send bool
	// Options are what is on: WILL for what the teller performs, DO for what
	// the other does. SB tells parameters.
	Options []StatusOption
}

// StatusOption is an option as a [Status] tells it.
type StatusOption struct {
	// Command is WILL or DO, and SB where Parameters are told.
	Command Command
	// Option is the option.
	Option Option
	// Parameters are those of SB.
	Parameters []byte
}

func parseStatus(b []byte) (Subnegotiation, error) {
	if len(b) == 1 && b[0] == paramSend {
		return Status{Send: true}, nil
	}
	if len(b) == 0 || b[0] != paramIs {
		return nil, malformed(OptionStatus, 0, "neither IS nor SEND", "RFC 859 §2")
	}
	var s Status
	for n := 1; n < len(b); {
		o := StatusOption{Command: Command(b[n])}
		n++
		value, next, ok := statusOctet(b, n)
		if !ok {
			return nil, malformed(OptionStatus, n, "no option", "RFC 859 §5")
		}
		o.Option, n = Option(value), next
		switch o.Command {
		case CommandWill, CommandDo:
		case CommandSB:
			for {
				value, next, ok := statusOctet(b, n)
				if !ok {
					break
				}
				o.Parameters, n = append(o.Parameters, value), next
			}
			if n == len(b) {
				return nil, malformed(OptionStatus, n, "parameters without SE", "RFC 859 §5")
			}
			n++
		default:
			return nil, malformed(OptionStatus, n-1, "neither WILL nor DO nor SB", "RFC 859 §5")
		}
		s.Options = append(s.Options, o)
	}
	return s, nil
}

// statusOctet takes one octet of data, where SE is doubled. It is not ok at the
// end and at a single SE.
func statusOctet(b []byte, n int) (value byte, next int, ok bool) {
	switch {
	case n == len(b):
		return 0, n, false
	case b[n] != byte(CommandSE):
		return b[n], n + 1, true
	case n+1 < len(b) && b[n+1] == byte(CommandSE):
		return b[n], n + 2, true
	}
	return 0, n, false
}

func appendStatusOctet(dst []byte, o byte) []byte {
	if o == byte(CommandSE) {
		dst = append(dst, o)
	}
	return append(dst, o)
}

// Option returns [OptionStatus].
func (Status) Option() Option { return OptionStatus }

// AppendParameters appends SEND, or IS and the options.
func (s Status) AppendParameters(dst []byte) []byte {
	if s.Send {
		return append(dst, paramSend)
	}
	dst = append(dst, paramIs)
	for _, o := range s.Options {
		dst = appendStatusOctet(append(dst, byte(o.Command)), byte(o.Option))
		if o.Command == CommandSB {
			for _, p := range o.Parameters {
				dst = appendStatusOctet(dst, p)
			}
			dst = append(dst, byte(CommandSE))
		}
	}
	return dst
}

// String returns what is said, as in "IS WILL ECHO DO NAWS".
func (s Status) String() string {
	if s.Send {
		return "SEND"
	}
	var b strings.Builder
	b.WriteString("IS")
	for _, o := range s.Options {
		fmt.Fprintf(&b, " %v %v", o.Command, o.Option)
		if o.Command == CommandSB {
			fmt.Fprintf(&b, " %q", cut(o.Parameters))
		}
	}
	return b.String()
}

// Status returns what is on, as STATUS tells it.
func (n *Negotiator) Status() (s Status) {
	for side, c := range []Command{SideLocal: CommandWill, SideRemote: CommandDo} {
		for o := range 256 {
			if n.states[side][o] == StateYes {
				s.Options = append(s.Options, StatusOption{Command: c, Option: Option(o)})
			}
		}
	}
	return s
}
