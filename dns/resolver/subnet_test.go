package resolver_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// tailored makes a server of example.com that answers by the client's network:
// with 10.x, x being its second octet, and a scope of as many bits.
func tailored(t *testing.T, scope uint8, change func(q, m *dns.Message, s *dns.Subnet)) respond {
	t.Helper()
	return func(_ string, q *dns.Message) []any {
		m := reply(q)
		m.Authoritative = true
		s, ok := q.EDNS.Subnet()
		addr := "10.255.0.1"
		if ok {
			addr = fmt.Sprintf("10.%d.0.1", s.Prefix.Addr().AsSlice()[1])
			s.Scope = scope
		}
		m.Answer = rrs(t, q.Question[0].Name.Canonical().String()+" 60 A "+addr)
		if change != nil {
			change(q, m, &s)
		}
		if ok && m.EDNS != nil {
			require.NoError(t, m.EDNS.SetSubnet(s))
		}
		return []any{m}
	}
}

// askFor resolves a name for a client.
func (w *world) askFor(name, client string) *resolver.Result {
	w.t.Helper()
	return w.wait(w.engine.AskFor(w.now, asked(name, dns.TypeA), resolver.Client{Network: netip.MustParsePrefix(client)}))
}

func answerOf(r *resolver.Result) string {
	if len(r.Answer) == 0 {
		return r.RCode.String()
	}
	return lines(r.Answer)[len(r.Answer)-1]
}

func TestSubnets(t *testing.T) {
	w := small(t, &resolver.EngineOptions{Subnets: true})
	w.serve("192.0.2.20", tailored(t, 24, nil))
	for _, row := range []struct {
		client, want string
		messages     int
	}{
		{"198.1.2.3/32", "www.example.com. 60 IN A 10.1.0.1", 4},
		{"198.1.2.99/32", "www.example.com. 60 IN A 10.1.0.1", 0}, // the same network
		{"198.1.2.0/24", "www.example.com. 60 IN A 10.1.0.1", 0},
		{"198.2.2.3/24", "www.example.com. 60 IN A 10.2.0.1", 1},
		{"0.0.0.0/0", "www.example.com. 60 IN A 10.255.0.1", 1}, // it wants nobody told
	} {
		w.log = nil
		r := w.askFor("www.example.com.", row.client)
		assert.Equal(t, row.want, answerOf(r), row.client)
		assert.Len(t, w.log, row.messages, row.client)
		if row.client != "0.0.0.0/0" {
			assert.Equal(t, 24, r.Scope, row.client)
		}
	}
	for _, s := range w.log {
		assert.NotEqual(t, "192.0.2.1", s.Server.Addr().String(), "nothing for the root")
	}
}

// 7871-12.1: the servers of the root are not told, nor those asked for a part
// of the name.
func TestSubnetsAreToldToFew(t *testing.T) {
	w := small(t, &resolver.EngineOptions{Subnets: true})
	w.serve("192.0.2.20", tailored(t, 24, nil))
	w.askFor("a.b.example.com.", "2001:db8:1:2:3::1/128")
	told := 0
	for _, s := range w.log {
		m, err := dns.ParseMessage(s.Message, nil)
		require.NoError(t, err)
		if got, ok := m.EDNS.Subnet(); ok {
			told++
			assert.Equal(t, "2001:db8:1::/56", got.Prefix.String())
			assert.True(t, m.Question[0].Name.Equal(dns.MustName("a.b.example.com.")))
		}
	}
	assert.Equal(t, 1, told)
}

