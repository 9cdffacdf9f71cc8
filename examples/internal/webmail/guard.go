package webmail

import (
	"net/netip"
	"sync"
	"time"
)

// guard makes the guessing of passwords slow: a peer has one attempt at a time,
// and behind each refusal waits for longer. The time counts from the refusal on,
// whether he waits for the answer or not.
type guard struct {
	first time.Duration // behind the first refusal

	mu    sync.Mutex // guards what is below
	peers map[netip.Prefix]strikes
}

// strikes are what is held against a peer.
type strikes struct {
	busy  bool      // an attempt is being looked at
	count int       // refusals
	next  time.Time // when the next attempt is looked at
	until time.Time // when the refusals are forgotten
}

const (
	// forgetAfter is for how long a refusal counts.
	forgetAfter = 10 * time.Minute
	// maxDoublings bounds the wait: 16 times the first.
	maxDoublings = 4
	// maxPeers bounds the peers that are known.
	maxPeers = 4096
)

// enter tells whether an attempt of peer may be looked at. If so, leave follows.
func (g *guard) enter(peer netip.Prefix, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, known := g.peers[peer]
	if s.busy || now.Before(s.next) {
		return false
	}
	if !known && len(g.peers) >= maxPeers && !g.makeRoom(now) {
		return false
	}
	if g.peers == nil {
		g.peers = map[netip.Prefix]strikes{}
	}
	s.busy = true
	g.peers[peer] = s
	return true
}

// leave notes what became of the attempt, and returns when to say that it was
// refused.
func (g *guard) leave(peer netip.Prefix, refused bool, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.peers[peer]
	s.busy = false
	if !now.Before(s.until) {
		s.count = 0
	}
	if !refused {
		if s.count == 0 {
			delete(g.peers, peer)
		} else {
			g.peers[peer] = s // one who has an account is no freer to guess others'
		}
		return 0
	}
	wait := g.first << min(s.count, maxDoublings)
	s.count++
	s.next, s.until = now.Add(wait), now.Add(forgetAfter)
	g.peers[peer] = s
	return wait
}

// makeRoom forgets peers whose time is up, or else one who may try anyway.
func (g *guard) makeRoom(now time.Time) bool {
	var idle netip.Prefix
	for peer, s := range g.peers {
		switch {
		case s.busy || now.Before(s.next):
		case !now.Before(s.until):
			delete(g.peers, peer)
		default:
			idle = peer
		}
	}
	if len(g.peers) >= maxPeers {
		delete(g.peers, idle)
	}
	return len(g.peers) < maxPeers
}
