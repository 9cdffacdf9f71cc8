package dns_test

import (
	"crypto/tls"
	"errors"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// startPeer starts a name server of others.
type startPeer = func(testing.TB, *peers.Config) *peers.Server

// capturedZones are zones of the captures, for a peer to serve.
func capturedZones(t *testing.T, names ...string) map[string]string {
	t.Helper()
	zones := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(captures + "/zones/" + name + ".zone")
		require.NoError(t, err)
		zones[name] = string(b)
	}
	return zones
}

func addrPort(t *testing.T, addr string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(addr)
	require.NoError(t, err)
	return a
}

// newClient returns a client that is closed when the test ends.
func newClient(t *testing.T, c *dns.Client) *dns.Client {
	t.Helper()
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// ask asks a server and returns the answer.
func ask(t *testing.T, c *dns.Client, server netip.AddrPort, name string, typ dns.Type) (*dns.Message, *dns.Exchanged) {
	t.Helper()
	q := &dns.Message{Question: []dns.Question{{Name: dns.MustName(name), Type: typ, Class: dns.ClassIN}}}
	m, how, err := c.Exchange(t.Context(), server, q)
	require.NoError(t, err, "%s %v", name, typ)
	return m, how
}

// texts are records as text, sorted.
func texts(rrs []dns.RR) (list []string) {
	for _, rr := range rrs {
		list = append(list, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	slices.Sort(list)
	return list
}

// TestInteropClient asks the name servers of others, over each transport that
// they have.
func TestInteropClient(t *testing.T) {
	server, client := testkit.Certificate(t)
	tests := []struct {
		name  string
		start startPeer
		tls   bool
	}{
		{"named", peers.Named, true},
		{"NSD", peers.NSD, true},
		{"Knot", peers.Knot, false},
		{"PowerDNS", peers.PowerDNS, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := &peers.Config{Zones: capturedZones(t, "example.org")}
			if tt.tls {
				config.TLS = server
			}
			s := tt.start(t, config)
			at := addrPort(t, s.Addr)
			t.Run("udp", func(t *testing.T) { askPeer(t, newClient(t, &dns.Client{}), at, dns.NetworkUDP) })
			t.Run("udp without EDNS", func(t *testing.T) { askPeer(t, newClient(t, &dns.Client{NoEDNS: true}), at, dns.NetworkUDP) })
			t.Run("udp in mixed case", func(t *testing.T) { askPeer(t, newClient(t, &dns.Client{MixCase: true}), at, dns.NetworkUDP) })
			t.Run("tcp", func(t *testing.T) { askPeer(t, newClient(t, &dns.Client{Network: dns.NetworkTCP}), at, dns.NetworkTCP) })
			if tt.tls {
				t.Run("tls", func(t *testing.T) {
					over := &dns.Transport{TLSConfig: client}
					defer over.Close()
					askPeer(t, newClient(t, &dns.Client{Network: dns.NetworkTLS, Transport: over}), addrPort(t, s.TLSAddr), dns.NetworkTLS)
				})
			}
		})
	}
}

// askPeer asks a server of example.org questions of each kind.
func askPeer(t *testing.T, c *dns.Client, server netip.AddrPort, network string) {
	m, how := ask(t, c, server, "www.example.org", dns.TypeA)
	assert.Equal(t, network, how.Network)
	assert.Equal(t, []string{"www.example.org. 300 IN A 192.0.2.80", "www.example.org. 300 IN A 192.0.2.81"}, texts(lower(m.Answer)))
	assert.True(t, m.Authoritative)

	m, _ = ask(t, c, server, "none.example.org", dns.TypeA)
	assert.Equal(t, dns.RCodeNXDomain, m.RCode)
	assert.Equal(t, []string{"example.org. 300 IN SOA ns1.example.org. hostmaster.example.org. 2026112101 7200 1800 1209600 300"}, texts(lower(m.Authority)))

	m, _ = ask(t, c, server, "www.example.org", dns.TypeMX)
	assert.Equal(t, dns.RCodeNoError, m.RCode)
	assert.Empty(t, m.Answer)

	m, _ = ask(t, c, server, "alias2.example.org", dns.TypeAAAA)
	assert.Equal(t, []string{
		"alias.example.org. 3600 IN CNAME www.example.org.",
		"alias2.example.org. 3600 IN CNAME alias.example.org.",
		"www.example.org. 300 IN AAAA 2001:db8::80",
	}, texts(lower(m.Answer)))

	m, _ = ask(t, c, server, "any.wild.example.org", dns.TypeTXT)
	assert.Equal(t, []string{`any.wild.example.org. 3600 IN TXT "by a wildcard"`}, texts(lower(m.Answer)))

	// More than 512 octets: without EDNS truncated over UDP, and asked again.
	m, how = ask(t, c, server, "long.example.org", dns.TypeTXT)
	assert.Len(t, m.Answer, 3)
	assert.False(t, m.Truncated)
	if c.NoEDNS {
		assert.Equal(t, dns.NetworkTCP, how.Network)
	}

	m, _ = ask(t, c, server, "www.example.net", dns.TypeA)
	assert.Equal(t, dns.RCodeRefused, m.RCode)
}

// lower returns records with their owners in lower case, which repeat that of
// the question.
func lower(rrs []dns.RR) []dns.RR {
	rrs = slices.Clone(rrs)
	for i := range rrs {
		rrs[i].Name = rrs[i].Name.Canonical()
	}
	return rrs
}

// TestInteropClientCookies: the second question has the server's cookie, and
// one that insists on it is asked again.
func TestInteropClientCookies(t *testing.T) {
	tests := []struct {
		name  string
		start startPeer
		line  string
	}{
		{"named", peers.Named, "require-server-cookie yes;"},
		{"Knot", peers.Knot, "template:\n  - id: default\n    global-module: mod-cookies"},
		{"NSD", peers.NSD, "server:\n\tanswer-cookie: yes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Zones: capturedZones(t, "example.org"), Lines: []string{tt.line}})
			c := newClient(t, &dns.Client{})
			for i := range 3 {
				m, how := ask(t, c, addrPort(t, s.Addr), "www.example.org", dns.TypeA)
				assert.Len(t, m.Answer, 2)
				cookie, ok := m.EDNS.Cookie()
				assert.True(t, ok)
				assert.NotEmpty(t, cookie.Server)
				sent, err := dns.ParseMessage(how.Query, nil)
				require.NoError(t, err)
				cookie, ok = sent.EDNS.Cookie()
				assert.True(t, ok)
				if i > 0 {
					assert.Equal(t, 1, how.Sent)
					assert.NotEmpty(t, cookie.Server)
				}
			}
		})
	}
}

// TestInteropClientOptions: what servers make of our options.
func TestInteropClientOptions(t *testing.T) {
	s := peers.NSD(t, &peers.Config{Zones: capturedZones(t, "example.org"), Lines: []string{"server:\n\tnsid: \"ascii_server one\""}})
	q := &dns.Message{Question: []dns.Question{{Name: dns.MustName("www.example.org"), Type: dns.TypeA, Class: dns.ClassIN}}, EDNS: &dns.EDNS{DNSSECOK: true}}
	q.EDNS.SetNSID(nil)
	m, _, err := newClient(t, &dns.Client{}).Exchange(t.Context(), addrPort(t, s.Addr), q)
	require.NoError(t, err)
	id, ok := m.EDNS.NSID()
	assert.True(t, ok)
	assert.Equal(t, "server one", string(id))
	assert.True(t, m.EDNS.DNSSECOK)

	s = peers.Knot(t, &peers.Config{Zones: capturedZones(t, "example.org"), Lines: []string{"server:\n    edns-client-subnet: on"}})
	q = &dns.Message{Question: q.Question, EDNS: &dns.EDNS{}}
	want := dns.Subnet{Prefix: netip.MustParsePrefix("198.51.100.0/24")}
	require.NoError(t, q.EDNS.SetSubnet(want))
	m, _, err = newClient(t, &dns.Client{}).Exchange(t.Context(), addrPort(t, s.Addr), q)
	require.NoError(t, err)
	got, ok := m.EDNS.Subnet()
	assert.True(t, ok)
	assert.Equal(t, want, got)
}

// TestInteropClientPipelined: many questions at once share a connection or two.
func TestInteropClientPipelined(t *testing.T) {
	s := peers.Knot(t, &peers.Config{Zones: capturedZones(t, "example.org")})
	c := newClient(t, &dns.Client{Network: dns.NetworkTCP})
	done := make(chan int)
	for i := range 50 {
		go func() {
			name := []string{"www", "mail", "ns1", "ns2"}[i%4] + ".example.org"
			m, _, err := c.Exchange(t.Context(), addrPort(t, s.Addr), &dns.Message{
				Question: []dns.Question{{Name: dns.MustName(name), Type: dns.TypeAAAA, Class: dns.ClassIN}}})
			if !assert.NoError(t, err) || !assert.Len(t, m.Answer, 1) {
				done <- 0
				return
			}
			assert.Equal(t, m.Question[0].Name, m.Answer[0].Name)
			done <- 1
		}()
	}
	n := 0
	for range 50 {
		n += <-done
	}
	assert.Equal(t, 50, n)
}

// TestInteropClientTransfer fetches zones whole: the records that one server
// gives are those of another, signed or not.
func TestInteropClientTransfer(t *testing.T) {
	tests := []struct {
		name  string
		start startPeer
		zones map[string]int
	}{
		{"named", peers.Named, map[string]int{"example.org": 32, "secure.example": 86}},
		{"NSD", peers.NSD, map[string]int{"example.org": 32, "secure.example": 86}},
		{"Knot", peers.Knot, map[string]int{"example.org": 32, "secure.example": 86}},
		{"PowerDNS", peers.PowerDNS, map[string]int{"example.org": 32}},
	}
	first := map[string][]string{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Zones: capturedZones(t, slices.Collect(maps.Keys(tt.zones))...)})
			c := newClient(t, &dns.Client{})
			for name, n := range tt.zones {
				var rrs []dns.RR
				for rr, err := range c.Transfer(t.Context(), addrPort(t, s.Addr), dns.MustName(name), nil) {
					require.NoError(t, err)
					rrs = append(rrs, rr)
				}
				got := texts(rrs)
				assert.Equal(t, n, len(got), name)
				if first[name] == nil {
					first[name] = got
				}
				assert.Equal(t, first[name], got)
			}
			for _, err := range c.Transfer(t.Context(), addrPort(t, s.Addr), dns.MustName("none.example"), nil) {
				refused, ok := errors.AsType[*dns.ReplyError](err)
				require.True(t, ok, "%v", err)
				assert.Contains(t, []dns.RCode{dns.RCodeNotAuth, dns.RCodeRefused}, refused.RCode)
			}
		})
	}
}

