package http1

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"applayer/sockets"
)

// errUnanswered is why a request of a pipeline goes again: its connection ended
// before an octet of its response came.
var errUnanswered = errors.New("http1: connection ended before the response")

// maxStrikes is how often a host may leave requests of a pipeline unanswered
// before it gets one request at a time.
const maxStrikes = 3

// maxPipelineTries is how often a request goes into a pipeline before it is sent
// by itself.
const maxPipelineTries = 4

// pipeline is what a connection has of requests that run ahead of responses
// (RFC 9112 §9.3.2). Each call writes its request while it has the token, and
// then waits for its turn to read.
type pipeline struct {
	token chan struct{} // who has put one in writes
	ended chan struct{} // closed when the connection has ended

	users int // calls on it; guarded by the pool's mutex

	queueMu  sync.Mutex
	queue    []*call // the unanswered, in the order of their requests
	waiting  int     // how many of them have no head yet
	starting bool    // a request is being written that is not yet in queue
	noMore   bool    // a response said that it is the last
	gaveUp   bool    // a call among the unanswered has given up
	broken   bool
}

func (p *pipeline) init() {
	p.token, p.ended = make(chan struct{}, 1), make(chan struct{})
}

// isPipelinable tells whether a request may run ahead: it must be idempotent,
// so that it may go again (RFC 9112 §9.3.2), and here without a body and without
// a wish that ends the connection's use.
func isPipelinable(r *Request) bool {
	closes, _, upgrades := connectionOptions(&r.Header)
	return r.Body == nil && IsIdempotent(r.Method) && !closes && !upgrades && r.Version != HTTP10 &&
		!r.Header.Has("Content-Length") && !r.Header.Has("Transfer-Encoding")
}

// takePipe returns a connection to join, one to prove, which is then the first
// request's, or none for a host that gets no pipelines.
func (c *Client) takePipe(ctx context.Context, rt route) (cc *clientConn, proves bool, err error) {
	p := &c.pool
	for {
		p.mu.Lock()
		h := p.host(rt.key)
		if h.noPipeline {
			p.mu.Unlock()
			return nil, false, nil
		}
		if cc := h.pipe; cc != nil {
			switch idle := cc.idle; {
			case idle:
				p.unlink(cc)
				cc.users, h.proving = 1, true
				p.mu.Unlock()
				if cc.usable(time.Now()) {
					c.proved(rt.key, cc, true)
					return cc, false, nil
				}
				c.proved(rt.key, nil, true)
				c.endPipe(cc)
				c.leavePipe(cc)
				continue
			case !cc.joinable():
				h.pipe = nil
				p.mu.Unlock()
				continue
			case cc.users < c.Limits.maxPipeline():
				cc.users++
				p.mu.Unlock()
				return cc, false, nil
			}
		} else if !h.proving {
			h.proving = true
			p.mu.Unlock()
			cc, err := c.get(ctx, rt, false)
			if err != nil {
				c.proved(rt.key, nil, true)
				return nil, false, err
			}
			p.mu.Lock()
			cc.users = 1
			p.mu.Unlock()
			return cc, true, nil
		}
		if h.changed == nil {
			h.changed = make(chan struct{})
		}
		changed := h.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, false, context.Cause(ctx)
		}
	}
}

// proved ends the proof: with a connection for all to join, without one where
// the attempt failed, or is not allowed any more. Again says that the next
// request may try.
func (c *Client) proved(key poolKey, cc *clientConn, again bool) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	h := c.pool.host(key)
	h.proving = false
	if cc != nil {
		h.pipe = cc
	}
	if !again {
		h.noPipeline = true
	}
	c.changedLocked(h)
	c.pool.forget(h)
}

func (c *Client) changedLocked(h *hostPool) {
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// strike remembers that a host left requests unanswered, or worse.
func (c *Client) strike(h *hostPool, n int) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if h.strikes += n; h.strikes >= maxStrikes {
		h.noPipeline = true
	}
	c.changedLocked(h)
}

// joinable tells whether another request may be put behind those on the
// connection.
func (cc *clientConn) joinable() bool {
	cc.queueMu.Lock()
	defer cc.queueMu.Unlock()
	return !cc.broken && !cc.noMore && !cc.gaveUp
}

// endPipe closes a connection. Those that wait on it go again elsewhere.
func (c *Client) endPipe(cc *clientConn) {
	cc.queueMu.Lock()
	ended := cc.broken
	cc.broken = true
	cc.queueMu.Unlock()
	if !ended {
		close(cc.ended)
		cc.c.Close()
	}
}

// leavePipe ends a call's part in a connection. The last one gives it back;
// meanwhile nobody opens another.
func (c *Client) leavePipe(cc *clientConn) {
	p, h := &c.pool, cc.host
	p.mu.Lock()
	cc.users--
	last := cc.users == 0
	holds := last && h.pipe == cc && !h.proving
	if last && h.pipe == cc {
		h.pipe = nil
	}
	if holds {
		h.proving = true
	}
	c.changedLocked(h)
	p.mu.Unlock()
	if !last {
		return
	}
	if cc.joinable() && cc.c.Reusable() && cc.c.Buffered() == 0 {
		p.put(cc)
	} else {
		c.endPipe(cc)
		p.drop(h)
	}
	if holds {
		p.mu.Lock()
		defer p.mu.Unlock()
		h.proving = false
		if cc.idle && cc.proven {
			h.pipe = cc
		}
		c.changedLocked(h)
		p.forget(h)
	}
}

