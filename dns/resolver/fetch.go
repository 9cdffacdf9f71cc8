package resolver

import (
	"slices"
	"time"

	"applayer/dns"
)

// fetchTogether is how many name servers' addresses are looked up at once.
const fetchTogether = 2

// fetch looks for addresses of the cut's servers: first what is known, then by
// questions of our own, for unknown ones alone if it says so. It is false when
// there is nothing left to wait for.
func (t *task) fetch(e *Engine, now time.Time, asked dns.Type, unknown bool) bool {
	found := false
	for _, h := range t.cut.hosts {
		if h.looked || h.name.IsSubdomainOf(t.cut.zone) {
			continue // what lies in the zone itself only glue can tell
		}
		h.looked = true
		for _, typ := range e.addressTypes() {
			f := e.cache.look(now, dns.Question{Name: h.name, Type: typ, Class: t.q.Class}, 0)
			if f.kind == ReplyAnswer {
				for _, rr := range f.rrs[:min(len(f.rrs), e.limits.MaxPerZone)] {
					found = h.add(rr) > 0 || found
				}
			}
		}
	}
	if found {
		if s, _ := e.chooseServer(now, t.cut, asked); s != nil {
			if !unknown {
				e.wake(t) // go on at once
			}
			return true
		}
	}
	started := 0
	for _, h := range t.cut.hosts {
		if h.fetched || h.name.IsSubdomainOf(t.cut.zone) || unknown && len(h.addrs) > 0 {
			continue
		}
		if started == fetchTogether || t.depth >= e.limits.MaxDepth ||
			t.cut.fetched >= e.limits.MaxFetchesPerZone || t.b.fetches >= e.limits.MaxFetches {
			break
		}
		h.fetched = true
		t.cut.fetched++
		t.b.fetches++
		waiting := len(t.waits)
		for _, typ := range e.addressTypes() {
			t.fetchOne(e, dns.Question{Name: h.name, Type: typ, Class: t.q.Class})
		}
		if len(t.waits) > waiting {
			started++
		}
	}
	return len(t.waits) > 0
}

// addressTypes are the types of address that a server may have.
func (e *Engine) addressTypes() []dns.Type {
	switch {
	case e.opts.NoIPv4:
		return []dns.Type{dns.TypeAAAA}
	case e.opts.NoIPv6:
		return []dns.Type{dns.TypeA}
	}
	return []dns.Type{dns.TypeA, dns.TypeAAAA}
}

// fetchOne waits for the answer to a question of our own, unless that waits for
// this task itself: zones whose servers lie in each other (TsuNAME).
func (t *task) fetchOne(e *Engine, q dns.Question) {
	key := taskKey{Question: q}
	child := e.tasks[key]
	if child == nil {
		if len(e.tasks) >= e.limits.MaxQuestions {
			return
		}
		child = e.newTask(key, t.b, t.depth+1)
	} else if child.needs(t, make(map[*task]bool)) {
		return
	}
	t.await(child)
}

// maxNeeds is how many tasks are looked at for a cycle. Few wait for that many,
// but clients who ask for zones that lead to each other can make a chain of all
// that is under way; its end counts as a cycle.
const maxNeeds = 256

// needs tells whether t waits for o, be it through others.
func (t *task) needs(o *task, seen map[*task]bool) bool {
	if t == o || len(seen) >= maxNeeds {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	return slices.ContainsFunc(t.waits, func(w *task) bool { return w.needs(o, seen) })
}

// await notes that t needs the result of child.
func (t *task) await(child *task) {
	if child == nil || slices.Contains(t.waits, child) {
		return
	}
	t.waits = append(t.waits, child)
	child.parents = append(child.parents, t)
}

// childDone takes the result of a task that this one waited for.
func (t *task) childDone(e *Engine, now time.Time, child *task, r *Result) {
	t.waits = slices.DeleteFunc(t.waits, func(w *task) bool { return w == child })
	if child.priming && child.q == t.at() && len(r.Answer) > 0 && t.machine.State() == StateAddresses {
		// What the root was asked for first is what is wanted.
		t.do(EventAnswer)
		e.finish(now, t, &Result{RCode: r.RCode, Answer: append(t.chain, r.Answer...)})
		return
	}
	found := child.priming
	t.primed = t.primed || child.priming
	if t.cut != nil && !child.priming {
		for _, h := range t.cut.hosts {
			if h.name != child.q.Name {
				continue
			}
			if child.b != t.b && r.RCode == dns.RCodeServFail {
				h.fetched = false // it was another's budget that ended
			}
			for _, rr := range r.Answer[:min(len(r.Answer), e.limits.MaxPerZone)] {
				// The host of an NS record is no alias (RFC 2181 §10.3).
				if rr.Name.Equal(h.name) {
					found = h.add(rr) > 0 || found
				}
			}
		}
	}
	switch t.machine.State() {
	case StateAddresses:
		if found || len(t.waits) == 0 {
			e.wake(t)
		}
	case StateAsk:
		// A server that was silent before is not waited for when another has
		// been found.
		if q := t.query; found && q != nil && !q.done && q.server.silences > 0 {
			q.end(e, now, ReplySilence, 0, 0)
			e.complete(now, q, &outcome{kind: ReplySilence})
		}
	}
}

// wake lets a task that waits for addresses go on.
func (e *Engine) wake(t *task) { e.ready = append(e.ready, t) }
