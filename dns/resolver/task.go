package resolver

import (
	"net/netip"

	"slices"
	"time"

	"applayer/dns"
	"applayer/internal/fsm"
)

// budget is what one client's question may cost, lookups of servers' addresses
// included.
type budget struct {
	messages, fetches, octets int
	deadline                  time.Time
	trace                     []*Step
	tasks                     map[*task]struct{}
}

// task is one question under way: a client's, or one for the address of a name
// server.
type task struct {
	q       dns.Question // its name is canonical
	subnet  netip.Prefix // of the client, where that is told
	scoped  bool         // what was learnt holds for that network alone
	machine fsm.Machine[State, Event]
	b       *budget
	depth   int
	priming bool
	primed  bool // it has waited for priming, and need not again

	// name is what is looked for now: SNAME of RFC 1034 §5.3.3. chain is the
	// aliases that led there.
	name  dns.Name
	chain []dns.RR
	links int

	cut   *cut
	shown dns.Name // how much of the name the zone's servers have seen
	steps int      // by which they saw it
	whole bool     // show all of it
	// heard tells that a server answered what it had heard elsewhere, and
	// hearsay that this is asked for, since no other server is left: networks
	// that divert questions to a resolver of their own make all servers so.
	heard, hearsay bool

	// cached tells that the cut is one that was known before, and not one from
	// a referral of now.
	cached bool

	query   *query
	waits   []*task // whose results this one needs
	parents []*task // who need this one's
	asks    []uint64
	// rootGlue are the addresses that came with the answer to a priming
	// question.
	rootGlue []*set
}

func (e *Engine) newTask(key taskKey, b *budget, depth int) *task {
	t := &task{q: key.Question, subnet: key.subnet, name: key.Name, b: b, depth: depth, machine: fsm.NewMachine(table, StateLocal)}
	b.tasks[t] = struct{}{}
	e.tasks[key] = t
	e.ready = append(e.ready, t)
	return t
}

// do takes a step; that the table has it is a matter of this file alone.
func (t *task) do(ev Event) {
	if err := t.machine.Do(ev); err != nil {
		panic(err)
	}
}

// run goes on until the task waits or is done.
func (t *task) run(e *Engine, now time.Time) {
	for {
		switch t.machine.State() {
		case StateLocal:
			t.local(e, now)
		case StateServers:
			t.servers(e, now)
		default:
			return
		}
	}
}

// local is step 1: what is known already.
func (t *task) local(e *Engine, now time.Time) {
	if t.priming {
		t.do(EventUnknown)
		return
	}
	f := e.cache.lookSubnet(now, t.at(), t.subnet)
	if f.kind == ReplySilence {
		f = e.cache.look(now, t.at(), 0)
		if f.untold && t.subnet.IsValid() {
			f = finding{}
		}
	}
	t.scoped = t.scoped || f.scoped
	switch f.kind {
	case ReplyAnswer:
		t.do(EventAnswer)
		e.finish(now, t, &Result{Answer: append(t.chain, f.rrs...)})
	case ReplyNoData, ReplyNXDomain:
		t.do(EventAnswer)
		e.finish(now, t, &Result{RCode: denialCode(f.kind), Answer: t.chain, Authority: f.rrs})
	case ReplyTooLong:
		t.do(EventAnswer)
		e.finish(now, t, &Result{RCode: dns.RCodeYXDomain, Answer: append(t.chain, f.rrs...)})
	case ReplyAlias:
		t.redirect(e, now, f.rrs, f.target)
	default:
		if len(t.chain) == 0 && e.failed(now, t.q) {
			t.do(EventLimit)
			e.fail(now, t, ErrRemembered)
			return
		}
		t.do(EventUnknown)
	}
}

// at is the question as it stands.
func (t *task) at() dns.Question {
	return dns.Question{Name: t.name, Type: t.q.Type, Class: t.q.Class}
}

// redirect is step 4c: the search goes on with another name.
func (t *task) redirect(e *Engine, now time.Time, rrs []dns.RR, target dns.Name) {
	target = target.Canonical()
	loop := target == t.q.Name
	for i := range rrs {
		if rrs[i].Type() == dns.TypeCNAME {
			t.links++
		}
	}
	for i := range t.chain {
		loop = loop || t.chain[i].Type() == dns.TypeCNAME && t.chain[i].Name.Equal(target)
	}
	t.chain = append(t.chain, rrs...)
	switch {
	case loop:
		t.do(EventLimit)
		e.fail(now, t, ErrAliasLoop)
	case t.links > e.limits.MaxAliases:
		t.do(EventLimit)
		e.fail(now, t, limitError("MaxAliases", e.limits.MaxAliases))
	default:
		t.do(EventAlias)
		t.name, t.cut = target, nil
	}
}

// overLimit tells which bound on the work has been reached, if any.
func (t *task) overLimit(e *Engine, now time.Time) error {
	switch l := &e.limits; {
	case t.b.messages >= l.MaxMessages:
		return limitError("MaxMessages", l.MaxMessages)
	case t.b.octets > l.MaxOctets:
		return limitError("MaxOctets", l.MaxOctets)
	case !now.Before(t.b.deadline):
		return limitError("MaxTime", l.MaxTime)
	}
	return nil
}

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
	key := queryKey{zone: t.cut.zone, name: name, typ: typ, class: t.q.Class, subnet: t.subnetFor(name, typ)}
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
	if s != nil {
		t.do(EventServer)
		q := &query{queryKey: key, server: s, waiters: []*task{t}, hearsay: t.hearsay}
		t.query, e.queries[key] = q, q
		s.inFlight++
		q.start(e, now, e.networkFor(key))
		return
	}
	if busy {
		e.busy = append(e.busy, t)
		t.do(EventNoAddress)
		return
	}
	if t.fetch(e, now, typ, false) {
		t.do(EventNoAddress)
		return
	}
	if t.retreat(e, now) {
		return
	}
	if t.heard && !t.hearsay {
		t.hearsay = true
		clear(t.cut.tries)
		return
	}
	t.do(EventNoServer)
	e.fail(now, t, ErrNoServer)
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

// needs tells whether t waits for o, be it through others.
func (t *task) needs(o *task, seen map[*task]bool) bool {
	if t == o {
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
	found := child.priming
	t.primed = t.primed || child.priming
	if t.cut != nil && !child.priming {
		for _, h := range t.cut.hosts {
			if h.name != child.q.Name {
				continue
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
