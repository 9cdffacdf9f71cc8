package zone

import (
	"crypto/sha1"

	"applayer/dns"
)

// denial is how a signed zone proves that something is not there.
type denial struct {
	kind       denialKind
	iterations int
	salt       string
}

type denialKind uint8

const (
	denialNone  denialKind = iota
	denialNSEC             // RFC 4035 §3.1.3
	denialNSEC3            // RFC 5155 §7.2
)

// maxIterations bounds the hashing for one name. RFC 9276 §3.1 asks for none;
// a zone with more than this is served without proofs.
const maxIterations = 500

// findDenial looks at the apex.
func (z *Zone) findDenial() denial {
	if p := z.apex.set(dns.TypeNSEC3PARAM); p != nil && len(z.hashed.pages) > 0 {
		d := denial{}
		p.records(func(rdata string) bool {
			if len(rdata) < 5 || rdata[0] != 1 || rdata[1] != 0 || len(rdata) != 5+int(rdata[4]) {
				return true // not SHA-1, or not to be used (RFC 5155 §4.1.2)
			}
			d = denial{denialNSEC3, int(be16(rdata[2:])), rdata[5:]}
			return false
		})
		if d.iterations > maxIterations {
			return denial{}
		}
		return d
	}
	if z.apex.has(dns.TypeNSEC) {
		return denial{kind: denialNSEC}
	}
	return denial{}
}

// negativeProof proves that the name, or the type at it, does not exist.
func (a *answer) negativeProof(s *step) {
	switch s.zone.denial.kind {
	case denialNSEC:
		a.negativeNSEC(s)
	case denialNSEC3:
		a.negativeNSEC3(s)
	}
}

// negativeNSEC is RFC 4035 §3.1.3.1, §3.1.3.2 and §3.1.3.4.
func (a *answer) negativeNSEC(s *step) {
	switch s.kind {
	case kindExact, kindCut:
		a.proof(s.node, dns.TypeNSEC)
		return
	case kindWildcard:
		a.proof(s.node, dns.TypeNSEC)
	case kindMissing, kindEmptyWildcard:
		var buf [maxKey + 2]byte
		source := append(append(buf[:0], s.key[:s.encloser]...), '*', 0)
		at, _ := s.zone.names.search(source)
		a.proof(s.zone.nsecBefore(at), dns.TypeNSEC)
	}
	a.proof(s.zone.nsecBefore(s.at), dns.TypeNSEC)
}

// wildcardProof proves that a wildcard stands for a name, which does not exist
// itself (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6).
func (a *answer) wildcardProof(s *step) {
	switch s.zone.denial.kind {
	case denialNSEC:
		a.proofs = append(a.proofs, s.zone.nsecBefore(s.at))
	case denialNSEC3:
		a.proofs = append(a.proofs, s.zone.covering(s.nextCloser(s.encloser)))
	}
}

// insecureProof proves that a delegation has no DS record (RFC 4035 §3.1.4,
// RFC 5155 §7.2.7).
func (a *answer) insecureProof(s *step) {
	switch s.zone.denial.kind {
	case denialNSEC:
		a.proof(s.node, dns.TypeNSEC)
	case denialNSEC3:
		a.optOut(s, s.encloser)
	}
}

// nsecBefore returns the last name with an NSEC record before a position.
func (z *Zone) nsecBefore(at position) *node {
	for p, ok := z.names.before(at); ok; p, ok = z.names.before(p) {
		if n := z.names.pages[p.page].entries[p.entry].node; n.has(dns.TypeNSEC) {
			return n
		}
	}
	return nil
}

// proof writes the record of a name that proves something, once.
func (a *answer) proof(n *node, t dns.Type) {
	if n == nil {
		return
	}
	if set := n.set(t); set != nil && a.first(set) {
		a.add(dns.SectionAuthority, n.owner, set, a.sigs(n, set), true)
	}
}

