package sockets

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// dialRun is one dial under way: it plays the race with goroutines and a
// clock. Everything but the calls of Resolver and Connect happens in the
// goroutine that called Dial.
type dialRun struct {
	*Dialer
	network, host string
	port          uint16
	race          *race
	fail          *DialError

	running  []attempt // oldest first
	answers  chan answer
	results  chan result
	returned chan struct{} // closed when Dial returns
}

// answer is what the resolver said to one query.
type answer struct {
	network  string
	families []family
	addrs    []netip.Addr
	err      error
}

// result is how one attempt ended.
type result struct {
	attempt
	conn net.Conn
	err  error
}

func (r *dialRun) dial(ctx context.Context) (net.Conn, error) {
	attempts, cancel := context.WithCancel(ctx)
	r.answers, r.results, r.returned = make(chan answer), make(chan result), make(chan struct{})
	// Queries and losers end by themselves: Dial does not wait for them, since
	// a resolver or a Connect that is slow to give up would hold up the winner.
	defer close(r.returned)
	defer cancel()

	r.lookup(attempts)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !r.race.lost() {
		for a, ok := r.race.next(time.Now()); ok; a, ok = r.race.next(time.Now()) {
			r.start(attempts, a)
		}
		timer.Stop()
		if at, ok := r.race.wake(); ok {
			timer.Reset(time.Until(at))
		}
		select {
		case a := <-r.answers:
			r.take(a)
		case res := <-r.results:
			if conn := r.ended(res); conn != nil {
				return conn, nil
			}
		case <-timer.C:
		case <-ctx.Done():
			return nil, r.cut(ctx)
		}
	}
	return nil, r.lost(ctx)
}

// lookup sends the queries, that for IPv6 first (RFC 8305 §3).
func (r *dialRun) lookup(ctx context.Context) {
	for _, q := range r.queries() {
		r.race.asked(q.families...)
		r.Trace.lookup(q.network, r.host)
		go func() {
			q.addrs, q.err = r.resolver().LookupNetIP(ctx, q.network, r.host)
			select {
			case r.answers <- q:
			case <-r.returned:
			}
		}()
	}
}

// queries returns the questions to ask, as answers yet without addresses.
func (r *dialRun) queries() []answer {
	want := strings.TrimLeft(r.network, "tcudp")
	if want == "" && r.LocalAddr.IsValid() && !r.LocalAddr.IsUnspecified() {
		want = "6"
		if r.LocalAddr.Unmap().Is4() {
			want = "4"
		}
	}
	v6, v4 := answer{network: "ip6", families: []family{ip6}}, answer{network: "ip4", families: []family{ip4}}
	switch {
	case want == "6":
		return []answer{v6}
	case want == "4":
		return []answer{v4}
	case r.SplitQueries:
		return []answer{v6, v4}
	}
	return []answer{{network: "ip", families: []family{ip6, ip4}}}
}

func (r *dialRun) resolver() Resolver {
	if r.Resolver != nil {
		return r.Resolver
	}
	return net.DefaultResolver
}

// take gives an answer to the race.
func (r *dialRun) take(a answer) {
	r.Trace.answer(a.network, r.host, a.addrs, a.err)
	addrs := make([]netip.Addr, 0, len(a.addrs))
	for _, ip := range a.addrs {
		if ofNetwork(ip, a.network) {
			addrs = append(addrs, ip.Unmap())
		}
	}
	if a.err == nil && len(addrs) == 0 {
		a.err = &net.DNSError{Err: "no suitable address", Name: r.host, IsNotFound: true}
	}
	if a.err != nil {
		r.fail.Causes = append(r.fail.Causes, a.err)
	}
	r.race.answered(time.Now(), addrs, a.families...)
}

// start begins an attempt. Its goroutine owns the connection until Dial has
// taken it, and closes one that came too late.
func (r *dialRun) start(ctx context.Context, ip netip.Addr) {
	a := r.local(r.network, netip.AddrPortFrom(ip, r.port).String())
	r.running = append(r.running, a)
	r.Trace.attempt(a)
	go func() {
		conn, err := r.connect(ctx, a)
		select {
		case r.results <- result{a, conn, err}:
		case <-r.returned:
			if err == nil {
				conn.Close()
			}
		}
	}()
}

// ended takes the end of an attempt, and returns the connection that won.
func (r *dialRun) ended(res result) net.Conn {
	i := slices.Index(r.running, res.attempt)
	r.running = slices.Delete(r.running, i, i+1)
	if res.err == nil {
		r.Trace.connected(res.attempt)
		r.cancelRunning()
		return res.conn
	}
	r.Trace.failed(res.attempt, res.err)
	r.fail.Causes = append(r.fail.Causes, &AttemptError{res.addr, res.err})
	r.race.failed(time.Now())
	return nil
}

func (r *dialRun) cancelRunning() {
	for _, a := range r.running {
		r.Trace.cancelled(a)
	}
}

// cut ends the dial because ctx has ended: that is the cause of whatever is
// under way.
func (r *dialRun) cut(ctx context.Context) error {
	r.cancelRunning()
	for _, a := range r.running {
		r.fail.Causes = append(r.fail.Causes, &AttemptError{a.addr, ctx.Err()})
	}
	return r.lost(ctx)
}

// lost makes the error of a dial without a winner.
func (r *dialRun) lost(ctx context.Context) error {
	if r.race.started >= r.race.maxAttempts && len(r.race.seen) > r.race.maxAttempts {
		r.fail.Causes = append(r.fail.Causes, &LimitError{Name: "MaxAttempts", Max: int64(r.race.maxAttempts)})
	}
	if err := ctx.Err(); err != nil && !errors.Is(r.fail, err) {
		r.fail.Causes = append(r.fail.Causes, err)
	}
	if len(r.race.seen) > 0 {
		// A family without addresses is no cause while the other has some.
		r.fail.Causes = slices.DeleteFunc(r.fail.Causes, isNotFound)
	}
	return r.fail
}

func isNotFound(err error) bool {
	dns, ok := err.(*net.DNSError)
	return ok && dns.IsNotFound
}
