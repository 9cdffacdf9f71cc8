package telnet

import "slices"

// AppendData appends data as it goes over the wire: IAC doubled, and a NUL
// behind a CR that no LF follows. How data is cut makes no difference: whether
// a CR at the end needs a NUL is seen by what comes next, and
// [Codec.AppendFlush] says that nothing does.
func (c *Codec) AppendData(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	if c.owesNUL && data[0] != '\n' {
		dst = append(dst, 0)
	}
	c.owesNUL = false
	from := 0
	for i, o := range data {
		switch {
		case o == IAC:
			dst = append(dst, data[from:i+1]...)
			from = i // once more
		case o == '\r' && !c.BinaryOut:
			if i+1 == len(data) {
				c.owesNUL = true
			} else if data[i+1] != '\n' {
				dst = append(dst, data[from:i+1]...)
				dst = append(dst, 0)
				from = i + 1
			}
		}
	}
	return append(dst, data[from:]...)
}

// AppendFlush appends the NUL that a CR at the end of the data needs if no LF
// is to follow it. Whoever sends a CR and waits, as for the Return key, calls
// it: some receivers wait for the octet behind a CR.
func (c *Codec) AppendFlush(dst []byte) []byte {
	if c.owesNUL {
		c.owesNUL = false
		dst = append(dst, 0)
	}
	return dst
}

// Append appends an event as it goes over the wire. It refuses, with
// [ErrEvent], what Next could not give back: a command that is a negotiation,
// part of a subnegotiation or data, and a negotiation that is none of the four.
func (c *Codec) Append(dst []byte, ev Event) ([]byte, error) {
	switch {
	case ev.Kind == EventData:
		return c.AppendData(dst, ev.Data), nil
	case ev.Kind == EventCommand && ev.Command.isPlain():
		return append(c.AppendFlush(dst), IAC, byte(ev.Command)), nil
	case ev.Kind == EventNegotiation && ev.Command.IsNegotiation():
		return append(c.AppendFlush(dst), IAC, byte(ev.Command), byte(ev.Option)), nil
	case ev.Kind == EventSubnegotiation:
		return c.appendSubnegotiation(dst, ev.Option, ev.Data), nil
	}
	return dst, ErrEvent
}

func (c *Codec) appendSubnegotiation(dst []byte, o Option, params []byte) []byte {
	dst = append(c.AppendFlush(dst), IAC, byte(CommandSB), byte(o))
	if o == IAC {
		dst = append(dst, IAC)
	}
	dst = slices.Grow(dst, len(params)+2)
	for _, p := range params {
		if p == IAC {
			dst = append(dst, IAC)
		}
		dst = append(dst, p)
	}
	return append(dst, IAC, byte(CommandSE))
}
