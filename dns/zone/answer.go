package zone

import (
	"encoding/binary"
	"slices"

	"applayer/dns"
)

// maxLinks bounds a chain of aliases within the zones that are served.
const maxLinks = 16

// question is what is asked.
type question struct {
	name  []byte // on the wire, in lower case
	typ   dns.Type
	class dns.Class
	// signed asks for what DNSSEC has to say (DO).
	signed bool
	// full asks for name servers and addresses that nobody asked for.
	full bool
	// everywhere takes the addresses from all zones, not the answer's alone.
	everywhere bool
	any        ANY
	// delegated asks for the referral that is for all names below this one: no
	// type can stand for that, since a question may have any.
	delegated bool
}

// answer finds what the zones say to a question (RFC 1034 §4.3.2, corrected by
// RFC 4592 and RFC 6672).
type answer struct {
	body
	question
	zones *zones
	// choose picks addresses, if not nil.
	choose func(Set) *rrset

	// exists tells that the question's name does, so that there are only so
	// many questions with such an answer.
	exists bool
	links  int
	passed [maxLinks]dns.Name
	// written are sets that are in the answer and must not be there twice.
	written []*rrset
	// proofs are what is to be written behind the last of the answer section.
	proofs []*node
	extra  []extra
	key    [maxKey]byte
	lower  [dns.MaxName]byte
}

// extra is a name whose addresses may go into the additional section.
type extra struct {
	zone   *Zone
	name   dns.Name
	needed bool
}

// step is a name on the chain and what its zone has for it.
type step struct {
	zone *Zone
	// owner is the name as records of the answer have it: the zero Name stands
	// for the question's.
	owner dns.Name
	lower []byte // the name on the wire in lower case
	key   []byte
	match
}

// find returns the answer. Its memory is a's, or shared with other answers. H
// may be nil.
func (a *answer) find(zs *zones, q question, h *hot) result {
	a.zones, a.question = zs, q
	a.restart()
	z := zs.find(q.name, q.typ)
	if z == nil || q.class != z.class && q.class != dns.ClassANY {
		a.begin(nil, dns.Root)
		a.rcode = dns.RCodeRefused
		return a.end()
	}
	s := a.look(z, q.name)
	if r, ok := a.shared(&s, h); ok {
		return r
	}
	a.restart()
	a.spell(&s)
	a.exists = s.encloser == len(s.key)
	// An answer for all classes has no authority for all of them.
	a.authoritative = q.class != dns.ClassANY
	for a.take(&s) {
	}
	for _, n := range a.proofs {
		a.proof(n, dns.TypeNSEC)
		a.proof(n, dns.TypeNSEC3)
	}
	a.additional()
	return a.end()
}

// restart forgets what was written, and points to none of it any more.
func (a *answer) restart() {
	clear(a.written)
	clear(a.proofs)
	clear(a.extra)
	clear(a.passed[:a.links])
	a.links, a.written, a.proofs, a.extra = 0, a.written[:0], a.proofs[:0], a.extra[:0]
	a.exists = false
}

// release gives a back to those at rest, which hold no version of a zone.
func (a *answer) release() {
	a.restart()
	a.zones, a.question, a.choose, a.known = nil, question{}, nil, dns.Name{}
	answers.Put(a)
}

// spell begins the body with the question, as the zone spells it as far as it
// has the name.
func (a *answer) spell(s *step) {
	known := s.zone.apex.owner
	if s.node != nil && s.kind != kindWildcard {
		known = s.node.owner
	}
	a.begin(s.lower[:len(s.lower)-known.Len()], known)
}

// look finds a name in a zone.
func (a *answer) look(z *Zone, lower []byte) step {
	s := step{zone: z, lower: lower, key: appendKey(a.key[:0], lower, z.origin.Len())}
	s.match = z.find(s.key)
	return s
}

// take writes what a zone says of a name; true where that leads to another
// name, which s is then.
func (a *answer) take(s *step) bool {
	switch s.kind {
	case kindCut:
		if s.encloser == len(s.key) && a.typ == dns.TypeDS {
			// The parent's side of the cut has it (RFC 4035 §3.1.4.1).
			return a.data(s)
		}
		a.referral(s)
	case kindDNAME:
		return a.redirect(s)
	case kindExact, kindWildcard:
		return a.data(s)
	case kindMissing:
		a.rcode = dns.RCodeNXDomain
		a.negative(s)
	default:
		a.negative(s)
	}
	return false
}

// data writes what a name has of the type that is asked for.
func (a *answer) data(s *step) bool {
	switch a.typ {
	case dns.TypeANY:
		a.anyType(s)
		return false
	case dns.TypeRRSIG:
		if a.allSignatures(s) {
			return false
		}
	default:
		if set := s.node.set(a.typ); set != nil {
			a.positive(s, set)
			return false
		}
	}
	if alias := s.node.set(dns.TypeCNAME); alias != nil {
		a.addData(s, alias)
		target, _, _ := dns.CutName(alias.wire[recordHead:])
		return a.follow(s, target)
	}
	a.negative(s)
	return false
}

