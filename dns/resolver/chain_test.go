package resolver_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
	"applayer/dns/resolver"
)

// chained is a world in which the name server of each zone lies in the next, so
// that one client can have thousands of questions wait for each other.
func chained(t testing.TB, zones int) *world {
	w := newWorld(t, &resolver.EngineOptions{NoIPv6: true})
	w.serve("192.0.2.1", zone(t, ".", "com. 3600 NS a.nic.com.", "a.nic.com. 3600 A 192.0.2.10"))
	w.serve("192.0.2.10", func(_ string, q *dns.Message) []any {
		m := reply(q)
		name := q.Question[0].Name
		for name.CountLabels() > 2 {
			name = name.Parent()
		}
		var n int
		if _, err := fmt.Sscanf(name.Canonical().String(), "z%d.com.", &n); err == nil {
			m.Authority = rrs(t, fmt.Sprintf("z%d.com. 60 NS ns.z%d.com.", n, (n+1)%zones))
		}
		return []any{m}
	})
	return w
}

// Questions that wait for each other in a long chain end as all others do, and
// what they may have waited for is let go.
func TestChainOfZones(t *testing.T) {
	const zones = 600
	w := chained(t, zones)
	for i := range zones {
		w.engine.Ask(w.now, asked(fmt.Sprintf("ns.z%d.com.", zones-1-i), dns.TypeA))
	}
	for id, r := range w.results(zones) {
		assert.Equal(t, dns.RCodeServFail, r.RCode, "%d", id)
	}
	for resolver.UnderWay(w.engine) > 0 {
		w.pump()
		w.step()
	}
	assert.LessOrEqual(t, len(w.log), 100*zones)
}
