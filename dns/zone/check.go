package zone

import (
	"bytes"
	"cmp"
	"slices"

	"applayer/dns"
)

// A Problem is something that is wrong with a zone as a whole.
type Problem struct {
	// Name and Type tell the records that it is about; Type is 0 where it is
	// about all of the name.
	Name dns.Name
	Type dns.Type
	// What tells what is wrong.
	What string
	// Ref is the section of the RFC that says so, as in "RFC 2181 §10.1".
	Ref string
	// Warning tells that the zone can be served all the same.
	Warning bool
}

// Error tells name, type, what is wrong and which rule says so, such as
// "zone: www.example.org. CNAME: beside other data (RFC 2181 §10.1)".
func (p Problem) Error() string {
	b := append([]byte("zone: "), p.Name.String()...)
	if p.Type != 0 {
		b = append(append(b, ' '), p.Type.String()...)
	}
	b = append(append(b, ": "...), p.What...)
	if p.Ref != "" {
		b = append(append(append(b, " ("...), p.Ref...), ')')
	}
	return string(b)
}

// MaxProblems is how many problems [Check] reports at most: a file of another
// zone has one for each record.
const MaxProblems = 1000

// Check looks at all the records of a zone, which it sorts as [Sort] does. It
// returns them without those that are there twice, and with one TTL for each
// set, the lowest (RFC 2181 §5.2), and what it found:
//
// Not a zone: no SOA record at the apex, or several, or one elsewhere; no NS
// record at the apex; records outside, or of several classes; a CNAME record
// beside other data than its signatures; several CNAME or DNAME records at a
// name; records below a DNAME.
//
// Warnings: a record that is there twice, TTLs that differ, name servers in the
// zone that have no address or are aliases, data below a delegation that is no
// address of a name server.
func Check(origin dns.Name, rrs []dns.RR) ([]dns.RR, []Problem) {
	Sort(rrs)
	c := checker{origin: origin}
	c.rrs = c.merge(rrs)
	c.apex()
	c.names, c.has = c.rrs, c.sorted
	if i := slices.IndexFunc(c.rrs, func(rr dns.RR) bool { return setOrder(&rr) >= orderHashed }); i >= 0 {
		c.names = c.rrs[:i]
	}
	var sets []rrset
	for rest := c.rrs; len(rest) > 0; {
		n := nameLen(rest)
		sets = setsOf(sets[:0], rest[:n])
		if c.name(rest[0].Name, sets) {
			c.servers(rest[:n])
		}
		rest = rest[n:]
	}
	return c.rrs, c.problems
}

// checker is a check at work. Names come in canonical order, so that those below
// a name follow it at once.
type checker struct {
	origin   dns.Name
	rrs      []dns.RR
	names    []dns.RR // without the NSEC3 records at their end
	problems []Problem
	// has tells whether a name has records of a type; of any, if that is 0. Many
	// name servers may have one name, and that many records: it is not for
	// looking at them all.
	has func(dns.Name, dns.Type) bool

	cut   dns.Name // the delegation last seen
	dname dns.Name // the owner of a DNAME last seen
}

func (c *checker) report(n dns.Name, t dns.Type, warning bool, what, ref string) {
	if len(c.problems) < MaxProblems {
		c.problems = append(c.problems, Problem{n, t, what, ref, warning})
	}
}

// merge removes records that are there twice and makes the TTLs of sets equal.
func (c *checker) merge(rrs []dns.RR) []dns.RR {
	out := rrs[:0]
	var key, last []byte
	for rest := rrs; len(rest) > 0; {
		n := setLen(rest)
		set := rest[:n]
		rest = rest[n:]
		ttl := set[0].TTL
		first := len(out)
		for i, rr := range set {
			if n > 1 {
				key = appendData(key[:0], rr.Data)
				if i > 0 && bytes.Equal(key, last) {
					c.report(rr.Name, rr.Type(), true, "record that is there twice", "RFC 2181 §5")
					ttl = min(ttl, rr.TTL)
					continue
				}
				key, last = last, key
			}
			ttl = min(ttl, rr.TTL)
			out = append(out, rr)
		}
		differ := false
		for i := range out[first:] {
			rr := &out[first+i]
			differ = differ || rr.TTL != ttl
			rr.TTL = ttl
		}
		if differ {
			c.report(out[first].Name, out[first].Type(), true, "TTLs of a set that differ: the lowest counts", "RFC 2181 §5.2")
		}
	}
	clear(rrs[len(out):])
	return out
}

// apex looks for what each zone has once.
func (c *checker) apex() {
	soas := 0
	servers := false
	for i := range c.rrs {
		rr := &c.rrs[i]
		apex := rr.Name.Equal(c.origin)
		switch rr.Type() {
		case dns.TypeSOA:
			if soas++; !apex {
				c.report(rr.Name, dns.TypeSOA, false, "SOA record that is not at the apex", "RFC 1035 §5.2")
				soas--
			}
		case dns.TypeNS:
			servers = servers || apex
		}
		if rr.Class != c.rrs[0].Class {
			c.report(rr.Name, rr.Type(), false, "class "+rr.Class.String()+" in a zone of class "+c.rrs[0].Class.String(), "RFC 1035 §5.2")
		}
	}
	switch {
	case soas == 0:
		c.report(c.origin, dns.TypeSOA, false, "no SOA record", "RFC 1035 §5.2")
	case soas > 1:
		c.report(c.origin, dns.TypeSOA, false, "several SOA records", "RFC 1035 §5.2")
	}
	if !servers {
		c.report(c.origin, dns.TypeNS, false, "no name server", "RFC 1034 §4.2.1")
	}
}

