package zone

import (
	"cmp"
	"encoding/binary"
	"slices"

	"applayer/dns"
	"applayer/internal/ascii"
)

// draft is a name whose records may still change.
type draft struct {
	key   string
	owner dns.Name
	used  bool
	old   *node // what the name had before
	sets  []draftSet
	kept  *draft // the draft that stands for this name, where it is another
}

type draftSet struct {
	typ, covered dns.Type
	n            uint32
	ttl          uint32
	differ       bool // TTLs did
	wire         []byte
}

// current returns the draft of the open name.
func (d *draft) current() *draft {
	if d.kept != nil {
		return d.kept
	}
	return d
}

// start begins with what a name had.
func (d *draft) start(key string, owner dns.Name, old *node) {
	d.key, d.owner, d.used, d.old, d.kept = key, owner, true, old, nil
	d.sets = d.sets[:0]
	for _, s := range old.list() {
		d.sets = append(d.sets, draftSet{typ: s.typ, covered: s.covered, n: s.n, ttl: s.ttl(), wire: []byte(s.wire)})
	}
}

// set returns the set of a type, nil for none.
func (d *draft) set(t, covered dns.Type) *draftSet {
	for i := range d.sets {
		if d.sets[i].typ == t && d.sets[i].covered == covered {
			return &d.sets[i]
		}
	}
	return nil
}

// add adds a record.
func (d *draft) add(t dns.Type, class dns.Class, ttl uint32, rdata []byte) {
	covered := dns.Type(0)
	if t == dns.TypeRRSIG && len(rdata) >= 2 {
		covered = dns.Type(binary.BigEndian.Uint16(rdata)) // RFC 4034 §3.1
	}
	s := d.setOrNew(t, covered, ttl)
	head := headOf(t, class, ttl, len(rdata))
	s.wire = append(s.wire, head[:]...)
	s.wire = append(s.wire, rdata...)
	s.count(1, ttl)
}

// addNode adds the records of a node.
func (d *draft) addNode(n *node) {
	for i := range n.sets {
		from := &n.sets[i]
		s := d.setOrNew(from.typ, from.covered, from.ttl())
		s.wire = append(s.wire, from.wire...)
		s.count(from.n, from.ttl())
	}
}

// setOrNew is set; where there is none, it makes one with that TTL.
func (d *draft) setOrNew(t, covered dns.Type, ttl uint32) *draftSet {
	if s := d.set(t, covered); s != nil {
		return s
	}
	s := d.grow()
	s.typ, s.covered, s.n, s.ttl, s.differ = t, covered, 0, ttl, false
	s.wire = s.wire[:0]
	return s
}

// count counts so many records more, with their TTL.
func (s *draftSet) count(n, ttl uint32) {
	s.n += n
	s.differ = s.differ || s.ttl != ttl
	s.ttl = min(s.ttl, ttl)
}

// grow appends a set, with the octets that an earlier one had there.
func (d *draft) grow() *draftSet {
	if len(d.sets) < cap(d.sets) {
		d.sets = d.sets[:len(d.sets)+1]
	} else {
		d.sets = append(d.sets, draftSet{})
	}
	return &d.sets[len(d.sets)-1]
}

func (d *draft) remove(rr *dns.RR) bool {
	s := d.set(rr.Type(), coveredBy(rr.Data))
	want, err := dns.AppendCanonicalRData(nil, rr.Data)
	if s == nil || err != nil {
		return false
	}
	var canonical []byte
	for at := 0; at < len(s.wire); {
		size := recordSize(s.wire[at:])
		canonical = appendCanonical(canonical[:0], s.typ, s.wire[at+recordHead:at+size])
		if string(canonical) == string(want) {
			s.wire = slices.Delete(s.wire, at, at+size)
			if s.n--; s.n == 0 {
				i := slices.IndexFunc(d.sets, func(o draftSet) bool { return o.typ == s.typ && o.covered == s.covered })
				d.sets = slices.Delete(d.sets, i, i+1)
			}
			return true
		}
		at += size
	}
	return false
}

