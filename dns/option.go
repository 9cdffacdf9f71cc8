package dns

import (
	"encoding/binary"
	"time"
)

// NSID returns what the server calls itself (RFC 5001 §2.3); false where the
// option is not there. In a query it is empty.
func (e *EDNS) NSID() (id []byte, ok bool) { return e.Option(OptionNSID) }

// SetNSID sets the NSID option: empty in a query, to ask for the server's.
func (e *EDNS) SetNSID(id []byte) { e.SetOption(OptionNSID, id) }

// keepaliveUnit is that of the timeout in the option (RFC 7828 §3.1).
const keepaliveUnit = 100 * time.Millisecond

// Keepalive returns for how long the server lets a connection be idle
// (RFC 7828 §3.1); false where the option is not there or says no time, as in a
// query. Over UDP it means nothing (RFC 7828 §3.2.2).
func (e *EDNS) Keepalive() (d time.Duration, ok bool) {
	b, _ := e.Option(OptionKeepalive)
	if len(b) != 2 {
		return 0, false
	}
	return time.Duration(binary.BigEndian.Uint16(b)) * keepaliveUnit, true
}

// RequestKeepalive asks the server for how long it lets a connection be idle:
// the option in a query, without a time (RFC 7828 §3.2.1).
func (e *EDNS) RequestKeepalive() { e.SetOption(OptionKeepalive, nil) }

// SetKeepalive says, in a response, for how long the connection may be idle, in
// steps of 100 ms up to 6553.5 s.
func (e *EDNS) SetKeepalive(d time.Duration) {
	units := min(max(d/keepaliveUnit, 0), 1<<16-1)
	e.SetOption(OptionKeepalive, binary.BigEndian.AppendUint16(nil, uint16(units)))
}

// The block lengths to which messages are padded (RFC 8467 §4.1).
const (
	QueryPadding    = 128
	ResponsePadding = 468
)

// Padding returns how many octets the Padding option has (RFC 7830 §3); false
// where it is not there.
func (e *EDNS) Padding() (n int, ok bool) {
	b, ok := e.Option(OptionPadding)
	return len(b), ok
}

// SetPadding sets the Padding option to so many octets, all 0.
func (e *EDNS) SetPadding(n int) { e.SetOption(OptionPadding, make([]byte, n)) }

// PaddingFor returns how many octets the Padding option of a message needs that
// has so many octets without it, so that with it, its head of four octets
// included, the message fills blocks whole (RFC 8467 §4.1). It does not go
// beyond [MaxMessage].
func PaddingFor(octets, block int) int {
	const head = 4
	if octets += head; block < 1 || octets > MaxMessage {
		return 0
	}
	return min((octets+block-1)/block*block, MaxMessage) - octets
}

// AppendPaddedMessage is [AppendMessage] with a Padding option that fills
// blocks whole: for encrypted transports alone, where it hides the length of
// what is said (RFC 7830 §3, RFC 8467 §4.1). A message without EDNS is not
// padded.
func AppendPaddedMessage(dst []byte, m *Message, block int) ([]byte, error) {
	if m.EDNS == nil {
		return AppendMessage(dst, m)
	}
	start := len(dst)
	edns := *m.EDNS
	edns.Options = append([]Option(nil), edns.Options...)
	edns.RemoveOption(OptionPadding)
	padded := *m
	padded.EDNS = &edns
	dst, err := AppendMessage(dst, &padded)
	if err != nil {
		return dst, err
	}
	n := PaddingFor(len(dst)-start, block)
	if len(dst)-start+4+n > MaxMessage {
		return dst, nil
	}
	edns.SetPadding(n)
	return AppendMessage(dst[:start], &padded)
}
