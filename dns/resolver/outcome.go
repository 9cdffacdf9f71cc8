package resolver

import (
	"slices"

	"applayer/dns"
)

// outcome is what a reply means for the question that was asked of a zone's
// server.
type outcome struct {
	kind ReplyKind
	// heard tells that it is lame for telling what it has heard elsewhere.
	heard bool
	rcode dns.RCode
	aa    bool
	// chain is the aliases in their order, answer what stands at their end.
	chain  []*set
	answer []*set
	// end is the name at the end of the chain, the asked one without.
	end dns.Name
	// soa and denial prove that there is nothing, soa nil where there is none.
	soa    *set
	denial []*set
	// referral is where a referral leads.
	referral *delegation
	// scope is for how many bits of the client's address the answer holds.
	scope int
	// glue are the addresses that came with the root's NS records.
	glue []*set
}

// delegation is what a referral says: who serves a zone.
type delegation struct {
	zone dns.Name
	ns   *set
	glue []*set
}

// classifier reads a reply by the rules of trust: what the server of a zone
// says of names outside that zone counts for nothing (RFC 2181 §5.4.1).
type classifier struct {
	q    dns.Question
	zone dns.Name
	// forward tells that the server resolves for us and has every zone.
	forward bool
	// hearsay tells to take what a server has heard elsewhere.
	hearsay    bool
	maxAliases int
	// maxPerZone bounds the servers and the addresses of a referral.
	maxPerZone int
}

// maxDenial is how many sets of NSEC or NSEC3 records are kept as proof that
// there is nothing. It takes no more than three (RFC 5155 §7.2), and those of a
// wildcard.
const maxDenial = 8

// classify is step 4 of RFC 1034 §5.3.3: the analysis of the reply.
func (c *classifier) classify(r *reply) *outcome {
	o := &outcome{rcode: r.RCode, aa: r.Authoritative, end: c.q.Name}
	switch r.RCode {
	case dns.RCodeNoError, dns.RCodeNXDomain, dns.RCodeYXDomain:
	default:
		o.kind = ReplyFailure
		return o
	}
	if c.isHearsay(r) && !c.forward && !c.hearsay {
		o.kind, o.heard = ReplyLame, true
		return o
	}
	if done := c.follow(r, o); done {
		return o
	}
	if len(o.chain) > 0 {
		o.kind = ReplyAlias
		// What the rcode says is about the last name of the chain
		// (RFC 6604 §3), if the zone can speak for it.
		if o.end.IsSubdomainOf(c.zone) && c.deny(r, o) && o.soa != nil {
			o.kind = denialKind(r.RCode)
		}
		return o
	}
	if r.RCode == dns.RCodeYXDomain {
		o.kind = ReplyFailure
		return o
	}
	if r.spoiled {
		// There was something. That it cannot be read does not make it NODATA.
		o.kind = ReplyMalformed
		return o
	}
	c.empty(r, o)
	return o
}

// isHearsay tells whether a server says, of what there is or that there is
// nothing, what it has heard: it resolves for others and is no authority for the
// zone. Those that are one are asked first.
func (c *classifier) isHearsay(r *reply) bool {
	if !r.RecursionAvailable || r.Authoritative {
		return false
	}
	soa := slices.ContainsFunc(r.authority, func(s *set) bool { return s.typ == dns.TypeSOA })
	return len(r.answer) > 0 || r.RCode == dns.RCodeNXDomain || soa
}

// follow goes along the aliases of the answer section; done tells that they
// lead to what was asked for, or to nothing that could be.
func (c *classifier) follow(r *reply, o *outcome) (done bool) {
	seen := map[dns.Name]bool{}
	for o.end.IsSubdomainOf(c.zone) {
		if seen[o.end.Canonical()] || len(o.chain) > 2*c.maxAliases {
			o.kind = ReplyFailure // a loop
			o.rcode = dns.RCodeServFail
			return true
		}
		seen[o.end.Canonical()] = true
		if s, alias, err := c.redirected(r, o.end); s != nil {
			o.chain = append(o.chain, s)
			if err != nil {
				o.kind, o.rcode = ReplyTooLong, dns.RCodeYXDomain
				return true
			}
			o.chain = append(o.chain, alias)
			o.end = aliasTarget(alias)
			continue
		}
		if s := find(r.answer, o.end, dns.TypeCNAME); s != nil && c.q.Type != dns.TypeCNAME && c.q.Type != dns.TypeANY && c.q.Type != dns.TypeRRSIG {
			// Of two aliases one at most is followed (RFC 2181 §10.1.1).
			s.rrs = s.rrs[:1]
			o.chain = append(o.chain, s)
			o.end = aliasTarget(s)
			continue
		}
		for _, s := range r.answer {
			if s.name.Equal(o.end) && (s.typ == c.q.Type || c.q.Type == dns.TypeANY && s.typ != dns.TypeRRSIG) {
				o.answer = append(o.answer, s)
			}
		}
		if len(o.answer) > 0 {
			o.kind, o.rcode = ReplyAnswer, dns.RCodeNoError
			if c.q.Type == dns.TypeNS && c.q.Name.IsRoot() {
				o.glue = c.glue(r, o.answer[0])
			}
			return true
		}
		return false
	}
	return false
}