// coveredBy returns the type that a signature covers; 0 for other data.
func coveredBy(d dns.RData) dns.Type {
	if sig, ok := d.(*dns.RRSIG); ok {
		return sig.TypeCovered
	}
	return 0
}

func recordSize(w []byte) int {
	return recordHead + int(binary.BigEndian.Uint16(w[ownerSize+8:]))
}

// appendCanonical appends the canonical form of data on the wire, by which
// records are the same or not (RFC 2181 §5, RFC 4034 §6.2).
func appendCanonical(dst []byte, t dns.Type, rdata []byte) []byte {
	if t == dns.TypeA || t == dns.TypeAAAA || t == dns.TypeTXT {
		return append(dst, rdata...)
	}
	d, err := dns.ParseRData(t, rdata, 0, len(rdata), nil)
	if err != nil {
		return append(dst, rdata...)
	}
	before := len(dst)
	if dst, err = dns.AppendCanonicalRData(dst, d); err != nil {
		return append(dst[:before], rdata...)
	}
	return dst
}

// node makes of a draft what is kept, or a copy of its owner; nil where nothing is
// left.
func (d *draft) node(mem *slab, keep bool, note func(Problem)) *node {
	if len(d.sets) == 0 {
		return nil
	}
	wire := mem.scratch[:0] // of all sets: one string is made of them
	for i := range d.sets {
		s := &d.sets[i]
		if s.settle() {
			note(Problem{d.owner, s.typ, "record that is there twice", "RFC 2181 §5", true})
		}
		if s.differ {
			note(Problem{d.owner, s.typ, "TTLs of a set that differ: the lowest counts", "RFC 2181 §5.2", true})
		}
		wire = append(wire, s.wire...)
	}
	mem.scratch = wire
	sets, all := mem.rrsets(len(d.sets)), mem.string(wire)
	for i := range d.sets {
		s := &d.sets[i]
		sets[i].typ, sets[i].covered, sets[i].n, sets[i].wire = s.typ, s.covered, s.n, all[:len(s.wire)]
		all = all[len(s.wire):]
	}
	slices.SortFunc(sets, func(a, b rrset) int { return cmp.Compare(a.order(), b.order()) })
	owner := d.owner
	switch {
	case d.old != nil:
		owner = d.old.owner
	case !keep:
		owner, _, _ = dns.CutName(mem.copy(owner.Wire()))
	}
	return mem.node(node{owner: owner, sets: sets})
}

// settle takes out what is there twice, which it tells, and sets all TTLs to the
// lowest.
func (s *draftSet) settle() (twice bool) {
	if s.n < 2 {
		return false
	}
	if s.differ {
		for at := 0; at < len(s.wire); at += recordSize(s.wire[at:]) {
			binary.BigEndian.PutUint32(s.wire[at+ownerSize+4:], s.ttl)
		}
	}
	if s.n <= fewRecords && !s.similar() {
		return false
	}
	seen := make(map[string]struct{}, s.n)
	var canonical []byte
	kept := s.wire[:0]
	for at := 0; at < len(s.wire); {
		size := recordSize(s.wire[at:])
		record := s.wire[at : at+size]
		at += size
		canonical = appendCanonical(canonical[:0], s.typ, record[recordHead:])
		if _, ok := seen[string(canonical)]; ok {
			s.n--
			twice = true
			continue
		}
		seen[string(canonical)] = struct{}{}
		kept = append(kept, record...)
	}
	s.wire = kept
	return twice
}

// fewRecords is how many are compared each with each.
const fewRecords = 8

// similar tells whether a record is there twice if case does not matter
// anywhere: only then it may be the same.
func (s *draftSet) similar() bool {
	for a := s.wire; len(a) > 0; {
		size := recordSize(a)
		record := a[:size]
		a = a[size:]
		for b := a; len(b) > 0; b = b[recordSize(b):] {
			if recordSize(b) == size && ascii.EqualFold(record, b[:size]) {
				return true
			}
		}
	}
	return false
}
