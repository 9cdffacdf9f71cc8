package zone

import "applayer/dns"

// prebuild makes the answer that there is nothing, for questions at and below
// the apex: the SOA record. Random names, which servers are attacked with, have
// to be answered as quickly as those that come often.
func (z *Zone) prebuild() result {
	var b body
	b.begin(nil, z.apex.owner)
	b.below = true
	b.add(dns.SectionAuthority, z.apex.owner, &z.negative, nil, true)
	r := b.end()
	return r.copy()
}

// shared answers from what is the same for many names: that there is nothing,
// or a referral, which are all the servers above the others give.
func (a *answer) shared(s *step, h *hot) (r result, ok bool) {
	switch {
	case (s.kind == kindMissing || s.kind == kindEmpty) && !a.signed:
		r = s.zone.nothing
		r.shift = uint16(len(s.lower) - s.zone.apex.owner.Len())
		if s.kind == kindMissing {
			r.rcode = dns.RCodeNXDomain
		}
		r.authoritative = a.class != dns.ClassANY
		return r, true
	case s.kind == kindCut && h != nil && s.encloser < len(s.key):
		r = a.sharedReferral(s, h)
		r.shift = uint16(len(s.lower) - s.node.owner.Len())
		// A pointer has 14 bits.
		return r, len(r.octets) <= maxPrepared
	}
	return r, false
}

// sharedReferral returns the referral at a cut as if the question were for its
// name.
func (a *answer) sharedReferral(s *step, h *hot) result {
	q := a.question
	q.name, q.typ, q.delegated = s.lower[len(s.lower)-s.node.owner.Len():], dns.TypeNS, true
	if p := h.find(a.zones, &q); p != nil {
		return p.result
	}
	at := *s
	at.lower, at.key = q.name, s.key[:s.encloser]
	a.begin(nil, s.node.owner)
	a.below = true
	a.referral(&at)
	a.additional()
	r := a.end()
	h.keep(a.zones, &q, &r)
	return r
}