// positive writes the set that is asked for.
func (a *answer) positive(s *step, set *rrset) {
	if size, ok := set.uniform(); ok {
		a.written = append(a.written, set)
		if a.choose != nil && a.sigs(s.node, set) == nil {
			if chosen := a.choose(Set{a.ownerOf(s), set}); chosen != nil {
				set = chosen
			}
		}
		if !s.owner.IsValid() {
			a.turn = turn{uint16(len(a.octets) - a.start), uint16(min(set.n, 1<<16-1)), uint8(size)}
		}
	}
	a.addData(s, set)
	atApex := s.node == s.zone.apex
	switch {
	case a.full && s.kind == kindCut:
		return // DS: who asks knows the zone's name servers
	case a.full && !(a.typ == dns.TypeNS && atApex):
		ns := s.zone.apex.set(dns.TypeNS)
		if ns != nil {
			a.add(dns.SectionAuthority, s.zone.apex.owner, ns, a.sigs(s.zone.apex, ns), false)
			a.wantAddresses(s.zone, s.zone.apex.owner, ns)
		}
	case a.full, a.typ == dns.TypeNS && atApex:
		// Who asks for the root's servers, say, has nothing else to begin with
		// (RFC 9609 §4.2).
	default:
		return
	}
	a.wantAddresses(s.zone, a.ownerOf(s), set)
}

// ownerOf returns the name of a step.
func (a *answer) ownerOf(s *step) dns.Name {
	switch {
	case s.owner.IsValid():
		return s.owner
	case s.kind != kindWildcard:
		return s.node.owner
	}
	n, _, _ := dns.ParseNameAt(s.lower, 0)
	return n
}

// addData writes a set of the answer, which a wildcard may have made.
func (a *answer) addData(s *step, set *rrset) {
	a.add(dns.SectionAnswer, s.owner, set, a.sigs(s.node, set), true)
	if s.kind == kindWildcard && a.signed {
		a.wildcardProof(s)
	}
}

// sigs returns the signatures that go with a set.
func (a *answer) sigs(n *node, set *rrset) *rrset {
	if !a.signed {
		return nil
	}
	return n.signatures(set.typ)
}

// allSignatures writes the signatures of a name, if there are any: all, or those
// of one set, since they are as long as what questions for all types get
// (RFC 8482 §7).
func (a *answer) allSignatures(s *step) (found bool) {
	for i := range s.node.sets {
		if set := &s.node.sets[i]; set.typ == dns.TypeRRSIG && (a.any == ANYAll || !found) {
			a.add(dns.SectionAnswer, s.owner, set, nil, true)
			found = true
		}
	}
	if found && s.kind == kindWildcard && a.signed {
		a.wildcardProof(s)
	}
	return found
}

// follow goes on with the name that an alias leads to. It stops where the chain
// comes back to itself or gets long, or leaves the zones that are served: the
// answer so far is the answer.
func (a *answer) follow(s *step, target dns.Name) bool {
	for _, n := range a.passed[:a.links] {
		if n.Equal(target) {
			return false
		}
	}
	lower := target.AppendCanonical(a.lower[:0])
	if a.links == maxLinks || string(lower) == string(a.name) {
		return false
	}
	z := a.zones.find(lower, a.typ)
	if z == nil || z.class != s.zone.class {
		return false
	}
	a.passed[a.links] = target
	a.links++
	*s = a.look(z, lower)
	s.owner = target
	return true
}

// redirect writes a DNAME and the CNAME that it makes for the name below
// (RFC 6672 §3.1).
func (a *answer) redirect(s *step) bool {
	d := s.node.set(dns.TypeDNAME)
	if a.first(d) {
		a.add(dns.SectionAnswer, s.node.owner, d, a.sigs(s.node, d), true)
	}
	target, _, _ := dns.CutName(d.wire[recordHead:])
	name := s.owner
	if !name.IsValid() {
		name, _, _ = dns.ParseNameAt(s.lower, 0)
	}
	to, err := name.ReplaceSuffix(s.node.owner, target)
	if err != nil {
		a.rcode = dns.RCodeYXDomain // RFC 6672 §2.2
		return false
	}
	made, err := makeSet(&dns.RR{Name: name, Class: d.class(), TTL: d.ttl(), Data: &dns.CNAME{Target: to}})
	if err != nil {
		a.rcode = dns.RCodeServFail
		return false
	}
	a.add(dns.SectionAnswer, s.owner, made, nil, true)
	if a.typ == dns.TypeCNAME {
		return false // that was the question
	}
	return a.follow(s, to)
}

// first tells whether a set is not in the answer yet, and notes that it is.
func (a *answer) first(set *rrset) bool {
	if slices.Contains(a.written, set) {
		return false
	}
	a.written = append(a.written, set)
	return true
}