func TestSubnetReplies(t *testing.T) {
	for _, row := range []struct {
		name   string
		scope  uint8
		change func(q, m *dns.Message, s *dns.Subnet)
		want   string
		second int // messages for a client of another network
	}{
		{"7871-7.3.1 scope 0 is for all", 0, nil, "www.example.com. 60 IN A 10.1.0.1", 0},
		{"7871-7.3 no option is for all", 24, func(_, m *dns.Message, _ *dns.Subnet) { m.EDNS = nil }, "www.example.com. 60 IN A 10.1.0.1", 0},
		{"7871-7.3 another network is no reply", 24, func(_, _ *dns.Message, s *dns.Subnet) { s.Prefix = netip.MustParsePrefix("198.51.100.0/24") }, "SERVFAIL", 0},
		{"7871-7.3 another length is no reply", 24, func(_, _ *dns.Message, s *dns.Subnet) { s.Prefix = netip.MustParsePrefix("198.1.0.0/16") }, "SERVFAIL", 0},
		{"7871-7.3 REFUSED is asked again without", 24, func(q, m *dns.Message, _ *dns.Subnet) {
			if _, ok := q.EDNS.Subnet(); ok {
				m.RCode, m.Answer = dns.RCodeRefused, nil
			}
		}, "www.example.com. 60 IN A 10.255.0.1", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := small(t, &resolver.EngineOptions{Subnets: true})
			w.serve("192.0.2.20", tailored(t, row.scope, row.change))
			assert.Equal(t, row.want, answerOf(w.askFor("www.example.com.", "198.1.2.3/32")))
			w.log = nil
			w.askFor("www.example.com.", "198.9.2.3/32")
			assert.Len(t, w.log, row.second)
		})
	}
}

// CVE-2025-40776: a client that makes up networks gets no more than one question
// over UDP under way, and no more of the cache than one name's share.
func TestSubnetsAreBounded(t *testing.T) {
	cache := resolver.NewCache(0)
	w := small(t, &resolver.EngineOptions{Subnets: true, Cache: cache})
	w.serve("192.0.2.20", tailored(t, 24, nil))
	w.askFor("www.example.com.", "198.0.0.0/24")
	before, udp := cache.Stats().Entries, 0
	w.log = nil
	var id uint64
	for i := range 500 {
		id = w.engine.AskFor(w.now, asked("www.example.com.", dns.TypeA), resolver.Client{Network: netip.MustParsePrefix(fmt.Sprintf("198.%d.%d.0/24", i/250, i%250+1))})
	}
	w.wait(id)
	for _, s := range w.log {
		if s.Network == "udp" {
			udp++
		}
	}
	assert.Equal(t, 1, udp)
	assert.LessOrEqual(t, cache.Stats().Entries-before, 64)
}

func TestHandlerSubnets(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		r.Subnets = true
		m.servers[netip.MustParseAddr("192.0.2.20")] = tailored(t, 24, nil)
		c := newClient(t, &resolver.Handler{Resolver: r, Allow: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}})
		with := func(p string) func(*dns.Message) {
			return func(m *dns.Message) {
				m.EDNS = &dns.EDNS{UDPSize: 1232}
				require.NoError(t, m.EDNS.SetSubnet(dns.Subnet{Prefix: netip.MustParsePrefix(p)}))
			}
		}
		for range 2 {
			got := c.ask("www.example.com.", dns.TypeA, with("198.1.2.0/24"))
			assert.Equal(t, []string{"www.example.com. 60 IN A 10.1.0.1"}, lines(got.Answer))
			s, ok := got.EDNS.Subnet()
			require.True(t, ok, "RFC 7871 §7.2.2")
			assert.EqualValues(t, 24, s.Scope)
		}
		got := c.ask("www.example.com.", dns.TypeA)
		assert.Equal(t, []string{"www.example.com. 60 IN A 10.255.0.1"}, lines(got.Answer), "a client on the loopback is not told of")
		c.addr = "198.7.0.1"
		got = c.ask("www.example.com.", dns.TypeA)
		assert.Equal(t, []string{"www.example.com. 60 IN A 10.7.0.1"}, lines(got.Answer))
		assert.Nil(t, got.EDNS)
		got = c.ask("www.example.com.", dns.TypeA, with("0.0.0.0/0"))
		assert.Equal(t, []string{"www.example.com. 60 IN A 10.255.0.1"}, lines(got.Answer), "RFC 7871 §7.1.2")
	})
}
