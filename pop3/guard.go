package pop3

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"applayer/sockets"
)

// guard counts refused logins by the client's address, so that a guesser of
// passwords gets no faster by more connections. Sessions share it.
type guard struct {
	first  time.Duration // the delay of the first
	prefix func(net.Addr) netip.Prefix

	mu    sync.Mutex // guards what is below
	peers map[netip.Prefix]strikes
	swept time.Time
}

// strikes are the refused logins of one peer.
type strikes struct {
	count int
	until time.Time // when they are forgotten
}

const (
	maxLoginDelay = time.Minute
	forgetAfter   = time.Minute // for each refused login
	maxStrikes    = 60          // that are counted
	maxPeers      = 10_000
)

// refuse counts a refused login of peer's, and returns after how long to say so.
func (g *guard) refuse(peer net.Addr, now time.Time) time.Duration {
	if g.first <= 0 {
		return 0
	}
	key, counted := g.key(peer)
	count := 1
	if counted {
		count = g.count(key, now)
	}
	d := g.first
	for range count - 1 {
		if d >= maxLoginDelay {
			break
		}
		d *= 2
	}
	return min(d, max(maxLoginDelay, g.first))
}

// count adds one to what is held against a peer.
func (g *guard) count(key netip.Prefix, now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.peers[key]
	if s.until.Before(now) {
		s = strikes{}
	}
	s.count = min(s.count+1, maxStrikes)
	s.until = now.Add(time.Duration(s.count) * forgetAfter)
	if g.peers == nil {
		g.peers = make(map[netip.Prefix]strikes)
	}
	if len(g.peers) >= maxPeers {
		g.forget(now)
	}
	g.peers[key] = s
	return s.count
}

// forget makes room: of those whose time is up, which it looks for once a
// minute, or else of any one.
func (g *guard) forget(now time.Time) {
	if now.Sub(g.swept) >= time.Minute {
		g.swept = now
		for key, s := range g.peers {
			if s.until.Before(now) {
				delete(g.peers, key)
			}
		}
	}
	for key := range g.peers {
		if len(g.peers) < maxPeers {
			return
		}
		delete(g.peers, key)
	}
}

// key is what counts as one peer. Who has no address is not counted.
func (g *guard) key(peer net.Addr) (netip.Prefix, bool) {
	of := g.prefix
	if of == nil {
		of = sockets.DefaultPeerPrefix
	}
	p := of(peer)
	return p.Masked(), p.IsValid()
}

// logins keeps when users logged in, for LOGIN-DELAY (RFC 2449 §6.5).
type logins struct {
	delay time.Duration

	mu    sync.Mutex // guards what is below
	last  map[string]time.Time
	swept time.Time
}

// early tells whether a user logged in too short a time ago; if not, he does.
func (l *logins) early(identity string, now time.Time) bool {
	if l.delay <= 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, known := l.last[identity]; known && now.Before(last.Add(l.delay)) {
		return true
	}
	if l.last == nil {
		l.last = make(map[string]time.Time)
	}
	if len(l.last) >= maxPeers && now.Sub(l.swept) >= time.Minute {
		l.swept = now
		for who, last := range l.last {
			if !now.Before(last.Add(l.delay)) {
				delete(l.last, who)
			}
		}
	}
	l.last[identity] = now
	return false
}

// undo takes back what early kept, where the login came to nothing.
func (l *logins) undo(identity string) {
	if l.delay > 0 {
		l.mu.Lock()
		delete(l.last, identity)
		l.mu.Unlock()
	}
}
