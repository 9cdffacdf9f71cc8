package pcap

import "net/netip"

// Ethernet is the header of an Ethernet frame.
type Ethernet struct {
	Destination, Source [6]byte
	// Tags holds at most two VLAN tags, outer first, each as the 32 bits of
	// IEEE 802.1Q: the tag's EtherType, then priority and VLAN; 0 is none.
	Tags [2]uint32
	// Type is the EtherType after the tags.
	Type EtherType
}

// IPv4 is the header of RFC 791 §3.1.
type IPv4 struct {
	// TrafficClass is the octet that RFC 791 calls type of service and
	// RFC 2474 §3 the DS field.
	TrafficClass uint8
	// Length counts header and payload. 0 stands in captures of a sender that
	// leaves segmentation to its interface: the packet is as long as the
	// frame.
	Length        uint16
	ID            uint16
	DontFragment  bool
	MoreFragments bool
	// FragmentOffset counts octets; it is a multiple of 8.
	FragmentOffset int
	TTL            uint8
	Protocol       Protocol
	// Checksum is what the packet carries; [AppendIPv4] computes its own.
	Checksum            uint16
	Source, Destination netip.Addr
	// Options are the octets between the fixed header and the payload. After
	// a parse they are part of its input.
	Options []byte
}

// IPv6 is the header of RFC 8200 §3 with the extension headers of §4.
type IPv6 struct {
	TrafficClass uint8
	FlowLabel    uint32
	// Length counts extension headers and payload. 0 means as for [IPv4].
	Length uint16
	// NextHeader is the field of the fixed header.
	NextHeader          Protocol
	HopLimit            uint8
	Source, Destination netip.Addr
	// Extensions are the extension headers up to the payload, or up to and
	// with the Fragment header. After a parse they are part of its input.
	Extensions []byte
	// Protocol is what follows the extension headers. [AppendIPv6] takes it
	// from NextHeader and Extensions.
	Protocol Protocol
	// Fragment tells of a Fragment header, which the next three fields hold.
	Fragment       bool
	FragmentID     uint32
	FragmentOffset int
	MoreFragments  bool
}

// UDP is the header of RFC 768.
type UDP struct {
	SourcePort, DestinationPort uint16
	// Length counts header and payload; 0 means as for [IPv4]. [AppendUDP]
	// computes its own.
	Length uint16
	// Checksum is what the packet carries: often only a part of it, where the
	// interface computes the rest. [AppendUDP] computes its own.
	Checksum uint16
}

// TCP is the header of RFC 9293 §3.1.
type TCP struct {
	SourcePort, DestinationPort uint16
	Sequence, Acknowledgment    uint32
	Flags                       TCPFlags
	Window                      uint16
	// Checksum is as for [UDP].
	Checksum uint16
	Urgent   uint16
	// Options are the octets after the fixed header, padding included. After
	// a parse they are part of its input.
	Options []byte
}
