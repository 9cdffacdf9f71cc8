package zone

import (
	"encoding/binary"
	"iter"
	"slices"

	"applayer/dns"
)

// A Zone is one version of a zone: its records in a tree by name, which does
// not change any more (RFC 1034 §4.2). A [Builder] makes it, a [Store] publishes
// it. It may be used by several goroutines.
type Zone struct {
	origin dns.Name
	class  dns.Class
	names  index
	hashed index // the names that have NSEC3 records (RFC 5155 §7.1)
	cuts   int   // names below the apex, and DNAMEs, that end what the zone has
	count  int
	apex   *node
	soa    *rrset
	// negative is the SOA set with the TTL of answers that say that there is
	// nothing (RFC 2308 §3).
	negative rrset
	// negativeSigs are the signatures of the SOA set with that TTL, if any.
	negativeSigs *rrset
	denial       denial
	// nothing is the answer that there is nothing, to who asks for no more.
	nothing result
}

// complete fills in what the zone's apex says.
func (z *Zone) complete() error {
	z.apex = z.names.get(nil)
	if z.apex == nil || z.apex.set(dns.TypeSOA) == nil || z.apex.set(dns.TypeSOA).n != 1 {
		return ErrNoSOA
	}
	z.soa = z.apex.set(dns.TypeSOA)
	ttl := min(z.soa.ttl(), be32(z.soa.wire[len(z.soa.wire)-4:]))
	z.negative = z.soa.withTTL(ttl)
	if sigs := z.apex.signatures(dns.TypeSOA); sigs != nil {
		s := sigs.withTTL(min(ttl, sigs.ttl()))
		z.negativeSigs = &s
	}
	z.denial = z.findDenial()
	z.nothing = z.prebuild()
	return nil
}

// withTTL returns the set with another TTL.
func (s *rrset) withTTL(ttl uint32) rrset {
	w := []byte(s.wire)
	for at := 0; at < len(w); at += recordSize(w[at:]) {
		binary.BigEndian.PutUint32(w[at+ownerSize+4:], ttl)
	}
	changed := *s
	changed.wire = string(w)
	return changed
}

// Origin returns the name of the zone's apex.
func (z *Zone) Origin() dns.Name { return z.origin }

// Class returns the class of all its records.
func (z *Zone) Class() dns.Class { return z.class }

// SOA returns the SOA set of the apex: one record.
func (z *Zone) SOA() Set { return Set{z.apex.owner, z.soa} }

// Serial returns the version that the SOA record tells, in sequence space
// (RFC 1982).
func (z *Zone) Serial() uint32 { return be32(z.soa.wire[len(z.soa.wire)-20:]) }

// Len returns how many records there are.
func (z *Zone) Len() int { return z.count }

// Set returns the records of a type at a name, also of those below zone cuts,
// which no question finds. Signatures have no set of their own here: see
// [Zone.SetsAt].
func (z *Zone) Set(n dns.Name, t dns.Type) (Set, bool) {
	if at := z.node(n); at != nil {
		if s := at.set(t); s != nil {
			return Set{at.owner, s}, true
		}
	}
	return Set{}, false
}

// node returns what a name has, hash or not, nil for nothing.
func (z *Zone) node(n dns.Name) *node {
	if !n.IsSubdomainOf(z.origin) {
		return nil
	}
	var buf [maxKey]byte
	key := appendKey(buf[:0], n.Wire(), z.origin.Len())
	if at := z.names.get(key); at != nil {
		return at
	}
	return z.hashed.get(key)
}

// SetsAt goes through the sets of one name, signatures last.
func (z *Zone) SetsAt(n dns.Name) iter.Seq[Set] {
	return func(yield func(Set) bool) {
		at := z.node(n)
		for i := range at.list() {
			if !yield(Set{at.owner, &at.sets[i]}) {
				return
			}
		}
	}
}

// Sets goes through all sets: the SOA set, which transfers begin with, and then
// the names in canonical order (RFC 4034 §6.1), each with its sets in the order
// of their types and the signatures behind them; at the end the names of NSEC3
// records.
func (z *Zone) Sets() iter.Seq[Set] {
	return func(yield func(Set) bool) {
		if !yield(z.SOA()) {
			return
		}
		more := true
		sets := func(e entry) bool {
			for i := range e.node.sets {
				if s := &e.node.sets[i]; s != z.soa && more {
					more = yield(Set{e.node.owner, s})
				}
			}
			return more
		}
		z.names.all(position{}, sets)
		z.hashed.all(position{}, func(e entry) bool {
			return !more || e.node.sort().name || sets(e)
		})
	}
}

// All goes through all records, in the order of [Zone.Sets].
func (z *Zone) All() iter.Seq[dns.RR] {
	return func(yield func(dns.RR) bool) {
		for s := range z.Sets() {
			for rr := range s.All() {
				if !yield(rr) {
					return
				}
			}
		}
	}
}

// Records returns all records, in the order of [Zone.Sets].
func (z *Zone) Records() []dns.RR { return slices.Collect(z.All()) }
