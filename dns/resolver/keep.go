package resolver

import (
	"encoding/binary"
	"slices"
	"time"

	"applayer/dns"
)

// keep remembers what a reply taught. Of a name that is only a part of what is
// wanted, NXDOMAIN is not believed: some servers say so of names that have
// nothing but names below them (RFC 9156 §3).
func (e *Engine) keep(now time.Time, q *query, o *outcome, whole bool) {
	if q.class != dns.ClassIN {
		return
	}
	switch {
	case q.unchecked:
		e.keepUnchecked(now, q, o)
		return
	case o.scope > 0 && o.kind != ReplyReferral:
		e.keepScoped(now, q, o)
		return
	}
	m := meta{space: spaceAnswer, untold: e.opts.Subnets && !q.told && !q.noSubnet}
	if o.aa && len(e.opts.Forward) == 0 {
		m.rank = rankAuthoritative
	}
	for i, s := range o.chain {
		if s.typ == dns.TypeCNAME && i > 0 && o.chain[i-1].typ == dns.TypeDNAME {
			continue // made here, and made again when it is needed
		}
		e.keepSet(now, m, q.class, s.typ, s)
	}
	switch o.kind {
	case ReplyAnswer:
		if q.typ == dns.TypeANY {
			e.keepAny(now, m, q, o)
			return
		}
		for _, s := range o.answer {
			e.keepSet(now, m, q.class, s.typ, s)
		}
	case ReplyNoData, ReplyNXDomain:
		if o.soa != nil && (whole || o.kind == ReplyNoData) {
			e.keepDenial(now, m, q, o)
		}
	case ReplyReferral:
		e.keepDelegation(now, o.referral, e.remaining(now, q.zone))
	}
}

// keepScoped keeps what holds for the client's network alone: sets and aliases.
// That there is nothing for a network is not kept, nor what ANY gave.
func (e *Engine) keepScoped(now time.Time, q *query, o *outcome) {
	for _, s := range slices.Concat(o.chain, o.answer) {
		if s.typ == q.typ || s.typ == dns.TypeCNAME {
			e.cache.putSubnet(now, meta{rank: rankAuthoritative}, s, q.class, q.subnet, e.capTTL(s.ttl, e.limits.MaxTTL))
		}
	}
}

func (e *Engine) keepSet(now time.Time, m meta, class dns.Class, t dns.Type, s *set) {
	e.cache.put(now, m, s.name, t, class, e.capTTL(s.ttl, e.limits.MaxTTL), appendRecords(nil, s.all(nil)))
	e.keepName(s.name, class)
}

// keepName notes that a name exists, and so those above it, whatever was said
// before (RFC 8020 §2).
func (e *Engine) keepName(name dns.Name, class dns.Class) {
	for ; name.IsValid(); name = name.Parent() {
		e.cache.remove(spaceName, name, 0, class)
	}
}

// keepAny keeps the sets that were given for ANY as the answer to ANY alone
// (RFC 8482 §4.1 lets a server give what it likes).
func (e *Engine) keepAny(now time.Time, m meta, q *query, o *outcome) {
	all := &set{name: o.end, typ: dns.TypeANY, ttl: dns.MaxTTL}
	for _, s := range o.answer {
		all.ttl = min(all.ttl, s.ttl)
		all.rrs = s.all(all.rrs)
	}
	e.keepSet(now, m, q.class, dns.TypeANY, all)
}

// keepDenial keeps that there is nothing, for as long as the SOA says
// (RFC 2308 §5).
func (e *Engine) keepDenial(now time.Time, m meta, q *query, o *outcome) {
	ttl := e.capTTL(o.denialTTL(), e.limits.MaxNegativeTTL)
	m.negative = true
	data := appendRecords(nil, o.denialRecords(0))
	if o.kind == ReplyNXDomain {
		// What was known of the name before is not true any more.
		e.cache.remove(spaceAnswer, o.end, q.typ, q.class)
		e.cache.remove(spaceAnswer, o.end, dns.TypeCNAME, q.class)
		m.space = spaceName
		e.cache.put(now, m, o.end, 0, q.class, ttl, data)
		return
	}
	e.cache.put(now, m, o.end, q.typ, q.class, ttl, data)
	e.keepName(o.end, q.class)
}

// denialTTL is how long it may be kept that there is nothing: the lower of the
// SOA's TTL and its MINIMUM (RFC 2308 §5).
func (o *outcome) denialTTL() uint32 {
	if o.soa == nil {
		return 0
	}
	return min(o.soa.ttl, soaMinimum(o.soa))
}

// denialRecords returns the SOA and its company, all with one TTL.
func (o *outcome) denialRecords(ttl uint32) (rrs []dns.RR) {
	if o.soa == nil {
		return nil
	}
	rrs = o.soa.all(rrs)
	for _, s := range o.denial {
		rrs = s.all(rrs)
	}
	for i := range rrs {
		rrs[i].TTL = ttl
	}
	return rrs
}

// A failure in the cache: until when it is taken for granted, as seconds since
// 1970, and how many there were in a row.
const failureSize = 9

// failureSpace is where the failures of a question are: what a forwarder
// withholds, since it found the signatures wrong, it may give to those who check
// by themselves (RFC 6840 §5.9).
func (k taskKey) failureSpace() space {
	if k.unchecked {
		return spaceUncheckedFailure
	}
	return spaceFailure
}

// failed tells whether the question failed a moment ago (RFC 9520 §3.2).
func (e *Engine) failed(now time.Time, k taskKey) bool {
	ent, ok := e.cache.get(nil, now, k.failureSpace(), k.Name, k.Type, k.Class, 0)
	return ok && len(ent.data) == failureSize && int64(binary.BigEndian.Uint64(ent.data)) > now.Unix()
}

// keepFailure remembers a failure: the first for a while, and each that follows
// for twice as long as the one before.
func (e *Engine) keepFailure(now time.Time, k taskKey, first time.Duration) {
	ent, ok := e.cache.get(nil, now, k.failureSpace(), k.Name, k.Type, k.Class, 0)
	n := byte(0)
	if ok && len(ent.data) == failureSize {
		n = min(ent.data[8]+1, 30)
	}
	span := min(first, e.limits.MaxFailureTTL)
	for range n {
		span = min(2*span, e.limits.MaxFailureTTL)
	}
	seconds := max(int64(span/time.Second), 1)
	data := binary.BigEndian.AppendUint64(nil, uint64(now.Unix()+seconds))
	e.cache.put(now, meta{space: k.failureSpace()}, k.Name, k.Type, k.Class, 2*seconds, append(data, n))
}
