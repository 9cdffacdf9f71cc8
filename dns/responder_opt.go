package dns

import (
	"encoding/binary"
	"time"
)

const (
	optFixed   = 11 // an OPT record without options
	optionHead = 4
)

// optRoom is how much of the message the OPT record takes, but for what is left
// out where it does not fit.
func (w *Responder) optRoom() int {
	q, s := &w.x.query, w.x.server
	n := optFixed
	if q.hasCookie {
		n += optionHead + cookieOption
	}
	for _, o := range q.edns.Options {
		switch o.Code {
		case OptionSubnet:
			n += optionHead + len(o.Data)
		case OptionKeepalive:
			n += optionHead + 2
		case OptionNSID:
			n += optionHead + len(s.NSID)
		}
	}
	// So many options as to leave nothing get less than they ask for.
	return min(n, max(w.b.Left()-MinUDPSize/4, optFixed))
}

// appendOPT appends the OPT record (RFC 6891 §6.1.2), with an option for each
// that the request has and the server answers.
func (w *Responder) appendOPT() {
	b, q := &w.b, &w.x.query
	e := EDNS{UDPSize: w.x.server.udpSize(), DNSSECOK: q.edns.DNSSECOK}
	b.buf = append(b.buf, 0)
	b.buf = appendFixed(b.buf, TypeOPT, e.UDPSize, e.ttl(b.Header.RCode), 0)
	at := len(b.buf)
	w.appendCookie()
	var nsid, subnet, keepalive, padding bool
	for _, o := range q.edns.Options {
		switch {
		case o.Code == OptionNSID && !nsid:
			nsid = true
			w.appendNSID()
		case o.Code == OptionSubnet && !subnet:
			subnet = true
			w.appendSubnet(o.Data)
		case o.Code == OptionKeepalive && !keepalive:
			keepalive = true
			w.appendKeepalive()
		case o.Code == OptionPadding:
			padding = true
		}
	}
	for _, e := range w.ede {
		if !w.appendEDE(e) {
			w.appendEDE(ExtendedError{Code: e.Code})
		}
	}
	if padding && q.origin.Transport == TransportTLS {
		w.appendPadding()
	}
	binary.BigEndian.PutUint16(b.buf[at-2:], uint16(len(b.buf)-at))
	b.counts[3]++
}

// startOption appends the head of an option of n octets, if there is room.
func (w *Responder) startOption(code OptionCode, n int) bool {
	if len(w.b.buf)+optionHead+n > w.b.limit {
		return false
	}
	w.b.buf = binary.BigEndian.AppendUint16(w.b.buf, uint16(code))
	w.b.buf = binary.BigEndian.AppendUint16(w.b.buf, uint16(n))
	return true
}

// appendNSID says which server this is (RFC 5001 §2.2).
func (w *Responder) appendNSID() {
	id := w.x.server.NSID
	if id != "" && w.startOption(OptionNSID, len(id)) {
		w.b.buf = append(w.b.buf, id...)
	}
}

// appendSubnet repeats the client subnet of the request, with the scope that
// the handler gave; without one it knows nothing of them (RFC 7871 §7.2.1).
func (w *Responder) appendSubnet(data []byte) {
	if w.scope < 0 || !w.startOption(OptionSubnet, len(data)) {
		return
	}
	bits := 128
	if data[1] == familyIPv4 {
		bits = 32
	}
	w.b.buf = append(w.b.buf, data...)
	w.b.buf[len(w.b.buf)-len(data)+3] = uint8(min(w.scope, bits))
}

// appendKeepalive says how long the connection may be idle (RFC 7828 §3.3.2).
func (w *Responder) appendKeepalive() {
	if w.x.query.origin.Transport == TransportUDP {
		return
	}
	if idle := w.x.server.idleTimeout(); idle > 0 && w.startOption(OptionKeepalive, 2) {
		w.b.buf = binary.BigEndian.AppendUint16(w.b.buf, keepaliveUnits(idle))
	}
}

// keepaliveUnits is a time as the option has it.
func keepaliveUnits(d time.Duration) uint16 {
	return uint16(min(max(d/keepaliveUnit, 0), 1<<16-1))
}

func (w *Responder) appendEDE(e ExtendedError) bool {
	if !w.startOption(OptionEDE, 2+len(e.Text)) {
		return false
	}
	w.b.buf = AppendExtendedError(w.b.buf, e)
	return true
}

// appendPadding hides how long the answer is (RFC 8467 §4.1).
func (w *Responder) appendPadding() {
	if n := PaddingFor(w.b.Len(), ResponsePadding); w.startOption(OptionPadding, n) {
		w.b.buf = append(w.b.buf, make([]byte, n)...)
	}
}
