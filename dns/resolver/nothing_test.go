package resolver_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
)

// A name that did not exist and now does takes away what was said of it: for
// other types, and for the names below (RFC 8020 §2).
func TestNamesThatBeginToExist(t *testing.T) {
	records := []string{"alias.example.com. 60 CNAME new.example.com.", "new.example.com. 60 A 198.51.100.1",
		"new.example.com. 60 MX 10 new.example.com.", "a.new.example.com. 60 A 198.51.100.2"}
	for _, row := range []struct{ name, ask string }{
		{"by an answer for it", "alias.example.com."},
		{"by what is below", "a.new.example.com."},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, nil)
			w.serve("192.0.2.20", zone(t, "example.com."))
			assert.Equal(t, dns.RCodeNXDomain, w.ask("new.example.com.", dns.TypeA).RCode)
			w.serve("192.0.2.20", zone(t, "example.com.", records...))
			if row.ask == "a.new.example.com." {
				assert.Equal(t, dns.RCodeNXDomain, w.ask(row.ask, dns.TypeA).RCode, "nothing is below what does not exist")
				return
			}
			assert.Len(t, w.ask(row.ask, dns.TypeA).Answer, 2)
			assert.Len(t, w.ask("new.example.com.", dns.TypeMX).Answer, 1)
			assert.Len(t, w.ask("a.new.example.com.", dns.TypeA).Answer, 1)
		})
	}
	t.Run("by that there is nothing of a type", func(t *testing.T) {
		w := small(t, nil)
		w.serve("192.0.2.20", zone(t, "example.com."))
		assert.Equal(t, dns.RCodeNXDomain, w.ask("new.example.com.", dns.TypeA).RCode)
		w.serve("192.0.2.20", zone(t, "example.com.", "alias.example.com. 60 CNAME new.example.com.", "new.example.com. 60 MX 10 new.example.com."))
		assert.Equal(t, dns.RCodeNoError, w.ask("alias.example.com.", dns.TypeTXT).RCode)
		assert.Len(t, w.ask("new.example.com.", dns.TypeMX).Answer, 1)
	})
}

// That a part of a name does not exist is not believed, since some servers say
// so of names that have nothing but names below them (RFC 9156 §3).
func TestNothingAboutParts(t *testing.T) {
	w := small(t, nil)
	honest := zone(t, "example.com.", "x.b.example.com. 60 A 198.51.100.1", "y.b.example.com. 60 A 198.51.100.2")
	w.serve("192.0.2.20", func(network string, q *dns.Message) []any {
		out := honest(network, q)
		if m := out[0].(*dns.Message); q.Question[0].Name.Equal(dns.MustName("b.example.com.")) {
			m.RCode = dns.RCodeNXDomain
		}
		return out
	})
	assert.Equal(t, dns.RCodeNXDomain, w.ask("none.b.example.com.", dns.TypeA).RCode, "the whole name")
	assert.Len(t, w.ask("y.b.example.com.", dns.TypeA).Answer, 1)
}

// The SOA that proves that there is nothing is of a zone that holds the name
// (RFC 2308 §5): another is neither kept nor passed on.
func TestDenialByAnotherZone(t *testing.T) {
	w := small(t, nil)
	for _, owner := range []string{"sub.example.com.", "a.www.example.com.", "victim.com.", "com."} {
		w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
			m := reply(q)
			m.Authoritative, m.RCode = true, dns.RCodeNXDomain
			m.Authority = rrs(t, owner+" 3600 SOA ns.example.com. admin.example.com. 1 3600 600 86400 300")
			return []any{m}
		})
		w.log = nil
		for range 2 {
			r := w.ask("www.example.com.", dns.TypeA)
			assert.Equal(t, dns.RCodeNXDomain, r.RCode)
			assert.Empty(t, r.Authority, owner)
		}
		assert.Len(t, w.asked("192.0.2.20"), 2, "%s: not kept", owner)
	}
}

