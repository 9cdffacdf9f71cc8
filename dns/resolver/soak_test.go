package resolver_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

var soak = flag.Duration("soak", time.Second, "how long TestSoak goes on")

// TestSoak resolves names of a zone whose server answers now this way and now
// that, for as long as the flag says: memory keeps below a ceiling, and nothing
// is left over.
func TestSoak(t *testing.T) {
	const (
		cacheSize = 4 << 20
		ceiling   = 64 << 20
	)
	cache := resolver.NewCache(cacheSize)
	w := small(t, &resolver.EngineOptions{Cache: cache, Limits: resolver.Limits{MaxServers: 1000}})
	random := rand.New(rand.NewPCG(1, 2))
	good := w.servers[w.addr("192.0.2.20")]
	w.serve("192.0.2.20", func(network string, q *dns.Message) []any {
		m := reply(q)
		m.Authoritative = true
		name := q.Question[0].Name.Canonical().String()
		switch random.IntN(12) {
		case 0:
			return nil
		case 1:
			m.RCode = dns.RCodeServFail
		case 2:
			m.ID++
		case 3:
			m.Truncated = network == "udp"
		case 4:
			m.Authoritative = false
			a := fmt.Sprintf("10.%d.%d.%d", random.IntN(256), random.IntN(256), random.IntN(256))
			m.Authority, m.Additional = rrs(t, name+" 60 NS ns."+name), rrs(t, "ns."+name+" 60 A "+a)
		case 5:
			m.Answer = rrs(t, name+fmt.Sprintf(" 60 CNAME h%d.example.com.", random.IntN(1000)))
		case 6:
			m.Authority = rrs(t, name+fmt.Sprintf(" 60 NS ns%d.example.com.", random.IntN(1000)))
		case 7:
			return []any{[]byte("no message at all")}
		case 8:
			return good(network, q)
		default:
			m.Answer = rrs(t, name+" 60 A 198.51.100.1")
		}
		return []any{m}
	})
	end := time.Now().Add(*soak)
	questions := 0
	for time.Now().Before(end) {
		for range 50 {
			w.engine.Ask(w.now, asked(fmt.Sprintf("h%d.example.com.", random.IntN(1<<20)), dns.TypeA))
		}
		id := w.engine.Ask(w.now, asked(fmt.Sprintf("x%d.example.com.", questions), dns.TypeA))
		w.wait(id)
		questions += 51
		w.log = w.log[:0]
		require.LessOrEqual(t, cache.Stats().Octets, cacheSize)
		if questions%(51*64) == 0 {
			var ms runtime.MemStats
			runtime.ReadMemStats(&ms)
			require.Less(t, ms.HeapAlloc, uint64(ceiling))
		}
	}
	for next := w.engine.NextTimeout(); !next.IsZero(); next = w.engine.NextTimeout() {
		w.step()
		w.pump()
	}
	w.flights = nil
	require.Zero(t, resolver.UnderWay(w.engine), "tasks, queries and messages")
	t.Logf("%d questions, cache %+v", questions, cache.Stats())
}
