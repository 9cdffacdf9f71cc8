package pop3

import (
	"net/netip"
	"sync"
	"time"

	"applayer/sockets"
)

// guesser is what refused logins are counted for, not valid for a client without
// an address.
func (x *session) guesser() netip.Prefix {
	of := x.srv.Conns.PeerPrefix
	if of == nil {
		of = sockets.DefaultPeerPrefix
	}
	return of(x.c.RemoteAddr()).Masked()
}

// maxLogins is how many users are remembered before those are looked for whose
// time is up.
const maxLogins = 10_000

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
	if len(l.last) >= maxLogins && now.Sub(l.swept) >= time.Minute {
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