// nameLen returns how many records at the front of rrs are of one name.
func nameLen(rrs []dns.RR) int {
	n := 1
	for n < len(rrs) && rrs[n].Name.Equal(rrs[0].Name) {
		n++
	}
	return n
}

// setsOf appends which sets the records of a name are, without what is in them.
func setsOf(dst []rrset, rrs []dns.RR) []rrset {
	for len(rrs) > 0 {
		n := setLen(rrs)
		dst = append(dst, rrset{typ: rrs[0].Type(), covered: coveredBy(rrs[0].Data), n: uint32(n)})
		rrs = rrs[n:]
	}
	return dst
}

// servers looks for the addresses of the name servers among the records of a
// name.
func (c *checker) servers(rrs []dns.RR) {
	for i := range rrs {
		if ns, ok := rrs[i].Data.(*dns.NS); ok {
			c.server(rrs[i].Name, ns.Host)
		}
	}
}

// name looks at the sets of one name, and tells whether it is of the zone.
func (c *checker) name(n dns.Name, sets []rrset) (ours bool) {
	if !n.IsSubdomainOf(c.origin) {
		c.report(n, 0, false, "out of the zone "+c.origin.String(), "RFC 1035 §5.2")
		return false
	}
	switch {
	case !n.IsSubdomainOf(c.dname):
		if findSet(sets, dns.TypeDNAME, 0) != nil {
			c.dname = n
		}
	case !isHashed(sets):
		c.report(n, 0, false, "below the DNAME record of "+c.dname.String(), "RFC 6672 §2.4")
	}
	c.aliases(n, sets)
	c.occluded(n, sets)
	return true
}

// isHashed tells whether a name stands for the hash of another, which may be
// below a DNAME at the apex (RFC 5155 §7.1).
func isHashed(sets []rrset) bool {
	for i := range sets {
		if t := sets[i].typ; t != dns.TypeNSEC3 && t != dns.TypeRRSIG {
			return false
		}
	}
	return true
}

// aliases looks for data beside a CNAME record, and for several of what there is
// one of.
func (c *checker) aliases(n dns.Name, sets []rrset) {
	if cname := findSet(sets, dns.TypeCNAME, 0); cname != nil {
		if cname.n > 1 {
			c.report(n, dns.TypeCNAME, false, "several at one name", "RFC 2181 §10.1")
		}
		for i := range sets {
			switch sets[i].typ {
			case dns.TypeCNAME, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeSIG, dns.TypeKEY, dns.TypeNXT:
				continue
			}
			c.report(n, dns.TypeCNAME, false, "beside other data", "RFC 2181 §10.1")
			break
		}
	}
	if dname := findSet(sets, dns.TypeDNAME, 0); dname != nil && dname.n > 1 {
		c.report(n, dns.TypeDNAME, false, "several at one name", "RFC 6672 §2.4")
	}
}

// occluded looks for data at and below delegations, which only addresses of name
// servers are of use there.
func (c *checker) occluded(n dns.Name, sets []rrset) {
	if n.IsSubdomainOf(c.cut) {
		for i := range sets {
			switch sets[i].typ {
			case dns.TypeA, dns.TypeAAAA, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3:
				continue
			}
			c.report(n, sets[i].typ, true, "below the delegation of "+c.cut.String(), "RFC 1034 §4.2.1")
			return
		}
		return
	}
	if !n.Equal(c.origin) && findSet(sets, dns.TypeNS, 0) != nil {
		c.cut = n
	}
}

// server looks for the address of a name server in this zone.
func (c *checker) server(owner, host dns.Name) {
	const ref = "RFC 1034 §4.2.1"
	if !host.IsSubdomainOf(c.origin) {
		return
	}
	switch {
	case c.has(host, dns.TypeA) || c.has(host, dns.TypeAAAA):
	case c.has(host, dns.TypeCNAME):
		c.report(owner, dns.TypeNS, true, "name server "+host.String()+" is an alias", "RFC 2181 §10.3")
	case !c.mayHaveAddress(owner, host):
		c.report(owner, dns.TypeNS, true, "name server "+host.String()+" has no address", ref)
	}
}

// sorted is has for records in their order.
func (c *checker) sorted(n dns.Name, t dns.Type) bool {
	order := 0 // no set is before
	if t != 0 {
		order = typeOrder(t)
	}
	i, ok := slices.BinarySearchFunc(c.names, n, func(rr dns.RR, n dns.Name) int {
		return cmp.Or(rr.Name.Compare(n), cmp.Compare(setOrder(&rr), order))
	})
	return ok || t == 0 && i < len(c.names) && c.names[i].Name.Equal(n)
}

// mayHaveAddress tells whether a host without an address of its own has one by a
// wildcard, or in a zone that is delegated to other servers than itself.
func (c *checker) mayHaveAddress(owner, host dns.Name) bool {
	for n := host; n.IsSubdomainOf(c.origin); n = n.Parent() {
		if !n.Equal(c.origin) && c.has(n, dns.TypeNS) {
			return !host.IsSubdomainOf(owner)
		}
		if wildcard, err := n.Prepend("*"); err == nil && n != host && c.has(wildcard, 0) {
			return true
		}
	}
	return false
}
