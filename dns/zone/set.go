package zone

import (
	"iter"
	"net/netip"

	"applayer/dns"
)

// An rrset is the records of one name and type as answers carry them: one
// behind the other on the wire, each with a pointer to the question's name for
// its owner, and the names in its data in full. Where the question asks for
// this very name they are the answer as they stand. Signatures are a set for
// each type that they cover (RFC 4035 §2.2).
type rrset struct {
	typ     dns.Type
	covered dns.Type // of RRSIG alone
	n       uint32
	wire    string
}

// The parts of a record on the wire behind a pointer for an owner
// (RFC 1035 §4.1.3).
const (
	ownerSize  = 2
	fixedSize  = 10 // type, class, TTL, length of the data
	recordHead = ownerSize + fixedSize
	// questionName points to the name behind the header.
	questionName = 0xc000 | dns.HeaderSize
)

func (s *rrset) ttl() uint32 { return be32(s.wire[ownerSize+4:]) }

func (s *rrset) class() dns.Class { return dns.Class(be16(s.wire[ownerSize+2:])) }

// is tells whether s is the set of a type, and of the type that it covers.
func (s *rrset) is(t, covered dns.Type) bool { return s.typ == t && s.covered == covered }

// order is the place of a set among those of its name.
func (s *rrset) order() uint32 { return uint32(s.covered)<<16 | uint32(s.typ) }

// records goes through the data of each record, its length before it.
func (s *rrset) records(f func(rdata string) bool) {
	for w := s.wire; len(w) > 0; {
		size := recordHead + int(be16(w[ownerSize+8:]))
		if !f(w[recordHead:size]) {
			return
		}
		w = w[size:]
	}
}

// uniform tells whether each record takes as many octets, and how many.
func (s *rrset) uniform() (size int, ok bool) {
	switch s.typ {
	case dns.TypeA:
		return recordHead + 4, true
	case dns.TypeAAAA:
		return recordHead + 16, true
	}
	return 0, false
}

func be16(s string) uint16 { return uint16(s[0])<<8 | uint16(s[1]) }

func be32(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

// headOf returns what stands before so many octets of data of a record in an
// rrset.
func headOf(t dns.Type, class dns.Class, ttl uint32, size int) [recordHead]byte {
	return [...]byte{questionName >> 8, questionName & 0xff, byte(t >> 8), byte(t), byte(class >> 8), byte(class),
		byte(ttl >> 24), byte(ttl >> 16), byte(ttl >> 8), byte(ttl), byte(size >> 8), byte(size)}
}

// Set is the records of one name and type in a [Zone], or in what is made of
// it. It does not change; the zero Set is none.
type Set struct {
	owner dns.Name
	set   *rrset
}

// IsValid tells whether s is a set, and not the zero Set.
func (s Set) IsValid() bool { return s.set != nil }

// Name returns the owner of the records.
func (s Set) Name() dns.Name { return s.owner }

// Type returns the type of the records; 0 of the zero Set.
func (s Set) Type() dns.Type {
	if s.set == nil {
		return 0
	}
	return s.set.typ
}

// Covered returns the type that the signatures of a set of type RRSIG cover:
// each is a set of its own (RFC 4035 §2.2). It is 0 for other types.
func (s Set) Covered() dns.Type {
	if s.set == nil {
		return 0
	}
	return s.set.covered
}

// TTL returns the time to live, which is the same for all records of a set
// (RFC 2181 §5.2).
func (s Set) TTL() uint32 {
	if s.set == nil {
		return 0
	}
	return s.set.ttl()
}

// Len returns how many records there are.
func (s Set) Len() int {
	if s.set == nil {
		return 0
	}
	return int(s.set.n)
}

// All goes through the records.
func (s Set) All() iter.Seq[dns.RR] {
	return func(yield func(dns.RR) bool) {
		if s.set == nil {
			return
		}
		rr := dns.RR{Name: s.owner, Class: s.set.class(), TTL: s.set.ttl()}
		s.set.records(func(rdata string) bool {
			d, err := dns.ParseRData(s.set.typ, []byte(rdata), 0, len(rdata), nil)
			if err != nil {
				// What was written by a type that this package does not know.
				d = &dns.Unknown{RRType: s.set.typ, Octets: []byte(rdata)}
			}
			rr.Data = d
			return yield(rr)
		})
	}
}

// Addrs goes through the addresses of a set of type A or AAAA; those of other
// types have none.
func (s Set) Addrs() iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		if s.set == nil || s.set.typ != dns.TypeA && s.set.typ != dns.TypeAAAA {
			return
		}
		s.set.records(func(rdata string) bool {
			a, ok := netip.AddrFromSlice([]byte(rdata))
			return !ok || yield(a)
		})
	}
}

// node is what a name of a zone has. It does not change.
type node struct {
	owner dns.Name
	// sets are in the order of their types; signatures come behind all, in the
	// order of what they cover.
	sets []rrset
}

// set returns the set of a type that is no signature's, nil for none.
func (n *node) set(t dns.Type) *rrset { return n.find(t, 0) }

// signatures returns those of the set of a type, nil for none.
func (n *node) signatures(covered dns.Type) *rrset { return n.find(dns.TypeRRSIG, covered) }

func (n *node) find(t, covered dns.Type) *rrset { return findSet(n.sets, t, covered) }

// findSet returns the set of a type, and of the type that it covers; nil for
// none.
func findSet(sets []rrset, t, covered dns.Type) *rrset {
	for i := range sets {
		if sets[i].is(t, covered) {
			return &sets[i]
		}
	}
	return nil
}

// has tells whether there are records of a type.
func (n *node) has(t dns.Type) bool {
	for i := range n.sets {
		if n.sets[i].typ == t {
			return true
		}
	}
	return false
}
