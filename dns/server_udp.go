package dns

import (
	"context"
	"sync"

	"applayer/sockets"
)

// packetHandler is a Server as its UDP sockets see it.
type packetHandler Server

// ServePacket answers the request of a datagram.
func (h *packetHandler) ServePacket(ctx context.Context, p *sockets.Packet) {
	s := (*Server)(h)
	x := s.newServing(nil)
	x.packet = packetCarrier{&s.pending, p}
	x.carrier = &x.packet
	response := x.serve(ctx, x.out[:0], p.Data, Origin{Peer: p.Source, Local: p.Destination})
	if x.detached {
		return
	}
	if len(response) > 0 {
		p.Reply(response) // PacketStats counts an error
	}
	x.out = response
	x.free()
}

// packetCarrier answers a datagram later.
type packetCarrier struct {
	pending *pending
	packet  *sockets.Packet
}

func (c *packetCarrier) detach([]byte) (own []byte, front int) {
	c.packet = c.packet.Clone()
	c.pending.add()
	return c.packet.Data, 0
}

func (c *packetCarrier) send(buf []byte) error {
	defer c.pending.done()
	if buf == nil {
		return nil
	}
	return c.packet.Reply(buf)
}

// pending counts the detached queries that came as datagrams.
type pending struct {
	mu   sync.Mutex
	n    int
	zero chan struct{} // closed when n falls to 0; nil when nobody waits
}

func (p *pending) add() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
}

func (p *pending) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n--; p.n == 0 && p.zero != nil {
		close(p.zero)
		p.zero = nil
	}
}

// wait waits until there are none. It is called when no more are read, or when
// one of several sockets has failed, where others may be added meanwhile.
func (p *pending) wait() {
	p.mu.Lock()
	if p.n == 0 {
		p.mu.Unlock()
		return
	}
	if p.zero == nil {
		p.zero = make(chan struct{})
	}
	zero := p.zero
	p.mu.Unlock()
	<-zero
}