// redirected returns the DNAME set that redirects name and the CNAME that
// follows from it, made here: what the server sent is not believed
// (RFC 6672 §3.1).
func (c *classifier) redirected(r *reply, name dns.Name) (s, alias *set, err error) {
	for _, s := range r.answer {
		if s.typ != dns.TypeDNAME || s.name.Len() == name.Len() || !name.IsSubdomainOf(s.name) || !s.name.IsSubdomainOf(c.zone) {
			continue
		}
		s.rrs = s.rrs[:1] // a DNAME is alone (RFC 6672 §2.4)
		alias, err := synthesise(s, name)
		return s, alias, err
	}
	return nil, nil, nil
}

// synthesise makes the CNAME set for name that follows from a DNAME set; the
// error tells that the new name is too long.
func synthesise(s *set, name dns.Name) (*set, error) {
	d, ok := s.rrs[0].Data.(*dns.DNAME)
	if !ok {
		return nil, dns.ErrNameTooLong
	}
	target, err := name.ReplaceSuffix(s.name, d.Target)
	if err != nil {
		return nil, err
	}
	rr := dns.RR{Name: name, Class: s.rrs[0].Class, TTL: s.ttl, Data: &dns.CNAME{Target: target}}
	return &set{name: name, typ: dns.TypeCNAME, ttl: s.ttl, rrs: []dns.RR{rr}}, nil
}

// aliasTarget returns where a CNAME set leads; the zero Name for another set.
func aliasTarget(s *set) dns.Name {
	if d, ok := s.rrs[0].Data.(*dns.CNAME); ok {
		return d.Target
	}
	return dns.Name{}
}

func denialKind(rcode dns.RCode) ReplyKind {
	if rcode == dns.RCodeNXDomain {
		return ReplyNXDomain
	}
	return ReplyNoData
}

// deny takes what proves that there is nothing at o.end: the SOA of a zone that
// holds the name and that the server may speak for (RFC 2308 §5), and the
// records of DNSSEC. It is false where the authority section has none of that.
func (c *classifier) deny(r *reply, o *outcome) bool {
	for _, s := range r.authority {
		switch s.typ {
		case dns.TypeSOA:
			if o.soa == nil && o.end.IsSubdomainOf(s.name) && s.name.IsSubdomainOf(c.zone) {
				s.rrs = s.rrs[:1]
				o.soa = s
			}
		case dns.TypeNSEC, dns.TypeNSEC3:
			if s.name.IsSubdomainOf(c.zone) && len(o.denial) < maxDenial {
				o.denial = append(o.denial, s)
			}
		}
	}
	return o.soa != nil
}

// empty reads a reply whose answer section says nothing about the name.
func (c *classifier) empty(r *reply, o *outcome) {
	denied := c.deny(r, o)
	if r.RCode == dns.RCodeNXDomain {
		if o.kind = ReplyNXDomain; !denied && !r.Authoritative && !c.forward {
			o.kind = ReplyLame
		}
		return
	}
	if denied {
		o.kind = ReplyNoData
		return
	}
	up := false
	for _, s := range r.authority {
		if s.typ != dns.TypeNS {
			continue
		}
		below := s.name.Len() > c.zone.Len() && s.name.IsSubdomainOf(c.zone)
		if !below || !c.q.Name.IsSubdomainOf(s.name) || c.forward {
			up = up || !c.zone.Equal(s.name) || !r.Authoritative
			continue
		}
		if c.q.Type == dns.TypeDS && s.name.Equal(c.q.Name) {
			// A parent that does not know of DS (RFC 4035 §3.1.4.1).
			o.kind = ReplyNoData
			return
		}
		s.rrs = s.rrs[:min(len(s.rrs), c.maxPerZone)]
		o.kind, o.referral = ReplyReferral, &delegation{zone: s.name, ns: s, glue: c.glue(r, s)}
		return
	}
	if (r.Authoritative || c.forward) && !up {
		o.kind = ReplyNoData // without a SOA: not kept (RFC 2308 §5)
		return
	}
	o.kind = ReplyLame
}

// glue returns the addresses of the servers that a referral names, so far as
// the zone's server may speak for them.
func (c *classifier) glue(r *reply, ns *set) (glue []*set) {
	hosts := make(map[dns.Name]bool, len(ns.rrs))
	for _, rr := range ns.rrs {
		if d, ok := rr.Data.(*dns.NS); ok {
			hosts[d.Host.Canonical()] = true
		}
	}
	left := c.maxPerZone
	for _, s := range r.additional {
		if (s.typ == dns.TypeA || s.typ == dns.TypeAAAA) && s.name.IsSubdomainOf(c.zone) && hosts[s.name.Canonical()] && left > 0 {
			s.rrs = s.rrs[:min(len(s.rrs), left)]
			left -= len(s.rrs)
			glue = append(glue, s)
		}
	}
	return glue
}

// soaMinimum returns the MINIMUM of a SOA set, its last field.
func soaMinimum(s *set) uint32 {
	if d, ok := s.rrs[0].Data.(*dns.SOA); ok {
		return d.Minimum
	}
	return 0
}
