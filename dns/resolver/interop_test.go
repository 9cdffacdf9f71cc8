package resolver_test

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
	"applayer/internal/peers"
)

// startPeer starts a name server of others.
type startPeer = func(testing.TB, *peers.Config) *peers.Server

// leafZone is example.org of the captures, whose name servers are at 127.0.0.1.
func leafZone(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../testdata/golden/zones/example.org.zone")
	require.NoError(t, err)
	return strings.NewReplacer("ns1	A	192.0.2.1\n	AAAA	2001:db8::1\n", "ns1	A	127.0.0.1\n",
		"ns2	A	192.0.2.2\n	AAAA	2001:db8::2\n", "ns2	A	127.0.0.1\n").Replace(string(b))
}

// hierarchy starts the servers of root, org and example.org, all on one port,
// and returns what a resolver needs to begin.
func hierarchy(t *testing.T, root, top, leaf startPeer) resolver.EngineOptions {
	t.Helper()
	s := leaf(t, &peers.Config{Zones: map[string]string{"example.org": leafZone(t)}})
	_, port, err := net.SplitHostPort(s.Addr)
	require.NoError(t, err)
	top(t, &peers.Config{Addr: "127.0.1.2:" + port, Zones: map[string]string{"org": `$TTL 86400
@	SOA	ns.nic hostmaster.nic 1 1800 900 604800 86400
	NS	ns.nic
ns.nic	A	127.0.1.2
example	NS	ns1.example
	NS	ns2.example
ns1.example A	127.0.0.1
ns2.example A	127.0.0.1
`}})
	root(t, &peers.Config{Addr: "127.0.1.1:" + port, Zones: map[string]string{".": `$TTL 86400
@	SOA	a.root-servers.net. nstld 1 1800 900 604800 86400
	NS	a.root-servers.net.
a.root-servers.net. A	127.0.1.1
org	NS	ns.nic.org.
ns.nic.org. A	127.0.1.2
`}})
	hints, err := resolver.ParseHints([]byte(". 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A 127.0.1.1\n"))
	require.NoError(t, err)
	at, err := netip.ParseAddrPort(s.Addr)
	require.NoError(t, err)
	return resolver.EngineOptions{Hints: hints, Port: at.Port(), NoIPv6: true}
}

// TestInteropIterate goes from a root server of others down to name servers of
// others.
func TestInteropIterate(t *testing.T) {
	tests := []struct {
		name            string
		root, top, leaf startPeer
	}{
		{"to NSD", peers.Knot, peers.PowerDNS, peers.NSD},
		{"to named", peers.NSD, peers.Knot, peers.Named},
		{"to Knot", peers.PowerDNS, peers.NSD, peers.Knot},
		{"to PowerDNS", peers.NSD, peers.NSD, peers.PowerDNS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := hierarchy(t, tt.root, tt.top, tt.leaf)
			r := &resolver.Resolver{EngineOptions: opts}
			defer r.Close()
			got := resolveAll(t, r)
			// Root, org and example.org are asked for the first name, and the
			// last of them alone for another.
			zones := []string{}
			for _, s := range got[0].Trace {
				if !slices.Contains(zones, s.Zone.String()) {
					zones = append(zones, s.Zone.String())
				}
			}
			assert.Equal(t, []string{".", "org.", "example.org."}, zones)
			for _, s := range got[2].Trace {
				assert.Equal(t, "example.org.", s.Zone.String())
			}
			t.Run("octets in a name", func(t *testing.T) {
				name := dns.MustName(`\000\.\\x.example.org`)
				got, err := r.Lookup(t.Context(), dns.Question{Name: name, Type: dns.TypeTXT, Class: dns.ClassIN})
				require.NoError(t, err)
				if tt.name == "to PowerDNS" {
					assert.ErrorIs(t, got.Err, resolver.ErrNoServer, "it answers SERVFAIL")
					return
				}
				assert.Equal(t, `"octets in a name: \000\255\"\\"`, strings.Split(got.Answer[0].String(), "\t")[4])
			})
			t.Run("whole names", func(t *testing.T) {
				opts.NoMinimise, opts.KeepCase = true, true
				r := &resolver.Resolver{EngineOptions: opts}
				defer r.Close()
				resolveAll(t, r)
			})
		})
	}
}

