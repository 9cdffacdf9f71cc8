package smtp

import (
	"bytes"

	"applayer/internal/ascii"
)

// headCheck looks at the header of a message as it passes, in parts of any size:
// how long it is, and through how many hands the message has gone
// (RFC 5321 §6.3). It looks at each octet once.
type headCheck struct {
	ended  bool
	octets int
	hops   int
	column int // of the line under way, as far as fieldReceived is long and one more
	same   bool
	cr     bool // the line begins with CR
}

// fieldReceived begins the trace field of each hop. Before the colon there may
// be spaces (RFC 5322 §4.5.7), which count no less.
const fieldReceived = "received"

// look takes the next part of the message. Of two limits the one that is passed
// first counts, however the message is cut.
func (h *headCheck) look(b []byte, lim *Limits) error {
	b = b[:min(len(b)-1, lim.MaxHeaderBytes-h.octets)+1]
	for len(b) > 0 && !h.ended {
		n := h.start(b)
		b = b[n:]
		if h.column <= len(fieldReceived) || len(b) == 0 {
			continue
		}
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			h.octets += len(b)
			break
		}
		h.octets += end
		b, h.column = b[end:], 0
	}
	switch {
	case h.hops > lim.MaxHops:
		return &LimitError{Name: "MaxHops", Max: int64(lim.MaxHops), Reply: 554, Enhanced: EnhancedCode{5, 4, 6}}
	case h.octets > lim.MaxHeaderBytes:
		return &LimitError{Name: "MaxHeaderBytes", Max: int64(lim.MaxHeaderBytes), Reply: 552, Enhanced: EnhancedCode{5, 3, 4}}
	}
	return nil
}

// start looks at the first octets of a line and returns how many it took. A line
// that is shorter ends there.
func (h *headCheck) start(b []byte) (n int) {
	for n < len(b) && h.column <= len(fieldReceived) {
		c := b[n]
		n++
		h.octets++
		switch {
		case h.column == 0:
			h.same, h.cr = true, c == '\r'
		case c == '\n' && h.column == 1 && h.cr:
			h.ended = true
			return n
		}
		if c == '\n' {
			h.column = 0
			continue
		}
		h.same = h.same && h.fits(c)
		if h.column++; h.column > len(fieldReceived) && h.same {
			h.hops++
		}
	}
	return n
}

// fits tells whether c stands at the column of a line that tells a hop.
func (h *headCheck) fits(c byte) bool {
	if h.column < len(fieldReceived) {
		return ascii.Lower(c) == fieldReceived[h.column]
	}
	return c == ':' || c == ' ' || c == '\t'
}
