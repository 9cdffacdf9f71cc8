package queue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

func TestDelivers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSink(nil)
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: s}
		running(t, q)
		submit(t, q, envelope(bob, dave, carol), text)
		pass(time.Second)
		calls := s.got()
		require.Len(t, calls, 2)
		byDomain := map[string][]string{}
		for _, c := range calls {
			assert.Equal(t, text, c.text)
			assert.Equal(t, alice, c.from)
			byDomain[c.to[0]] = c.to
		}
		assert.Equal(t, map[string][]string{
			"bob@hamburger.edu": {"bob@hamburger.edu", "carol@hamburger.edu"},
			"dave@example.org":  {"dave@example.org"},
		}, byDomain, "one call a domain")
		assert.Empty(t, q.List())
	})
}

// 5, 10, 20 … minutes, up to 4 hours, until the message is 5 days old.
func TestRetries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSink(func(m *queue.Message, to smtp.Recipient) queue.Result {
			if m.From.IsNull() {
				return queue.Result{}
			}
			return queue.Result{Err: errDown}
		})
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: s, Schedule: exact, Hostname: "mx.crepes.fr"}
		running(t, q)
		submit(t, q, envelope(bob), text)
		pass(6 * 24 * time.Hour)
		times := s.times(bob)
		require.Greater(t, len(times), 10)
		var waits []time.Duration
		for i := 1; i < len(times); i++ {
			waits = append(waits, times[i]-times[i-1])
		}
		m := time.Minute
		assert.Equal(t, []time.Duration{5 * m, 10 * m, 20 * m, 40 * m, 80 * m, 160 * m, 240 * m, 240 * m}, waits[:8])
		assert.Equal(t, 5*24*time.Hour, times[len(times)-1], "the last try is at the end")
		reports := s.reports()
		require.Len(t, reports, 1, "no delay was asked for")
		assert.Equal(t, 5*24*time.Hour, reports[0].at)
		assert.Empty(t, q.List())
	})
}
