package resolver

import (
	"net/netip"
	"slices"
	"time"

	"applayer/dns"
)

// primeRetry is how long priming is left alone after it failed; the hints serve
// meanwhile.
const primeRetry = time.Minute

// prime asks the servers of the hints who the root's servers are (RFC 9609 §3).
// It returns the task that does so; nil where that has just failed.
func (e *Engine) prime(now time.Time) *task {
	if e.priming != nil || now.Before(e.nextPrime) {
		return e.priming
	}
	// It is not among the tasks that others may join, for it has other limits: a
	// question for the root's NS records waits for it as all do, and takes its
	// answer.
	q := dns.Question{Name: dns.Root, Type: dns.TypeNS, Class: dns.ClassIN}
	key := taskKey{Question: q}
	old := e.tasks[key]
	t := e.newTask(key, e.newBudget(now, e.limits.MaxTime/2), 0)
	t.priming = true
	if old != nil {
		e.tasks[key] = old
	} else {
		delete(e.tasks, key)
	}
	e.priming, e.nextPrime = t, now.Add(primeRetry)
	return t
}

// primed keeps what the root's servers said, with the addresses of the hints
// for hosts of which they gave none (RFC 9609 §4.2).
func (e *Engine) primed(now time.Time, t *task, r *Result) {
	e.priming = nil
	ns := &set{name: dns.Root, typ: dns.TypeNS}
	for _, rr := range r.Answer {
		if rr.Type() == dns.TypeNS && rr.Name.IsRoot() {
			ns.rrs = append(ns.rrs, rr)
			ns.ttl = rr.TTL
		}
	}
	if len(ns.rrs) == 0 {
		return
	}
	d := &delegation{zone: dns.Root, ns: ns, glue: slices.Clone(t.rootGlue)}
	for _, rr := range e.opts.Hints {
		typ := rr.Type()
		if typ != dns.TypeA && typ != dns.TypeAAAA || !namesHost(ns, rr.Name) || hasAddress(t.rootGlue, rr.Name) {
			continue
		}
		d.glue = append(d.glue, &set{name: rr.Name, typ: typ, ttl: ns.ttl, rrs: []dns.RR{rr}})
	}
	if len(d.glue) > 0 {
		e.root = d.records()
		e.keepDelegation(now, d, dns.MaxTTL)
		e.nextPrime = time.Time{}
	}
}

func namesHost(ns *set, name dns.Name) bool {
	return slices.ContainsFunc(ns.rrs, func(rr dns.RR) bool {
		d, ok := rr.Data.(*dns.NS)
		return ok && d.Host.Equal(name)
	})
}

func hasAddress(glue []*set, name dns.Name) bool {
	return slices.ContainsFunc(glue, func(s *set) bool { return s.name.Equal(name) })
}

// forwarders are the resolvers that are asked in place of servers.
func (e *Engine) forwarders() *cut {
	c := &cut{zone: dns.Root, tries: make(map[netip.AddrPort]int)}
	for _, f := range e.opts.Forward {
		c.direct = append(c.direct, netip.AddrPortFrom(f.Addr().Unmap(), f.Port()))
	}
	return c
}
