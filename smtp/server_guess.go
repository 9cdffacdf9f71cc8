package smtp

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"applayer/sockets"
)

// guesses counts refused logins by address, over all connections, so that a
// guesser of passwords gains nothing by coming again.
type guesses struct {
	max int // 0 is the default, negative no limit

	mu sync.Mutex
	by map[netip.Prefix]guess
}

// guess is what is known of one address.
type guess struct {
	count int
	until time.Time // when it is forgotten
}

const (
	defaultMaxGuesses = 50
	// guessMemory is for how long a refusal counts.
	guessMemory = 10 * time.Minute
	// maxGuessers bounds the addresses that are remembered: some 400 KiB.
	maxGuessers = 4096
)

// guesser is what counts as one peer, not valid where that is not limited.
func (s *Server) guesser(peer net.Addr) netip.Prefix {
	if peer == nil {
		return netip.Prefix{}
	}
	if s.Conns.PeerPrefix != nil {
		return s.Conns.PeerPrefix(peer).Masked()
	}
	return sockets.DefaultPeerPrefix(peer).Masked()
}

// tooMany tells whether peer is to be refused unseen.
func (g *guesses) tooMany(peer netip.Prefix) bool {
	limit := g.max
	if limit == 0 {
		limit = defaultMaxGuesses
	}
	if limit < 0 || !peer.IsValid() {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	known, ok := g.by[peer]
	return ok && known.count >= limit && time.Now().Before(known.until)
}

// add counts one more refusal of peer and returns how many there are.
func (g *guesses) add(peer netip.Prefix) int {
	if !peer.IsValid() {
		return 1
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.by == nil {
		g.by = map[netip.Prefix]guess{}
	}
	known, ok := g.by[peer]
	if !now.Before(known.until) {
		known.count = 0
	}
	if !ok && len(g.by) >= maxGuessers {
		g.makeRoom(now)
	}
	known.count++
	known.until = now.Add(guessMemory)
	g.by[peer] = known
	return known.count
}

// makeRoom forgets who is to be forgotten, or else anybody.
func (g *guesses) makeRoom(now time.Time) {
	var any netip.Prefix
	for peer, known := range g.by {
		if any = peer; !now.Before(known.until) {
			delete(g.by, peer)
		}
	}
	if len(g.by) >= maxGuessers {
		delete(g.by, any)
	}
}

// delay is how long the reply to the n-th refusal takes.
func (t *Timeouts) delay(n int) time.Duration {
	return max(t.LoginDelay, 0) << min(max(n-1, 0), 4)
}
