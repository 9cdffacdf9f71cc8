package pcap

import (
	"fmt"
	"time"
)

// Packet is one captured packet.
type Packet struct {
	// Time is when it was captured, in UTC. It is zero in a pcapng simple
	// packet block, which has no time.
	Time time.Time
	// LinkType says with which header Data begins.
	LinkType LinkType
	// Interface counts the interfaces of a pcapng section from 0; it is 0 in
	// a classic capture.
	Interface int
	// Length is the packet's length on the wire. It is more than len(Data)
	// when the snap length cut it.
	Length int
	// Data holds the captured octets. [Reader.Read] overwrites them.
	Data []byte
}

// LinkType says which header a captured packet begins with; the numbers are
// those of the LINKTYPE_ registry that pcap and pcapng share.
type LinkType uint16

// The link types that this package decodes.
const (
	// LinkTypeNull is BSD loopback: four octets, then an IP packet.
	LinkTypeNull LinkType = 0
	// LinkTypeEthernet is what Linux gives for lo and for wired interfaces.
	LinkTypeEthernet LinkType = 1
	// LinkTypeRaw is an IPv4 or IPv6 packet with nothing before it.
	LinkTypeRaw LinkType = 101
	// LinkTypeLinuxSLL is what "tcpdump -i any" gave until libpcap 1.10.
	LinkTypeLinuxSLL LinkType = 113
	// LinkTypeIPv4 is an IPv4 packet with nothing before it.
	LinkTypeIPv4 LinkType = 228
	// LinkTypeIPv6 is an IPv6 packet with nothing before it.
	LinkTypeIPv6 LinkType = 229
	// LinkTypeLinuxSLL2 is what "tcpdump -i any" gives since libpcap 1.10.
	LinkTypeLinuxSLL2 LinkType = 276
)

var linkTypeNames = map[LinkType]string{
	LinkTypeNull:      "NULL",
	LinkTypeEthernet:  "ETHERNET",
	LinkTypeRaw:       "RAW",
	LinkTypeLinuxSLL:  "LINUX_SLL",
	LinkTypeIPv4:      "IPV4",
	LinkTypeIPv6:      "IPV6",
	LinkTypeLinuxSLL2: "LINUX_SLL2",
}

// String gives the name in the registry, without LINKTYPE_.
func (t LinkType) String() string {
	if s, ok := linkTypeNames[t]; ok {
		return s
	}
	return fmt.Sprintf("LinkType(%d)", uint16(t))
}

// EtherType says what an Ethernet frame carries.
type EtherType uint16

// The EtherTypes that this package looks into.
const (
	EtherTypeIPv4 EtherType = 0x0800
	EtherTypeIPv6 EtherType = 0x86dd
	// EtherTypeVLAN and EtherTypeQinQ open the tags of IEEE 802.1Q.
	EtherTypeVLAN EtherType = 0x8100
	EtherTypeQinQ EtherType = 0x88a8
)

// Protocol is the number of an IP protocol or of an IPv6 extension header.
type Protocol uint8

// The protocols and extension headers that this package tells apart.
const (
	ProtocolHopByHop    Protocol = 0
	ProtocolTCP         Protocol = 6
	ProtocolUDP         Protocol = 17
	ProtocolRouting     Protocol = 43
	ProtocolFragment    Protocol = 44
	ProtocolAH          Protocol = 51
	ProtocolDestination Protocol = 60
	ProtocolMobility    Protocol = 135
	ProtocolHIP         Protocol = 139
	ProtocolShim6       Protocol = 140
)

// TCPFlags are the control bits of a TCP header, RFC 9293 §3.1.
type TCPFlags uint8

// The control bits, from the least significant on.
const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// String gives the letters that tcpdump prints: "S.", "P.", "F.", "R".
func (f TCPFlags) String() string {
	const letters = "FSRP.UEW"
	var b []byte
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 7, 4} {
		if f&(1<<i) != 0 {
			b = append(b, letters[i])
		}
	}
	return string(b)
}
