package pcap

import (
	"io"
	"net/netip"
)

// Layers holds the headers of one packet. Its zero value is ready for
// [Layers.Decode], which may be called again and again without allocating.
type Layers struct {
	// Ethernet is zero where the link type has no such header.
	Ethernet Ethernet
	// IPv4 and IPv6: the one that the packet has not has no valid Source.
	IPv4 IPv4
	IPv6 IPv6
	// Protocol is the protocol above IP.
	Protocol Protocol
	// UDP and TCP: Protocol says which one holds.
	UDP UDP
	TCP TCP
	// Fragment tells that the packet is a piece of an IP datagram, whose
	// Payload begins with no header; see [Assembler].
	Fragment bool
	// Source and Destination have port 0 for fragments and for protocols
	// other than TCP and UDP.
	Source, Destination netip.AddrPort
	// Payload is what follows the last header that was decoded. It is a part
	// of the packet's octets.
	Payload []byte
	// Length is the payload's length on the wire, more than len(Payload)
	// where the snap length cut it.
	Length int
}

// Decode takes the headers of a packet. A packet without IP is [ErrNoIP],
// wrapped in a [*ParseError]; other protocols than TCP and UDP are no error.
func (l *Layers) Decode(link LinkType, b []byte) error {
	*l = Layers{}
	n, err := l.link(link, b)
	if err != nil {
		return err
	}
	b = b[n:]
	if len(b) == 0 {
		return at(short(0, "IP version", "RFC 791 §3.1"), n)
	}
	var used int
	switch b[0] >> 4 {
	case 4:
		used, err = l.ipv4(b)
	case 6:
		used, err = l.ipv6(b)
	default:
		err = &ParseError{What: "IP version", Ref: "RFC 791 §3.1", Err: ErrNoIP}
	}
	if err != nil || l.Fragment {
		return at(err, n)
	}
	return at(l.transport(), n+used)
}

// link takes the link layer's header of n octets.
func (l *Layers) link(link LinkType, b []byte) (n int, err error) {
	var kind EtherType
	switch link {
	case LinkTypeRaw, LinkTypeIPv4, LinkTypeIPv6:
		return 0, nil
	case LinkTypeNull:
		// The family stands in the byte order of the machine that captured,
		// and IPv6 has a number of its own on each BSD: the IP version says
		// the same.
		if len(b) < 4 {
			return 0, short(len(b), "NULL header", "")
		}
		return 4, nil
	case LinkTypeEthernet:
		if l.Ethernet, n, err = ParseEthernet(b); err != nil {
			return 0, err
		}
		kind = l.Ethernet.Type
	case LinkTypeLinuxSLL:
		if len(b) < 16 {
			return 0, short(len(b), "LINUX_SLL header", "")
		}
		n, kind = 16, EtherType(be.Uint16(b[14:]))
	case LinkTypeLinuxSLL2:
		if len(b) < 20 {
			return 0, short(len(b), "LINUX_SLL2 header", "")
		}
		n, kind = 20, EtherType(be.Uint16(b))
	default:
		return 0, &ParseError{What: link.String(), Err: ErrNoIP}
	}
	if kind != EtherTypeIPv4 && kind != EtherTypeIPv6 {
		return 0, &ParseError{Offset: int64(n), What: "EtherType", Err: ErrNoIP}
	}
	return n, nil
}

// ipv4 takes the IPv4 header of n octets.
func (l *Layers) ipv4(b []byte) (n int, err error) {
	h, n, err := ParseIPv4(b)
	if err != nil {
		return 0, err
	}
	l.IPv4, l.Protocol = h, h.Protocol
	l.Source, l.Destination = netip.AddrPortFrom(h.Source, 0), netip.AddrPortFrom(h.Destination, 0)
	l.Fragment = h.MoreFragments || h.FragmentOffset > 0
	l.payload(b, n, int(h.Length))
	return n, nil
}

// ipv6 takes the IPv6 header and its extension headers, n octets.
func (l *Layers) ipv6(b []byte) (n int, err error) {
	h, n, err := ParseIPv6(b)
	if err != nil {
		return 0, err
	}
	l.IPv6, l.Protocol = h, h.Protocol
	l.Source, l.Destination = netip.AddrPortFrom(h.Source, 0), netip.AddrPortFrom(h.Destination, 0)
	// An atomic fragment (RFC 6946 §4) is whole although it has the header.
	l.Fragment = h.MoreFragments || h.FragmentOffset > 0
	length := 0
	if h.Length != 0 {
		length = 40 + int(h.Length)
	}
	l.payload(b, n, length)
	if h.Fragment && !l.Fragment {
		return n, l.extended()
	}
	return n, nil
}

// payload keeps what follows n octets of header; length counts the header and
// is 0 where the packet ends with the frame.
func (l *Layers) payload(b []byte, n, length int) {
	if length == 0 {
		length = len(b)
	}
	l.Length = length - n
	l.Payload = b[n:min(length, len(b))]
}

// extended takes the extension headers that follow a Fragment header.
func (l *Layers) extended() error {
	p, n, err := extensions(l.Protocol, l.Payload)
	if err != nil {
		return err
	}
	l.Protocol = p
	l.drop(n)
	return nil
}

// drop moves n octets of header out of the payload.
func (l *Layers) drop(n int) {
	l.Payload = l.Payload[n:]
	l.Length -= n
}

// transport takes the UDP or TCP header at the front of the payload.
func (l *Layers) transport() error {
	var n int
	var err error
	switch l.Protocol {
	case ProtocolUDP:
		if l.UDP, n, err = ParseUDP(l.Payload); err != nil {
			return err
		}
		if size := int(l.UDP.Length); size != 0 {
			if size > l.Length {
				return &ParseError{Offset: 4, What: "UDP length", Ref: "RFC 768", Err: io.ErrUnexpectedEOF}
			}
			l.Length = size
			l.Payload = l.Payload[:min(size, len(l.Payload))]
		}
		l.ports(l.UDP.SourcePort, l.UDP.DestinationPort)
	case ProtocolTCP:
		if l.TCP, n, err = ParseTCP(l.Payload); err != nil {
			return err
		}
		l.ports(l.TCP.SourcePort, l.TCP.DestinationPort)
	}
	l.drop(n)
	return nil
}

func (l *Layers) ports(source, destination uint16) {
	l.Source = netip.AddrPortFrom(l.Source.Addr(), source)
	l.Destination = netip.AddrPortFrom(l.Destination.Addr(), destination)
}
