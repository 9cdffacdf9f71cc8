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
	// closed are the names that were added to before, as they came: they enter
	// the indexes together. One that came again is there again.
	closed entries
	// edits tells that records were asked for or removed: there is nothing in
	// closed, and what names get enters the indexes at once, but for drafts.
	edits bool
	// drafts are the names that came again since.
	drafts map[string]*draft
	// faults are the names that would be wrong if this were all.
	faults map[string]error
	notes  []Problem
	// appends tells that names enter an empty tree in order.
	appends bool
	// keeps tells that owners are kept as they are given, and not copies.
	keeps bool
	key   [maxKey]byte
	data  []byte // of the record that is added
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
	t := rr.Type()
	d, err := b.place(rr.Name, t, rr.Class)
	if err != nil {
		return err
	}
	if rr.Data == nil {
		return b.recordError(rr.Name, t, ErrMeta)
	}
	if b.data, err = dns.AppendRData(b.data[:0], rr.Data, nil); err != nil {
		return b.recordError(rr.Name, t, err)
	}
	if len(b.data) > maxRData {
		return b.recordError(rr.Name, t, dns.ErrRDLength)
	}
	d.add(t, rr.Class, rr.TTL, b.data)
	return nil
}

// addWire is [Builder.Add] for data as it stands on the wire, no longer than a
// record can have it.
func (b *Builder) addWire(rr wireRecord, class dns.Class, rdata []byte) error {
	d, err := b.place(rr.owner, rr.typ, class)
	if err != nil {
		return err
	}
	d.add(rr.typ, class, rr.ttl, rdata)
	return nil
}

// place returns the draft of the name that a record is added to, unless it
// cannot be in this zone.
func (b *Builder) place(owner dns.Name, t dns.Type, class dns.Class) (*draft, error) {
	d, err := b.draft(owner)
	if err != nil {
		return nil, err
	}
	if b.class == 0 {
		b.class = class
	}
	switch {
	case t.IsMeta():
		return nil, b.recordError(owner, t, ErrMeta)
	case class != b.class:
		return nil, b.recordError(owner, t, ErrOutOfZone)
	case t == dns.TypeSOA && len(d.key) > 0:
		return nil, b.recordError(owner, t, ErrNoSOA)
	}
	return d, nil
}

// Remove removes one record, whatever its TTL, and tells whether it was there.
func (b *Builder) Remove(rr dns.RR) bool {
	b.edit()
	d, err := b.draft(rr.Name)
	return err == nil && rr.Data != nil && d.remove(&rr)
}

// RemoveSet removes the records of a type at a name, with all their signatures,
// and tells whether there were any.
func (b *Builder) RemoveSet(n dns.Name, t dns.Type) bool {
	b.edit()
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
	b.edit()
	d, err := b.draft(n)
	if err != nil {
		return false
	}
	before := len(d.sets)
	d.sets = d.sets[:0]
	return before > 0
}

func (b *Builder) recordError(owner dns.Name, t dns.Type, err error) error {
	return fmt.Errorf("%s %s: %w", owner, t, err)
}

// Zone returns the zone of what was added. The Builder is spent then: its other
// methods return [ErrBuilt] or false.
func (b *Builder) Zone() (*Zone, error) {
	if b.by == nil {
		return nil, ErrBuilt
	}
	b.edit()
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
	if !b.edits {
		b.open.start(b.mem.string(key), n, nil)
		return &b.open, nil
	}
	if d, ok := b.drafts[string(key)]; ok {
		b.open = draft{owner: n, key: d.key, used: true, kept: d}
		return d, nil
	}
	old := b.node(key)
	if old == nil {
		b.open.start(b.mem.string(key), n, nil)
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

// node returns what a name has so far, but for drafts; nil for nothing.
func (b *Builder) node(key []byte) *node {
	for _, x := range [...]*index{&b.names, &b.hashed} {
		if p, found := x.searchNear(key); found {
			return x.pages[p.page].entries[p.entry].node
		}
	}
	return nil
}

// edit enters the names that are closed.
func (b *Builder) edit() {
	if b.edits {
		return
	}
	b.close(&b.open)
	b.edits = true
	b.appends = b.count == 0
	for rest := sortedByKey(&b.closed); len(rest) > 0; {
		n := 1
		for n < len(rest) && b.closed.at(rest[n].at).key == b.closed.at(rest[0].at).key {
			n++
		}
		b.enter(rest[:n])
		rest = rest[n:]
	}
	b.closed, b.appends = entries{}, false
}

// enter enters a name, which came so many times.
func (b *Builder) enter(times []ranked) {
	first := b.closed.at(times[0].at)
	var old *node
	if !b.appends {
		old = b.node([]byte(first.key))
	}
	if len(times) == 1 && old == nil {
		b.replace(first.key, nil, first.node)
		return
	}
	var d draft
	d.start(first.key, first.node.owner, old)
	for _, t := range times {
		d.addNode(b.closed.at(t.at).node)
	}
	b.close(&d)
}

// close makes the node of a draft, if it has one of its own.
func (b *Builder) close(d *draft) {
	if !d.used || d.kept != nil {
		d.used = false
		return
	}
	d.used = false
	n := d.node(&b.mem, b.keeps, b.note)
	switch {
	case b.edits:
		b.replace(d.key, d.old, n)
	case n != nil:
		b.closed.add(d.key, n)
	}
}

// replace puts the node that a name has now in the place of what it had; nil is
// none.
func (b *Builder) replace(key string, old, n *node) {
	was, is := old.sort(), n.sort()
	b.count += is.records - was.records
	if key != "" {
		b.cuts += is.cuts - was.cuts
	}
	swap := func(x *index, was, is bool) {
		switch {
		case is && b.appends:
			x.append(b.by, key, n)
		case is:
			x.put(b.by, key, n)
		case was:
			x.remove(b.by, []byte(key))
		}
	}
	swap(&b.names, was.name, is.name)
	swap(&b.hashed, was.hash, is.hash)
	if is.alias || len(b.faults) > 0 {
		b.check(key, n)
	}
}

// check keeps what is wrong with the data of a name.
func (b *Builder) check(key string, n *node) {
	if err := check(n); err != nil {
		if b.faults == nil {
			b.faults = map[string]error{}
		}
		b.faults[key] = fmt.Errorf("zone %s: %s: %w", b.origin, n.owner, err)
	} else if len(b.faults) > 0 {
		delete(b.faults, key)
	}
}

func (n *node) list() []rrset {
	if n == nil {
		return nil
	}
	return n.sets
}

// nodeSort tells what a node is to its zone.
type nodeSort struct {
	records int
	// cuts is 1 for a name below which the zone, but for the apex, has no data.
	cuts int
	// alias tells that there is a CNAME or a DNAME record.
	alias bool
	// hash tells that the name is a hash, with NSEC3, which proves what is not
	// there (RFC 5155 §3).
	hash bool
	// name tells that questions find the name: it has other data than NSEC3
	// (RFC 5155 §7.2.8).
	name bool
}

func (n *node) sort() (s nodeSort) {
	list := n.list()
	for i := range list {
		set := &list[i]
		s.records += int(set.n)
		switch {
		case set.typ == dns.TypeNS:
			s.cuts, s.name = 1, true
		case set.typ == dns.TypeDNAME:
			s.cuts, s.name, s.alias = 1, true, true
		case set.typ == dns.TypeCNAME:
			s.name, s.alias = true, true
		case set.typ == dns.TypeNSEC3:
			s.hash = true
		case set.covered != dns.TypeNSEC3:
			s.name = true
		}
	}
	return s
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
