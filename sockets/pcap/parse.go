package pcap

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
)

var be = binary.BigEndian

// errLength is the cause where a header's own length cannot be.
var errLength = errors.New("impossible length")

// short tells that what ends after n octets.
func short(n int, what, ref string) error {
	return &ParseError{Offset: int64(n), What: what, Ref: ref, Err: io.ErrUnexpectedEOF}
}

// ParseEthernet takes the header of an Ethernet frame, with up to two VLAN
// tags, from the front of b; n octets were used and b[n:] is the payload.
func ParseEthernet(b []byte) (h Ethernet, n int, err error) {
	const what = "Ethernet header"
	if len(b) < 14 {
		return Ethernet{}, 0, short(len(b), what, "")
	}
	h.Destination, h.Source = [6]byte(b), [6]byte(b[6:])
	n = 12
	for i := range h.Tags {
		if t := EtherType(be.Uint16(b[n:])); t != EtherTypeVLAN && t != EtherTypeQinQ {
			break
		}
		if len(b) < n+6 {
			return Ethernet{}, 0, short(len(b), what, "")
		}
		h.Tags[i] = be.Uint32(b[n:])
		n += 4
	}
	h.Type = EtherType(be.Uint16(b[n:]))
	return h, n + 2, nil
}

// ParseIPv4 takes an IPv4 header from the front of b; n octets were used and
// b[n:] is the payload, with whatever padding the link put after it. The
// payload may be cut; its checksum and the header's are not looked at.
func ParseIPv4(b []byte) (h IPv4, n int, err error) {
	const what, ref = "IPv4 header", "RFC 791 §3.1"
	if len(b) < 20 {
		return IPv4{}, 0, short(len(b), what, ref)
	}
	if b[0]>>4 != 4 {
		return IPv4{}, 0, &ParseError{What: "IPv4 version", Ref: ref}
	}
	n = int(b[0]&15) * 4
	if n < 20 {
		return IPv4{}, 0, &ParseError{What: "IPv4 header length", Ref: ref, Err: errLength}
	}
	if len(b) < n {
		return IPv4{}, 0, short(len(b), what, ref)
	}
	fragment := be.Uint16(b[6:])
	h = IPv4{
		TrafficClass:   b[1],
		Length:         be.Uint16(b[2:]),
		ID:             be.Uint16(b[4:]),
		DontFragment:   fragment&0x4000 != 0,
		MoreFragments:  fragment&0x2000 != 0,
		FragmentOffset: int(fragment&0x1fff) * 8,
		TTL:            b[8],
		Protocol:       Protocol(b[9]),
		Checksum:       be.Uint16(b[10:]),
		Source:         netip.AddrFrom4([4]byte(b[12:])),
		Destination:    netip.AddrFrom4([4]byte(b[16:])),
	}
	if n > 20 {
		h.Options = b[20:n:n]
	}
	if h.Length != 0 && int(h.Length) < n {
		return IPv4{}, 0, &ParseError{Offset: 2, What: "IPv4 total length", Ref: ref, Err: errLength}
	}
	return h, n, nil
}

// ParseIPv6 takes an IPv6 header and its extension headers from the front of
// b; n octets were used and b[n:] is the payload, with whatever padding the
// link put after it. It stops after a Fragment header: what follows is a
// piece of a packet.
func ParseIPv6(b []byte) (h IPv6, n int, err error) {
	const what, ref = "IPv6 header", "RFC 8200 §3"
	if len(b) < 40 {
		return IPv6{}, 0, short(len(b), what, ref)
	}
	if b[0]>>4 != 6 {
		return IPv6{}, 0, &ParseError{What: "IPv6 version", Ref: ref}
	}
	word := be.Uint32(b)
	h = IPv6{
		TrafficClass: uint8(word >> 20),
		FlowLabel:    word & 0xfffff,
		Length:       be.Uint16(b[4:]),
		NextHeader:   Protocol(b[6]),
		HopLimit:     b[7],
		Source:       netip.AddrFrom16([16]byte(b[8:])),
		Destination:  netip.AddrFrom16([16]byte(b[24:])),
	}
	rest := b[40:]
	if h.Length != 0 && int(h.Length) < len(rest) {
		rest = rest[:h.Length]
	}
	h.Protocol, n, err = extensions(h.NextHeader, rest)
	if err != nil {
		return IPv6{}, 0, at(err, 40)
	}
	if n > 0 {
		h.Extensions = rest[:n:n]
	}
	if last := n - 8; n >= 8 && h.endsInFragment() {
		h.Fragment = true
		field := be.Uint16(rest[last+2:])
		h.FragmentOffset = int(field &^ 7)
		h.MoreFragments = field&1 != 0
		h.FragmentID = be.Uint32(rest[last+4:])
	}
	return h, 40 + n, nil
}

