package resolver

import (
	"net/netip"
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

// newBudget returns what a question that begins now may cost.
func (e *Engine) newBudget(now time.Time, span time.Duration) *budget {
	b := &budget{deadline: now.Add(span), tasks: make(map[*task]struct{})}
	e.timers.push(b.deadline, timer{budget: b})
	return b
}

// leave takes a task off the budget.
func (b *budget) leave(t *task) {
	if delete(b.tasks, t); len(b.tasks) == 0 {
		b.trace = nil // the budget's timer keeps it for a while
	}
}

// task is one question under way: a client's, or one for the address of a name
// server.
type task struct {
	q      dns.Question // its name is canonical
	subnet netip.Prefix // of the client, where that is told
	scoped bool         // what was learnt holds for that network alone
	// unchecked tells to ask a forwarder not to check (RFC 6840 §5.9).
	unchecked bool
	machine   fsm.Machine[State, Event]
	b         *budget
	depth     int
	priming   bool
	primed    bool // it has waited for priming, and need not again

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
	// a referral of now; left is the one whose servers failed, so that the zone
	// above was asked again.
	cached bool
	left   *cut

	query   *query
	waits   []*task // whose results this one needs
	parents []*task // who need this one's
	asks    []uint64
	// rootGlue are the addresses that came with the answer to a priming
	// question.
	rootGlue []*set
}

func (e *Engine) newTask(key taskKey, b *budget, depth int) *task {
	t := &task{q: key.Question, subnet: key.subnet, unchecked: key.unchecked, name: key.Name, b: b, depth: depth, machine: fsm.NewMachine(table, StateLocal)}
	b.tasks[t] = struct{}{}
	e.tasks[key] = t
	e.ready = append(e.ready, t)
	return t
}

// key is what the task is known by.
func (t *task) key() taskKey { return taskKey{t.q, t.subnet, t.unchecked} }

// takeOver makes a lookup of a server's address a client's question, with a
// budget of its own: whoever began it chose what else its budget was spent on,
// and so could let the client's question fail.
func (t *task) takeOver(b *budget) {
	t.b.leave(t)
	t.b, t.depth = b, 0
	b.tasks[t] = struct{}{}
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
	if f.kind == ReplySilence && t.unchecked {
		f = e.cache.lookUnchecked(now, t.at())
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
		if len(t.chain) == 0 && e.failed(now, t.key()) {
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
