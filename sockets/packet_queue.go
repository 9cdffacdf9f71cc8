package sockets

import (
	"log/slog"
	"strconv"
	"sync"
)

// FullPolicy tells what a [PacketServer] does with a packet that finds the
// queue before its workers full.
type FullPolicy int

// The policies. A dropped packet is counted in [PacketStats].
const (
	// DropNewest drops the packet that has just come.
	DropNewest FullPolicy = iota
	// DropOldest drops the packet that has waited longest: its sender has
	// perhaps given up on it already.
	DropOldest
	// Block stops reading until a worker is free; the kernel's buffer fills,
	// and then the kernel drops.
	Block
)

// String returns the policy's name.
func (f FullPolicy) String() string {
	switch f {
	case DropNewest:
		return "drop newest"
	case DropOldest:
		return "drop oldest"
	case Block:
		return "block"
	}
	return "FullPolicy(" + strconv.Itoa(int(f)) + ")"
}

// packetQueue stands between reading loops and workers. Packets go round: from
// a loop to waiting, to a worker, to free, to a loop. There are never more of
// them than places in both, so memory is bounded.
type packetQueue struct {
	server  *PacketServer
	waiting chan *Packet
	free    chan *Packet
}

func newPacketQueue(s *PacketServer) *packetQueue {
	n := s.Queue
	if n <= 0 {
		n = 256
	}
	return &packetQueue{
		server:  s,
		waiting: make(chan *Packet, n),
		free:    make(chan *Packet, n+s.Workers),
	}
}

// put queues p, or drops one by the policy, and returns a packet to read into.
func (q *packetQueue) put(p *Packet, k *packetSocket) *Packet {
	if q.server.WhenFull == Block {
		q.waiting <- p
		return q.fresh(k)
	}
	for {
		select {
		case q.waiting <- p:
			return q.fresh(k)
		default:
		}
		q.server.counters.dropped.Add(1)
		if q.server.WhenFull != DropOldest {
			return p
		}
		select {
		case old := <-q.waiting:
			q.release(old)
		default:
			// A worker was quicker, so there is room and nothing was lost.
			q.server.counters.dropped.Add(-1)
		}
	}
}

// fresh takes a free packet or makes one.
func (q *packetQueue) fresh(k *packetSocket) *Packet {
	select {
	case p := <-q.free:
		p.socket = k
		return p
	default:
		return newPacket(k)
	}
}

func (q *packetQueue) release(p *Packet) {
	select {
	case q.free <- p:
	default:
	}
}

// work serves packets until the queue is closed and empty, or drops them after
// Close. A handler that calls runtime.Goexit ends the goroutine, not the
// worker: another takes its place.
func (q *packetQueue) work(s *PacketServer, workers *sync.WaitGroup) {
	finished := false
	defer func() {
		if !finished {
			s.log().Error("sockets: packet worker", slog.Any("err", errGoexit))
			workers.Go(func() { q.work(s, workers) })
		}
	}()
	for p := range q.waiting {
		select {
		case <-s.closed:
			s.counters.dropped.Add(1)
		default:
			s.servePacket(p)
		}
		q.release(p)
	}
	finished = true
}