// negativeNSEC3 is RFC 5155 §7.2.2 to §7.2.5.
func (a *answer) negativeNSEC3(s *step) {
	z := s.zone
	switch s.kind {
	case kindMissing, kindEmptyWildcard:
		encloser, n := s.provable(s.encloser)
		a.proof(n, dns.TypeNSEC3)
		a.proof(z.covering(s.nextCloser(encloser)), dns.TypeNSEC3)
		var buf [dns.MaxName + 2]byte
		source := append(append(buf[:0], 1, '*'), s.ancestor(encloser)...)
		if n := z.matching(source); n != nil {
			a.proof(n, dns.TypeNSEC3)
		} else {
			a.proof(z.covering(source), dns.TypeNSEC3)
		}
	case kindWildcard:
		a.proof(z.matching(s.ancestor(s.encloser)), dns.TypeNSEC3)
		a.proof(z.covering(s.nextCloser(s.encloser)), dns.TypeNSEC3)
		var buf [dns.MaxName + 2]byte
		a.proof(z.matching(append(append(buf[:0], 1, '*'), s.ancestor(s.encloser)...)), dns.TypeNSEC3)
	default:
		a.optOut(s, len(s.key))
	}
}

// optOut proves what a name that exists has not: by its own hash or, where its
// span is opted out, by that of the closest ancestor which has one
// (RFC 5155 §7.2.4).
func (a *answer) optOut(s *step, end int) {
	at, n := s.provable(end)
	a.proof(n, dns.TypeNSEC3)
	if n != nil && at < end {
		a.proof(s.zone.covering(s.nextCloser(at)), dns.TypeNSEC3)
	}
}

// provable returns the closest ancestor that has an NSEC3 record, whose key is
// no longer than end, and its hash; nil for none. Empty names above delegations
// that are all opted out have no such record (RFC 5155 §7.1, §7.2.1).
func (s *step) provable(end int) (encloser int, n *node) {
	for at := end; ; at = parentKey(s.key, at) {
		if n := s.zone.matching(s.ancestor(at)); n != nil || at == 0 {
			return at, n
		}
	}
}

// parentKey returns how long the key of the parent is of the ancestor whose key
// has n octets.
func parentKey(key []byte, n int) int {
	for n--; n > 0 && key[n-1] != 0; n-- {
		continue
	}
	return n
}

// ancestor returns the name, on the wire in lower case, whose key is the first
// n octets of the step's.
func (s *step) ancestor(n int) []byte {
	name := s.lower
	for i := n; i < len(s.key); i++ {
		if s.key[i] == 0 {
			name = name[1+name[0]:]
		}
	}
	return name
}

// nextCloser returns the name one label longer than that ancestor
// (RFC 5155 §1.3).
func (s *step) nextCloser(n int) []byte {
	for n < len(s.key) && s.key[n] != 0 {
		n++
	}
	return s.ancestor(min(n+1, len(s.key)))
}

// matching returns the NSEC3 name that is the hash of a name, nil for none.
func (z *Zone) matching(name []byte) *node {
	var buf [hashKeySize]byte
	return z.hashed.get(z.denial.hash(buf[:0], name))
}

// covering returns the NSEC3 name before the hash of a name: the last one where
// the hash is before all (RFC 5155 §3.1.7).
func (z *Zone) covering(name []byte) *node {
	var buf [hashKeySize]byte
	at, exists := z.hashed.search(z.denial.hash(buf[:0], name))
	if exists {
		return nil
	}
	p, ok := z.hashed.before(at)
	if !ok {
		last := len(z.hashed.pages) - 1
		p = position{last, len(z.hashed.pages[last].entries) - 1}
	}
	return z.hashed.pages[p.page].entries[p.entry].node
}

// hashKeySize is how long the key of a hash is: 32 digits and the label's end.
const hashKeySize = 33

// hash appends the key of the name that is the hash of a name (RFC 5155 §5).
func (d *denial) hash(dst, name []byte) []byte {
	var buf [dns.MaxName + 255]byte
	h := sha1.Sum(append(append(buf[:0], name...), d.salt...))
	for range d.iterations {
		h = sha1.Sum(append(append(buf[:0], h[:]...), d.salt...))
	}
	// Base 32 with the extended hex alphabet (RFC 4648 §7), in lower case as
	// keys are: five octets are eight digits.
	const digits = "0123456789abcdefghijklmnopqrstuv"
	for i := 0; i < len(h); i += 5 {
		v := uint64(h[i])<<32 | uint64(h[i+1])<<24 | uint64(h[i+2])<<16 | uint64(h[i+3])<<8 | uint64(h[i+4])
		for shift := 35; shift >= 0; shift -= 5 {
			dst = append(dst, digits[v>>shift&31])
		}
	}
	return append(dst, 0)
}