// TestInteropForward asks the resolvers of others.
func TestInteropForward(t *testing.T) {
	origin := peers.NSD(t, &peers.Config{Zones: map[string]string{"example.org": leafZone(t)}})
	for name, start := range map[string]startPeer{"Unbound": peers.Unbound, "named": peers.Named, "Recursor": peers.Recursor, "Kresd": peers.Kresd} {
		t.Run(name, func(t *testing.T) {
			s := start(t, &peers.Config{Forward: map[string]string{"example.org": origin.Addr}})
			r := &resolver.Resolver{EngineOptions: resolver.EngineOptions{Forward: []netip.AddrPort{netip.MustParseAddrPort(s.Addr)}}}
			defer r.Close()
			resolveAll(t, r)
		})
	}
}

// resolveAll asks for names of each kind.
func resolveAll(t *testing.T, r *resolver.Resolver) (results []*resolver.Result) {
	t.Helper()
	const soa = "example.org. SOA ns1.example.org. hostmaster.example.org. 2026112101 7200 1800 1209600 300"
	tests := []struct {
		name  string
		typ   dns.Type
		rcode dns.RCode
		want  []string
	}{
		{"www.example.org", dns.TypeA, dns.RCodeNoError, []string{"www.example.org. A 192.0.2.80", "www.example.org. A 192.0.2.81"}},
		{"www.example.org", dns.TypeMX, dns.RCodeNoError, []string{soa}},
		{"mail.example.org", dns.TypeAAAA, dns.RCodeNoError, []string{"mail.example.org. AAAA 2001:db8::25"}},
		{"none.example.org", dns.TypeA, dns.RCodeNXDomain, []string{soa}},
		{"alias2.example.org", dns.TypeAAAA, dns.RCodeNoError, []string{"alias.example.org. CNAME www.example.org.", "alias2.example.org. CNAME alias.example.org.", "www.example.org. AAAA 2001:db8::80"}},
		{"a.b.wild.example.org", dns.TypeTXT, dns.RCodeNoError, []string{`a.b.wild.example.org. TXT "by a wildcard"`}},
		{"b.c.example.org", dns.TypeA, dns.RCodeNoError, []string{soa}},
		{"a.b.c.example.org", dns.TypeA, dns.RCodeNoError, []string{"a.b.c.example.org. A 192.0.2.70"}},
		{"_http._tcp.example.org", dns.TypeSRV, dns.RCodeNoError, []string{"_http._tcp.example.org. SRV 0 1 80 www.example.org."}},
	}
	for _, tt := range tests {
		got, err := r.Lookup(t.Context(), dns.Question{Name: dns.MustName(tt.name), Type: tt.typ, Class: dns.ClassIN})
		require.NoError(t, err, tt.name)
		require.NoError(t, got.Err, tt.name)
		assert.Equal(t, tt.rcode, got.RCode, tt.name)
		var list []string
		for _, rr := range slices.Concat(got.Answer, got.Authority) {
			if rr.Type() != dns.TypeNS {
				list = append(list, fold(rr))
			}
		}
		slices.Sort(list)
		assert.Equal(t, tt.want, list, "%s %v", tt.name, tt.typ)
		results = append(results, got)
	}
	return results
}

// fold prints a record without TTL and class. A resolver that forwards gives
// names in the case in which another question was asked.
func fold(rr dns.RR) string {
	text := rr.Name.Canonical().String() + " " + strings.Join(strings.Split(rr.String(), "\t")[3:], " ")
	if rr.Type() == dns.TypeSOA || rr.Type() == dns.TypeCNAME || rr.Type() == dns.TypeSRV {
		head, data, _ := strings.Cut(text, " ")
		kind, data, _ := strings.Cut(data, " ")
		text = head + " " + kind + " " + strings.ToLower(data)
	}
	return text
}
