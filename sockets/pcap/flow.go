package pcap

import (
	"container/list"
	"net/netip"
	"time"
)

// Segment is what one TCP segment or UDP datagram brought, or a mark where
// the capture lacks octets.
type Segment struct {
	Time time.Time
	// FromClient tells the direction.
	FromClient bool
	// Offset counts the octets of this direction's stream before this
	// segment, those missing among them.
	Offset int64
	// Data holds the octets; for a gap there are none.
	Data []byte
	// Gap counts octets that are missing here; 0 where Data is.
	Gap int64
}

// Flow is a TCP connection or an exchange of UDP datagrams between two ports.
type Flow struct {
	// Network is "tcp" or "udp".
	Network string
	// Client is the side that sent the SYN, or the first datagram. Where the
	// capture of a connection has no SYN, the side with the higher port is
	// taken for it: servers listen on low ports (RFC 6335 §6).
	Client, Server netip.AddrPort
	// Start and End are the times of the first and the last packet.
	Start, End time.Time
	// MidStream tells that a direction's SYN is missing, so that octets
	// before the first may be missing too.
	MidStream bool
	// Reset tells that a RST ended the connection.
	Reset bool
	// Closed tells that both directions ended with a FIN.
	Closed bool

	key    flowKey
	sides  [2]side // those of key.a and key.b
	client int     // which side is the client; -1 while unknown
	number int     // flows are numbered as they begin
	done   bool    // nothing more is taken
	elem   *list.Element
}

// flowKey is the same for both directions.
type flowKey struct {
	protocol Protocol
	a, b     netip.AddrPort
}

// keyOf gives the key, and which side sent the packet.
func keyOf(l *Layers) (k flowKey, from int) {
	if l.Source.Compare(l.Destination) <= 0 {
		return flowKey{l.Protocol, l.Source, l.Destination}, 0
	}
	return flowKey{l.Protocol, l.Destination, l.Source}, 1
}

// maxWindow is the largest window that TCP can offer, RFC 7323 §2.3: an octet
// farther away than that is none of this stream.
const maxWindow = 1 << 30

// side is the sending half of a TCP connection. Positions are sequence numbers
// made 64 bits wide, so that their wrap is no case of its own.
type side struct {
	anchored bool   // next is known: the SYN came, or the wait for it ended
	syn      bool   // the SYN came
	isn      uint32 // of the SYN
	seen     bool   // base is set
	base     int64  // position of the first octet, for Segment.Offset
	next     int64  // position of the next octet to deliver
	fin      int64  // position after the last octet, where finSeen
	finSeen  bool
	ended    bool  // next has reached fin
	rst      int64 // position of a RST, where rstSeen
	rstSeen  bool
	pieces
}

// position makes a sequence number 64 bits wide, near next.
func (s *side) position(seq uint32) int64 {
	if !s.seen {
		s.seen = true
		s.next = 1<<40 | int64(seq)
	}
	return s.next + int64(int32(seq-uint32(s.next)))
}

// anchor fixes where the stream begins.
func (s *side) anchor(at int64) {
	s.anchored = true
	s.base, s.next = at, at
}
