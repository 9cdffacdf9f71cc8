package resolver

import (
	"container/heap"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"applayer/dns"
)

// EngineOptions are what an [Engine] is made with; the zero value of a field is
// its default.
type EngineOptions struct {
	// Limits bounds the work.
	Limits Limits
	// Hints are NS records of the root and addresses of their hosts, as
	// [ParseHints] reads them. Nil is [RootHints].
	Hints []dns.RR
	// Port is where servers listen (default 53).
	Port uint16
	// Forward are resolvers that are asked in place of the zones' own servers.
	Forward []netip.AddrPort
	// Cache is what is known; nil is a new one.
	Cache *Cache
	// Rand is where identifiers, cookies and the case of letters come from; nil
	// is crypto/rand.
	Rand io.Reader
	// NoMinimise shows each server the whole name (RFC 9156 §1).
	NoMinimise bool
	// KeepCase sends names in lower case, not in mixed case.
	KeepCase bool
	// NoIPv4 and NoIPv6 keep from asking servers at such addresses.
	NoIPv4, NoIPv6 bool
	// Subnets tells the zones' servers, but for the root's, the network of the
	// client: 24 bits of an IPv4 address, 56 of an IPv6 one (RFC 7871). It tells
	// strangers who asks, and makes many questions of one (CVE-2025-40776):
	// those that differ in nothing else go over TCP.
	Subnets bool
	// Private are networks whose addresses no public name may have; records
	// with such an address, or a hint at one, are dropped (DNS rebinding).
	Private []netip.Prefix
}

// Engine resolves questions, without a socket and without a clock: each method
// is told the time, and what is to be sent is fetched by [Engine.Next]. The
// same engine runs a server, a simulation and a test of an hour that takes a
// millisecond. It is for one goroutine at a time.
//
//	id := e.Ask(now, question)
//	for send, ok := e.Next(); ok; send, ok = e.Next() { … }  // send it
//	err := e.Handle(now, send.ID, from, reply)                // what came back
//	e.Timeout(now)                                            // at NextTimeout
//	id, result, ok := e.NextResult()
type Engine struct {
	opts    EngineOptions
	limits  Limits
	cache   *Cache
	rand    *random
	secret  [16]byte
	servers servers

	tasks    map[taskKey]*task
	queries  map[queryKey]*query
	twins    map[queryKey]int // questions under way that differ in the subnet alone
	sends    map[uint64]*query
	lastSend uint64
	lastAsk  uint64
	timers   timers
	ready    []*task
	busy     []*task // that wait for a server with fewer questions
	out      []Send
	results  []askResult

	priming   *task
	nextPrime time.Time
	root      []dns.RR // what the last priming told, the hints before
	// loopback tells that the root's servers are on this host's loopback, so
	// that others may be there too.
	loopback bool
}

type askResult struct {
	id uint64
	r  *Result
}

// Client is what of a client matters to its question; the zero value says
// nothing.
type Client struct {
	// Network is where it is: the zones' servers are told where
	// [EngineOptions.Subnets] says so.
	Network netip.Prefix
	// CheckingDisabled is the CD bit: the client checks signatures by itself. A
	// forwarder is told, so that it gives what it would withhold; others who ask
	// the same are not given that (RFC 4035 §3.2.2, RFC 6840 §5.9).
	CheckingDisabled bool
}

// Send is a message to be sent. Each goes from a socket of its own, with a port
// chosen by chance (RFC 5452 §9.2); what comes there is given to
// [Engine.Handle] with the ID.
type Send struct {
	ID uint64
	// Network is "udp" or "tcp".
	Network string
	Server  netip.AddrPort
	Message []byte
	// Deadline is when the reply is not waited for any more.
	Deadline time.Time
}

