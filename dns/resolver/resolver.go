package resolver

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"applayer/dns"
)

// Exchanger carries one message to a server and brings its reply: the first
// message from there that accept takes. It ignores others until ctx ends. A
// [*dns.Transport] is one.
type Exchanger interface {
	Exchange(ctx context.Context, network string, server netip.AddrPort, query []byte, accept func(reply []byte) error) ([]byte, error)
}

// Resolver runs an [Engine] over the network. The zero value resolves from the
// root's servers down, with the built-in hints. Its fields may not change once
// it is used; its methods may be called by several goroutines. Close it to end
// what is under way.
type Resolver struct {
	EngineOptions
	// Exchanger is how messages travel; nil is a [dns.Transport], which Close
	// closes.
	Exchanger Exchanger

	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	own    *dns.Transport
	limits Limits

	mu     sync.Mutex
	engine *Engine
	closed bool
	timer  *time.Timer
	due    time.Time
	wait   map[uint64]func(*Result)
	flying sync.WaitGroup
}

// ErrClosed is the error of a Resolver that was closed.
var ErrClosed = errors.New("resolver: closed")

// init makes what the fields ask for.
func (r *Resolver) init() {
	r.once.Do(func() {
		if r.Cache == nil {
			r.Cache = NewCache(0)
		}
		if r.Exchanger == nil {
			// The engine counts what does not match.
			r.own = &dns.Transport{MaxMismatches: -1}
			r.Exchanger = r.own
		}
		r.limits = r.Limits.withDefaults()
		r.ctx, r.cancel = context.WithCancel(context.Background())
		r.engine = NewEngine(&r.EngineOptions)
		r.wait = make(map[uint64]func(*Result))
	})
}

// Close ends what is under way; lookups return [ErrClosed].
func (r *Resolver) Close() error {
	r.init()
	r.mu.Lock()
	r.closed = true
	r.cancel()
	if r.timer != nil {
		r.timer.Stop()
	}
	waiting := r.wait
	r.wait = nil
	r.mu.Unlock()
	for _, done := range waiting {
		done(nil)
	}
	r.flying.Wait()
	if r.own != nil {
		return r.own.Close()
	}
	return nil
}

// Lookup resolves a question. A question that has no answer is no error, but a
// Result whose RCode tells so, SERVFAIL with its reason in Err. The Result may
// be shared with others who asked the same, and is not to be changed. The error
// is that of ctx or [ErrClosed].
func (r *Resolver) Lookup(ctx context.Context, q dns.Question) (*Result, error) {
	return r.LookupFor(ctx, q, Client{})
}

// LookupFor is [Resolver.Lookup] for a client of whom something is known.
func (r *Resolver) LookupFor(ctx context.Context, q dns.Question, client Client) (*Result, error) {
	r.init()
	if r.ctx.Err() != nil {
		return nil, ErrClosed
	}
	if !r.Subnets || !client.Network.IsValid() {
		if known, ok := r.Known(q); ok {
			return known, ctx.Err()
		}
	}
	got := make(chan *Result, 1)
	forget := r.ask(q, client, func(res *Result) { got <- res })
	select {
	case res := <-got:
		if res == nil {
			return nil, ErrClosed
		}
		return res, nil
	case <-ctx.Done():
		forget()
		return nil, context.Cause(ctx)
	}
}

// Known answers a question from the cache alone; false where it cannot. What
// it returns has no Trace.
func (r *Resolver) Known(q dns.Question) (*Result, bool) {
	r.init()
	return r.Cache.known(time.Now(), q, r.limits.MaxAliases, 0)
}

// ask begins to resolve a question; done is called once, with nil when the
// Resolver is closed, unless forget is called before.
func (r *Resolver) ask(q dns.Question, client Client, done func(*Result)) (forget func()) {
	r.init()
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		done(nil)
		return func() {}
	}
	id := r.engine.AskFor(time.Now(), q, client)
	r.wait[id] = done
	r.flush()
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.wait, id)
	}
}

// flush does what the engine wants, unlocks, and hands out results.
func (r *Resolver) flush() {
	for s, ok := r.engine.Next(); ok; s, ok = r.engine.Next() {
		if !r.closed {
			r.flying.Go(func() { r.send(s) })
		}
	}
	r.setTimer()
	type ended struct {
		done func(*Result)
		res  *Result
	}
	var all []ended
	for id, res, ok := r.engine.NextResult(); ok; id, res, ok = r.engine.NextResult() {
		if done := r.wait[id]; done != nil {
			delete(r.wait, id)
			all = append(all, ended{done, res})
		}
	}
	r.mu.Unlock()
	for _, e := range all {
		e.done(e.res)
	}
}

// setTimer sees to it that the engine is told of its next timeout.
func (r *Resolver) setTimer() {
	next := r.engine.NextTimeout()
	if r.closed || next.IsZero() || next.Equal(r.due) {
		return
	}
	r.due = next
	d := max(time.Until(next), 0)
	if r.timer == nil {
		r.timer = time.AfterFunc(d, r.timeout)
		return
	}
	r.timer.Reset(d)
}

// timeout tells the engine that it is time.
func (r *Resolver) timeout() {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.due = time.Time{}
	r.engine.Timeout(time.Now())
	r.flush()
}

// send carries one message. Each reply goes to the engine as it comes, which
// tells whether it is the one.
func (r *Resolver) send(s Send) {
	ctx, cancel := context.WithDeadline(r.ctx, s.Deadline)
	defer cancel()
	_, err := r.Exchanger.Exchange(ctx, s.Network, s.Server, s.Message, func(reply []byte) error {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return ErrClosed
		}
		err := r.engine.Handle(time.Now(), s.ID, s.Server, reply)
		r.flush()
		if errors.Is(err, ErrNotAsked) {
			return nil // too late; no other will do either
		}
		return err
	})
	if err == nil || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return // the engine knows, or will by its own clock
	}
	r.mu.Lock()
	r.engine.Fail(time.Now(), s.ID, err)
	r.flush()
}
