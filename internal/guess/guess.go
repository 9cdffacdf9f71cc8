// Package guess makes the guessing of passwords slow: servers count the logins
// that they refuse by where they come from, over all connections, so that a
// guesser gains nothing by coming again, by coming with many connections at
// once, or by not waiting for the answer.
package guess

import (
	"net/netip"
	"sync"
	"time"
)

// Counter counts refused logins. Its exported fields may not change once it is
// used; it may be used by several goroutines.
//
// A server asks [Counter.TooMany] before it looks at a login, and again before it
// grants one: of those that came at the same time, no more than Max are told
// whether they were right. [Counter.Refused] tells what becomes of the others.
type Counter struct {
	// Max is how many refusals of one peer are told within 10 minutes (default
	// 50, negative for any number).
	Max int
	// Delay is after how long the first refusal is told. It doubles with each
	// one, up to 16 times.
	Delay time.Duration

	mu    sync.Mutex // guards what is below
	peers map[netip.Prefix]strikes
}

// strikes are what is held against a peer.
type strikes struct {
	count int
	until time.Time // when they are forgotten
}

const (
	defaultMax   = 50
	maxDoublings = 4
	// memory is for how long a refusal counts.
	memory = 10 * time.Minute
	// maxPeers bounds the peers that are remembered: some 400 KiB.
	maxPeers = 4096
)

// limit is Max, negative for none.
func (c *Counter) limit() int {
	if c.Max == 0 {
		return defaultMax
	}
	return c.Max
}

// TooMany tells whether nothing of peer is to be looked at, nor granted. A prefix
// that is not valid, of a peer without an address, is never one too many.
func (c *Counter) TooMany(peer netip.Prefix) bool {
	limit := c.limit()
	if limit < 0 || !peer.IsValid() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.peers[peer]
	return known.count >= limit && time.Now().Before(known.until)
}

// Refused counts a refusal of peer. It returns after how long to tell it, or that
// it is one too many, which is to be answered as one that is not looked at.
func (c *Counter) Refused(peer netip.Prefix) (wait time.Duration, tooMany bool) {
	count := 1
	if peer.IsValid() {
		count = c.add(peer)
	}
	if limit := c.limit(); limit >= 0 && count > limit {
		return 0, true
	}
	return max(c.Delay, 0) << min(count-1, maxDoublings), false
}

// add returns how many refusals of peer there are with this one.
func (c *Counter) add(peer netip.Prefix) int {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.peers[peer]
	if !now.Before(known.until) {
		known.count = 0
	}
	if !ok && len(c.peers) >= maxPeers {
		c.makeRoom(now)
	}
	if c.peers == nil {
		c.peers = map[netip.Prefix]strikes{}
	}
	known.count++
	known.until = now.Add(memory)
	c.peers[peer] = known
	return known.count
}

// makeRoom forgets those whose time is up, or else one of whom the least is
// held: who comes from many addresses does not wash away what others did.
func (c *Counter) makeRoom(now time.Time) {
	var least netip.Prefix
	for peer, known := range c.peers {
		if !now.Before(known.until) {
			delete(c.peers, peer)
		} else if !least.IsValid() || known.count < c.peers[least].count {
			least = peer
		}
	}
	if len(c.peers) >= maxPeers {
		delete(c.peers, least)
	}
}
