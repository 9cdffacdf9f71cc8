package zone

import (
	"encoding/binary"
	"slices"

	"applayer/dns"
)

// result is what an answer says behind the question. Its pointers are right for
// any spelling of the question, and it is only read once it is made.
type result struct {
	rcode         dns.RCode
	authoritative bool
	counts        dns.Counts
	octets        []byte
	// marks are where the octets may be cut.
	marks []mark
	// turn is the set of addresses whose order may change.
	turn turn
	// cut tells that not even 65535 octets were enough.
	cut bool
	// pointers are where octets has pointers, if it is for names below that of
	// the question too, and shift is how much larger they are to be: as many
	// octets as such a name has more.
	pointers []uint16
	shift    uint16
}

// body writes a result: as if the question had the zone's case, so that names
// are compressed against it.
type body struct {
	result
	start int // where octets behind the question begin
	// known is the end of the question's name that the zone has, at an offset.
	known   dns.Name
	knownAt int
	// comp knows the names once seeded: many answers need none.
	comp   dns.Compressor
	seeded bool
	// ended tells that a set had no room, and that no more are tried.
	ended bool
	// below keeps the pointers, for names below that of the question.
	below bool
}

// mark is the end of an RR set, its signatures included: an answer holds all of
// them or none (RFC 2181 §9).
type mark struct {
	end    uint16 // in octets behind the question
	counts dns.Counts
	// needed tells that the answer is truncated where what ends here is left
	// out; else it was an extra.
	needed bool
}

// turn is where an RR set of records of equal size stands in the body.
type turn struct {
	at, n uint16
	size  uint8
}

// begin writes the question: labels that no record shares, and the rest in the
// zone's spelling.
func (b *body) begin(labels []byte, rest dns.Name) {
	b.rcode, b.authoritative, b.cut = 0, false, false
	b.ended = false
	b.counts, b.marks, b.turn = dns.Counts{}, b.marks[:0], turn{}
	b.pointers, b.shift, b.below = b.pointers[:0], 0, false
	b.octets = append(b.octets[:0], make([]byte, dns.HeaderSize)...)
	b.octets = append(b.octets, labels...)
	b.known, b.knownAt, b.seeded = rest, len(b.octets), false
	b.octets = rest.AppendWire(b.octets)
	b.octets = append(b.octets, 0, 0, 0, 0) // type and class
	b.start = len(b.octets)
}

// appendName appends a name, compressed.
func (b *body) appendName(n dns.Name) {
	if !b.seeded {
		b.seeded = true
		b.comp.Reset(0)
		b.comp.AppendName(b.octets[:b.knownAt], b.known) // where it stands already
	}
	at := len(b.octets)
	b.octets = b.comp.AppendName(b.octets, n)
	for b.below && b.octets[at] != 0 {
		if b.octets[at] > dns.MaxLabel {
			b.notePointer(at)
			return
		}
		at += 1 + int(b.octets[at])
	}
}

func (b *body) notePointer(at int) { b.pointers = append(b.pointers, uint16(at-b.start)) }

// add writes a set and its signatures, if any. The zero owner is the question's
// name.
func (b *body) add(s dns.Section, owner dns.Name, set, sigs *rrset, needed bool) {
	if b.ended {
		return
	}
	if _, names := compressed(set.typ); names == 0 && len(set.wire) > dns.MaxMessage {
		b.ended, b.cut = true, needed // without a look at all of it
		return
	}
	n := b.write(owner, set)
	if sigs != nil {
		n += b.write(owner, sigs)
	}
	end := len(b.octets) - b.start
	if len(b.octets) > dns.MaxMessage || n > 1<<16-1 {
		// Names behind what is cut off here could point into it.
		b.ended, b.cut = true, needed
		b.octets = b.octets[:b.start+b.marked()]
		return
	}
	switch s {
	case dns.SectionAnswer:
		b.counts.Answer += uint16(n)
	case dns.SectionAuthority:
		b.counts.Authority += uint16(n)
	default:
		b.counts.Additional += uint16(n)
	}
	b.marks = append(b.marks, mark{uint16(end), b.counts, needed})
}

// marked returns where the last mark is.
func (b *body) marked() int {
	if len(b.marks) == 0 {
		return 0
	}
	return int(b.marks[len(b.marks)-1].end)
}

// write appends the records of a set and returns how many they are.
func (b *body) write(owner dns.Name, set *rrset) int {
	skip, names := compressed(set.typ)
	if !owner.IsValid() && names == 0 && !b.below {
		b.octets = append(b.octets, set.wire...)
		return int(set.n)
	}
	for w := set.wire; len(w) > 0 && len(b.octets) <= dns.MaxMessage; {
		size := recordHead + int(be16(w[ownerSize+8:]))
		if owner.IsValid() {
			b.appendName(owner)
			b.octets = append(b.octets, w[ownerSize:recordHead]...)
		} else {
			if b.below {
				b.notePointer(len(b.octets))
			}
			b.octets = append(b.octets, w[:recordHead]...)
		}
		b.data(w[recordHead:size], skip, names)
		w = w[size:]
	}
	return int(set.n)
}

// data appends the data of a record, with as many names compressed behind the
// octets to skip, and sets its length.
func (b *body) data(rdata string, skip, names int) {
	start := len(b.octets)
	b.octets = append(b.octets, rdata[:skip]...)
	rest := rdata[skip:]
	for range names {
		var n dns.Name
		n, rest, _ = dns.CutName(rest)
		b.appendName(n)
	}
	b.octets = append(b.octets, rest...)
	binary.BigEndian.PutUint16(b.octets[start-2:], uint16(len(b.octets)-start))
}

// compressed tells how many names the data of a type has that may be
// compressed, and how many octets stand before them (RFC 3597 §4).
func compressed(t dns.Type) (skip, names int) {
	switch t {
	case dns.TypeNS, dns.TypeCNAME, dns.TypePTR, dns.TypeMD, dns.TypeMF, dns.TypeMB, dns.TypeMG, dns.TypeMR:
		return 0, 1
	case dns.TypeSOA, dns.TypeMINFO:
		return 0, 2
	case dns.TypeMX:
		return 2, 1
	}
	return 0, 0
}

// end returns the result. Its memory is the body's.
func (b *body) end() result {
	r := b.result
	r.octets = b.octets[b.start:]
	return r
}

// copy returns a result of its own memory.
func (r *result) copy() result {
	kept := *r
	kept.octets, kept.marks, kept.pointers = slices.Clone(r.octets), slices.Clone(r.marks), slices.Clone(r.pointers)
	return kept
}

// move changes the pointers of as much of the octets as was written to a message
// so that they are right there.
func (r *result) move(written []byte) {
	if r.shift == 0 {
		return
	}
	for _, at := range r.pointers {
		if int(at) < len(written) {
			binary.BigEndian.PutUint16(written[at:], binary.BigEndian.Uint16(written[at:])+r.shift)
		}
	}
}

// fit returns how much of the octets has room in as many, and whether the
// answer is truncated by that.
func (r *result) fit(room int) (n int, counts dns.Counts, truncated bool) {
	n, counts, truncated = len(r.octets), r.counts, r.cut
	for i := len(r.marks) - 1; n > room; i-- {
		truncated = truncated || r.marks[i].needed
		n, counts = 0, dns.Counts{}
		if i > 0 {
			n, counts = int(r.marks[i-1].end), r.marks[i-1].counts
		}
	}
	return n, counts, truncated
}
