package pcap

import (
	"cmp"
	"container/list"
	"maps"
	"slices"
	"time"
)

// Assembler follows the flows in a capture: it puts IP fragments and TCP
// segments in order and calls Segment with the octets of each direction, each
// octet once. Of octets that come twice the first win. What did not come is a
// gap, told when more than [Limits.MaxPending] waits behind it or the flow
// ends. A stream without a SYN begins with the lowest octet that comes before
// such a moment. TCP and UDP checksums are not verified, since an interface
// that computes them leaves them wrong in the sender's own capture.
//
// The zero value is ready. An Assembler is for one goroutine.
type Assembler struct {
	// Limits may be set before the first Add.
	Limits Limits
	// Segment is called for each run of octets in the order of its direction.
	// Data is good until it returns. It may be nil.
	Segment func(*Flow, Segment)
	// Closed is called once for each flow, after its last Segment: when both
	// sides sent FIN or one RST, when a SYN opens a new connection between
	// the same ports, when MaxFlows has it give way, or in Flush. It may be
	// nil.
	Closed func(*Flow)

	layers    Layers
	fragments fragments
	flows     map[flowKey]*Flow
	recent    list.List // of *Flow, the last one heard of in front
	count     int
	pending   int // what all flows' pieces cost
}

// Add takes the next packet, in any order within MaxPending. The error is a
// [*ParseError] for a packet that cannot be decoded, ErrNoIP inside if there
// is nothing to decode; the flows are as they were and the next packet may be
// added.
func (a *Assembler) Add(p *Packet) error {
	l := &a.layers
	if err := l.Decode(p.LinkType, p.Data); err != nil {
		return err
	}
	if l.Fragment {
		whole, err := a.fragments.add(l, p.Time, a.Limits.maxFragments())
		if err != nil || !whole {
			return err
		}
		if err := l.transport(); err != nil {
			return err
		}
	}
	switch l.Protocol {
	case ProtocolUDP:
		a.udp(l, p.Time)
	case ProtocolTCP:
		a.tcp(l, p.Time)
	}
	return nil
}

// Flush ends all flows, in the order in which they began.
func (a *Assembler) Flush() {
	flows := slices.SortedFunc(maps.Values(a.flows), func(f, g *Flow) int { return cmp.Compare(f.number, g.number) })
	for _, f := range flows {
		a.remove(f)
	}
}

// udp takes a datagram: each is a segment, an empty one too.
func (a *Assembler) udp(l *Layers, t time.Time) {
	key, from := keyOf(l)
	f := a.flows[key]
	if f == nil {
		f = a.open("udp", key, t)
		f.setClient(from)
	}
	a.touch(f, t)
	s := &f.sides[from]
	a.emit(f, from, t, l.Payload)
	if missing := l.Length - len(l.Payload); missing > 0 {
		a.gap(f, from, t, s.next+int64(missing))
	}
}

// tcp takes a segment.
func (a *Assembler) tcp(l *Layers, t time.Time) {
	key, from := keyOf(l)
	syn, ack := l.TCP.Flags&SYN != 0, l.TCP.Flags&ACK != 0
	f := a.flows[key]
	if f != nil && syn && !ack && f.reopened(from, l.TCP.Sequence) {
		a.remove(f)
		f = nil
	}
	if f == nil {
		if !syn && l.TCP.Flags&FIN == 0 && l.Length == 0 {
			return // The last words of a connection before the capture.
		}
		f = a.open("tcp", key, t)
	}
	a.touch(f, t)
	if f.done {
		return
	}
	s := &f.sides[from]
	at := s.position(l.TCP.Sequence)
	if syn {
		if ack {
			f.setClient(1 - from)
		} else {
			f.setClient(from)
		}
		at++ // RFC 9293 §3.4: the SYN has a sequence number of its own.
		if !s.anchored {
			s.syn, s.isn = true, l.TCP.Sequence
			s.anchor(at)
		}
	}
	if l.TCP.Flags&RST != 0 {
		// A RST need not stand at the end of the octets sent: it takes its
		// number from the segment that it answers, RFC 9293 §3.5.2.
		s.rst, s.rstSeen = at, true
		if !s.anchored {
			s.rst = s.next
		}
	} else {
		a.text(f, from, at, t, l.Payload)
		if end := at + int64(l.Length); l.TCP.Flags&FIN != 0 && !s.finSeen && (!s.anchored || end >= s.next) && end-s.next < maxWindow {
			s.fin, s.finSeen = end, true
		}
	}
	a.drain(f, from, t)
}

// reopened tells whether a SYN opens a new connection between the same ports.
func (f *Flow) reopened(from int, isn uint32) bool {
	s := &f.sides[from]
	return s.syn && s.isn != isn || f.done && !s.syn
}

// text takes octets of one direction: those whose turn it is are delivered,
// the others wait.
func (a *Assembler) text(f *Flow, from int, at int64, t time.Time, b []byte) {
	s := &f.sides[from]
	if at-s.next >= maxWindow || s.next-at >= maxWindow {
		return
	}
	for s.anchored && at <= s.next {
		a.deliver(f, from)
		b, at = b[min(int64(len(b)), s.next-at):], s.next
		if len(b) == 0 {
			return
		}
		n := int64(len(b))
		if len(s.list) > 0 {
			n = min(n, s.list[0].off-at)
		}
		a.emit(f, from, t, b[:n])
		b, at = b[n:], at+n
	}
	before := s.cost
	s.insert(at, t, b)
	a.pending += s.cost - before
	for limit := a.Limits.maxPending(); s.cost > limit; {
		a.skip(f, from)
	}
	for limit := a.Limits.maxPendingAll(); a.pending > limit; {
		a.relieve()
	}
}

