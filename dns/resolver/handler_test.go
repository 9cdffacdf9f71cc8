package resolver_test

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// client asks a Handler.
type client struct {
	t      *testing.T
	server dns.Server
	addr   string
}

func newClient(t *testing.T, h *resolver.Handler) *client {
	return &client{t: t, server: dns.Server{Handler: h}, addr: "127.0.0.1"}
}

// ask returns the response to a question; the options change the query.
func (c *client) ask(name string, typ dns.Type, change ...func(*dns.Message)) *dns.Message {
	c.t.Helper()
	q := &dns.Message{Question: []dns.Question{asked(name, typ)}}
	q.ID, q.RecursionDesired = 7, true
	for _, f := range change {
		f(q)
	}
	b, err := dns.AppendMessage(nil, q)
	require.NoError(c.t, err)
	from := dns.Origin{Peer: netip.AddrPortFrom(netip.MustParseAddr(c.addr), 4000), Local: netip.MustParseAddrPort("127.0.0.1:53")}
	out := c.server.AppendResponse(c.t.Context(), nil, b, from)
	require.NotEmpty(c.t, out)
	m, err := dns.ParseMessage(out, nil)
	require.NoError(c.t, err)
	return m
}

func withDO(m *dns.Message)    { m.EDNS = &dns.EDNS{UDPSize: 1232, DNSSECOK: true} }
func withoutRD(m *dns.Message) { m.RecursionDesired = false }

func TestHandler(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		c := newClient(t, &resolver.Handler{Resolver: r})
		got := c.ask("www.example.com.", dns.TypeA, withoutRD)
		assert.Equal(t, dns.RCodeRefused, got.RCode)
		assert.Zero(t, m.count(), "without RD nobody is asked")

		for i := range 3 {
			got = c.ask("wWw.example.com.", dns.TypeA)
			assert.Equal(t, dns.RCodeNoError, got.RCode)
			assert.True(t, got.RecursionAvailable)
			assert.False(t, got.Authoritative)
			require.Len(t, got.Answer, 1)
			assert.Equal(t, "wWw.example.com.", got.Answer[0].Name.String(), "the client's own case")
			assert.Equal(t, uint32(60-i*20), got.Answer[0].TTL)
			time.Sleep(20 * time.Second)
		}
		n := m.count()
		got = c.ask("www.example.com.", dns.TypeA, withoutRD)
		assert.Equal(t, dns.RCodeRefused, got.RCode, "its time is over")
		assert.Equal(t, n, m.count())
	})
}

func TestHandlerNegative(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		c := newClient(t, &resolver.Handler{Resolver: r})
		for range 3 {
			got := c.ask("none.example.com.", dns.TypeA)
			assert.Equal(t, dns.RCodeNXDomain, got.RCode)
			require.Len(t, got.Authority, 1)
		}
		got := c.ask("www.example.com.", dns.TypeTXT)
		assert.Equal(t, dns.RCodeNoError, got.RCode)
		assert.Empty(t, got.Answer)
		assert.Len(t, got.Authority, 1)
	})
}

func TestHandlerRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		c := newClient(t, &resolver.Handler{Resolver: r})
		for _, row := range []struct {
			name, from string
			typ        dns.Type
			change     func(*dns.Message)
			want       dns.RCode
		}{
			{"5358-4 strangers", "192.0.2.200", dns.TypeA, withDO, dns.RCodeRefused},
			{"5358-4 strangers by IPv6", "2001:db8::7", dns.TypeA, withDO, dns.RCodeRefused},
			{"transfers", "127.0.0.1", dns.TypeAXFR, withDO, dns.RCodeRefused},
			{"MAILA", "127.0.0.1", dns.TypeMAILA, withDO, dns.RCodeNotImp},
			{"class CH", "127.0.0.1", dns.TypeTXT, func(m *dns.Message) { m.Question[0].Class = dns.ClassCH }, dns.RCodeRefused},
		} {
			c.addr = row.from
			assert.Equal(t, row.want, c.ask("www.example.com.", row.typ, row.change).RCode, row.name)
		}
		assert.Zero(t, m.count())
		c.addr = "10.1.2.3"
		assert.Equal(t, dns.RCodeNoError, c.ask("www.example.com.", dns.TypeA).RCode)
	})
}

