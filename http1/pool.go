package http1

import (
	"context"
	"slices"
	"sync"
	"time"
)

// poolKey is what connections must have in common to serve the same requests.
// A tunnel to one origin is of no use to another, and a proxy's connection for
// http carries requests to any: their authority is empty.
type poolKey struct {
	scheme, authority, proxy string
}

// pool keeps a client's connections. Its zero value is empty.
type pool struct {
	mu    sync.Mutex
	hosts map[poolKey]*hostPool
	// The idle connections of all hosts are a list in the order in which they
	// became idle.
	first, last *clientConn
	idle, open  int
	maxIdle     int
	sweeper     *time.Timer
	sweepAt     time.Time // when it comes
}

// hostPool is what a pool has of one key.
type hostPool struct {
	key     poolKey
	open    int // connections, and those being opened
	idle    []*clientConn
	waiters []chan *clientConn // first come, first served; nil is the right to open one

	pipe       *clientConn   // takes requests beside those that it has
	proving    bool          // a first response decides whether a connection becomes pipe
	noPipeline bool          // the host misbehaved, or speaks HTTP/1.0
	strikes    int           // how often it left requests of a pipeline unanswered
	changed    chan struct{} // closed when any of these changes
}

// maxMemory bounds the hosts that are remembered for what they did, without a
// connection.
const maxMemory = 1000

func (p *pool) host(key poolKey) *hostPool {
	h := p.hosts[key]
	if h == nil {
		if p.hosts == nil {
			p.hosts = make(map[poolKey]*hostPool)
		}
		h = &hostPool{key: key}
		p.hosts[key] = h
	}
	return h
}

// take returns an idle connection, or nil for the right to open one: each is
// given back by put or drop. It waits where most are open.
func (p *pool) take(ctx context.Context, key poolKey, most int, fresh bool) (*clientConn, error) {
	for {
		p.mu.Lock()
		h := p.host(key)
		if n := len(h.idle); n > 0 && (!fresh || h.open >= most) {
			cc := h.idle[n-1]
			p.unlink(cc)
			p.mu.Unlock()
			if !fresh && cc.usable(time.Now()) {
				return cc, nil
			}
			cc.c.Close()
			p.drop(h)
			continue
		}
		if h.open < most {
			h.open++
			p.open++
			p.mu.Unlock()
			return nil, nil
		}
		turn := make(chan *clientConn, 1)
		h.waiters = append(h.waiters, turn)
		p.mu.Unlock()
		select {
		case cc := <-turn:
			if cc == nil || !fresh && cc.usable(time.Now()) {
				return cc, nil
			}
			cc.c.Close() // its place is ours
			return nil, nil
		case <-ctx.Done():
			p.leave(h, turn)
			return nil, context.Cause(ctx)
		}
	}
}

// leave ends the waiting, and passes on what came at the same moment.
func (p *pool) leave(h *hostPool, turn chan *clientConn) {
	p.mu.Lock()
	if i := slices.Index(h.waiters, turn); i >= 0 {
		h.waiters = slices.Delete(h.waiters, i, i+1)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	if cc := <-turn; cc != nil {
		p.put(cc)
	} else {
		p.drop(h)
	}
}

// put gives a connection back for the next request.
func (p *pool) put(cc *clientConn) {
	cc.c.release()
	h := cc.host
	p.mu.Lock()
	cc.idleSince = time.Now()
	if len(h.waiters) > 0 {
		turn := h.waiters[0]
		h.waiters = slices.Delete(h.waiters, 0, 1)
		if h.pipe == cc {
			h.pipe = nil
		}
		p.mu.Unlock()
		turn <- cc
		return
	}
	p.link(cc)
	var oldest *clientConn
	if p.idle > p.maxIdle {
		oldest = p.first
		p.unlink(oldest)
	}
	p.mu.Unlock()
	if oldest != nil {
		oldest.c.Close()
		p.drop(oldest.host)
	}
}

// drop gives back the place of a connection that is closed, or was not opened.
func (p *pool) drop(h *hostPool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(h.waiters) > 0 {
		turn := h.waiters[0]
		h.waiters = slices.Delete(h.waiters, 0, 1)
		turn <- nil // has room for one
		return
	}
	h.open--
	p.open--
	p.forget(h)
}

// forget lets go of a host without connections, unless it is to be remembered
// for what it did. The caller holds mu.
func (p *pool) forget(h *hostPool) {
	if h.open == 0 && !h.proving && (h.strikes == 0 && !h.noPipeline || len(p.hosts) > maxMemory) {
		delete(p.hosts, h.key)
	}
}

// link makes a connection the last idle one. The sweeper closes it in time.
func (p *pool) link(cc *clientConn) {
	h := cc.host
	h.idle = append(h.idle, cc)
	cc.idle = true
	p.idle++
	cc.before, cc.after = p.last, nil
	if p.last != nil {
		p.last.after = cc
	} else {
		p.first = cc
	}
	p.last = cc
	if at := cc.idleSince.Add(cc.idleFor); cc.idleFor > 0 && (p.sweeper == nil || at.Before(p.sweepAt)) {
		p.sweepIn(cc.idleFor, at)
	}
}

// sweepIn has the sweeper come at that time, and not before.
func (p *pool) sweepIn(d time.Duration, at time.Time) {
	if p.sweeper != nil {
		p.sweeper.Stop()
	}
	p.sweeper, p.sweepAt = time.AfterFunc(d, p.sweep), at
}

// unlink takes an idle connection out.
func (p *pool) unlink(cc *clientConn) {
	h := cc.host
	if i := slices.Index(h.idle, cc); i >= 0 {
		h.idle = slices.Delete(h.idle, i, i+1)
	}
	if h.pipe == cc {
		h.pipe = nil
	}
	p.idle--
	cc.idle = false
	if cc.before != nil {
		cc.before.after = cc.after
	} else {
		p.first = cc.after
	}
	if cc.after != nil {
		cc.after.before = cc.before
	} else {
		p.last = cc.before
	}
	cc.before, cc.after = nil, nil
}

// sweep closes the connections that have been idle for too long, and comes
// again for the others.
func (p *pool) sweep() {
	p.mu.Lock()
	now := time.Now()
	var old []*clientConn
	next := time.Duration(-1)
	for cc := p.first; cc != nil; {
		after := cc.after
		if left := cc.idleFor - now.Sub(cc.idleSince); cc.idleFor > 0 && left <= 0 {
			p.unlink(cc)
			old = append(old, cc)
		} else if cc.idleFor > 0 && (next < 0 || left < next) {
			next = left
		}
		cc = after
	}
	if next >= 0 {
		p.sweepIn(next, now.Add(next))
	} else {
		p.sweeper = nil
	}
	p.mu.Unlock()
	for _, cc := range old {
		cc.c.Close()
		p.drop(cc.host)
	}
}

func (p *pool) closeIdle() {
	p.mu.Lock()
	var all []*clientConn
	for p.first != nil {
		all = append(all, p.first)
		p.unlink(p.first)
	}
	if p.sweeper != nil {
		p.sweeper.Stop()
		p.sweeper = nil
	}
	p.mu.Unlock()
	for _, cc := range all {
		cc.c.Close()
		p.drop(cc.host)
	}
}

func (p *pool) count() (open, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open, p.idle
}
