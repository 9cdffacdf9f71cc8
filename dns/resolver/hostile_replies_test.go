package resolver_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// What a hostile server puts into its replies: names of its zone, above it and
// beside it, and data that leads to them.
var (
	hostileOwners = []string{
		"www.example.com.", "a.www.example.com.", "b.a.www.example.com.", "example.com.", "ns.example.com.",
		"sub.example.com.", "com.", ".", "www.com.", "victim.com.", "www.victim.com.", "a.nic.com.", "a.root.",
	}
	hostileData = []string{
		"A 192.0.2.66", "A 192.0.2.20", "AAAA 2001:db8::66", "NS ns.example.com.", "NS www.victim.com.", "NS a.www.example.com.", "NS a.root.",
		"CNAME www.example.com.", "CNAME www.victim.com.", "CNAME a.www.example.com.", "CNAME sub.example.com.",
		"DNAME victim.com.", "DNAME sub.example.com.", "DNAME com.", "DNAME www.example.com.",
		"SOA ns.example.com. evil. 1 2 3 4 86400", "TXT evil", "MX 1 www.victim.com.", "NSEC zz.victim.com. A NS",
	}
	hostileRCodes = []dns.RCode{
		dns.RCodeNoError, dns.RCodeNoError, dns.RCodeNoError, dns.RCodeNoError, dns.RCodeNXDomain, dns.RCodeNXDomain, dns.RCodeYXDomain,
		dns.RCodeServFail, dns.RCodeRefused, dns.RCodeFormErr, dns.RCodeNotImp, dns.RCodeBadCookie, dns.RCodeBadVers,
	}
)

// hostileRecords are up to n records by chance.
func hostileRecords(t testing.TB, r *rand.Rand, n int, asked dns.Name) (out []dns.RR) {
	ttls := []string{"0", "1", "60", "100000", "4294967295"}
	for range r.IntN(n + 1) {
		owner := hostileOwners[r.IntN(len(hostileOwners))]
		if r.IntN(2) == 0 {
			owner = asked.Canonical().String()
		}
		rr := rrs(t, owner+" "+ttls[r.IntN(len(ttls))]+" "+hostileData[r.IntN(len(hostileData))])[0]
		if r.IntN(30) == 0 {
			rr.Class = dns.ClassCH
		}
		out = append(out, rr)
	}
	return out
}

// hostileReferral makes a reply one that leads to servers, with addresses of
// theirs and of others.
func hostileReferral(t testing.TB, r *rand.Rand, m *dns.Message) {
	hosts := []string{"www.victim.com.", "a.www.example.com.", "ns.com.", "a.root.", "ns.example.com."}
	m.RCode, m.Answer, m.Authority = dns.RCodeNoError, nil, nil
	owner := m.Question[0].Name.Canonical().String()
	for range 1 + r.IntN(2) {
		m.Authority = append(m.Authority, rrs(t, owner+" 3600 NS "+hosts[r.IntN(len(hosts))])...)
		if r.IntN(4) == 0 {
			owner = hostileOwners[r.IntN(len(hostileOwners))]
		}
	}
	for range r.IntN(4) {
		m.Additional = append(m.Additional, rrs(t, hosts[r.IntN(len(hosts))]+" 3600 A 192.0.2.66")...)
	}
}

// Whatever the servers of example.com make up of names and records, with whatever
// bits, the questions end within their limits, nothing is left, and neither
// results nor cache have anything about names that are not theirs but what their
// own servers say.
func TestHostileReplies(t *testing.T) {
	rounds := 1500
	if testing.Short() {
		rounds = 100
	}
	ours := dns.MustName("example.com.")
	for seed := range rounds {
		r := rand.New(rand.NewPCG(1, uint64(seed)))
		w := small(t, &resolver.EngineOptions{NoMinimise: seed%5 == 0})
		evil := func(network string, q *dns.Message) []any {
			m := reply(q)
			name := q.Question[0].Name
			m.RCode = hostileRCodes[r.IntN(len(hostileRCodes))]
			m.Authoritative, m.RecursionAvailable = r.IntN(3) > 0, r.IntN(5) == 0
			m.AuthenticData, m.CheckingDisabled = r.IntN(5) == 0, r.IntN(5) == 0
			m.Truncated = r.IntN(10) == 0
			m.Answer = hostileRecords(t, r, 4, name)
			m.Authority = hostileRecords(t, r, 3, name)
			m.Additional = hostileRecords(t, r, 3, name)
			if r.IntN(3) == 0 {
				hostileReferral(t, r, m)
			}
			if r.IntN(6) == 0 || m.RCode > 15 && m.EDNS == nil {
				m.EDNS, m.RCode = nil, m.RCode&15
			}
			return []any{m}
		}
		w.serve("192.0.2.20", evil)
		w.serve("192.0.2.66", evil) // where its addresses lead
		for _, q := range []dns.Question{
			asked("www.example.com.", dns.TypeA), asked("b.a.www.example.com.", dns.TypeMX), asked("example.com.", dns.TypeNS),
			asked("www.example.com.", dns.TypeANY), asked("sub.example.com.", dns.TypeDS),
		} {
			w.log = nil
			start := w.now
			res := w.wait(w.engine.Ask(w.now, q))
			assert.LessOrEqual(t, len(w.log), 104, "seed %d", seed)
			assert.LessOrEqual(t, w.now.Sub(start), 8*time.Second+time.Millisecond, "seed %d", seed)
			if res.RCode == dns.RCodeServFail {
				assert.Empty(t, res.Answer, "seed %d", seed)
			}
			for _, rr := range append(res.Answer[:len(res.Answer):len(res.Answer)], res.Authority...) {
				words := strings.Fields(lines([]dns.RR{rr})[0])
				assert.True(t, rr.Name.IsSubdomainOf(ours) || goodRecords[strings.Join(append(words[:1:1], words[2:]...), " ")], "seed %d: %s", seed, rr)
				assert.LessOrEqual(t, rr.TTL, uint32(86400), "seed %d: %s", seed, rr)
				assert.Equal(t, dns.ClassIN, rr.Class)
			}
		}
		checkBailiwick(t, w)
		w.now = w.now.Add(time.Minute)
		for range 200 {
			if resolver.UnderWay(w.engine) == 0 {
				break
			}
			w.pump()
			w.step()
		}
		assert.Zero(t, resolver.UnderWay(w.engine), "seed %d", seed)

		// The world beside it is as it was.
		w.serve("192.0.2.10", zone(t, "com.", "victim.com. 60 NS ns.victim.com.", "ns.victim.com. 60 A 192.0.2.30"))
		w.serve("192.0.2.30", zone(t, "victim.com.", "www.victim.com. 60 A 198.51.100.30"))
		w.now = w.now.Add(11 * time.Minute) // past what com said of victim.com before
		res := w.ask("www.victim.com.", dns.TypeA)
		require.Equal(t, []string{"www.victim.com. 60 IN A 198.51.100.30"}, lines(res.Answer), "seed %d: %v", seed, res.Err)
		if t.Failed() {
			return
		}
	}
}