// makeSet makes a set of one record.
func makeSet(rr *dns.RR) (*rrset, error) {
	t := rr.Type()
	head := headOf(t, rr.Class, rr.TTL, 0)
	w, err := dns.AppendRData(head[:], rr.Data, nil)
	if err == nil && len(w) > recordHead+maxRData {
		err = dns.ErrRDLength
	}
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(w[recordHead-2:], uint16(len(w)-recordHead))
	return &rrset{typ: t, n: 1, wire: string(w)}, nil
}

// negative writes that there is nothing: the SOA record, whose TTL says for how
// long that holds (RFC 2308 §3), and the proof.
func (a *answer) negative(s *step) {
	z := s.zone
	var sigs *rrset
	if a.signed {
		sigs = z.negativeSigs
	}
	a.add(dns.SectionAuthority, z.apex.owner, &z.negative, sigs, true)
	if a.signed {
		a.negativeProof(s)
	}
}

// referral writes the name servers of the zone below a cut, and their addresses
// as far as this zone has them (RFC 1034 §4.3.2 step 3b).
func (a *answer) referral(s *step) {
	if a.links == 0 && a.counts.Answer == 0 {
		a.authoritative = false
	}
	owner := s.node.owner
	if !s.owner.IsValid() && s.encloser == len(s.key) {
		owner = dns.Name{}
	}
	ns := s.node.set(dns.TypeNS)
	a.add(dns.SectionAuthority, owner, ns, nil, true)
	if a.signed {
		if ds := s.node.set(dns.TypeDS); ds != nil {
			a.add(dns.SectionAuthority, owner, ds, a.sigs(s.node, ds), true)
		} else {
			a.insecureProof(s)
		}
	}
	ns.records(func(rdata string) bool {
		host, _, ok := dns.CutName(rdata)
		if ok && host.IsSubdomainOf(s.zone.origin) {
			// Addresses below the cut are found nowhere else (RFC 9471 §3.1).
			a.extra = append(a.extra, extra{s.zone, host, host.IsSubdomainOf(s.node.owner)})
		}
		return true
	})
}

// wantAddresses notes the names in the data of a set for the additional
// section.
func (a *answer) wantAddresses(z *Zone, owner dns.Name, set *rrset) {
	skip, ok := targetAt(set.typ)
	if !ok {
		return
	}
	set.records(func(rdata string) bool {
		if skip > len(rdata) {
			return true
		}
		host, _, ok := dns.CutName(rdata[skip:])
		if set.typ == dns.TypeSVCB || set.typ == dns.TypeHTTPS {
			if ok && host.IsRoot() {
				host = owner // RFC 9460 §2.5.2
			}
		}
		if ok && !host.IsRoot() {
			a.extra = append(a.extra, extra{z, host, false})
		}
		return true
	})
}

// targetAt tells where the data of a type has the name of a host whose address
// one asks for next, in octets behind its length.
func targetAt(t dns.Type) (skip int, ok bool) {
	switch t {
	case dns.TypeNS, dns.TypeMB:
		return 0, true
	case dns.TypeMX, dns.TypeAFSDB, dns.TypeRT, dns.TypeKX, dns.TypeSVCB, dns.TypeHTTPS:
		return 2, true
	case dns.TypeSRV:
		return 6, true
	}
	return 0, false
}

// maxExtra bounds the names whose addresses are added though the answer is
// complete without.
const maxExtra = 64

// additional writes the addresses that were noted: first those without which a
// referral leads nowhere.
func (a *answer) additional() {
	for i := range a.extra {
		if e := &a.extra[i]; e.needed {
			a.addresses(e) // of name servers, of which a set has none twice
		}
	}
	for i := range a.extra[:min(len(a.extra), maxExtra)] {
		if e := &a.extra[i]; !e.needed && !a.before(i) {
			a.addresses(e)
		}
	}
}

// before tells whether the name of an extra is also that of an earlier one.
func (a *answer) before(i int) bool {
	return slices.ContainsFunc(a.extra[:i], func(e extra) bool { return e.name.Equal(a.extra[i].name) })
}

// addresses writes the addresses that the zone has for a name, glue too, but for
// those that are the answer. Those of other zones nobody would believe.
func (a *answer) addresses(e *extra) {
	n := e.zone.node(e.name)
	if n == nil && a.everywhere {
		n = a.nodeElsewhere(e.name)
	}
	if n == nil {
		return
	}
	for _, t := range [...]dns.Type{dns.TypeA, dns.TypeAAAA} {
		if set := n.set(t); set != nil && a.first(set) {
			a.add(dns.SectionAdditional, n.owner, set, a.sigs(n, set), e.needed)
		}
	}
}

// nodeElsewhere returns the node that a zone served has at a name, nil for none.
func (a *answer) nodeElsewhere(name dns.Name) *node {
	lower := name.AppendCanonical(a.lower[:0])
	z := a.zones.find(lower, dns.TypeA)
	if z == nil {
		return nil
	}
	if s := a.look(z, lower); s.kind == kindExact {
		return s.node
	}
	return nil
}
