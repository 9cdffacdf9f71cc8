package resolver

import (
	"slices"
	"time"

	"applayer/dns"
)

// A forwarder that validates gives those who set CD what it withholds from
// others (RFC 4035 §3.2.2). That is kept apart, for the next who sets it: it may
// be forged, and whoever did not set CD relies on the forwarder's check. What the
// forwarder has checked serves both (RFC 6840 §5.9).

// keepUnchecked keeps such answers: sets, aliases, and that there is nothing.
// What a DNAME makes is not kept, since the DNAME itself is what can be checked;
// nor is what holds for one network of clients.
func (e *Engine) keepUnchecked(now time.Time, q *query, o *outcome) {
	if o.scope > 0 {
		return
	}
	put := func(m meta, name dns.Name, t dns.Type, ttl int64, rrs []dns.RR) {
		e.cache.put(now, m, name, t, q.class, ttl, appendRecords(nil, rrs))
	}
	for i, s := range slices.Concat(o.chain, o.answer) {
		made := i > 0 && i < len(o.chain) && o.chain[i-1].typ == dns.TypeDNAME
		if !made && (s.typ == q.typ || s.typ == dns.TypeCNAME) {
			put(meta{space: spaceUnchecked}, s.name, s.typ, e.capTTL(s.ttl, e.limits.MaxTTL), s.all(nil))
		}
	}
	ttl := e.capTTL(o.denialTTL(), e.limits.MaxNegativeTTL)
	switch o.kind {
	case ReplyNoData:
		put(meta{space: spaceUnchecked, negative: true}, o.end, q.typ, ttl, o.denialRecords(0))
	case ReplyNXDomain:
		put(meta{space: spaceUncheckedName, negative: true}, o.end, 0, ttl, o.denialRecords(0))
	}
}

// lookUnchecked looks for what keepUnchecked kept.
func (c *Cache) lookUnchecked(now time.Time, q dns.Question) finding {
	if e, ok := c.get(nil, now, spaceUncheckedName, q.Name, 0, q.Class, 0); ok {
		f := e.finding(q.Class)
		f.kind = ReplyNXDomain
		return f
	}
	for _, t := range [...]dns.Type{q.Type, dns.TypeCNAME} {
		e, ok := c.get(nil, now, spaceUnchecked, q.Name, t, q.Class, 0)
		if !ok || e.negative && t != q.Type {
			continue
		}
		f := e.finding(q.Class)
		target, alias := aliasOf(f.rrs, q.Type)
		switch {
		case e.negative:
			f.kind = ReplyNoData
		case len(f.rrs) == 0:
			continue
		case alias:
			f.kind, f.target = ReplyAlias, target
		}
		return f
	}
	return finding{}
}

// aliasOf returns where the first record leads, if it is an alias and none is
// asked for.
func aliasOf(rrs []dns.RR, asked dns.Type) (target dns.Name, ok bool) {
	if len(rrs) == 0 || asked == dns.TypeCNAME {
		return target, false
	}
	d, ok := rrs[0].Data.(*dns.CNAME)
	if !ok {
		return target, false
	}
	return d.Target, true
}
