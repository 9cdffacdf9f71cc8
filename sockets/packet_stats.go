package sockets

import "sync/atomic"

// PacketStats counts what a [PacketServer] has seen since it was made.
type PacketStats struct {
	// Packets and Octets are what was read, whatever became of it.
	Packets, Octets int64
	// Replies and ReplyOctets are what was sent.
	Replies, ReplyOctets int64
	// Truncated counts packets longer than MaxPacket.
	Truncated int64
	// Dropped counts packets that found the queue full.
	Dropped int64
	// RateLimited counts packets dropped because their source sent more than
	// Rate allows.
	RateLimited int64
	// Panics counts handlers that panicked.
	Panics int64
	// ReadErrors counts errors that reading survived, WriteErrors replies
	// that could not be sent.
	ReadErrors, WriteErrors int64
}

// Stats returns the counters at this moment.
func (s *PacketServer) Stats() PacketStats {
	c := &s.counters
	return PacketStats{
		Packets:     c.packets.Load(),
		Octets:      c.octets.Load(),
		Replies:     c.replies.Load(),
		ReplyOctets: c.replyOctets.Load(),
		Truncated:   c.truncated.Load(),
		Dropped:     c.dropped.Load(),
		RateLimited: c.rateLimited.Load(),
		Panics:      c.panics.Load(),
		ReadErrors:  c.readErrors.Load(),
		WriteErrors: c.writeErrors.Load(),
	}
}

// packetCounters is PacketStats while it grows.
type packetCounters struct {
	packets, octets, replies, replyOctets                            atomic.Int64
	truncated, dropped, rateLimited, panics, readErrors, writeErrors atomic.Int64
}

func (c *packetCounters) countPackets(ps []*Packet) {
	octets, truncated := 0, 0
	for _, p := range ps {
		octets += len(p.Data)
		if p.Truncated {
			truncated++
		}
	}
	c.packets.Add(int64(len(ps)))
	c.octets.Add(int64(octets))
	if truncated > 0 {
		c.truncated.Add(int64(truncated))
	}
}

func (c *packetCounters) countReply(n int, err error) {
	if err != nil {
		c.writeErrors.Add(1)
		return
	}
	c.replies.Add(1)
	c.replyOctets.Add(int64(n))
}