// endsInFragment tells whether the last extension header is a Fragment header.
func (h *IPv6) endsInFragment() bool {
	next, b := h.NextHeader, h.Extensions
	for len(b) > 0 {
		if next == ProtocolFragment {
			return true
		}
		n := extensionLength(next, b[1])
		next, b = Protocol(b[0]), b[n:]
	}
	return false
}

// extensions walks the extension headers of RFC 8200 §4 at the front of b, of
// which next is the first; n octets lie before the header that protocol names.
func extensions(next Protocol, b []byte) (protocol Protocol, n int, err error) {
	for {
		size := 8
		if extensionLength(next, 0) == 0 {
			return next, n, nil
		}
		if len(b)-n >= 2 {
			size = extensionLength(next, b[n+1])
		}
		if len(b)-n < size {
			return 0, 0, short(len(b), "IPv6 extension header", "RFC 8200 §4")
		}
		fragment := next == ProtocolFragment
		next = Protocol(b[n])
		n += size
		if fragment {
			return next, n, nil
		}
	}
}

// extensionLength gives the octets of an extension header whose length field
// holds l, and 0 for what is none.
func extensionLength(p Protocol, l byte) int {
	switch p {
	case ProtocolHopByHop, ProtocolRouting, ProtocolDestination, ProtocolMobility, ProtocolHIP, ProtocolShim6:
		return (int(l) + 1) * 8
	case ProtocolFragment:
		return 8 // RFC 8200 §4.5: the field is reserved.
	case ProtocolAH:
		return (int(l) + 2) * 4 // RFC 4302 §2.2
	}
	return 0
}

// ParseUDP takes a UDP header from the front of b; n octets were used and
// b[n:] is the payload, which may be cut.
func ParseUDP(b []byte) (h UDP, n int, err error) {
	const ref = "RFC 768"
	if len(b) < 8 {
		return UDP{}, 0, short(len(b), "UDP header", ref)
	}
	h = UDP{
		SourcePort:      be.Uint16(b),
		DestinationPort: be.Uint16(b[2:]),
		Length:          be.Uint16(b[4:]),
		Checksum:        be.Uint16(b[6:]),
	}
	if h.Length != 0 && h.Length < 8 {
		return UDP{}, 0, &ParseError{Offset: 4, What: "UDP length", Ref: ref, Err: errLength}
	}
	return h, 8, nil
}

// ParseTCP takes a TCP header from the front of b; n octets were used and
// b[n:] is the payload, which may be cut.
func ParseTCP(b []byte) (h TCP, n int, err error) {
	const what, ref = "TCP header", "RFC 9293 §3.1"
	if len(b) < 20 {
		return TCP{}, 0, short(len(b), what, ref)
	}
	n = int(b[12]>>4) * 4
	if n < 20 {
		return TCP{}, 0, &ParseError{Offset: 12, What: "TCP data offset", Ref: ref, Err: errLength}
	}
	if len(b) < n {
		return TCP{}, 0, short(len(b), what, ref)
	}
	h = TCP{
		SourcePort:      be.Uint16(b),
		DestinationPort: be.Uint16(b[2:]),
		Sequence:        be.Uint32(b[4:]),
		Acknowledgment:  be.Uint32(b[8:]),
		Flags:           TCPFlags(b[13]),
		Window:          be.Uint16(b[14:]),
		Checksum:        be.Uint16(b[16:]),
		Urgent:          be.Uint16(b[18:]),
	}
	if n > 20 {
		h.Options = b[20:n:n]
	}
	return h, n, nil
}

// at moves a ParseError's offset by n octets.
func at(err error, n int) error {
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.Offset += int64(n)
	}
	return err
}
