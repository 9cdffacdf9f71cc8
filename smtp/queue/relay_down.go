package queue

import (
	"fmt"
	"sync"
	"time"
)

// downList remembers addresses where nobody answered, so that not each message
// waits in vain for as long as the first did (RFC 5321 §4.5.4.1). How long an
// address is left alone is measured by what was lost there: a connection that is
// refused costs nothing, and is tried again at once. Goroutines may share it.
type downList struct {
	mu sync.Mutex // guards what is below
	at map[string]down
}

// down is an address where nobody answered.
type down struct {
	until time.Time
	err   error
}

// An address is left alone for downTimes the time that was lost there, which for
// a connection that could not be opened is less than the queue's first wait; for
// maxDown at most; and not at all for less than minLost.
const (
	minLost   = time.Second
	downTimes = 4
	maxDown   = 30 * time.Minute
)

// lost notes that a try came to nothing, and how long it took. Most is how many
// addresses are remembered.
func (l *downList) lost(addr string, took time.Duration, most int, err error) {
	if took < minLost || most < 0 {
		return
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil {
		l.at = make(map[string]down)
	}
	if _, known := l.at[addr]; !known && len(l.at) >= most {
		l.makeRoom(now, most)
	}
	l.at[addr] = down{now.Add(min(downTimes*took, maxDown)), err}
}

// makeRoom forgets those whose time is over, or else any one, under the lock.
func (l *downList) makeRoom(now time.Time, most int) {
	for addr, d := range l.at {
		if !now.Before(d.until) {
			delete(l.at, addr)
		}
	}
	for addr := range l.at {
		if len(l.at) < most {
			return
		}
		delete(l.at, addr)
	}
}

// won notes that somebody answered.
func (l *downList) won(addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.at, addr)
}

// check returns an error where an address is to be left alone.
func (l *downList) check(addr string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, known := l.at[addr]
	if !known || !time.Now().Before(d.until) {
		return nil
	}
	return fmt.Errorf("smtp/queue: left alone until %s: %w", d.until.UTC().Format(time.TimeOnly), d.err)
}

// Forget has hosts tried at once that did not answer and are left alone for a
// while, as where a queue is flushed.
func (r *Relay) Forget() {
	l := &r.pool.down
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = nil
}
