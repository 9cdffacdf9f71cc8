package resolver

import (
	"time"

	"applayer/dns"
)

// servers is step 2, and the first half of step 3: it finds out whom to ask
// what, and asks.
func (t *task) servers(e *Engine, now time.Time) {
	if err := t.overLimit(e, now); err != nil {
		t.do(EventLimit)
		e.fail(now, t, err)
		return
	}
	if t.cut == nil && !t.findCut(e, now) {
		t.do(EventNoAddress)
		return
	}
	name, typ, known := t.next(e, now)
	if known {
		return // the answer to that part of the name is in the cache
	}
	key := queryKey{zone: t.cut.zone, name: name, typ: typ, class: t.q.Class, subnet: t.subnetFor(name, typ), unchecked: t.unchecked}
	if q := e.queries[key]; q != nil {
		t.do(EventServer)
		t.query = q
		q.waiters = append(q.waiters, t)
		t.b.messages++
		return
	}
	s, busy := e.chooseServer(now, t.cut, typ)
	if s != nil && (t.cut.tries[s.addr] > 0 || s.silences > 0) && t.fetch(e, now, typ, true) {
		// While a server is waited for that was silent, those are looked for
		// that are not known yet: they may be up.
		s, busy = e.chooseServer(now, t.cut, typ)
	}
	if s != nil && t.cut.tries[s.addr] >= triesBeforeRetreat && t.retreat(e, now) {
		return
	}
	switch {
	case s != nil:
		t.do(EventServer)
		q := &query{queryKey: key, server: s, waiters: []*task{t}, hearsay: t.hearsay}
		t.query, e.queries[key] = q, q
		s.inFlight++
		q.start(e, now, e.networkFor(key))
	case busy:
		e.busy = append(e.busy, t)
		t.do(EventNoAddress)
	case t.fetch(e, now, typ, false):
		t.do(EventNoAddress)
	case t.retreat(e, now):
	case t.heard && !t.hearsay:
		t.hearsay = true
		clear(t.cut.tries)
	default:
		t.do(EventNoServer)
		e.fail(now, t, ErrNoServer)
	}
}

// triesBeforeRetreat is how often each server of a zone has to be silent before
// the zone above is asked whether these still are its servers.
const triesBeforeRetreat = 2

// retreat goes back to the zone above when the servers of a cached delegation
// fail, once: the zone may have moved (RFC 8767 §5).
func (t *task) retreat(e *Engine, now time.Time) bool {
	if !t.cached || t.cut.zone.IsRoot() {
		return false
	}
	t.cached = false
	up := e.bestCut(now, dns.Question{Name: t.cut.zone.Parent(), Type: dns.TypeNS, Class: t.q.Class})
	if up == nil {
		return false
	}
	t.left = t.cut
	t.cut, t.shown, t.steps, t.whole = up, dns.Name{}, 0, e.opts.NoMinimise
	return true
}

// findCut finds the zone to begin with; false where the root's servers have to
// be asked for first.
func (t *task) findCut(e *Engine, now time.Time) bool {
	t.shown, t.steps, t.whole = dns.Name{}, 0, e.opts.NoMinimise
	switch {
	case len(e.opts.Forward) > 0:
		t.cut, t.whole = e.forwarders(), true
		return true
	case t.priming:
		t.cut = newCut(dns.Root, e.opts.Hints, e.limits.MaxPerZone)
		return true
	}
	if t.cut = e.bestCut(now, t.at()); t.cut != nil {
		t.cached = true
		return true
	}
	if !t.primed {
		if p := e.prime(now); p != nil {
			t.await(p)
			return false
		}
	}
	t.cut = newCut(dns.Root, e.root, e.limits.MaxPerZone)
	return true
}

// next tells what to ask the zone's servers: the whole question, or so much of
// the name as they need to see (RFC 9156 §3). The whole name is shown with the
// type of the parts first: where it is delegated, only the zone's own servers
// learn what is wanted of it. Known tells that the reply to that is in the
// cache.
func (t *task) next(e *Engine, now time.Time) (name dns.Name, typ dns.Type, known bool) {
	if !t.shown.IsValid() || !t.shown.IsSubdomainOf(t.cut.zone) {
		t.shown, t.steps = t.cut.zone, 0
	}
	total, seen := t.name.CountLabels(), t.shown.CountLabels()
	left := e.limits.MaxMinimise - t.steps
	if t.whole || seen == total || left <= 0 {
		return t.name, t.q.Type, false
	}
	more := 1
	if t.steps >= minimiseOneLabel {
		more = max((total-seen)/left, 1)
	}
	part := t.name.Ancestor(seen + more)
	// Labels with an underscore are no borders (RFC 9156 §2.3).
	for part.Len() < t.name.Len() && part.FirstLabel()[0] == '_' {
		part = t.name.Ancestor(part.CountLabels() + 1)
	}
	if part.Len() == t.name.Len() && (t.q.Type == dns.TypeA || t.q.Type == dns.TypeDS) {
		return t.name, t.q.Type, false // DS is the parent's to tell
	}
	switch f := e.cache.look(now, dns.Question{Name: part, Type: dns.TypeA, Class: t.q.Class}, 0); f.kind {
	case ReplyAnswer, ReplyNoData, ReplyAlias:
		t.shown = part
		t.steps++
		return part, dns.TypeA, true
	}
	return part, dns.TypeA, false
}

// minimiseOneLabel is by how many steps a name is shown label by label
// (RFC 9156 §2.3).
const minimiseOneLabel = 4
