package resolver_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// answering makes a server that gives each query the same sections, with AA.
func answering(t *testing.T, answer, authority, additional []string) respond {
	t.Helper()
	return func(_ string, q *dns.Message) []any {
		m := reply(q)
		m.Authoritative = true
		m.Answer, m.Authority, m.Additional = rrs(t, answer...), rrs(t, authority...), rrs(t, additional...)
		return []any{m}
	}
}

// dump returns the lines of the cache that hold any of the words.
func (w *world) dump(words ...string) (out []string) {
	var b strings.Builder
	require.NoError(w.t, w.engine.Cache().Dump(&b, w.now))
	for line := range strings.Lines(b.String()) {
		for _, word := range words {
			if strings.Contains(line, word) {
				out = append(out, strings.TrimSpace(line))
				break
			}
		}
	}
	return out
}

// Each row is an attack that resolvers fell for; it has a world with the
// attacker at 192.0.2.20, the server of example.com, or at the address it names.
func TestAttacks(t *testing.T) {
	www := []string{"www.example.com. 60 A 198.51.100.1"}
	for _, row := range []struct {
		name  string
		play  func(t *testing.T, w *world) *resolver.Result
		check func(t *testing.T, w *world, r *resolver.Result)
	}{
		{"CVE-2012-1033 ghost domain: the child does not prolong its delegation", func(t *testing.T, w *world) *resolver.Result {
			w.serve("192.0.2.10", zone(t, "com.", "example.com. 60 NS ns.example.com.", "ns.example.com. 60 A 192.0.2.20"))
			w.serve("192.0.2.20", answering(t, []string{"example.com. 86400 NS ns.example.com."}, []string{"example.com. 86400 NS ns.example.com."}, []string{"ns.example.com. 86400 A 192.0.2.20"}))
			for range 4 {
				w.ask("example.com.", dns.TypeNS)
				w.now = w.now.Add(20 * time.Second)
			}
			w.serve("192.0.2.10", zone(t, "com."))
			w.log = nil
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, dns.RCodeNXDomain, r.RCode)
			assert.Empty(t, w.asked("192.0.2.20"))
		}},
		{"CVE-2019-19794 identifiers come from the source of random octets", func(t *testing.T, w *world) *resolver.Result {
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			again := small(t, nil)
			again.ask("www.example.com.", dns.TypeA)
			require.Equal(t, w.log[0].Message, again.log[0].Message, "the same source, the same message")
			seen := map[string]bool{}
			for _, s := range w.log {
				seen[string(s.Message[:2])] = true
			}
			assert.Len(t, seen, len(w.log))
		}},
		{"CVE-2020-8616 NXNSAttack: few of many servers are looked up", func(t *testing.T, w *world) *resolver.Result {
			var ns []string
			for i := range 100 {
				ns = append(ns, fmt.Sprintf("deep.example.com. 60 NS ns%d.victim.com.", i))
			}
			w.serve("192.0.2.10", zone(t, "com.", "example.com. 60 NS ns.example.com.", "ns.example.com. 60 A 192.0.2.20",
				"victim.com. 60 NS ns.victim.com.", "ns.victim.com. 60 A 192.0.2.30"))
			w.serve("192.0.2.20", zone(t, "example.com.", ns...))
			w.serve("192.0.2.30", zone(t, "victim.com.", "victim.com. 60 NS ns.victim.com."))
			return w.ask("www.deep.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, dns.RCodeServFail, r.RCode)
			assert.LessOrEqual(t, len(w.asked("192.0.2.30")), 10, "five servers, A and AAAA")
		}},
		{"CVE-2023-28452 a forged reply does not end the wait", func(t *testing.T, w *world) *resolver.Result {
			good := w.servers[netip.MustParseAddr("192.0.2.20")]
			w.serve("192.0.2.20", func(network string, q *dns.Message) []any {
				forged := reply(q)
				forged.ID++
				forged.RCode = dns.RCodeServFail
				other := reply(q)
				other.Question = rename(q.Question, "other.example.com.")
				b, err := dns.AppendMessage(nil, reply(q))
				require.NoError(t, err)
				elsewhere := flight{from: netip.MustParseAddrPort("192.0.2.66:53"), msg: b}
				port := flight{from: netip.MustParseAddrPort("192.0.2.20:54"), msg: b}
				return append([]any{forged, other, []byte("x"), elsewhere, port}, good(network, q)...)
			})
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, []string{"www.example.com. 60 IN A 198.51.100.1"}, lines(r.Answer))
		}},
		{"CVE-2023-30464 equal questions are one upstream", func(t *testing.T, w *world) *resolver.Result {
			var id uint64
			for range 20 {
				id = w.engine.Ask(w.now, asked("www.example.com.", dns.TypeA))
			}
			for i := range 20 {
				// Other names of the zone: what is asked of the servers above is the same.
				w.engine.Ask(w.now, asked(fmt.Sprintf("h%d.example.com.", i), dns.TypeA))
			}
			return w.wait(id)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Len(t, r.Answer, 1)
			assert.Equal(t, []string{". NS", "com. A"}, w.asked("192.0.2.1"))
			assert.Equal(t, []string{"example.com. A"}, w.asked("192.0.2.10"))
		}},
		{"CVE-2024-1737 a set of too many records is of no use", func(t *testing.T, w *world) *resolver.Result {
			var many []string
			for i := range 600 {
				many = append(many, fmt.Sprintf("www.example.com. 60 A 10.0.%d.%d", i/256, i%256))
			}
			w.serve("192.0.2.20", answering(t, many, nil, nil))
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, dns.RCodeServFail, r.RCode)
			assert.Empty(t, w.dump("10.0."))
		}},
		{"CVE-2025-11411 NS records beside an answer are not taken", func(t *testing.T, w *world) *resolver.Result {
			w.serve("192.0.2.20", answering(t, www, []string{"example.com. 60 NS ns.evil.example.com.", "com. 60 NS ns.evil.example.com."}, []string{"ns.evil.example.com. 60 A 192.0.2.66"}))
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, www[0][:len("www.example.com. 60 ")]+"IN A 198.51.100.1", lines(r.Answer)[0])
			assert.Empty(t, w.dump("evil", "192.0.2.66"))
		}},
		{"CVE-2025-40776 no client subnet is sent", func(t *testing.T, w *world) *resolver.Result {
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			for _, s := range w.log {
				m, err := dns.ParseMessage(s.Message, nil)
				require.NoError(t, err)
				require.NotNil(t, m.EDNS)
				for _, o := range m.EDNS.Options {
					assert.NotEqual(t, dns.OptionCode(8), o.Code)
				}
			}
		}},
		{"CVE-2025-40778 what was not asked for is not taken", func(t *testing.T, w *world) *resolver.Result {
			w.serve("192.0.2.20", answering(t, append([]string{"mail.example.com. 60 A 192.0.2.66", "www.victim.com. 60 A 192.0.2.66", "com. 60 A 192.0.2.66", "www.example.com. 60 TXT evil"}, www...), nil, nil))
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, []string{"www.example.com. 60 IN A 198.51.100.1"}, lines(r.Answer))
			assert.Empty(t, w.dump("192.0.2.66", "evil"))
		}},
		{"CVE-2026-42960 addresses beside an answer are not taken", func(t *testing.T, w *world) *resolver.Result {
			w.serve("192.0.2.20", answering(t, www, []string{"example.com. 60 NS ns.example.com."}, []string{"ns.example.com. 60 A 192.0.2.66"}))
			w.ask("www.example.com.", dns.TypeA)
			return w.ask("mail.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Empty(t, w.dump("192.0.2.66"))
			assert.Empty(t, w.asked("192.0.2.66"))
		}},
		{"Kaminsky: a referral does not reach beyond the zone", func(t *testing.T, w *world) *resolver.Result {
			w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
				m := reply(q)
				m.Authority = rrs(t, "www.example.com. 60 NS ns.victim.com.")
				m.Additional = rrs(t, "ns.victim.com. 60 A 192.0.2.66")
				return []any{m}
			})
			return w.ask("a.www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, dns.RCodeServFail, r.RCode)
			assert.Empty(t, w.dump("192.0.2.66"))
			assert.Empty(t, w.asked("192.0.2.66"))
		}},
		{"servers of the world are not on our loopback", func(t *testing.T, w *world) *resolver.Result {
			w.serve("192.0.2.10", zone(t, "com.", "example.com. 60 NS ns.example.com.", "ns.example.com. 60 A 127.0.0.1",
				"ns.example.com. 60 AAAA ::1", "ns.example.com. 60 AAAA ::ffff:127.0.0.1", "ns.example.com. 60 A 0.0.0.0", "ns.example.com. 60 A 224.0.0.1", "ns.example.com. 60 A 255.255.255.255"))
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, dns.RCodeServFail, r.RCode)
			assert.Len(t, w.log, 3, "priming, the root, com")
		}},
		{"TsuNAME: zones whose servers lie in each other", func(t *testing.T, w *world) *resolver.Result {
			w.serve("192.0.2.10", zone(t, "com.", "one.com. 60 NS ns.two.com.", "two.com. 60 NS ns.one.com."))
			return w.ask("www.one.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, dns.RCodeServFail, r.RCode)
			assert.ErrorIs(t, r.Err, resolver.ErrNoServer)
			assert.Less(t, len(w.log), 12)
		}},
		{"a chain of aliases that goes on for ever", func(t *testing.T, w *world) *resolver.Result {
			n := 0
			w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
				n++
				m := reply(q)
				m.Authoritative = true
				m.Answer = []dns.RR{{Name: q.Question[0].Name, Class: dns.ClassIN, TTL: 60, Data: &dns.CNAME{Target: dns.MustName(fmt.Sprintf("h%d.example.com.", n))}}}
				return []any{m}
			})
			return w.ask("www.example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			e, ok := r.Err.(*dns.LimitError)
			require.True(t, ok, "%v", r.Err)
			assert.Equal(t, "MaxAliases", e.Name)
			assert.Equal(t, []dns.ExtendedError{{Code: dns.EDEOther, Text: "limit MaxAliases of 11 reached"}}, r.EDE)
			assert.Empty(t, r.Answer)
		}},
		{"referrals without end", func(t *testing.T, w *world) *resolver.Result {
			w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
				m := reply(q)
				m.Authority = rrs(t, q.Question[0].Name.Canonical().String()+" 60 NS ns."+q.Question[0].Name.Canonical().String())
				m.Additional = rrs(t, "ns."+q.Question[0].Name.Canonical().String()+" 60 A 192.0.2.20")
				return []any{m}
			})
			return w.ask(strings.Repeat("a.", 110)+"example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, dns.RCodeServFail, r.RCode)
			assert.LessOrEqual(t, len(w.log), 102)
		}},
		{"replies of many octets", func(t *testing.T, w *world) *resolver.Result {
			var rest []string
			for i := range 400 {
				rest = append(rest, fmt.Sprintf("www.example.com. 60 TXT %s%d", strings.Repeat("x", 100), i))
			}
			w.serve("192.0.2.20", func(network string, q *dns.Message) []any {
				m := answering(t, append([]string{"www.example.com. 60 CNAME " + q.Question[0].Name.String()}, rest...), nil, nil)(network, q)[0].(*dns.Message)
				m.Truncated = network == "udp"
				m.RCode = dns.RCodeServFail
				return []any{m}
			})
			return w.ask(strings.Repeat("a.", 60)+"example.com.", dns.TypeA)
		}, func(t *testing.T, w *world, r *resolver.Result) {
			assert.Equal(t, dns.RCodeServFail, r.RCode)
			octets := 0
			for _, s := range r.Trace {
				octets += s.Octets
			}
			assert.Less(t, octets, 1<<20+1<<17)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, nil)
			row.check(t, w, row.play(t, w))
		})
	}
}

// rename returns the questions for another name.
func rename(qs []dns.Question, name string) []dns.Question {
	q := qs[0]
	q.Name = dns.MustName(name)
	return []dns.Question{q}
}
