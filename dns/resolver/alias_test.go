package resolver_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// redirecting makes the server of example.com, below which sub.example.com is
// redirected to target, with the CNAME that the server made, or without.
func redirecting(t *testing.T, target string, cname bool, ttl int) respond {
	t.Helper()
	dname := rrs(t, fmt.Sprintf("sub.example.com. %d DNAME %s", ttl, target))[0]
	rest := zone(t, "example.com.", "www.example.com. 60 A 198.51.100.1", "sub.example.com. 60 TXT x")
	return func(network string, q *dns.Message) []any {
		name := q.Question[0].Name
		if !name.IsSubdomainOf(dname.Name) || name.Equal(dname.Name) {
			return rest(network, q)
		}
		m := reply(q)
		m.Authoritative = true
		m.Answer = []dns.RR{dname}
		to, err := name.ReplaceSuffix(dname.Name, dname.Data.(*dns.DNAME).Target)
		if err != nil {
			m.RCode = dns.RCodeYXDomain
		} else if cname {
			m.Answer = append(m.Answer, dns.RR{Name: name, Class: dns.ClassIN, TTL: uint32(ttl), Data: &dns.CNAME{Target: to}})
		}
		return []any{m}
	}
}

func TestDNAME(t *testing.T) {
	for _, row := range []struct {
		name   string
		cname  bool
		ttl    int
		ask    string
		second int // messages that the same question costs again
	}{
		{"6672-3.1 with its CNAME", true, 60, "www.sub.example.com.", 0},
		{"6672-3.4 without", false, 60, "www.sub.example.com.", 0},
		{"found on the way to a longer name", true, 60, "www.sub.example.com.", 0},
		{"of no time", true, 0, "www.sub.example.com.", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, nil)
			w.serve("192.0.2.20", redirecting(t, "example.com.", row.cname, row.ttl))
			want := []string{
				fmt.Sprintf("sub.example.com. %d IN DNAME example.com.", row.ttl),
				fmt.Sprintf("%s %d IN CNAME www.example.com.", row.ask, row.ttl),
				"www.example.com. 60 IN A 198.51.100.1",
			}
			assert.Equal(t, want, lines(w.ask(row.ask, dns.TypeA).Answer))
			w.log = nil
			assert.Equal(t, want, lines(w.ask(row.ask, dns.TypeA).Answer))
			assert.Len(t, w.log, row.second)
		})
	}
}

// Another name below the DNAME needs no message for it: it is in the cache.
func TestDNAMEFromTheCache(t *testing.T) {
	w := small(t, nil)
	w.serve("192.0.2.20", redirecting(t, "example.com.", true, 60))
	w.ask("www.sub.example.com.", dns.TypeA)
	w.log = nil
	r := w.ask("none.sub.example.com.", dns.TypeA)
	assert.Equal(t, dns.RCodeNXDomain, r.RCode)
	assert.Len(t, r.Answer, 2)
	assert.Equal(t, []string{"none.example.com. A"}, w.asked("192.0.2.20"))

	r = w.ask("sub.example.com.", dns.TypeTXT)
	assert.Equal(t, []string{"sub.example.com. 60 IN TXT \"x\""}, lines(r.Answer), "the owner is not redirected")
}

// A name on the way is redirected: so is the whole one.
func TestDNAMEOnTheWay(t *testing.T) {
	w := small(t, nil)
	w.serve("192.0.2.20", redirecting(t, "example.com.", true, 0))
	r := w.ask("a.www.sub.example.com.", dns.TypeA)
	assert.Equal(t, dns.RCodeNXDomain, r.RCode)
	assert.Len(t, r.Answer, 2)
	assert.Contains(t, w.asked("192.0.2.20"), "www.sub.example.com. A")
	assert.NotContains(t, w.asked("192.0.2.20"), "a.www.sub.example.com. A")
}

func TestDNAMETooLong(t *testing.T) {
	long := strings.Repeat(strings.Repeat("y", 60)+".", 3)
	for _, name := range []string{strings.Repeat("z", 60) + ".sub.example.com.", strings.Repeat("z", 40) + "." + strings.Repeat("z", 40) + ".sub.example.com."} {
		w := small(t, nil)
		w.serve("192.0.2.20", redirecting(t, long+"example.com.", true, 60))
		for range 2 {
			r := w.ask(name, dns.TypeA)
			assert.Equal(t, dns.RCodeYXDomain, r.RCode)
			require.Len(t, r.Answer, 1)
			assert.Equal(t, dns.TypeDNAME, r.Answer[0].Type())
		}
	}
}

// What is known of aliases serves when it is stale, too.
func TestStaleAlias(t *testing.T) {
	w := small(t, nil)
	w.ask("alias.example.com.", dns.TypeA)
	w.ask("none.example.com.", dns.TypeA)
	delete(w.servers, w.addr("192.0.2.20"))
	w.now = w.now.Add(time.Hour)
	r := w.ask("alias.example.com.", dns.TypeA)
	assert.True(t, r.Stale)
	assert.Equal(t, []string{"alias.example.com. 30 IN CNAME www.example.com.", "www.example.com. 30 IN A 198.51.100.1"}, lines(r.Answer))
	r = w.ask("none.example.com.", dns.TypeA)
	assert.Equal(t, dns.RCodeNXDomain, r.RCode)
	require.Len(t, r.EDE, 1)
	assert.Equal(t, dns.EDEStaleNXDomainAnswer, r.EDE[0].Code)

	w = small(t, &resolver.EngineOptions{Limits: resolver.Limits{MaxStale: -1}})
	w.ask("www.example.com.", dns.TypeA)
	delete(w.servers, w.addr("192.0.2.20"))
	w.now = w.now.Add(time.Hour)
	assert.Equal(t, dns.RCodeServFail, w.ask("www.example.com.", dns.TypeA).RCode)
}

// Aliases that lead back to themselves end when that shows, and not when there
// are too many of them (RFC 1034 §5.2.2).
func TestAliasLoop(t *testing.T) {
	w := small(t, nil)
	w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
		m := reply(q)
		m.Authoritative = true
		next := map[string]string{"one.example.com.": "two.example.com.", "two.example.com.": "three.example.com.", "three.example.com.": "two.example.com."}
		name := q.Question[0].Name.Canonical().String()
		m.Answer = rrs(t, name+" 60 CNAME "+next[name])
		return []any{m}
	})
	for range 2 {
		r := w.ask("one.example.com.", dns.TypeA)
		assert.Equal(t, dns.RCodeServFail, r.RCode)
		assert.Empty(t, r.Answer, "the way so far is no answer")
	}
	assert.Len(t, w.asked("192.0.2.20"), 3)
	w.now = w.now.Add(6 * time.Second)
	r := w.ask("two.example.com.", dns.TypeA)
	assert.ErrorIs(t, r.Err, resolver.ErrAliasLoop)
	assert.Len(t, w.asked("192.0.2.20"), 3, "all of it is known")
}
