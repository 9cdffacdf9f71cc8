package sockets

import (
	"net/netip"
	"slices"
	"time"
)

// The values of RFC 8305 §8.
const (
	defaultResolutionDelay = 50 * time.Millisecond
	defaultAttemptDelay    = 250 * time.Millisecond
	minAttemptDelay        = 10 * time.Millisecond
	maxAttemptDelay        = 2 * time.Second
	defaultFirstFamily     = 1
	defaultMaxAttempts     = 64
)

// family is an index: the two families take turns.
type family int

const (
	ip6 family = iota
	ip4
)

func (f family) other() family { return 1 - f }

func familyOf(a netip.Addr) family {
	if a.Is4() {
		return ip4
	}
	return ip6
}

// race is Happy Eyeballs (RFC 8305 §3 to §5) without sockets and clock: it is
// told what happened and when, and tells which address to try next. One that
// connects ends it, which needs no telling.
type race struct {
	attemptDelay    time.Duration // negative: one attempt at a time
	resolutionDelay time.Duration
	firstCount      int // First Address Family Count
	maxAttempts     int

	seen    []netip.Addr    // every address that was ever queued
	queue   [2][]netip.Addr // not yet attempted, in the resolver's order
	queries [2]bool         // under way
	turn    family          // whose address is next
	inTurn  int             // addresses left of the turn
	started int             // attempts begun
	running int             // attempts under way
	notYet  time.Time       // no attempt before it, unless one fails
}

// asked tells that a query for the addresses of these families was sent.
func (r *race) asked(families ...family) {
	for _, f := range families {
		r.queries[f] = true
	}
}

// answered takes the answer to the query for these families; no addresses for
// a name that has none, or a query that failed.
func (r *race) answered(now time.Time, addrs []netip.Addr, families ...family) {
	for _, f := range families {
		r.queries[f] = false
	}
	for _, a := range addrs {
		if !slices.Contains(r.seen, a) {
			r.seen = append(r.seen, a)
			r.queue[familyOf(a)] = append(r.queue[familyOf(a)], a)
		}
	}
	if r.started > 0 || len(r.seen) == 0 {
		return // late addresses join the queues (RFC 8305 §6)
	}
	r.notYet = now
	if len(r.queue[ip6]) == 0 && r.queries[ip6] {
		// The A answer came first: AAAA is probably milliseconds behind.
		r.notYet = now.Add(r.resolutionDelay)
	}
	// The resolver's first address leads, unless the families were asked for
	// one by one: then IPv6 does (RFC 8305 §3).
	r.turn, r.inTurn = familyOf(r.seen[0]), r.firstCount
	if len(families) == 1 && len(r.queue[ip6]) > 0 {
		r.turn = ip6
	}
}

// failed tells that an attempt ended without a connection. The next one starts
// at once: the 10 ms that RFC 8305 §5 demands between two attempts protect a
// path that may lose packets from more of them, and this one answered.
func (r *race) failed(now time.Time) {
	r.running--
	r.notYet = now
}

// next returns the address to try, if it is time to.
func (r *race) next(now time.Time) (netip.Addr, bool) {
	if !r.waiting() || now.Before(r.notYet) || r.attemptDelay < 0 && r.running > 0 {
		return netip.Addr{}, false
	}
	if r.inTurn == 0 || len(r.queue[r.turn]) == 0 {
		r.turn, r.inTurn = r.turn.other(), 1
	}
	if len(r.queue[r.turn]) == 0 {
		r.turn = r.turn.other()
	}
	a := r.queue[r.turn][0]
	r.queue[r.turn] = r.queue[r.turn][1:]
	r.inTurn--
	r.started++
	r.running++
	r.notYet = now.Add(max(r.attemptDelay, 0))
	return a, true
}

// waiting tells that there is an address left that may be tried.
func (r *race) waiting() bool {
	return r.started < r.maxAttempts && len(r.queue[ip6])+len(r.queue[ip4]) > 0
}

// wake returns when next has something to give although nothing happens.
func (r *race) wake() (time.Time, bool) {
	if !r.waiting() || r.attemptDelay < 0 && r.running > 0 {
		return time.Time{}, false
	}
	return r.notYet, true
}

// lost tells that no connection can come any more.
func (r *race) lost() bool {
	asking := r.queries[ip6] || r.queries[ip4]
	return r.running == 0 && !r.waiting() && (!asking || r.started >= r.maxAttempts)
}
