package pcap

import (
	"io"
	"iter"
	"net/netip"
	"time"
)

// Conversation is a whole flow: what client and server sent each other.
type Conversation struct {
	// Network is "tcp" or "udp".
	Network string
	// Client and Server are the two directions; see [Flow] for which is which.
	Client, Server Stream
	// Segments holds both directions in the order of the capture, cut as the
	// segments and datagrams were.
	Segments []Segment
	// Start and End are the times of the first and the last packet.
	Start, End time.Time
	// MidStream, Reset and Closed are those of [Flow].
	MidStream, Reset, Closed bool
}

// Stream is one direction of a [Conversation].
type Stream struct {
	// Addr is the sender's.
	Addr netip.AddrPort
	// Data holds all octets. Gaps are left out.
	Data []byte
	// Missing counts the octets in gaps.
	Missing int64
}

// Conversations reads a capture with the default limits; see
// [Reader.Conversations].
func Conversations(r io.Reader) iter.Seq2[*Conversation, error] {
	return NewReader(r).Conversations()
}

// Conversations gives the TCP and UDP flows in what is left of the capture,
// each as soon as it ends, and those that do not end after the last packet, in
// the order in which they began. Packets that cannot be decoded are passed
// over. A fault of the file ends the sequence with its error, after the
// conversations read up to there.
func (r *Reader) Conversations() iter.Seq2[*Conversation, error] {
	return func(yield func(*Conversation, error) bool) {
		c := collector{open: make(map[*Flow]*Conversation)}
		a := Assembler{Limits: r.Limits, Segment: c.segment, Closed: c.closed}
		limit := r.Limits.maxHeld()
		for p, err := range r.Packets() {
			if err == nil {
				// A packet that cannot be decoded belongs to no conversation.
				_ = a.Add(p)
				if c.held > limit {
					err = &LimitError{Name: "MaxHeld", Max: int64(limit)}
				}
			}
			if err != nil {
				a.Flush()
				if c.yield(yield) {
					yield(nil, err)
				}
				return
			}
			if !c.yield(yield) {
				return
			}
		}
		a.Flush()
		c.yield(yield)
	}
}

// collector makes conversations of an Assembler's calls.
type collector struct {
	open  map[*Flow]*Conversation
	ended []*Conversation
	held  int
}

func (c *collector) segment(f *Flow, s Segment) {
	v := c.open[f]
	if v == nil {
		v = &Conversation{Network: f.Network}
		c.open[f] = v
	}
	v.stream(s.FromClient).add(s)
	c.held += len(s.Data) + pieceCost
	s.Data = nil // The packet's memory; closed puts the stream's in its place.
	v.Segments = append(v.Segments, s)
}

func (c *collector) closed(f *Flow) {
	v := c.open[f]
	if v == nil {
		if f.MidStream {
			return // The end of a connection that the capture came too late for.
		}
		v = &Conversation{Network: f.Network}
	}
	delete(c.open, f)
	v.Client.Addr, v.Server.Addr = f.Client, f.Server
	v.Start, v.End = f.Start, f.End
	v.MidStream, v.Reset, v.Closed = f.MidStream, f.Reset, f.Closed
	v.cut()
	c.ended = append(c.ended, v)
}

// cut gives each segment its part of the stream, which grows no more: from the
// last to the first, since a segment ends where the next one begins.
func (v *Conversation) cut() {
	for _, client := range []bool{true, false} {
		data := v.stream(client).Data
		end := int64(len(data)) + v.stream(client).Missing
		for i := len(v.Segments) - 1; i >= 0; i-- {
			s := &v.Segments[i]
			if s.FromClient != client {
				continue
			}
			if s.Gap == 0 {
				at := len(data) - int(end-s.Offset)
				s.Data, data = data[at:len(data):len(data)], data[:at]
			}
			end = s.Offset
		}
	}
}

// yield gives the conversations that ended.
func (c *collector) yield(yield func(*Conversation, error) bool) bool {
	for _, v := range c.ended {
		c.held -= len(v.Client.Data) + len(v.Server.Data) + pieceCost*len(v.Segments)
		if !yield(v, nil) {
			return false
		}
	}
	c.ended = c.ended[:0]
	return true
}

func (v *Conversation) stream(client bool) *Stream {
	if client {
		return &v.Client
	}
	return &v.Server
}

func (s *Stream) add(seg Segment) {
	s.Data = append(s.Data, seg.Data...)
	s.Missing += seg.Gap
}