// TestInteropClientResolvers asks the resolvers of others, over TLS too.
func TestInteropClientResolvers(t *testing.T) {
	server, client := testkit.Certificate(t)
	origin := peers.NSD(t, &peers.Config{Zones: capturedZones(t, "example.org")})
	for name, start := range map[string]startPeer{"Unbound": peers.Unbound, "Kresd": peers.Kresd, "named": peers.Named} {
		t.Run(name, func(t *testing.T) {
			s := start(t, &peers.Config{TLS: server, Forward: map[string]string{"example.org": origin.Addr}})
			over := &dns.Transport{TLSConfig: client}
			defer over.Close()
			for network, at := range map[string]string{dns.NetworkUDP: s.Addr, dns.NetworkTCP: s.Addr, dns.NetworkTLS: s.TLSAddr} {
				c := newClient(t, &dns.Client{Network: network, Transport: over})
				q := &dns.Message{Header: dns.Header{RecursionDesired: true}, Question: []dns.Question{{Name: dns.MustName("alias.example.org"), Type: dns.TypeAAAA, Class: dns.ClassIN}}}
				m, how, err := c.Exchange(t.Context(), addrPort(t, at), q)
				require.NoError(t, err, network)
				assert.Equal(t, network, how.Network)
				assert.True(t, m.RecursionAvailable)
				assert.Len(t, m.Answer, 2)
				assert.Equal(t, dns.TypeAAAA, m.Answer[1].Type())
			}
		})
	}
}

// TestInteropClientTrust: a certificate of somebody else ends the exchange.
func TestInteropClientTrust(t *testing.T) {
	server, client := testkit.Certificate(t)
	s := peers.NSD(t, &peers.Config{TLS: server, Zones: capturedZones(t, "example.org")})
	client.ServerName = "other.example"
	over := &dns.Transport{TLSConfig: client}
	defer over.Close()
	c := newClient(t, &dns.Client{Network: dns.NetworkTLS, Transport: over, Tries: 1})
	_, _, err := c.Exchange(t.Context(), addrPort(t, s.TLSAddr), &dns.Message{Question: []dns.Question{{Name: dns.MustName("www.example.org"), Type: dns.TypeA, Class: dns.ClassIN}}})
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	assert.True(t, ok, "%v", err)
}
