package sockets

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
)

// PacketHandler serves the packets of a [PacketServer].
type PacketHandler interface {
	// ServePacket serves one packet. The server owns p and its Data again as
	// soon as ServePacket returns; [Packet.Clone] makes one to keep. ctx ends
	// when the server shuts down; a handler that wants to finish work already
	// begun derives its own by [context.WithoutCancel].
	ServePacket(ctx context.Context, p *Packet)
}

// PacketHandlerFunc makes a [PacketHandler] of a function.
type PacketHandlerFunc func(ctx context.Context, p *Packet)

// ServePacket calls f.
func (f PacketHandlerFunc) ServePacket(ctx context.Context, p *Packet) { f(ctx, p) }

// Packet is one datagram as it arrived. It is valid only until ServePacket
// returns, and one goroutine at a time may use it.
type Packet struct {
	// Data is what the datagram carries. The handler may change it in place.
	Data []byte
	// Source is the sender's address: IPv4 as such, never mapped into IPv6.
	// It is zero on networks without IP addresses; see [Packet.SourceAddr].
	Source netip.AddrPort
	// Destination is the address that the sender wrote on the datagram, even
	// where the socket listens on all addresses. Where the system does not
	// tell, it is the socket's own address.
	Destination netip.AddrPort
	// Truncated says that the datagram was longer than MaxPacket; the rest of
	// it is lost.
	Truncated bool

	socket *packetSocket
	queue  replyQueue // where replies wait for the end of the batch, or nil
	slot   int        // the packet's place in the batch
	peer   netip.AddrPort
	addr   net.Addr // the source where it is no UDP address
	local  localAddr
	buf    []byte
	oob    []byte
}

// localAddr is what a reply says of its own sender: the address to leave from
// (invalid: the system chooses) and the interface (0: by route).
type localAddr struct {
	addr    netip.Addr
	ifIndex int
}

// replyQueue takes a reply to send it later, with others.
type replyQueue interface {
	enqueue(p *Packet, b []byte) error
}

// ErrNoSource is what [Packet.Reply] returns for a datagram that came from a
// socket without a name, as a Unix-domain client has that did not bind.
var ErrNoSource = errors.New("sockets: the sender has no address to reply to")

// Reply sends b to the packet's source, from the address on which the packet
// came. It may be called any number of times until ServePacket returns. In a
// server with Batch the octets are copied, and sent with those of the batch's
// other packets after their handlers; an error of that sending is counted in
// [PacketStats] and not returned.
func (p *Packet) Reply(b []byte) error {
	if p.queue != nil {
		return p.queue.enqueue(p, b)
	}
	return p.socket.send(p, b)
}

// SourceAddr returns the sender's address as a net.Addr: a *net.UDPAddr, a
// *net.UnixAddr, or what the net.PacketConn gave; nil where the sender has
// none. For UDP it allocates; [Packet.Source] does not.
func (p *Packet) SourceAddr() net.Addr {
	if p.peer.IsValid() && p.addr == nil {
		return net.UDPAddrFromAddrPort(p.Source)
	}
	return p.addr
}

// Clone returns a copy of p that stays valid after ServePacket has returned,
// with Data of its own. Its Reply sends at once, and gives net.ErrClosed after
// the server's sockets are closed; Shutdown waits for it where
// [PacketServer.Drain] does.
func (p *Packet) Clone() *Packet {
	c := *p
	c.Data = slices.Clone(p.Data)
	c.buf, c.oob, c.queue = nil, make([]byte, controlSize), nil
	return &c
}
