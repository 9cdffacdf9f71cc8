package pcap

import (
	"errors"
	"net/netip"
	"time"
)

// ErrClosed is what a [Dialogue] answers to octets of a side that sent FIN or
// after a reset.
var ErrClosed = errors.New("pcap: dialogue: direction is closed")

// DialogueOptions says how a [Dialogue] is cut into packets.
type DialogueOptions struct {
	// MTU is the longest IP packet: TCP segments are cut to it, UDP datagrams
	// fragmented. The default is 1500, the least 576 for IPv4 and 1280 for
	// IPv6.
	MTU int
	// ClientISN and ServerISN are the initial sequence numbers (default 1000
	// and 5000; programs show relative numbers).
	ClientISN, ServerISN uint32
}

// Dialogue writes a recorded dialogue as the packets that could have carried
// it: a TCP connection with handshake, acknowledgements and FINs, or UDP
// datagrams, with valid lengths and checksums. It is for one goroutine.
type Dialogue struct {
	w       *Writer
	tcp     bool
	ends    [2]*end // client, server
	mtu     int
	opened  bool
	reset   bool
	packet  []byte // scratch
	payload []byte // scratch
}

// window is what both sides offer, the most without an option.
const window = 0xffff

// end is one side of a Dialogue.
type end struct {
	addr   netip.AddrPort
	seq    uint32
	id     uint32
	closed bool
}

// NewDialogue begins a dialogue over network "tcp" or "udp" (a 4 or 6 after it
// is allowed). The addresses must be of one family. Nothing is written yet.
func NewDialogue(w *Writer, network string, client, server netip.AddrPort, options *DialogueOptions) (*Dialogue, error) {
	o := DialogueOptions{MTU: 1500, ClientISN: 1000, ServerISN: 5000}
	if options != nil {
		if options.MTU != 0 {
			o.MTU = options.MTU
		}
		if options.ClientISN != 0 {
			o.ClientISN = options.ClientISN
		}
		if options.ServerISN != 0 {
			o.ServerISN = options.ServerISN
		}
	}
	d := &Dialogue{w: w}
	switch network {
	case "tcp", "tcp4", "tcp6":
		d.tcp = true
	case "udp", "udp4", "udp6":
	default:
		return nil, &ParseError{What: "network of a dialogue"}
	}
	client = netip.AddrPortFrom(client.Addr().Unmap().WithZone(""), client.Port())
	server = netip.AddrPortFrom(server.Addr().Unmap().WithZone(""), server.Port())
	if !client.IsValid() || !server.IsValid() || client.Addr().Is4() != server.Addr().Is4() {
		return nil, &ParseError{What: "addresses of a dialogue: one family"}
	}
	least := 576
	if client.Addr().Is6() {
		least = 1280 // RFC 8200 §5
	}
	d.mtu = min(max(o.MTU, least), 0xffff)
	d.ends = [2]*end{{addr: client, seq: o.ClientISN}, {addr: server, seq: o.ServerISN}}
	return d, nil
}

// sides gives sender and receiver.
func (d *Dialogue) sides(fromClient bool) (from, to *end) {
	if fromClient {
		return d.ends[0], d.ends[1]
	}
	return d.ends[1], d.ends[0]
}

// Open writes the handshake of a TCP connection, once; Write does it too.
func (d *Dialogue) Open(t time.Time) error {
	if d.opened || !d.tcp {
		return nil
	}
	d.opened = true
	c, s := d.ends[0], d.ends[1]
	// The option says the largest segment that fits, RFC 9293 §3.7.1.
	mss := be.AppendUint16([]byte{2, 4}, uint16(d.segment()))
	if err := d.send(t, c, s, SYN, mss, nil); err != nil {
		return err
	}
	c.seq++
	if err := d.send(t, s, c, SYN|ACK, mss, nil); err != nil {
		return err
	}
	s.seq++
	return d.send(t, c, s, ACK, nil, nil)
}

// Write writes the octets that one side sent: over TCP in segments under the
// MTU and with an acknowledgement of the other side, over UDP as one datagram.
func (d *Dialogue) Write(t time.Time, fromClient bool, b []byte) error {
	from, to := d.sides(fromClient)
	if from.closed || d.reset {
		return ErrClosed
	}
	if !d.tcp {
		return d.datagram(t, from, to, b)
	}
	if err := d.Open(t); err != nil || len(b) == 0 {
		return err
	}
	flight := 0
	for len(b) > 0 {
		n := min(len(b), d.segment())
		// Never more in flight than the window that the peer offers.
		if flight += n; flight > window {
			if err := d.send(t, to, from, ACK, nil, nil); err != nil {
				return err
			}
			flight = n
		}
		flags := ACK
		if n == len(b) {
			flags |= PSH
		}
		if err := d.send(t, from, to, flags, nil, b[:n]); err != nil {
			return err
		}
		from.seq += uint32(n)
		b = b[n:]
	}
	return d.send(t, to, from, ACK, nil, nil)
}

