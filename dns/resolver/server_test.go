package resolver_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// The memory of servers is bounded, and so is what one referral brings.
func TestServersAreBounded(t *testing.T) {
	w := small(t, &resolver.EngineOptions{Limits: resolver.Limits{MaxServers: 50, MaxPerZone: 10}})
	n := 0
	w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
		m := reply(q)
		name := q.Question[0].Name.Canonical().String()
		m.Authority = rrs(t, name+" 60 NS ns."+name)
		for range 30 {
			n++
			m.Additional = append(m.Additional, rrs(t, fmt.Sprintf("ns.%s 60 A 10.0.%d.%d", name, n/250, n%250+1))...)
		}
		return []any{m}
	})
	for i := range 30 {
		w.ask(fmt.Sprintf("x%d.example.com.", i), dns.TypeA)
	}
	servers, _ := resolver.Remembered(w.engine)
	assert.LessOrEqual(t, servers, 50)
	asked := map[string]bool{}
	for _, s := range w.log {
		if s.Server.Addr().Is4() && s.Server.Addr().As4()[0] == 10 {
			asked[s.Server.String()] = true
		}
	}
	assert.NotEmpty(t, asked)
	assert.LessOrEqual(t, len(asked), 30*10)
}

// So is the memory of those that are lame.
func TestLameServersAreBounded(t *testing.T) {
	w := small(t, &resolver.EngineOptions{Limits: resolver.Limits{MaxServers: 20}})
	w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
		m := reply(q)
		if name := q.Question[0].Name; name.CountLabels() == 3 {
			m.Authority = rrs(t, name.String()+" 60 NS ns."+name.String())
			m.Additional = rrs(t, "ns."+name.String()+" 60 A 192.0.2.20")
			return []any{m}
		}
		m.Authority = rrs(t, ". 60 NS a.root.")
		return []any{m}
	})
	for i := range 60 {
		r := w.ask(fmt.Sprintf("a.x%d.example.com.", i), dns.TypeA)
		require.Equal(t, dns.RCodeServFail, r.RCode)
		require.Equal(t, resolver.ReplyLame, r.Trace[len(r.Trace)-1].Kind)
	}
	_, lame := resolver.Remembered(w.engine)
	assert.LessOrEqual(t, lame, 20)
}

func TestReplyKinds(t *testing.T) {
	seen := map[string]bool{}
	for k := resolver.ReplySilence; k <= resolver.ReplySuspicious; k++ {
		assert.NotEqual(t, "unknown", k.String())
		seen[k.String()] = true
	}
	assert.Len(t, seen, int(resolver.ReplySuspicious)+1)
	assert.Equal(t, "unknown", resolver.ReplyKind(200).String())
}

// A server that has as many questions as it may have keeps others waiting, and
// fails none.
func TestBusyServer(t *testing.T) {
	w := small(t, &resolver.EngineOptions{Limits: resolver.Limits{MaxPerServer: 2}})
	w.ask("www.example.com.", dns.TypeA)
	w.log = nil
	ids := map[uint64]bool{}
	for i := range 20 {
		ids[w.engine.Ask(w.now, asked(fmt.Sprintf("x%d.example.com.", i), dns.TypeA))] = true
	}
	w.pump()
	assert.Len(t, w.log, 2)
	for len(ids) > 0 {
		if id, r, ok := w.engine.NextResult(); ok {
			assert.Equal(t, dns.RCodeNXDomain, r.RCode)
			delete(ids, id)
			continue
		}
		w.step()
		w.pump()
	}
	assert.Len(t, w.log, 20)
	assert.Zero(t, resolver.UnderWay(w.engine))
}

// While a server is silent another is looked for; one that cannot be found does
// not hold up the next try.
func TestSilentServerWhileOthersAreSought(t *testing.T) {
	for _, row := range []struct {
		name  string
		other bool // the other server can be found
		most  time.Duration
	}{
		{"found", true, 600 * time.Millisecond},
		{"not to be found", false, 1300 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, nil)
			w.serve("192.0.2.10", zone(t, "com.", "example.com. 3600 NS ns.example.com.", "example.com. 3600 NS ns.other.com.", "ns.example.com. 3600 A 192.0.2.20",
				"other.com. 3600 NS ns.of.other.com.", "ns.of.other.com. 3600 A 192.0.2.30"))
			good := w.servers[w.addr("192.0.2.20")]
			n := 0
			w.serve("192.0.2.20", func(network string, q *dns.Message) []any {
				if n++; row.other || n == 1 {
					return nil
				}
				return good(network, q)
			})
			if row.other {
				w.serve("192.0.2.30", zone(t, "other.com.", "ns.other.com. 3600 A 192.0.2.31"))
				w.serve("192.0.2.31", good)
			}
			start := w.now
			r := w.ask("www.example.com.", dns.TypeA)
			assert.Equal(t, []string{"www.example.com. 60 IN A 198.51.100.1"}, lines(r.Answer))
			assert.Less(t, w.now.Sub(start), row.most)
		})
	}
}
