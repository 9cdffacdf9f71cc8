package ftp

import "applayer/sockets/telnet"

// telnetEnd is a control connection's end of the Telnet protocol
// (RFC 959 §2.3): it knows no options, and says so whenever it is asked.
type telnetEnd struct {
	codec   telnet.Codec
	answers []byte // not yet given to the writer
	signal  func(telnet.Command)
}

// filter leaves the data in front of b, which came next, and tells how many
// octets they are. Servers must take what Telnet peers send, and refuse what
// they do not know (RFC 1123 §4.1.2.12).
func (e *telnetEnd) filter(b []byte) (kept int, err error) {
	for from := 0; ; {
		ev, n, err := e.codec.Next(b[from:])
		switch {
		case err == telnet.ErrIncomplete:
			return kept, nil
		case err != nil:
			return kept, err
		}
		from += n
		switch ev.Kind {
		case telnet.EventData:
			kept += copy(b[kept:], ev.Data)
		case telnet.EventNegotiation:
			e.refuse(ev)
		case telnet.EventCommand:
			if e.signal != nil {
				e.signal(ev.Command)
			}
		}
	}
}

// refuse answers WILL by DONT and DO by WONT. That something is off already
// needs no answer (RFC 854, "the symmetry of the negotiation syntax").
func (e *telnetEnd) refuse(ev telnet.Event) {
	switch ev.Command {
	case telnet.CommandWill:
		e.answers = append(e.answers, telnet.IAC, byte(telnet.CommandDont), byte(ev.Option))
	case telnet.CommandDo:
		e.answers = append(e.answers, telnet.IAC, byte(telnet.CommandWont), byte(ev.Option))
	}
}
