package resolver

import (
	"net/netip"
	"slices"
	"time"

	"applayer/dns"
)

// receive is step 4: what the outcome of the query means here.
func (t *task) receive(e *Engine, now time.Time, q *query, o *outcome) {
	t.query = nil
	t.scoped = t.scoped || o.scope > 0
	addr := q.server.addr
	part := q.name != t.name || q.typ != t.q.Type
	if part && (o.kind == ReplyFailure || o.kind == ReplyLame) {
		// Some servers are at a loss with names that have nothing, and right
		// about the whole one (RFC 9156 §3, 6e).
		t.whole = true
		t.do(EventFurther)
		return
	}
	switch o.kind {
	case ReplySilence, ReplyUnreachable:
		t.cut.tries[addr]++
		t.do(EventSilence)
	case ReplyReferral:
		t.cut, t.cached = newCut(o.referral.zone, o.referral.records(), e.limits.MaxPerZone), false
		if t.left != nil && t.left.zone == t.cut.zone {
			t.cut.tries = t.left.tries // who failed before has no more tries (RFC 9520 §3.1)
		}
		t.whole = e.opts.NoMinimise
		t.do(EventDelegation)
	case ReplyLame:
		if o.heard {
			t.heard = true
			t.useless(e, addr)
			return
		}
		e.servers.setLame(now, addr, t.cut.zone, q.typ)
		t.useless(e, addr)
	case ReplyAnswer, ReplyNoData, ReplyNXDomain, ReplyAlias, ReplyTooLong:
		if part {
			t.receivePart(e, now, q, o)
			return
		}
		t.receiveWhole(e, now, o)
	default:
		t.useless(e, addr)
	}
}

// useless is step 4d.
func (t *task) useless(e *Engine, addr netip.AddrPort) {
	t.cut.tries[addr] = e.limits.MaxTries
	t.do(EventUseless)
}

// receivePart takes the reply to a question with a part of the name.
func (t *task) receivePart(e *Engine, now time.Time, q *query, o *outcome) {
	switch {
	case len(o.chain) > 0 && o.chain[0].typ == dns.TypeDNAME && o.chain[0].name.Len() < t.name.Len():
		s := o.chain[0]
		alias, err := synthesise(s, t.name)
		if err != nil {
			t.do(EventAnswer)
			e.finish(now, t, &Result{RCode: dns.RCodeYXDomain, Answer: s.all(t.chain)})
			return
		}
		t.redirect(e, now, alias.all(s.all(nil)), aliasTarget(alias))
		return
	case o.kind == ReplyNXDomain:
		t.whole = true
	default:
		t.shown = q.name
		t.steps++
	}
	t.do(EventFurther)
}

// receiveWhole takes the reply to the question itself.
func (t *task) receiveWhole(e *Engine, now time.Time, o *outcome) {
	var chain []dns.RR
	for _, s := range o.chain {
		chain = s.all(chain)
	}
	if o.kind == ReplyAlias {
		t.redirect(e, now, chain, o.end)
		return
	}
	for i := range chain {
		if chain[i].Type() == dns.TypeCNAME {
			t.links++
		}
	}
	if t.links > e.limits.MaxAliases {
		t.do(EventLimit)
		e.fail(now, t, limitError("MaxAliases", e.limits.MaxAliases))
		return
	}
	r := &Result{RCode: o.rcode, Answer: append(t.chain, chain...)}
	switch o.kind {
	case ReplyAnswer:
		t.rootGlue = o.glue
		for _, s := range o.answer {
			r.Answer = s.all(r.Answer)
		}
	case ReplyNoData, ReplyNXDomain:
		r.RCode = denialCode(o.kind)
		r.Authority = o.denialRecords(uint32(e.capTTL(o.denialTTL(), e.limits.MaxNegativeTTL)))
	}
	t.do(EventAnswer)
	e.finish(now, t, r)
}

// records returns the NS records of a referral and its glue.
func (d *delegation) records() []dns.RR {
	rrs := slices.Clone(d.ns.rrs)
	for _, g := range d.glue {
		rrs = append(rrs, g.rrs...)
	}
	return rrs
}