func TestHandlerBoundsClients(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		delete(m.servers, netip.MustParseAddr("192.0.2.20"))
		h := &resolver.Handler{Resolver: r, MaxPerClient: 2}
		for i := range 2 {
			go func() { newClient(t, h).ask(string(rune('a'+i))+".example.com.", dns.TypeA) }()
		}
		synctest.Wait()
		c := newClient(t, h)
		assert.Equal(t, dns.RCodeRefused, c.ask("c.example.com.", dns.TypeA).RCode)
		c.addr = "127.0.0.2"
		assert.Equal(t, dns.RCodeServFail, c.ask("c.example.com.", dns.TypeA).RCode, "another client may ask")
		time.Sleep(10 * time.Second)
		c.addr = "127.0.0.1"
		assert.Equal(t, dns.RCodeServFail, c.ask("d.example.com.", dns.TypeA).RCode, "and the first when its questions have ended")
	})
}

func TestHandlerLocalZones(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		c := newClient(t, &resolver.Handler{Resolver: r})
		for _, row := range []struct {
			name  string
			typ   dns.Type
			rcode dns.RCode
			want  string
		}{
			{"localhost.", dns.TypeA, dns.RCodeNoError, "127.0.0.1"},
			{"a.LOCALHOST.", dns.TypeAAAA, dns.RCodeNoError, "::1"},
			{"localhost.", dns.TypeMX, dns.RCodeNoError, ""},
			{"invalid.", dns.TypeA, dns.RCodeNXDomain, ""},
			{"www.test.", dns.TypeA, dns.RCodeNXDomain, ""},
			{"printer.local.", dns.TypeAAAA, dns.RCodeNXDomain, ""},
			{"a.invalid.", dns.TypeA, dns.RCodeNXDomain, ""},
			{"x.onion.", dns.TypeA, dns.RCodeNXDomain, ""},
			{"4.3.2.10.in-addr.arpa.", dns.TypePTR, dns.RCodeNXDomain, ""},
			{"1.1.31.172.in-addr.arpa.", dns.TypePTR, dns.RCodeNXDomain, ""},
			{"1.1.168.192.in-addr.arpa.", dns.TypePTR, dns.RCodeNXDomain, ""},
			{"1.1.64.100.in-addr.arpa.", dns.TypePTR, dns.RCodeNXDomain, ""},
			{"1.0.0.127.in-addr.arpa.", dns.TypePTR, dns.RCodeNoError, "localhost."},
			{"2.0.0.127.in-addr.arpa.", dns.TypePTR, dns.RCodeNXDomain, ""},
			{dns.ReverseName(netip.MustParseAddr("::1")).String(), dns.TypePTR, dns.RCodeNoError, "localhost."},
			{dns.ReverseName(netip.MustParseAddr("::")).String(), dns.TypePTR, dns.RCodeNoError, ""},
			{dns.ReverseName(netip.MustParseAddr("fd00::1")).String(), dns.TypePTR, dns.RCodeNXDomain, ""},
			{dns.ReverseName(netip.MustParseAddr("fe80::1")).String(), dns.TypePTR, dns.RCodeNXDomain, ""},
			{dns.ReverseName(netip.MustParseAddr("2001:db8::1")).String(), dns.TypePTR, dns.RCodeNXDomain, ""},
			{"10.in-addr.arpa.", dns.TypeSOA, dns.RCodeNoError, "10.in-addr.arpa. nobody.invalid. 1 3600 1200 604800 10800"},
			{"10.in-addr.arpa.", dns.TypeNS, dns.RCodeNoError, "10.in-addr.arpa."},
		} {
			got := c.ask(row.name, row.typ)
			assert.True(t, got.Authoritative, row.name)
			assert.Equal(t, row.rcode, got.RCode, row.name)
			if row.want == "" {
				assert.Empty(t, got.Answer, row.name)
				assert.Len(t, got.Authority, 1, row.name)
				continue
			}
			require.Len(t, got.Answer, 1, row.name)
			text, err := dns.AppendRDataText(nil, got.Answer[0].Data)
			require.NoError(t, err)
			assert.Equal(t, row.want, string(text), row.name)
		}
		assert.Zero(t, m.count())
		c = newClient(t, &resolver.Handler{Resolver: r, NoLocalZones: true})
		c.ask("a.invalid.", dns.TypeA)
		assert.NotZero(t, m.count())
	})
}

