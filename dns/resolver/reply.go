package resolver

import (
	"encoding/binary"
	"errors"
	"slices"

	"applayer/dns"
)

// set is a set of records: those of one owner and type (RFC 2181 §5), with the
// signatures that cover it.
type set struct {
	name dns.Name
	typ  dns.Type
	ttl  uint32 // the lowest of its records (RFC 2181 §5.2)
	rrs  []dns.RR
	sigs []dns.RR
	bad  bool // one of its records is malformed
	seen map[string]struct{}
}

// all appends the records and then the signatures, with the set's TTL.
func (s *set) all(dst []dns.RR) []dns.RR {
	for _, rrs := range [...][]dns.RR{s.rrs, s.sigs} {
		for _, rr := range rrs {
			rr.TTL = s.ttl
			dst = append(dst, rr)
		}
	}
	return dst
}

// reply is a server's reply, taken apart: only what may be of use is in it.
type reply struct {
	dns.Header
	answer, authority, additional []*set
	edns                          *dns.EDNS
	octets                        int
	// spoiled tells that a set of the answer section was malformed.
	spoiled bool
}

var (
	errSetSize = errors.New("resolver: set of too many records")
	errOPT     = errors.New("resolver: malformed or second OPT")
)

// replyReader reads one reply.
type replyReader struct {
	// asked is the name that was asked, in lower case; it was sent in mixed
	// case, which is not the owner's.
	asked  dns.Name
	class  dns.Class
	max    int
	sets   map[setKey]*set
	blocks []rrsig
	out    reply
}

type setKey struct {
	section dns.Section
	name    dns.Name
	typ     dns.Type
}

// rrsig is a signature that waits for the set it covers.
type rrsig struct {
	key setKey
	rr  dns.RR
}

// parseReply reads the reply to a question for asked, whose question section
// has been compared already. A record that is malformed takes its set with it;
// a message that is malformed is an error. Records of other classes and of meta
// types are left out.
func parseReply(msg []byte, asked dns.Name, class dns.Class, maxSet int) (*reply, error) {
	r := replyReader{asked: asked, class: class, max: maxSet, sets: make(map[setKey]*set)}
	p := dns.Parser{Lenient: true}
	h, err := p.Start(msg)
	if err != nil {
		return nil, err
	}
	r.out.Header, r.out.octets = h, len(msg)
	for p.Next() {
		if p.Section() == dns.SectionQuestion {
			continue
		}
		if err := r.record(msg, &p); err != nil {
			return nil, err
		}
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	r.sign()
	r.out.spoiled = slices.ContainsFunc(r.out.answer, func(s *set) bool { return s.bad })
	for _, sets := range [...]*[]*set{&r.out.answer, &r.out.authority, &r.out.additional} {
		*sets = sound(*sets)
	}
	return &r.out, nil
}

// sound drops the sets of which a record was malformed: they are neither used
// nor passed on.
func sound(sets []*set) []*set {
	kept := sets[:0]
	for _, s := range sets {
		if !s.bad && len(s.rrs) > 0 {
			kept = append(kept, s)
		}
	}
	return kept
}

// section is where the sets of a section are.
func (r *replyReader) section(s dns.Section) *[]*set {
	switch s {
	case dns.SectionAnswer:
		return &r.out.answer
	case dns.SectionAuthority:
		return &r.out.authority
	}
	return &r.out.additional
}

// record takes the record that p went to.
func (r *replyReader) record(msg []byte, p *dns.Parser) error {
	name, err := p.Name()
	if err != nil {
		return err
	}
	t, off, n := p.Type(), p.RDataOffset(), len(p.RData())
	switch {
	case t == dns.TypeOPT:
		// Its TTL is no time: all 32 bits say something.
		return r.opt(p.Section(), name, uint16(p.Class()), binary.BigEndian.Uint32(msg[off-6:]), p.RData())
	case p.Class() != r.class || t.IsMeta():
		return nil
	}
	ttl, to := p.TTL(), r.section(p.Section())
	if name.Equal(r.asked) {
		name = r.asked
	}
	key := setKey{p.Section(), name.Canonical(), t}
	d, err := dns.ParseRData(t, msg, off, n, nil)
	rr := dns.RR{Name: name, Class: r.class, TTL: ttl, Data: d}
	if t == dns.TypeRRSIG {
		if err == nil && n >= 2 {
			key.typ = dns.Type(binary.BigEndian.Uint16(msg[off:]))
			r.blocks = append(r.blocks, rrsig{key, rr})
			key.typ = dns.TypeRRSIG
			return r.add(key, rr, to)
		}
		return nil // without it the set is as good as before
	}
	if err != nil {
		r.at(key, name, ttl, to).bad = true
		return nil
	}
	return r.add(key, rr, to)
}

// at returns the set of a key, which it makes where there is none yet.
func (r *replyReader) at(key setKey, name dns.Name, ttl uint32, to *[]*set) *set {
	s := r.sets[key]
	if s == nil {
		s = &set{name: name, typ: key.typ, ttl: ttl}
		r.sets[key] = s
		*to = append(*to, s)
	}
	s.ttl = min(s.ttl, ttl)
	return s
}

// add puts a record into its set; equal ones are one (RFC 2181 §5).
func (r *replyReader) add(key setKey, rr dns.RR, to *[]*set) error {
	s := r.at(key, rr.Name, rr.TTL, to)
	if len(s.rrs) > 0 {
		if s.seen == nil {
			s.seen = make(map[string]struct{})
			s.see(s.rrs[0])
		}
		if !s.see(rr) {
			return nil
		}
	}
	rr.Name = s.name
	if s.rrs = append(s.rrs, rr); len(s.rrs) > r.max {
		return errSetSize
	}
	return nil
}

// see notes a record, and tells whether it is new.
func (s *set) see(rr dns.RR) bool {
	var buf [512]byte
	b, err := dns.AppendCanonicalRData(buf[:0], rr.Data)
	if err != nil {
		return false
	}
	n := len(s.seen)
	s.seen[string(b)] = struct{}{}
	return len(s.seen) > n
}

// sign gives each set its signatures.
func (r *replyReader) sign() {
	for _, b := range r.blocks {
		if s := r.sets[b.key]; s != nil && s.typ != dns.TypeRRSIG {
			b.rr.Name = s.name
			s.sigs = append(s.sigs, b.rr)
			s.ttl = min(s.ttl, b.rr.TTL)
		}
	}
}

// opt reads the OPT record (RFC 6891 §6.1.2).
func (r *replyReader) opt(section dns.Section, name dns.Name, size uint16, ttl uint32, rdata []byte) error {
	if section != dns.SectionAdditional || r.out.edns != nil || !name.IsRoot() {
		return errOPT
	}
	d, err := dns.ParseRData(dns.TypeOPT, rdata, 0, len(rdata), nil)
	if err != nil {
		return err
	}
	e := &dns.EDNS{UDPSize: size, Version: uint8(ttl >> 16), DNSSECOK: ttl&(1<<15) != 0}
	if o, ok := d.(*dns.OPT); ok {
		e.Options = o.Options
	}
	r.out.edns = e
	r.out.RCode |= dns.RCode(ttl>>24) << 4
	return nil
}

// find returns the set of that name and type, or nil.
func find(sets []*set, name dns.Name, t dns.Type) *set {
	for _, s := range sets {
		if s.typ == t && s.name.Equal(name) {
			return s
		}
	}
	return nil
}
