package sockets

import (
	"errors"
	"net"
	"net/netip"
	"sync"
)

// packetSocket is a net.PacketConn with what a server knows of it.
type packetSocket struct {
	pc       net.PacketConn
	udp      *net.UDPConn // pc where it is one: the path without allocations
	conn     net.Conn     // pc where it is connected: a reply needs no address
	local    netip.AddrPort
	info     packetInfo
	max      int
	counters *packetCounters

	closeOnce sync.Once
	closeErr  error
}

func newPacketSocket(pc net.PacketConn, s *PacketServer) *packetSocket {
	k := &packetSocket{pc: pc, max: s.maxPacket(), counters: &s.counters}
	k.udp, _ = pc.(*net.UDPConn)
	if c, ok := pc.(net.Conn); ok && c.RemoteAddr() != nil {
		k.conn = c
	}
	if a, ok := pc.LocalAddr().(*net.UDPAddr); ok {
		k.local = unmapPort(a.AddrPort())
	}
	if k.udp != nil && k.conn == nil && k.local.Addr().IsUnspecified() {
		k.info = askPacketInfo(k.udp)
	}
	if b, ok := pc.(interface{ SetReadBuffer(int) error }); ok && s.ReadBuffer > 0 {
		if err := b.SetReadBuffer(s.ReadBuffer); err != nil {
			s.log().Warn("sockets: receive buffer", "err", err)
		}
	}
	return k
}

// newPacket makes a packet to read into. It has room for one octet more than
// MaxPacket, which tells a datagram that is too long where no flag does.
func newPacket(k *packetSocket) *Packet {
	return &Packet{socket: k, buf: make([]byte, k.max+1), oob: make([]byte, controlSize)}
}

// read waits for one datagram.
func (k *packetSocket) read(p *Packet) error {
	if k.udp == nil {
		return k.readPortable(p)
	}
	oob := p.oob[:0]
	if k.info.on() {
		oob = p.oob[:cap(p.oob)]
	}
	n, oobn, flags, from, err := k.udp.ReadMsgUDPAddrPort(p.buf[:k.max], oob)
	if err != nil && !isTruncation(err) {
		return err
	}
	p.Data = p.buf[:n]
	p.peer = from
	p.Source = unmapPort(from)
	p.Truncated = err != nil || flags&msgTrunc != 0
	p.Destination, p.local = k.local, localAddr{}
	if oobn > 0 {
		k.info.take(p, oob[:oobn])
	}
	return nil
}

// readPortable reads from any net.PacketConn.
func (k *packetSocket) readPortable(p *Packet) error {
	n, from, err := k.pc.ReadFrom(p.buf)
	if err != nil {
		return err
	}
	p.Truncated = n > k.max
	p.Data = p.buf[:min(n, k.max)]
	p.addr, p.peer, p.Source = from, netip.AddrPort{}, netip.AddrPort{}
	if a, ok := from.(*net.UDPAddr); ok && a != nil {
		p.peer = a.AddrPort()
		p.Source = unmapPort(p.peer)
	}
	p.Destination = k.local
	return nil
}

// send sends b to the packet's source at once.
func (k *packetSocket) send(p *Packet, b []byte) error {
	n, err := k.write(p, b)
	if err != nil && k.conn != nil && isICMPError(err) {
		// What ICMP said of an earlier datagram is reported once, by whichever
		// call comes next; this one was not sent.
		n, err = k.write(p, b)
	}
	k.counters.countReply(n, err)
	return err
}

func (k *packetSocket) write(p *Packet, b []byte) (int, error) {
	switch {
	case k.conn != nil:
		return k.conn.Write(b)
	case k.udp != nil && p.local != (localAddr{}):
		n, _, err := k.udp.WriteMsgUDPAddrPort(b, k.info.appendTo(p.oob[:0], p.local), p.peer)
		return n, err
	case k.udp != nil:
		return k.udp.WriteToUDPAddrPort(b, p.peer)
	case p.addr == nil:
		return 0, ErrNoSource
	}
	return k.pc.WriteTo(b, p.addr)
}

// stopReading wakes the loops that wait in read.
func (k *packetSocket) stopReading() {
	if err := k.pc.SetReadDeadline(longAgo); err != nil && !errors.Is(err, net.ErrClosed) {
		k.close()
	}
}

func (k *packetSocket) close() error {
	k.closeOnce.Do(func() { k.closeErr = k.pc.Close() })
	return k.closeErr
}

func unmapPort(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