// CloseWrite writes a FIN of one side and its acknowledgement, once; over UDP
// nothing.
func (d *Dialogue) CloseWrite(t time.Time, fromClient bool) error {
	from, to := d.sides(fromClient)
	if from.closed || d.reset || !d.tcp {
		return nil
	}
	if err := d.Open(t); err != nil {
		return err
	}
	from.closed = true
	if err := d.send(t, from, to, FIN|ACK, nil, nil); err != nil {
		return err
	}
	from.seq++
	return d.send(t, to, from, ACK, nil, nil)
}

// Close writes the FINs that are missing, the client's first.
func (d *Dialogue) Close(t time.Time) error {
	return errors.Join(d.CloseWrite(t, true), d.CloseWrite(t, false))
}

// Reset writes a RST of one side, which ends both directions; over UDP
// nothing.
func (d *Dialogue) Reset(t time.Time, fromClient bool) error {
	if d.reset || !d.tcp {
		return nil
	}
	if err := d.Open(t); err != nil {
		return err
	}
	d.reset = true
	from, to := d.sides(fromClient)
	return d.send(t, from, to, RST|ACK, nil, nil)
}

// segment is the most octets that a TCP segment carries.
func (d *Dialogue) segment() int { return d.mtu - d.ipHeader() - 20 }

func (d *Dialogue) ipHeader() int {
	if d.ends[0].addr.Addr().Is4() {
		return 20
	}
	return 40
}

// send writes one TCP segment.
func (d *Dialogue) send(t time.Time, from, to *end, flags TCPFlags, options, b []byte) error {
	h := TCP{
		SourcePort:      from.addr.Port(),
		DestinationPort: to.addr.Port(),
		Sequence:        from.seq,
		Flags:           flags,
		Window:          window,
		Options:         options,
	}
	if flags&ACK != 0 {
		h.Acknowledgment = to.seq
	}
	var err error
	if d.payload, err = AppendTCP(d.payload[:0], h, from.addr.Addr(), to.addr.Addr(), b); err != nil {
		return err
	}
	return d.whole(t, from, to, ProtocolTCP)
}

// datagram writes one UDP datagram, in fragments where it is beyond the MTU.
func (d *Dialogue) datagram(t time.Time, from, to *end, b []byte) error {
	h := UDP{SourcePort: from.addr.Port(), DestinationPort: to.addr.Port()}
	var err error
	if d.payload, err = AppendUDP(d.payload[:0], h, from.addr.Addr(), to.addr.Addr(), b); err != nil {
		return err
	}
	if len(d.payload)+d.ipHeader() <= d.mtu {
		return d.whole(t, from, to, ProtocolUDP)
	}
	if d.ipHeader()+len(d.payload) > 0xffff && d.ipHeader() == 20 {
		return &ParseError{What: "datagram", Ref: "RFC 791 §3.1", Err: ErrTooLong}
	}
	from.id++
	room := d.mtu - d.ipHeader()
	if d.ipHeader() == 40 {
		room -= 8 // the Fragment header
	}
	room &^= 7
	for off := 0; off < len(d.payload); off += room {
		end := min(off+room, len(d.payload))
		if err := d.write(t, from, to, ProtocolUDP, d.payload[off:end], off, end < len(d.payload), true); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dialogue) whole(t time.Time, from, to *end, p Protocol) error {
	from.id++
	return d.write(t, from, to, p, d.payload, 0, false, false)
}

// write writes one IP packet.
func (d *Dialogue) write(t time.Time, from, to *end, p Protocol, b []byte, off int, more, fragment bool) error {
	packet, err := d.link(from.addr.Addr())
	if err != nil {
		return err
	}
	source, destination := from.addr.Addr(), to.addr.Addr()
	if source.Is4() {
		packet, err = AppendIPv4(packet, IPv4{
			Length:         uint16(20 + len(b)),
			ID:             uint16(from.id),
			DontFragment:   !fragment,
			MoreFragments:  more,
			FragmentOffset: off,
			TTL:            64,
			Protocol:       p,
			Source:         source,
			Destination:    destination,
		})
	} else {
		h := IPv6{NextHeader: p, HopLimit: 64, Source: source, Destination: destination}
		if fragment {
			h.NextHeader = ProtocolFragment
			field := uint16(off)
			if more {
				field |= 1
			}
			h.Extensions = be.AppendUint16([]byte{byte(p), 0}, field)
			h.Extensions = be.AppendUint32(h.Extensions, from.id)
		}
		h.Length = uint16(len(h.Extensions) + len(b))
		packet, err = AppendIPv6(packet, h)
	}
	if err != nil {
		return err
	}
	d.packet = append(packet, b...)
	return d.w.Write(t, d.packet)
}

// link begins a packet with the header of the writer's link type.
func (d *Dialogue) link(a netip.Addr) ([]byte, error) {
	kind := EtherTypeIPv6
	if a.Is4() {
		kind = EtherTypeIPv4
	}
	switch link := d.w.options.LinkType; {
	case link == LinkTypeEthernet:
		return AppendEthernet(d.packet[:0], Ethernet{Type: kind})
	case link == LinkTypeRaw, link == LinkTypeIPv4 && a.Is4(), link == LinkTypeIPv6 && a.Is6():
		return d.packet[:0], nil
	default:
		return nil, &ParseError{What: "link type of a dialogue: " + link.String()}
	}
}
