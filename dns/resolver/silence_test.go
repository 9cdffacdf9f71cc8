package resolver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
	"applayer/dns/resolver"
)

// A question goes to a server that stays silent three times at most, also when
// the zone above was asked once more whether it is the zone's server
// (RFC 9520 §3.1).
func TestThreeTries(t *testing.T) {
	for _, row := range []struct {
		name  string
		known bool // the delegation is
	}{{"a zone met just now", false}, {"a known one", true}} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, &resolver.EngineOptions{Limits: resolver.Limits{MaxTime: time.Minute}})
			if row.known {
				w.ask("www.example.com.", dns.TypeA)
			}
			delete(w.servers, w.addr("192.0.2.20"))
			w.log = nil
			r := w.ask("mail.example.com.", dns.TypeA)
			assert.Equal(t, dns.RCodeServFail, r.RCode)
			assert.Equal(t, []string{"mail.example.com. A", "mail.example.com. A", "mail.example.com. A"}, w.asked("192.0.2.20"))
			assert.Len(t, w.asked("192.0.2.10"), 1, "for the delegation")
		})
	}
}

// While a stale answer serves, the servers are left alone for half a minute
// (RFC 8767 §5).
func TestStaleSparesServers(t *testing.T) {
	w := small(t, nil)
	w.ask("www.example.com.", dns.TypeA)
	delete(w.servers, w.addr("192.0.2.20"))
	w.now = w.now.Add(2 * time.Minute)
	assert.True(t, w.ask("www.example.com.", dns.TypeA).Stale)
	w.log = nil
	for range 5 {
		w.now = w.now.Add(5 * time.Second)
		assert.True(t, w.ask("www.example.com.", dns.TypeA).Stale)
	}
	assert.Empty(t, w.log)
	w.now = w.now.Add(6 * time.Second)
	assert.True(t, w.ask("www.example.com.", dns.TypeA).Stale)
	assert.NotEmpty(t, w.log)
}

// A failure is remembered for 5 s, and each that follows for twice as long, up
// to 5 minutes (RFC 9520 §3.2).
func TestFailuresAreRememberedLonger(t *testing.T) {
	w := small(t, nil)
	w.ask("mail.example.com.", dns.TypeA)
	w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
		m := reply(q)
		m.RCode = dns.RCodeServFail
		return []any{m}
	})
	asked := func() bool {
		w.log = nil
		assert.Equal(t, dns.RCodeServFail, w.ask("www.example.com.", dns.TypeA).RCode)
		return len(w.log) > 0
	}
	for _, span := range []time.Duration{5, 10, 20, 40, 80, 160, 300, 300} {
		assert.True(t, asked())
		w.now = w.now.Add((span - 1) * time.Second)
		assert.False(t, asked(), "within %d s", span)
		w.now = w.now.Add(time.Second)
	}
	w.now = w.now.Add(20 * time.Minute)
	assert.True(t, asked())
	w.now = w.now.Add(6 * time.Second)
	assert.True(t, asked(), "after a long time it is as if it were the first")
}
