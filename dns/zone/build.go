package zone

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"applayer/dns"
)

// What a zone must not be, beside what a master file must not say. Errors of
// [Builder] hold one of them.
var (
	// ErrOutOfZone means a record whose owner is not at or below the apex, or
	// of another class than the rest.
	ErrOutOfZone = errors.New("not of this zone")
	// ErrNoSOA means a zone without exactly one SOA record, which is at its
	// apex (RFC 1035 §5.2).
	ErrNoSOA = errors.New("not one SOA record")
	// ErrAlias means a CNAME record that is not the only data of its name, or a
	// name with several CNAME or DNAME records (RFC 2181 §10.1, RFC 6672 §2.4).
	ErrAlias = errors.New("alias beside other data")
	// ErrMeta means a record of a type that is no data (RFC 6895 §3.1).
	ErrMeta = errors.New("type is no data")
	// ErrBuilt means a Builder that has given its zone.
	ErrBuilt = errors.New("zone was built")
)

// A Builder makes a [Zone] of records: a first one, or from a zone its next
// version, which shares with it what did not change. It may not be used by
// several goroutines at once.
type Builder struct {
	origin dns.Name
	class  dns.Class
	by     *change
	names  index
	hashed index
	cuts   int
	count  int
	mem    slab

	// open is the name that was last added to: master files have the records
	// of one behind each other.
	open draft
	// drafts are the names that came again.
	drafts map[string]*draft
	// faults are the names that would be wrong if this were all.
	faults map[string]error
	notes  []Problem
	key    [maxKey]byte
}

// NewBuilder returns a Builder of the zone with that apex, without a record.
func NewBuilder(origin dns.Name) *Builder {
	return &Builder{origin: origin, by: new(change)}
}

// Builder returns a Builder that begins with the records of z.
func (z *Zone) Builder() *Builder {
	return &Builder{
		origin: z.origin, class: z.class, by: new(change), cuts: z.cuts, count: z.count,
		names: z.names.clone(), hashed: z.hashed.clone(),
	}
}

// Add adds a record. The same data again changes nothing, and all records of a
// set get the lowest TTL among them (RFC 2181 §5). Owner and data are copied.
// The error says why the record cannot be in this zone.
func (b *Builder) Add(rr dns.RR) error {
	d, err := b.draft(rr.Name)
	if err != nil {
		return err
	}
	if b.class == 0 {
		b.class = rr.Class
	}
	switch t := rr.Type(); {
	case rr.Data == nil || t.IsMeta():
		return b.recordError(&rr, ErrMeta)
	case rr.Class != b.class:
		return b.recordError(&rr, ErrOutOfZone)
	case t == dns.TypeSOA && len(d.key) > 0:
		return b.recordError(&rr, ErrNoSOA)
	}
	if err := d.add(&rr); err != nil {
		return b.recordError(&rr, err)
	}
	return nil
}

// Remove removes one record, whatever its TTL, and tells whether it was there.
func (b *Builder) Remove(rr dns.RR) bool {
	d, err := b.draft(rr.Name)
	return err == nil && rr.Data != nil && d.remove(&rr)
}

// RemoveSet removes the records of a type at a name, with all their signatures,
// and tells whether there were any.
func (b *Builder) RemoveSet(n dns.Name, t dns.Type) bool {
	d, err := b.draft(n)
	if err != nil {
		return false
	}
	before := len(d.sets)
	d.sets = slices.DeleteFunc(d.sets, func(s draftSet) bool { return s.typ == t || s.typ == dns.TypeRRSIG && s.covered == t })
	return len(d.sets) < before
}

// RemoveName removes all records of a name, and tells whether there were any.
func (b *Builder) RemoveName(n dns.Name) bool {
	d, err := b.draft(n)
	if err != nil {
		return false
	}
	before := len(d.sets)
	d.sets = d.sets[:0]
	return before > 0
}

func (b *Builder) recordError(rr *dns.RR, err error) error {
	return fmt.Errorf("%s %s: %w", rr.Name, rr.Type(), err)
}

// Zone returns the zone of what was added. The Builder is spent then: its other
// methods return [ErrBuilt] or false.
func (b *Builder) Zone() (*Zone, error) {
	if b.by == nil {
		return nil, ErrBuilt
	}
	b.close(&b.open)
	for _, d := range b.drafts {
		b.close(d)
	}
	z := &Zone{origin: b.origin, class: b.class, names: b.names, hashed: b.hashed, cuts: b.cuts, count: b.count}
	b.by, b.drafts = nil, nil
	for _, key := range slices.Sorted(maps.Keys(b.faults)) {
		return nil, b.faults[key]
	}
	if err := z.complete(); err != nil {
		return nil, fmt.Errorf("zone %s: %w", b.origin, err)
	}
	return z, nil
}