// enqueue writes a call's request, behind which it waits for its response. Its
// context ends the writing and no more: somebody else may be reading.
func (x *call) enqueue(ctx context.Context, r *Request) error {
	cc := x.cc
	select {
	case cc.token <- struct{}{}:
	case <-cc.ended:
		return errUnanswered
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-cc.token }()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	defer cc.whileWriting(ctx)()
	cc.queueMu.Lock()
	if cc.broken || cc.gaveUp || !cc.c.Reusable() {
		cc.queueMu.Unlock()
		return errUnanswered
	}
	cc.starting = true
	cc.queueMu.Unlock()
	x.compose(r)
	err := cc.c.StartRequest(&cc.req)
	cc.queueMu.Lock()
	cc.starting = false
	if err == nil {
		x.turn = make(chan struct{})
		if len(cc.queue) == 0 {
			close(x.turn)
		}
		cc.queue = append(cc.queue, x)
		if cc.waiting++; cc.waiting == 1 {
			x.trips++
			x.client.stats.trips.Add(1)
		}
	}
	cc.queueMu.Unlock()
	if err != nil {
		if _, ours := errors.AsType[*ParseError](err); ours {
			return err
		}
		cc.noJoining()
		return errUnanswered // whoever reads has just learned of the end
	}
	cc.started++
	x.client.stats.requests.Add(1)
	if err := cc.c.EndMessage(nil); err != nil {
		return err
	}
	// Where sending fails, the responses to the requests before may still come:
	// theirs is the connection, and this one goes again.
	if cc.c.Flush() != nil {
		cc.noJoining()
		return errUnanswered
	}
	return nil
}

// whileWriting lets a context end the writing, until release. The deadline that
// it came with too late must not meet the next who writes.
func (cc *clientConn) whileWriting(ctx context.Context) (release func()) {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		cc.sc.SetWriteDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-ended
			cc.sc.SetWriteDeadline(time.Time{})
		}
	}
}

// noJoining keeps further requests from a connection.
func (cc *clientConn) noJoining() {
	cc.queueMu.Lock()
	defer cc.queueMu.Unlock()
	cc.gaveUp = true
}

// giveUp ends the waiting of a call in the queue, whose response nobody is going
// to take: the connection ends when its turn comes, so that those before it have
// theirs. It is false for a call that has the turn.
func (x *call) giveUp() bool {
	cc := x.cc
	cc.queueMu.Lock()
	defer cc.queueMu.Unlock()
	i := slices.Index(cc.queue, x)
	if cc.broken || i <= 0 {
		return false
	}
	cc.queue[i], cc.gaveUp = &call{gone: true}, true
	return true
}

// await waits for the response's turn, and takes its head.
func (x *call) await(ctx context.Context) error {
	cc := x.cc
	select {
	case <-x.turn:
	case <-cc.ended:
		return errUnanswered
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	x.release = sockets.WithContext(ctx, cc.sc)
	err := x.readHead()
	switch {
	case err == nil:
		cc.queueMu.Lock()
		cc.waiting--
		cc.noMore = x.last
		cc.queueMu.Unlock()
	case ctx.Err() != nil:
	case !isLost(err):
		x.client.strike(cc.host, maxStrikes)
	case !x.answered:
		x.client.strike(cc.host, 1)
		return errUnanswered
	}
	return err
}

// advance ends a call's place in the queue, and gives the turn to the next. A
// connection that can't go on leaves the others unanswered.
func (x *call) advance(ok bool) {
	cc, c := x.cc, x.client
	cc.queueMu.Lock()
	head := len(cc.queue) > 0 && cc.queue[0] == x
	if head {
		cc.queue[0] = nil
		cc.queue = cc.queue[1:]
	}
	ok = ok && head && !cc.noMore
	left := len(cc.queue)
	unasked := ok && left == 0 && !cc.starting && cc.c.Buffered() > 0
	gone := ok && left > 0 && cc.queue[0].gone
	if ok && left > 0 && !gone {
		close(cc.queue[0].turn)
	}
	cc.queueMu.Unlock()
	switch {
	case unasked:
		c.strike(cc.host, maxStrikes)
		c.endPipe(cc)
	case gone:
		c.endPipe(cc)
	case !ok && x.turn != nil:
		if left > 0 && x.answered && x.ended {
			c.strike(cc.host, 1)
		}
		c.endPipe(cc)
	}
	c.leavePipe(cc)
}

// pipelined sends a request in a pipeline. It is not ok for a host that gets
// none.
func (c *Client) pipelined(ctx context.Context, rt route, x *call, r *Request) (ok bool, err error) {
	for range maxPipelineTries {
		cc, proves, err := c.takePipe(ctx, rt)
		if err != nil || cc == nil {
			return err != nil, err
		}
		x.join(cc, proves && cc.started == 0)
		proven := proves && cc.proven
		if proven {
			c.proved(rt.key, cc, true)
		}
		err = x.enqueue(ctx, r)
		if err == nil {
			err = x.await(ctx)
		}
		if proves && !proven {
			switch {
			case err == nil && cc.proven && !x.last:
				c.proved(rt.key, cc, true)
			case err == nil:
				c.strike(cc.host, 1)
				c.proved(rt.key, nil, cc.proven) // HTTP/1.0 has no pipelines
			default:
				c.proved(rt.key, nil, true)
			}
		}
		if err == nil {
			return true, nil
		}
		sent := x.turn != nil
		x.release()
		if err != errUnanswered && !sent {
			// The request itself was refused, or never begun.
			c.leavePipe(cc)
			return true, err
		}
		switch {
		case sent && x.giveUp():
			c.leavePipe(cc)
		case sent:
			c.endPipe(cc)
			fallthrough
		default:
			x.advance(false)
		}
		if err != errUnanswered {
			return true, err
		}
		x.reset()
	}
	return false, nil
}