func TestHandlerServesStale(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		c := newClient(t, &resolver.Handler{Resolver: r})
		c.ask("www.example.com.", dns.TypeA)
		delete(m.servers, netip.MustParseAddr("192.0.2.20"))
		time.Sleep(2 * time.Minute)
		got := c.ask("wWw.example.com.", dns.TypeA, withDO)
		assert.Equal(t, dns.RCodeNoError, got.RCode)
		require.Len(t, got.Answer, 1)
		assert.Equal(t, "wWw.example.com.", got.Answer[0].Name.String())
		assert.Equal(t, uint32(30), got.Answer[0].TTL)
		var codes []dns.EDECode
		for e := range got.EDNS.ExtendedErrors() {
			codes = append(codes, e.Code)
		}
		assert.Equal(t, []dns.EDECode{dns.EDEStaleAnswer}, codes)
		time.Sleep(48 * time.Hour)
		got = c.ask("www.example.com.", dns.TypeA, withDO)
		assert.Equal(t, dns.RCodeServFail, got.RCode, "a day is enough")
	})
}

func TestHandlerHitAllocatesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		c := newClient(t, &resolver.Handler{Resolver: r})
		c.ask("www.example.com.", dns.TypeA)
		q := &dns.Message{Question: []dns.Question{asked("www.example.com.", dns.TypeA)}}
		q.RecursionDesired = true
		b, err := dns.AppendMessage(nil, q)
		require.NoError(t, err)
		from := dns.Origin{Peer: netip.MustParseAddrPort("127.0.0.1:4000"), Local: netip.MustParseAddrPort("127.0.0.1:53")}
		buf := make([]byte, 0, 4096)
		got := math.Inf(1)
		for range 5 { // pools may be emptied meanwhile
			got = min(got, testing.AllocsPerRun(200, func() { c.server.AppendResponse(t.Context(), buf, b, from) }))
		}
		assert.LessOrEqual(t, got, 2.0, "those of AppendResponse itself")
	})
}

// What does not fit is truncated at the border of a set, each time, and comes
// whole to those who take more.
func TestHandlerTruncates(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		var many []string
		for i := range 50 {
			many = append(many, "www.example.com. 60 A 198.51.100."+strconv.Itoa(i))
		}
		m.servers[netip.MustParseAddr("192.0.2.20")] = zone(t, "example.com.", many...)
		c := newClient(t, &resolver.Handler{Resolver: r})
		for range 3 {
			got := c.ask("www.example.com.", dns.TypeA)
			assert.True(t, got.Truncated)
			assert.Empty(t, got.Answer)
			got = c.ask("www.example.com.", dns.TypeA, withDO)
			assert.False(t, got.Truncated)
			assert.Len(t, got.Answer, 50)
		}
	})
}

// The network that a Handler answers when it was not told.
func TestDefaultAllow(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "10.9.8.7": true, "172.16.0.1": true, "172.32.0.1": false, "192.168.1.1": true,
		"169.254.1.1": true, "fe80::1": true, "fd00::1": true, "192.0.2.1": false, "2001:db8::1": false, "8.8.8.8": false,
	} {
		got := slices.ContainsFunc(resolver.DefaultAllow(), func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(addr)) })
		assert.Equal(t, want, got, addr)
	}
}