// note keeps a warning.
func (b *Builder) note(p Problem) {
	if len(b.notes) < MaxProblems {
		b.notes = append(b.notes, p)
	}
}

// draft returns the draft of a name, which is from now on the open one.
func (b *Builder) draft(n dns.Name) (*draft, error) {
	if b.by == nil {
		return nil, ErrBuilt
	}
	if b.open.owner == n && b.open.used {
		return b.open.current(), nil
	}
	if !n.IsSubdomainOf(b.origin) {
		return nil, fmt.Errorf("zone %s: %s: %w", b.origin, n, ErrOutOfZone)
	}
	key := appendKey(b.key[:0], n.Wire(), b.origin.Len())
	if b.open.used && string(key) == b.open.key {
		return b.open.current(), nil
	}
	b.close(&b.open)
	if d, ok := b.drafts[string(key)]; ok {
		b.open = draft{owner: n, key: d.key, used: true, kept: d}
		return d, nil
	}
	at, old := b.node(key)
	if old == nil {
		b.open.start(b.mem.string(key), n, nil)
		b.open.at = at
		return &b.open, nil
	}
	// It comes again: what it gets is not written at once, since it may come
	// very often.
	d := new(draft)
	d.start(string(key), old.owner, old)
	if b.drafts == nil {
		b.drafts = map[string]*draft{}
	}
	b.drafts[d.key] = d
	b.open = draft{owner: n, key: d.key, used: true, kept: d}
	return d, nil
}

// node returns what a name has so far, but for drafts; nil for nothing, and
// where it would stand among the names.
func (b *Builder) node(key []byte) (position, *node) {
	at, found := b.names.searchNear(key)
	if found {
		return at, b.names.pages[at.page].entries[at.entry].node
	}
	if p, found := b.hashed.searchNear(key); found {
		return at, b.hashed.pages[p.page].entries[p.entry].node
	}
	return at, nil
}

// close makes the node of a draft, if it has one of its own.
func (b *Builder) close(d *draft) {
	if !d.used || d.kept != nil {
		d.used = false
		return
	}
	d.used = false
	n := d.node(&b.mem, b.note)
	b.replace(d, n)
	if err := check(n); err != nil {
		if b.faults == nil {
			b.faults = map[string]error{}
		}
		b.faults[d.key] = fmt.Errorf("zone %s: %s: %w", b.origin, d.owner, err)
	} else if len(b.faults) > 0 {
		delete(b.faults, d.key)
	}
}

// replace puts the node that a draft became in the place of what its name had.
func (b *Builder) replace(d *draft, n *node) {
	old := d.old
	for _, s := range old.list() {
		b.count -= int(s.n)
	}
	for _, s := range n.list() {
		b.count += int(s.n)
	}
	if d.key != "" {
		b.cuts += n.cuts() - old.cuts()
	}
	switch {
	case n.isName() && old == nil && d == &b.open:
		b.names.putAt(b.by, d.at, false, d.key, n) // nothing was put since
	case n.isName():
		b.names.put(b.by, d.key, n)
	case old.isName():
		b.names.remove(b.by, []byte(d.key))
	}
	switch {
	case n.isHash():
		b.hashed.put(b.by, d.key, n)
	case old.isHash():
		b.hashed.remove(b.by, []byte(d.key))
	}
}

func (n *node) list() []rrset {
	if n == nil {
		return nil
	}
	return n.sets
}

// cuts is 1 for a name below which the zone, but for the apex, has no data.
func (n *node) cuts() int {
	if n != nil && (n.has(dns.TypeNS) || n.has(dns.TypeDNAME)) {
		return 1
	}
	return 0
}

// isHash tells whether n is a hash, with NSEC3, which proves what is not there
// (RFC 5155 §3).
func (n *node) isHash() bool { return n != nil && n.has(dns.TypeNSEC3) }

// isName tells whether n is a name that questions find: one with other data
// than NSEC3 (RFC 5155 §7.2.8).
func (n *node) isName() bool {
	for _, s := range n.list() {
		if s.typ != dns.TypeNSEC3 && s.covered != dns.TypeNSEC3 {
			return true
		}
	}
	return false
}

// check says what is wrong with the data of one name.
func check(n *node) error {
	if n == nil {
		return nil
	}
	if c := n.set(dns.TypeCNAME); c != nil {
		if c.n > 1 {
			return ErrAlias
		}
		for _, s := range n.sets {
			switch s.typ {
			case dns.TypeCNAME, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3, dns.TypeKEY, dns.TypeSIG, dns.TypeNXT:
				// RFC 4034 §3 and §4; KEY by RFC 3007 §3.1.1.
			default:
				return ErrAlias
			}
		}
	}
	if d := n.set(dns.TypeDNAME); d != nil && d.n > 1 {
		return ErrAlias
	}
	return nil
}
