package resolver

import (
	"time"

	"applayer/dns"
)

// Table is the compiled table of states.
var Table = table

// CacheKnown tells whether the cache alone answers a question.
func CacheKnown(c *Cache, now time.Time, q dns.Question) bool {
	_, ok := c.known(now, q, 11, 0)
	return ok
}

// UnderWay counts all that an engine waits for.
func UnderWay(e *Engine) int {
	return len(e.tasks) + len(e.queries) + len(e.sends) + len(e.busy) + len(e.twins)
}

// Remembered counts the servers that an engine remembers, and those that are
// lame.
func Remembered(e *Engine) (servers, lame int) { return len(e.servers.byAddr), len(e.servers.lame) }

// Waiting counts all that a Resolver waits for, and those who wait.
func Waiting(r *Resolver) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return UnderWay(r.engine) + len(r.wait)
}
