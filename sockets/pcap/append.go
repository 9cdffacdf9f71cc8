package pcap

import (
	"net/netip"
)

// AppendEthernet appends the header of an Ethernet frame.
func AppendEthernet(dst []byte, h Ethernet) ([]byte, error) {
	if h.Tags[0] == 0 && h.Tags[1] != 0 {
		return dst, &ParseError{Offset: 12, What: "VLAN tag without an outer one"}
	}
	b := append(dst, h.Destination[:]...)
	b = append(b, h.Source[:]...)
	tags := 0
	for _, tag := range h.Tags {
		if tag == 0 {
			continue
		}
		if t := EtherType(tag >> 16); t != EtherTypeVLAN && t != EtherTypeQinQ {
			return dst, &ParseError{Offset: 12, What: "VLAN tag"}
		}
		b = be.AppendUint32(b, tag)
		tags++
	}
	if tags < len(h.Tags) && (h.Type == EtherTypeVLAN || h.Type == EtherTypeQinQ) {
		return dst, &ParseError{Offset: 12, What: "EtherType of a tag without its tag"}
	}
	return be.AppendUint16(b, uint16(h.Type)), nil
}

// AppendIPv4 appends an IPv4 header with its checksum. h.Length says how much
// payload the caller appends next.
func AppendIPv4(dst []byte, h IPv4) ([]byte, error) {
	const ref = "RFC 791 §3.1"
	n := 20 + len(h.Options)
	switch {
	case !h.Source.Is4() || !h.Destination.Is4():
		return dst, &ParseError{Offset: 12, What: "IPv4 address", Ref: ref}
	case n > 60 || n%4 != 0:
		return dst, &ParseError{Offset: 20, What: "IPv4 options", Ref: ref, Err: errLength}
	case h.Length != 0 && int(h.Length) < n:
		return dst, &ParseError{Offset: 2, What: "IPv4 total length", Ref: ref, Err: errLength}
	case h.FragmentOffset&^(0x1fff*8) != 0:
		return dst, &ParseError{Offset: 6, What: "IPv4 fragment offset", Ref: ref, Err: errLength}
	}
	fragment := uint16(h.FragmentOffset / 8)
	if h.DontFragment {
		fragment |= 0x4000
	}
	if h.MoreFragments {
		fragment |= 0x2000
	}
	start := len(dst)
	b := append(dst, 0x40|byte(n/4), h.TrafficClass)
	b = be.AppendUint16(b, h.Length)
	b = be.AppendUint16(b, h.ID)
	b = be.AppendUint16(b, fragment)
	b = append(b, h.TTL, byte(h.Protocol), 0, 0)
	b = append(b, h.Source.AsSlice()...)
	b = append(b, h.Destination.AsSlice()...)
	b = append(b, h.Options...)
	be.PutUint16(b[start+10:], ^fold(sum(0, b[start:])))
	return b, nil
}

// AppendIPv6 appends an IPv6 header and its extension headers. h.Length says
// how much the caller appends next, the extension headers counted. Protocol
// and the fields of the Fragment header are not looked at: they are in
// Extensions.
func AppendIPv6(dst []byte, h IPv6) ([]byte, error) {
	const ref = "RFC 8200 §3"
	switch {
	case !h.Source.Is6() || !h.Destination.Is6():
		return dst, &ParseError{Offset: 8, What: "IPv6 address", Ref: ref}
	case h.FlowLabel > 0xfffff:
		return dst, &ParseError{Offset: 1, What: "IPv6 flow label", Ref: ref, Err: ErrTooLong}
	case h.Length != 0 && int(h.Length) < len(h.Extensions):
		return dst, &ParseError{Offset: 4, What: "IPv6 payload length", Ref: ref, Err: errLength}
	}
	_, n, err := extensions(h.NextHeader, h.Extensions)
	if err != nil {
		return dst, at(err, 40)
	}
	if n != len(h.Extensions) {
		return dst, &ParseError{Offset: int64(40 + n), What: "IPv6 extension header", Ref: "RFC 8200 §4", Err: ErrTooLong}
	}
	b := be.AppendUint32(dst, 6<<28|uint32(h.TrafficClass)<<20|h.FlowLabel)
	b = be.AppendUint16(b, h.Length)
	b = append(b, byte(h.NextHeader), h.HopLimit)
	source, destination := h.Source.As16(), h.Destination.As16()
	b = append(b, source[:]...)
	b = append(b, destination[:]...)
	return append(b, h.Extensions...), nil
}

// AppendUDP appends a UDP header with length and checksum, and the payload.
// The checksum covers source and destination too.
func AppendUDP(dst []byte, h UDP, source, destination netip.Addr, payload []byte) ([]byte, error) {
	n := 8 + len(payload)
	if n > 0xffff {
		return dst, &ParseError{Offset: 4, What: "UDP length", Ref: "RFC 768", Err: ErrTooLong}
	}
	start := len(dst)
	b := be.AppendUint16(dst, h.SourcePort)
	b = be.AppendUint16(b, h.DestinationPort)
	b = be.AppendUint16(b, uint16(n))
	b = append(b, 0, 0)
	b = append(b, payload...)
	c := ^fold(pseudo(source, destination, ProtocolUDP, b[start:]))
	if c == 0 {
		c = 0xffff // RFC 768: 0 means that there is none.
	}
	be.PutUint16(b[start+6:], c)
	return b, nil
}

// AppendTCP appends a TCP header with checksum, and the payload. The checksum
// covers source and destination too.
func AppendTCP(dst []byte, h TCP, source, destination netip.Addr, payload []byte) ([]byte, error) {
	n := 20 + len(h.Options)
	if n > 60 || n%4 != 0 {
		return dst, &ParseError{Offset: 20, What: "TCP options", Ref: "RFC 9293 §3.1", Err: errLength}
	}
	start := len(dst)
	b := be.AppendUint16(dst, h.SourcePort)
	b = be.AppendUint16(b, h.DestinationPort)
	b = be.AppendUint32(b, h.Sequence)
	b = be.AppendUint32(b, h.Acknowledgment)
	b = append(b, byte(n/4)<<4, byte(h.Flags))
	b = be.AppendUint16(b, h.Window)
	b = append(b, 0, 0)
	b = be.AppendUint16(b, h.Urgent)
	b = append(b, h.Options...)
	b = append(b, payload...)
	be.PutUint16(b[start+16:], ^fold(pseudo(source, destination, ProtocolTCP, b[start:])))
	return b, nil
}

// pseudo sums the pseudo header of RFC 9293 §3.1 or RFC 8200 §8.1 and b.
func pseudo(source, destination netip.Addr, p Protocol, b []byte) uint64 {
	s := sum(uint64(p)+uint64(len(b)), source.AsSlice())
	return sum(sum(s, destination.AsSlice()), b)
}

// sum adds the 16-bit words of b to s, RFC 1071 §1.
func sum(s uint64, b []byte) uint64 {
	for len(b) >= 2 {
		s += uint64(b[0])<<8 | uint64(b[1])
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// fold brings a sum to the 16 bits of ones' complement.
func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
