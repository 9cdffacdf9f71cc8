package ftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Pool keeps sessions with one server, for transfers that run side by side and
// for whole-file operations that are to outlive a broken connection. Dial must
// be set, by [NewPool] or otherwise; the other fields have defaults and must
// not change once the Pool is in use. Goroutines may share it.
//
// Sessions are used one after the other by different calls: do not change their
// directory, or name files from the root on.
type Pool struct {
	// Dial opens a session.
	Dial func(ctx context.Context) (*Client, error)
	// Max bounds the sessions that are open at once (default 4). A server that
	// lets in fewer is asked for no more than those.
	Max int
	// CheckAfter is how long a session may lie idle before it is tried by NOOP
	// when it is needed again (default 15 s).
	CheckAfter time.Duration
	// Retry says how often what a broken connection ended is tried again.
	Retry Retry

	mu     sync.Mutex // guards what is below
	idle   []idleClient
	used   int // by callers, and on their way
	most   int // less than Max where the server lets in no more, 0 if not
	closed bool
	// changed is closed when a session or a place has become free.
	changed chan struct{}
}

type idleClient struct {
	c     *Client
	since time.Time
}

// NewPool returns a Pool of sessions as [Dial] opens them. They share the rate
// of the options.
func NewPool(network, addr string, opts *Options) *Pool {
	o := opts.inForce()
	return &Pool{Dial: func(ctx context.Context) (*Client, error) { return Dial(ctx, network, addr, o) }}
}

func (p *Pool) size() int {
	if p.Max > 0 {
		return p.Max
	}
	return 4
}

// Get returns a session, which goes back with [Pool.Put]. It waits while Max
// are in use.
func (p *Pool) Get(ctx context.Context) (*Client, error) {
	for {
		i, wait, err := p.take()
		switch {
		case err != nil:
			return nil, err
		case wait != nil:
			select {
			case <-wait:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			continue
		case i.c == nil:
			c, err := p.Dial(ctx)
			if err == nil {
				return c, nil
			}
			if !p.refused(err) {
				return nil, err
			}
		case time.Since(i.since) < p.checkAfter() || i.c.Noop(ctx) == nil:
			return i.c, nil
		default:
			p.Put(i.c)
		}
	}
}

// take takes an idle session, the last one first, or a place for a new one. It
// returns what to wait for where there is neither.
func (p *Pool) take() (i idleClient, wait <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	switch {
	case p.closed:
		return i, nil, fmt.Errorf("ftp: pool: %w", net.ErrClosed)
	case n > 0:
		i, p.idle = p.idle[n-1], p.idle[:n-1]
	case p.used >= p.size(), p.most > 0 && p.used >= p.most:
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		return i, p.changed, nil
	}
	p.used++
	return i, nil, nil
}

// refused gives back the place of a session that was not to be had, and tells
// whether the server refuses one session more while there are others: then
// one of those is to be waited for.
func (p *Pool) refused(err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free()
	refusal, ok := errors.AsType[*ReplyError](err)
	others := p.used + len(p.idle)
	if !ok || refusal.Code != 421 && refusal.Code != 530 || others == 0 {
		return false
	}
	p.most = others
	return true
}

// free gives back a place, under the lock.
func (p *Pool) free() {
	p.used--
	p.wake()
}

// wake lets those look again who wait in Get, under the lock.
func (p *Pool) wake() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

func (p *Pool) checkAfter() time.Duration {
	if p.CheckAfter > 0 {
		return p.CheckAfter
	}
	return 15 * time.Second
}

// Put gives back a session that Get returned. One that has ended, or has a
// transfer open, is closed.
func (p *Pool) Put(c *Client) {
	alive := c.calls.Free()
	p.mu.Lock()
	keep := alive && !p.closed
	if keep {
		p.idle = append(p.idle, idleClient{c, time.Now()})
	}
	p.free()
	p.mu.Unlock()
	if !keep {
		c.Close()
	}
}

// Close closes the sessions that lie idle, and the others when they come back.
func (p *Pool) Close() error {
	for _, i := range p.shut() {
		i.c.Close()
	}
	return nil
}

// Quit is Close that says goodbye first.
func (p *Pool) Quit(ctx context.Context) error {
	var errs []error
	for _, i := range p.shut() {
		errs = append(errs, i.c.Quit(ctx))
	}
	return errors.Join(errs...)
}

// shut closes the pool, and returns the sessions that lay idle.
func (p *Pool) shut() []idleClient {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.wake()
	return idle
}

// isClosed tells that there will be no other session.
func (p *Pool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// With runs f with a session. It runs f again, with another session, where the
// connection broke or the server said 421, so f must be such as may be repeated.
func (p *Pool) With(ctx context.Context, f func(c *Client) error) error {
	return p.again(ctx, func(c *Client) (bool, error) { return false, f(c) })
}