// relieve gives up waiting in the flow that was silent for longest of those
// that wait.
func (a *Assembler) relieve() {
	for e := a.recent.Back(); e != nil; e = e.Prev() {
		f := e.Value.(*Flow)
		waits := false
		for from := range f.sides {
			for s := &f.sides[from]; len(s.list) > 0; {
				waits = true
				a.skip(f, from)
			}
		}
		if waits {
			return
		}
	}
}

// drain delivers what is in turn and ends the flow when its time has come.
func (a *Assembler) drain(f *Flow, from int, t time.Time) {
	s := &f.sides[from]
	if s.anchored {
		a.deliver(f, from)
		s.ended = s.ended || s.finSeen && s.next >= s.fin
	}
	if s.rstSeen && (!s.anchored || s.rst <= s.next) {
		f.Reset = true
	}
	if f.Reset || f.sides[0].ended && f.sides[1].ended {
		a.end(f)
	}
}

// deliver gives the waiting pieces whose turn it is.
func (a *Assembler) deliver(f *Flow, from int) {
	s := &f.sides[from]
	for len(s.list) > 0 && s.list[0].off <= s.next {
		before := s.cost
		p := s.shift()
		a.pending -= before - s.cost
		// A SYN that came late may have put the begin behind a piece.
		if old := s.next - p.off; old < int64(len(p.data)) {
			a.emit(f, from, p.time, p.data[old:])
		}
	}
}

// skip gives up waiting for what lies before the first piece.
func (a *Assembler) skip(f *Flow, from int) {
	s := &f.sides[from]
	if first := s.list[0]; s.anchored {
		a.gap(f, from, first.time, first.off)
	} else {
		f.MidStream = true
		s.anchor(first.off)
	}
	a.deliver(f, from)
}

// emit hands octets over.
func (a *Assembler) emit(f *Flow, from int, t time.Time, b []byte) {
	s := &f.sides[from]
	a.hand(f, Segment{Time: t, FromClient: f.fromClient(from), Offset: s.next - s.base, Data: b})
	s.next += int64(len(b))
}

// gap marks the octets up to to as missing.
func (a *Assembler) gap(f *Flow, from int, t time.Time, to int64) {
	s := &f.sides[from]
	a.hand(f, Segment{Time: t, FromClient: f.fromClient(from), Offset: s.next - s.base, Gap: to - s.next})
	s.next = to
}

func (a *Assembler) hand(f *Flow, s Segment) {
	if a.Segment != nil {
		a.Segment(f, s)
	}
}

// end delivers what waits and closes the flow. It stays in the table, so that
// what comes late opens no new one.
func (a *Assembler) end(f *Flow) {
	if f.done {
		return
	}
	for from := range f.sides {
		s := &f.sides[from]
		for len(s.list) > 0 {
			a.skip(f, from)
		}
		if s.anchored && s.finSeen && s.next < s.fin {
			a.gap(f, from, f.End, s.fin)
		}
		s.ended = s.finSeen && s.next >= s.fin
		s.pieces = pieces{}
		f.MidStream = f.MidStream || s.seen && !s.syn && !s.rstSeen && f.Network == "tcp"
	}
	f.decideClient()
	f.Closed = f.sides[0].ended && f.sides[1].ended
	f.done = true
	if a.Closed != nil {
		a.Closed(f)
	}
}

// open puts a new flow in the table, and the most silent one out where there
// are too many.
func (a *Assembler) open(network string, key flowKey, t time.Time) *Flow {
	if a.flows == nil {
		a.flows = make(map[flowKey]*Flow)
	}
	if len(a.flows) >= a.Limits.maxFlows() {
		a.remove(a.recent.Back().Value.(*Flow))
	}
	a.count++
	f := &Flow{Network: network, Start: t, End: t, key: key, client: -1, number: a.count}
	f.elem = a.recent.PushFront(f)
	a.flows[key] = f
	return f
}

func (a *Assembler) touch(f *Flow, t time.Time) {
	a.recent.MoveToFront(f.elem)
	if f.done {
		return
	}
	if t.After(f.End) {
		f.End = t
	}
	if t.Before(f.Start) {
		f.Start = t
	}
}

func (a *Assembler) remove(f *Flow) {
	a.end(f)
	a.recent.Remove(f.elem)
	delete(a.flows, f.key)
}

// setClient says which side is the client, once.
func (f *Flow) setClient(side int) {
	if f.client >= 0 {
		return
	}
	f.client = side
	f.Client, f.Server = f.key.a, f.key.b
	if side == 1 {
		f.Client, f.Server = f.Server, f.Client
	}
}

// decideClient makes a choice where no SYN did.
func (f *Flow) decideClient() {
	if f.key.b.Port() > f.key.a.Port() {
		f.setClient(1)
	}
	f.setClient(0)
}

func (f *Flow) fromClient(from int) bool {
	f.decideClient()
	return from == f.client
}