// Result is what came of a question.
type Result struct {
	Question dns.Question
	RCode    dns.RCode
	// Answer is the answer, with the aliases that lead to it before it, in
	// their order. Authority is what proves that there is none. Signatures are
	// among them.
	Answer, Authority []dns.RR
	// Security is the lowest of what is known of the sets' signatures.
	Security Security
	// unchecked tells that a forwarder was asked not to check it.
	unchecked bool
	// Scope is for how many bits of the client's address the answer holds
	// (RFC 7871): 0 for all clients.
	Scope int
	// Stale tells that no server could be reached and the answer is one whose
	// time is over (RFC 8767).
	Stale bool
	// EDE tells more about it (RFC 8914).
	EDE []dns.ExtendedError
	// Err is why there is no answer: ErrNoServer, a [*dns.LimitError] and the like.
	Err error
	// Trace is each message that was sent for it, in the order of their ends.
	Trace []Step
}

// NewEngine returns an engine; nil opts are the zero value.
func NewEngine(opts *EngineOptions) *Engine {
	if opts == nil {
		opts = &EngineOptions{}
	}
	e := &Engine{
		opts: *opts, limits: opts.Limits.withDefaults(), cache: opts.Cache, rand: newRandom(opts.Rand),
		tasks: make(map[taskKey]*task), twins: make(map[queryKey]int), queries: make(map[queryKey]*query), sends: make(map[uint64]*query),
	}
	e.servers = servers{byAddr: make(map[netip.AddrPort]*server), lame: make(map[lameKey]time.Time), max: e.limits.MaxServers}
	if e.opts.Port == 0 {
		e.opts.Port = 53
	}
	if e.opts.Hints == nil {
		e.opts.Hints = RootHints()
	}
	e.root = e.opts.Hints
	e.loopback = slices.ContainsFunc(e.root, func(rr dns.RR) bool {
		a, ok := addressOf(rr)
		return ok && a.IsLoopback()
	})
	if e.cache == nil {
		e.cache = NewCache(0)
	}
	e.rand.read(e.secret[:])
	return e
}

// Cache returns the engine's cache.
func (e *Engine) Cache() *Cache { return e.cache }

// Ask begins to resolve a question; its result has the number that Ask returns.
// A question that is under way already is not begun twice.
func (e *Engine) Ask(now time.Time, q dns.Question) (id uint64) {
	return e.AskFor(now, q, Client{})
}

// AskFor is [Engine.Ask] for a client of whom something is known.
func (e *Engine) AskFor(now time.Time, q dns.Question, client Client) (id uint64) {
	e.lastAsk++
	id = e.lastAsk
	key := taskKey{
		Question:  dns.Question{Name: q.Name.Canonical(), Type: q.Type, Class: q.Class},
		subnet:    e.clientSubnet(client.Network),
		unchecked: client.CheckingDisabled && len(e.opts.Forward) > 0,
	}
	t := e.tasks[key]
	switch {
	case !q.Name.IsValid() || q.Class != dns.ClassIN || q.Type.IsMeta() && q.Type != dns.TypeANY:
		e.results = append(e.results, askResult{id, &Result{Question: q, RCode: dns.RCodeNotImp, Err: ErrQuestion}})
		return id
	case t != nil && len(t.asks) >= e.limits.MaxWaiting:
		e.refuse(id, q, limitError("MaxWaiting", e.limits.MaxWaiting))
		return id
	case t == nil && len(e.tasks) >= e.limits.MaxQuestions:
		e.refuse(id, q, limitError("MaxQuestions", e.limits.MaxQuestions))
		return id
	case t == nil:
		t = e.newTask(key, e.newBudget(now, e.limits.MaxTime), 0)
	case len(t.asks) == 0:
		t.takeOver(e.newBudget(now, e.limits.MaxTime))
	}
	t.asks = append(t.asks, id)
	e.drain(now)
	return id
}

// refuse answers a question that is not even tried.
func (e *Engine) refuse(id uint64, q dns.Question, err error) {
	e.results = append(e.results, askResult{id, &Result{Question: q, RCode: dns.RCodeServFail, Err: err}})
}

