package zone

import (
	"bytes"
	"cmp"
	"slices"

	"applayer/dns"
)

// Sort sorts records as named-compilezone does: NSEC3 records and their
// signatures behind all others, whose names stand for no names of the zone; by
// name in canonical order (RFC 4034 §6.1); at a name SOA, NS, then the types by
// number, the signatures of a type behind it; in a set by data in canonical
// order (RFC 4034 §6.3). A record that is there twice stays so.
func Sort(rrs []dns.RR) {
	slices.SortStableFunc(rrs, compareSets)
	for rest := rrs; len(rest) > 0; {
		n := setLen(rest)
		sortData(rest[:n])
		rest = rest[n:]
	}
}

// compareSets orders records by the sets that they belong to.
func compareSets(a, b dns.RR) int {
	x, y := setOrder(&a), setOrder(&b)
	if (x >= orderHashed) != (y >= orderHashed) {
		return cmp.Compare(x, y)
	}
	if a.Name != b.Name {
		if c := a.Name.Compare(b.Name); c != 0 {
			return c
		}
	}
	return cmp.Compare(x, y)
}

// orderHashed is the place of NSEC3 records and of their signatures.
const orderHashed = 1 << 20

// setOrder is the place of a record's set among those of its name.
func setOrder(rr *dns.RR) int {
	if sig, ok := rr.Data.(*dns.RRSIG); ok {
		return typeOrder(sig.TypeCovered) + 1
	}
	return typeOrder(rr.Type())
}

// typeOrder is the place of the set of a type; that of its signatures is behind.
func typeOrder(t dns.Type) int {
	switch t {
	case dns.TypeSOA:
		return 0
	case dns.TypeNS:
		return 2
	case dns.TypeNSEC3:
		return orderHashed
	}
	return 4 + 2*int(t)
}

// setLen returns how many records at the front of rrs, which is sorted by sets,
// are of one set.
func setLen(rrs []dns.RR) int {
	n := 1
	for n < len(rrs) && compareSets(rrs[0], rrs[n]) == 0 {
		n++
	}
	return n
}

// sortData sorts the records of a set by their data.
func sortData(set []dns.RR) {
	if len(set) < 2 {
		return
	}
	type keyed struct {
		key []byte
		rr  dns.RR
	}
	all := make([]keyed, len(set))
	for i, rr := range set {
		all[i] = keyed{appendData(nil, rr.Data), rr}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	for i := range all {
		set[i] = all[i].rr
	}
}

// appendData appends data in canonical form: nothing for data that has none.
func appendData(dst []byte, d dns.RData) []byte {
	if d == nil {
		return dst
	}
	b, err := dns.AppendCanonicalRData(dst, d)
	if err != nil {
		return dst
	}
	return b
}
