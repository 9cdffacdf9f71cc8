package zone

import "applayer/dns"

// ANY says what a question for all types gets (RFC 8482). Whole answers are
// long, and what attackers like to have sent to others.
type ANY uint8

const (
	// ANYOverTCP gives one RR set over UDP, and all of them over TCP and TLS,
	// which prove where the question came from (RFC 8482 §4.4). It is the
	// default.
	ANYOverTCP ANY = iota
	// ANYOne gives one RR set always (RFC 8482 §4.1).
	ANYOne
	// ANYHInfo gives a HINFO record that says so (RFC 8482 §4.2).
	ANYHInfo
	// ANYAll gives all always, as RFC 1035 §3.2.3 had it.
	ANYAll
)

// anyTTL is for how long the HINFO record may be kept.
const anyTTL = 3600

// anyType answers a question for all types.
func (a *answer) anyType(s *step) {
	switch a.any {
	case ANYHInfo:
		made, err := makeSet(&dns.RR{Name: s.zone.origin, Class: s.zone.class, TTL: anyTTL, Data: &dns.Unknown{RRType: dns.TypeHINFO, Octets: []byte("\x07RFC" + "8482\x00")}})
		if err == nil {
			a.add(dns.SectionAnswer, s.owner, made, nil, true)
			return
		}
	case ANYAll:
		for i := range s.node.sets {
			a.add(dns.SectionAnswer, s.owner, &s.node.sets[i], nil, true)
		}
		if s.kind == kindWildcard && a.signed {
			a.wildcardProof(s)
		}
		return
	}
	for i := range s.node.sets {
		if set := &s.node.sets[i]; set.typ != dns.TypeRRSIG && set.typ != dns.TypeNSEC {
			a.addData(s, set)
			return
		}
	}
	if a.any != ANYHInfo && len(s.node.sets) > 0 {
		a.add(dns.SectionAnswer, s.owner, &s.node.sets[0], nil, true)
		return
	}
	a.negative(s)
}