// Handle takes what came from an address to the socket of a message. The error
// is nil when that ends the wait for the message: it was the reply, or the
// question goes another way. It is ErrNotReply for what is none and has to be
// ignored, however it came there, and ErrNotAsked when nothing is waited for.
func (e *Engine) Handle(now time.Time, send uint64, from netip.AddrPort, msg []byte) error {
	q := e.sends[send]
	if q == nil {
		return ErrNotAsked
	}
	err := q.take(e, now, from, msg)
	e.drain(now)
	return err
}

// Fail tells that a message could not be sent, or that its connection broke.
func (e *Engine) Fail(now time.Time, send uint64, _ error) {
	q := e.sends[send]
	if q == nil {
		return
	}
	q.server.silent(max(now.Sub(q.sent), e.limits.FirstTimeout))
	q.end(e, now, ReplyUnreachable, 0, 0)
	e.complete(now, q, &outcome{kind: ReplyUnreachable})
	e.drain(now)
}

// Next returns a message that is to be sent.
func (e *Engine) Next() (Send, bool) {
	if len(e.out) == 0 {
		return Send{}, false
	}
	s := e.out[0]
	e.out[0] = Send{}
	if e.out = e.out[1:]; len(e.out) == 0 {
		e.out = nil
	}
	return s, true
}

// NextResult returns the result of a question. It is shared by those who asked
// the same, and is not to be changed.
func (e *Engine) NextResult() (id uint64, r *Result, ok bool) {
	if len(e.results) == 0 {
		return 0, nil, false
	}
	a := e.results[0]
	e.results[0] = askResult{}
	if e.results = e.results[1:]; len(e.results) == 0 {
		e.results = nil
	}
	return a.id, a.r, true
}

// NextTimeout returns when [Engine.Timeout] is to be called; the zero time for
// never.
func (e *Engine) NextTimeout() time.Time {
	for len(e.timers) > 0 {
		if t := e.timers[0]; t.budget != nil && len(t.budget.tasks) > 0 || t.budget == nil && e.sends[t.send] != nil {
			return t.at
		}
		heap.Pop(&e.timers)
	}
	return time.Time{}
}

// Timeout ends the waits whose time is over.
func (e *Engine) Timeout(now time.Time) {
	for len(e.timers) > 0 && !e.timers[0].at.After(now) {
		t, _ := heap.Pop(&e.timers).(timer)
		if q := e.sends[t.send]; t.budget == nil && q != nil {
			q.expired(e, now)
		}
		if t.budget != nil {
			for task := range t.budget.tasks {
				task.do(EventLimit)
				e.fail(now, task, limitError("MaxTime", e.limits.MaxTime))
			}
		}
		e.drain(now)
	}
}

// drain runs the tasks that can go on.
func (e *Engine) drain(now time.Time) {
	for len(e.ready) > 0 {
		t := e.ready[0]
		e.ready = e.ready[1:]
		if t.machine.State() == StateAddresses {
			t.do(EventAddresses)
		}
		t.run(e, now)
	}
	e.ready = nil
}

// complete ends a query: what it taught is kept, and all who wait go on.
func (e *Engine) complete(now time.Time, q *query, o *outcome) {
	q.done = true
	delete(e.queries, q.queryKey)
	e.untwin(q.queryKey)
	q.server.inFlight--
	e.wakeBusy()
	whole := false
	for _, t := range q.waiters {
		whole = whole || t.name == q.name && t.q.Type == q.typ
	}
	e.keep(now, q, o, whole)
	for _, t := range q.waiters {
		if t.query == q {
			t.receive(e, now, q, o)
			e.ready = append(e.ready, t)
		}
	}
	q.waiters = nil
}

// wakeBusy lets the first go on of the tasks that wait for a server; those whose
// time was over meanwhile are forgotten.
func (e *Engine) wakeBusy() {
	for len(e.busy) > 0 {
		t := e.busy[0]
		e.busy[0], e.busy = nil, e.busy[1:]
		if t.machine.State() == StateAddresses {
			e.wake(t)
			return
		}
	}
	e.busy = nil
}

