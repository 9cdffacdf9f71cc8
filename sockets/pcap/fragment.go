package pcap

import (
	"container/list"
	"net/netip"
	"time"
)

// fragmentKey tells which fragments belong together: RFC 791 §3.2 and
// RFC 8200 §4.5 (which has no protocol in it).
type fragmentKey struct {
	source, destination netip.Addr
	protocol            Protocol
	id                  uint32
}

// datagram is an IP datagram of which fragments came.
type datagram struct {
	pieces
	end   int64 // its length, -1 while the last fragment is missing
	first Protocol
	elem  *list.Element
}

// fragments puts IP datagrams together.
type fragments struct {
	waiting map[fragmentKey]*datagram
	began   list.List // of fragmentKey, the oldest datagram in front
	cost    int
}

// add takes a fragment, whose layers hold no transport header. When it
// completes a datagram, l becomes that of the whole, with a payload of its own.
func (f *fragments) add(l *Layers, t time.Time, limit int) (whole bool, err error) {
	if l.Length != len(l.Payload) {
		return false, nil // Cut by the snap length: the datagram stays incomplete.
	}
	key, off, more := l.fragment()
	// A fragment that is not the last holds a multiple of 8 octets, and no
	// datagram is longer than its length field can say.
	const ref = "RFC 8200 §4.5"
	if more && len(l.Payload)%8 != 0 || off+int64(len(l.Payload)) > 0xffff {
		return false, &ParseError{What: "fragment length", Ref: ref, Err: errLength}
	}
	d := f.waiting[key]
	if d == nil {
		if f.waiting == nil {
			f.waiting = make(map[fragmentKey]*datagram)
		}
		d = &datagram{end: -1, elem: f.began.PushBack(key)}
		f.waiting[key] = d
		f.cost += pieceCost
	}
	before := d.cost
	overlap := d.insert(off, t, l.Payload)
	grown := d.cost - before
	f.cost += grown
	switch {
	case overlap && grown > 0 && !l.IPv4.Source.IsValid():
		// RFC 5722 §4 has the whole datagram dropped; a fragment that came
		// twice adds nothing and does no harm.
		f.drop(key, d)
		return false, &ParseError{What: "overlapping fragments", Ref: "RFC 5722 §4"}
	case off == 0:
		d.first = l.Protocol
	}
	if end := off + int64(len(l.Payload)); !more && d.end < 0 {
		d.end = end
	}
	if b, ok := d.whole(); ok {
		f.drop(key, d)
		l.Fragment, l.Protocol = false, d.first
		l.Payload, l.Length = b, len(b)
		if !l.IPv4.Source.IsValid() {
			return true, l.extended()
		}
		return true, nil
	}
	for f.cost > limit {
		f.dropOldest()
	}
	return false, nil
}

// fragment gives what the IP header says about the piece.
func (l *Layers) fragment() (key fragmentKey, off int64, more bool) {
	key = fragmentKey{source: l.Source.Addr(), destination: l.Destination.Addr()}
	if l.IPv4.Source.IsValid() {
		key.protocol, key.id = l.IPv4.Protocol, uint32(l.IPv4.ID)
		return key, int64(l.IPv4.FragmentOffset), l.IPv4.MoreFragments
	}
	key.id = l.IPv6.FragmentID
	return key, int64(l.IPv6.FragmentOffset), l.IPv6.MoreFragments
}

// whole gives the datagram's payload when nothing is missing.
func (d *datagram) whole() ([]byte, bool) {
	at := int64(0)
	for i := range d.list {
		if d.list[i].off != at {
			return nil, false
		}
		at = d.list[i].end()
	}
	if d.end < 0 || at < d.end {
		return nil, false
	}
	b := make([]byte, 0, at)
	for i := range d.list {
		b = append(b, d.list[i].data...)
	}
	return b[:d.end], true
}

func (f *fragments) drop(key fragmentKey, d *datagram) {
	delete(f.waiting, key)
	f.began.Remove(d.elem)
	f.cost -= d.cost + pieceCost
}

// dropOldest gives up the datagram whose first fragment came first.
func (f *fragments) dropOldest() {
	key := f.began.Front().Value.(fragmentKey)
	f.drop(key, f.waiting[key])
}
