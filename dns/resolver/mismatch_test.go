package resolver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// wrongIDs makes a server that sends so many guesses before each true reply
// over UDP.
func wrongIDs(n int, honest respond) respond {
	return func(network string, q *dns.Message) (out []any) {
		for i := range n {
			if network == "udp" {
				guess := reply(q)
				guess.ID += uint16(i + 1)
				out = append(out, guess)
			}
		}
		return append(out, honest(network, q)...)
	}
}

// After eight guesses a question goes over TCP at once, and what comes over UDP
// then is not believed (RFC 5452 §9.3).
func TestGuesses(t *testing.T) {
	for _, row := range []struct {
		name    string
		guesses int
		asked   []string
	}{
		{"seven are ignored", 7, []string{"www.example.com. A"}},
		{"eight are an attack", 8, []string{"www.example.com. A", "www.example.com. A tcp"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, nil)
			w.serve("192.0.2.20", wrongIDs(row.guesses, w.servers[w.addr("192.0.2.20")]))
			start := w.now
			r := w.ask("www.example.com.", dns.TypeA)
			assert.Len(t, r.Answer, 1)
			assert.Equal(t, row.asked, w.asked("192.0.2.20"))
			assert.Less(t, w.now.Sub(start), 200*time.Millisecond, "no wait for a timeout")
		})
	}
}

// A server that sends what is no reply over TCP, where nobody else can, is of no
// use, and is not waited for.
func TestMismatchesOverTCP(t *testing.T) {
	w := small(t, nil)
	w.serve("192.0.2.20", func(network string, q *dns.Message) (out []any) {
		m := reply(q)
		m.Truncated = network == "udp"
		for range 9 {
			out = append(out, m)
		}
		if network == "tcp" {
			m.Question = rename(q.Question, "other.example.com.")
		}
		return out
	})
	start := w.now
	r := w.ask("www.example.com.", dns.TypeA)
	assert.Equal(t, dns.RCodeServFail, r.RCode)
	assert.Less(t, w.now.Sub(start), 200*time.Millisecond)
	assert.Equal(t, []string{"www.example.com. A", "www.example.com. A tcp"}, w.asked("192.0.2.20"))
}

// Octets of guesses are not counted to what a question may cost: else a flood of
// them would end it.
func TestGuessesCostNothing(t *testing.T) {
	w := small(t, nil)
	honest := w.servers[w.addr("192.0.2.20")]
	w.serve("192.0.2.20", func(network string, q *dns.Message) (out []any) {
		for range 7 {
			out = append(out, make([]byte, dns.MaxMessage))
		}
		return append(out, honest(network, q)...)
	})
	r := w.ask("a.b.c.example.com.", dns.TypeTXT) // four messages
	assert.Equal(t, dns.RCodeNoError, r.RCode)
}

// No set lives longer than MaxTTL, as the first answer and from the cache
// (RFC 8767 §4).
func TestTTLIsCapped(t *testing.T) {
	w := small(t, nil)
	w.serve("192.0.2.20", zone(t, "example.com.", "www.example.com. 900000 A 198.51.100.1"))
	for range 2 {
		r := w.ask("www.example.com.", dns.TypeA)
		require.Len(t, r.Answer, 1)
		assert.Equal(t, uint32(86400), r.Answer[0].TTL)
	}
	w.now = w.now.Add(86401 * time.Second)
	n := len(w.asked("192.0.2.20"))
	w.ask("www.example.com.", dns.TypeA)
	assert.Len(t, w.asked("192.0.2.20"), n+1)
}
