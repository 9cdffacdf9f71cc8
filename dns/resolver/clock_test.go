package resolver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// A clock that is set back makes no TTL longer, and no answer live on until the
// clock has caught up (RFC 1035 §3.2.1).
func TestClockSetBack(t *testing.T) {
	for _, row := range []struct {
		name  string
		back  time.Duration
		asked int
		ttl   uint32
	}{
		{"by a second, as clocks are corrected", time.Second, 0, 60},
		{"by a day", 24 * time.Hour, 1, 60},
		{"by ten years", 10 * 365 * 24 * time.Hour, 1, 60},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, nil)
			w.ask("www.example.com.", dns.TypeA)
			w.log = nil
			w.now = w.now.Add(-row.back)
			r := w.ask("www.example.com.", dns.TypeA)
			require.Len(t, r.Answer, 1)
			assert.LessOrEqual(t, r.Answer[0].TTL, row.ttl)
			assert.Len(t, w.asked("192.0.2.20"), row.asked)
		})
	}
}