// A set of which one record is malformed is dropped whole: what is left of it is
// not what the zone said (RFC 2181 §5).
func TestMalformedRecordTakesItsSet(t *testing.T) {
	w := small(t, nil)
	w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
		m := reply(q)
		m.Authoritative = true
		m.Answer = append(rrs(t, "www.example.com. 60 A 198.51.100.1"),
			dns.RR{Name: q.Question[0].Name, Class: dns.ClassIN, TTL: 60, Data: &dns.Unknown{RRType: dns.TypeA, Octets: []byte{198, 51, 100}}})
		return []any{m}
	})
	r := w.ask("www.example.com.", dns.TypeA)
	assert.Equal(t, dns.RCodeServFail, r.RCode)
	assert.Empty(t, w.dump("198.51.100.1"))
}

// Of what a server heaps up in a referral, or as proof that there is nothing, no
// more is kept than serves: each question would have to read it again.
func TestHeapsAreNotKept(t *testing.T) {
	var ns, glue, nsec []string
	for i := range 200 {
		ns = append(ns, fmt.Sprintf("sub.example.com. 60 NS m%d.example.com.", i))
		for j := range 5 {
			glue = append(glue, fmt.Sprintf("m%d.example.com. 60 A 198.51.%d.%d", i, i, j))
		}
		nsec = append(nsec, fmt.Sprintf("h%d.example.com. 60 NSEC i.example.com. A", i))
	}
	w := small(t, nil)
	w.serve("192.0.2.20", func(_ string, q *dns.Message) []any {
		m := reply(q)
		if q.Question[0].Name.IsSubdomainOf(dns.MustName("sub.example.com.")) {
			m.Authority, m.Additional = rrs(t, ns...), rrs(t, glue...)
			return []any{m}
		}
		m.Authoritative, m.RCode = true, dns.RCodeNXDomain
		m.Authority = rrs(t, append([]string{"example.com. 60 SOA ns.example.com. admin.example.com. 1 2 3 4 60"}, nsec...)...)
		return []any{m}
	})
	w.ask("www.sub.example.com.", dns.TypeA)
	assert.Len(t, w.dump("\tNS\tm"), 64)
	assert.Len(t, w.dump("\tA\t198.51."), 64)
	r := w.ask("none.example.com.", dns.TypeA)
	assert.Equal(t, dns.RCodeNXDomain, r.RCode)
	assert.Len(t, r.Authority, 9)
	assert.Len(t, w.dump("\tNSEC\t"), 8)
}

// A server that resolves for others and is no authority is not believed that
// there is nothing, while one that may know is left.
func TestHearsayOfNothing(t *testing.T) {
	soa := []string{"example.com. 60 SOA ns.example.com. admin.example.com. 1 2 3 4 60"}
	for _, row := range []struct {
		name      string
		rcode     dns.RCode
		authority []string
	}{
		{"NXDOMAIN", dns.RCodeNXDomain, soa},
		{"NXDOMAIN without SOA", dns.RCodeNXDomain, nil},
		{"NODATA", dns.RCodeNoError, soa},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, nil)
			w.serve("192.0.2.10", zone(t, "com.", "example.com. 3600 NS ns.example.com.",
				"ns.example.com. 3600 A 192.0.2.20", "ns.example.com. 3600 A 192.0.2.21"))
			w.serve("192.0.2.21", func(_ string, q *dns.Message) []any {
				m := reply(q)
				m.RecursionAvailable, m.RCode, m.Authority = true, row.rcode, rrs(t, row.authority...)
				return []any{m}
			})
			for _, name := range []string{"www.example.com.", "mail.example.com."} {
				assert.Len(t, w.ask(name, dns.TypeA).Answer, 1)
			}
			delete(w.servers, w.addr("192.0.2.20"))
			r := w.ask("other.example.com.", dns.TypeA)
			if row.authority != nil {
				assert.Equal(t, row.rcode, r.RCode, "where nobody else is left, it is")
			}
		})
	}
}