// fail ends a task without an answer, unless a stale one serves.
func (e *Engine) fail(now time.Time, t *task, err error) {
	r := e.staleAnswer(now, t, err)
	if len(t.asks) > 0 && !errors.Is(err, ErrRemembered) {
		first := e.limits.FailureTTL
		if r != nil {
			first = max(first, staleRecheck)
		}
		e.keepFailure(now, t.key(), first)
	}
	if r == nil {
		r = failure(err)
	}
	e.finish(now, t, r)
}

// staleAnswer returns what the cache has left for a client whose question
// failed (RFC 8767 §5); nil for nothing.
func (e *Engine) staleAnswer(now time.Time, t *task, err error) *Result {
	if len(t.asks) == 0 || e.limits.MaxStale == 0 {
		return nil
	}
	r, ok := e.cache.known(now, t.q, e.limits.MaxAliases, e.limits.MaxStale)
	if !ok || !r.Stale {
		return r
	}
	r.Err = err
	r.EDE = []dns.ExtendedError{{Code: dns.EDEStaleAnswer}}
	if r.RCode == dns.RCodeNXDomain {
		r.EDE[0].Code = dns.EDEStaleNXDomainAnswer
	}
	return r
}

// failure is the result of a question that has no answer.
func failure(err error) *Result {
	r := &Result{RCode: dns.RCodeServFail, Err: err}
	limit, isLimit := errors.AsType[*dns.LimitError](err)
	switch {
	case errors.Is(err, ErrNoServer), isLimit && limit.Name == "MaxTime":
		r.EDE = []dns.ExtendedError{{Code: dns.EDENoReachableAuthority}}
	case errors.Is(err, ErrRemembered):
		r.EDE = []dns.ExtendedError{{Code: dns.EDECachedError}}
	default:
		// Who runs the resolver learns which limit it was.
		_, text, _ := strings.Cut(err.Error(), ": ")
		r.EDE = []dns.ExtendedError{{Code: dns.EDEOther, Text: text}}
	}
	return r
}

// finish hands the result of a task, which is done, to all who wait for it.
func (e *Engine) finish(now time.Time, t *task, r *Result) {
	t.query = nil
	if e.tasks[t.key()] == t {
		delete(e.tasks, t.key())
	}
	if t.priming {
		e.primed(now, t, r)
	}
	r.Question, r.unchecked = t.q, t.unchecked
	if t.scoped {
		r.Scope = t.subnet.Bits()
	}
	e.capResult(r)
	if len(t.asks) > 0 {
		for _, s := range t.b.trace {
			r.Trace = append(r.Trace, *s)
		}
	}
	t.b.leave(t)
	for _, id := range t.asks {
		e.results = append(e.results, askResult{id, r})
	}
	for _, w := range t.waits {
		w.abandon(t)
	}
	for _, p := range t.parents {
		p.childDone(e, now, t, r)
	}
	t.waits, t.parents = nil, nil
}

// capResult makes the TTLs of an answer those that the cache would give.
func (e *Engine) capResult(r *Result) {
	limit := uint32(min(int64(e.limits.MaxTTL/time.Second), dns.MaxTTL))
	for i := range r.Answer {
		r.Answer[i].TTL = min(r.Answer[i].TTL, limit)
	}
}

// abandon forgets a parent that does not wait any more.
func (t *task) abandon(parent *task) {
	for i, p := range t.parents {
		if p == parent {
			t.parents = append(t.parents[:i], t.parents[i+1:]...)
			return
		}
	}
}

// timer is what is to happen at a time: a message expires, or a budget does.
type timer struct {
	at     time.Time
	send   uint64
	budget *budget
}

// timers is a heap, the earliest first.
type timers []timer

func (h timers) Len() int           { return len(h) }
func (h timers) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h timers) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *timers) Push(x any) { t, _ := x.(timer); *h = append(*h, t) }

// Pop is for container/heap.
func (h *timers) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = timer{}
	*h = (*h)[:last]
	return t
}

func (h *timers) push(at time.Time, t timer) {
	t.at = at
	heap.Push(h, t)
}
