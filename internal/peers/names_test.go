package peers_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
)

const exampleZone = `$TTL 300
@	SOA	ns hostmaster 1 3600 900 86400 60
	NS	ns
ns	A	192.0.2.53
www	A	192.0.2.80
`

var example = map[string]string{"example.org": exampleZone}

// dig asks a server and returns the short answer.
func dig(t *testing.T, addr string, args ...string) string {
	t.Helper()
	host, port, _ := strings.Cut(addr, ":")
	got := peers.Run(t, "dig", append([]string{"@" + host, "-p", port, "+short", "+tries=1", "+time=5"}, args...)...)
	require.Zero(t, got.Exit, "%s%s", got.Stdout, got.Stderr)
	return got.Stdout
}

// TestNameServers: each serves a zone over UDP and TCP, and gives it away whole.
func TestNameServers(t *testing.T) {
	tests := []struct {
		name  string
		start func(testing.TB, *peers.Config) *peers.Server
	}{
		{"named", peers.Named},
		{"NSD", peers.NSD},
		{"Knot", peers.Knot},
		{"PowerDNS", peers.PowerDNS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			zones := map[string]string{".": ". 60 SOA . . 1 2 3 4 5\n. 60 NS ns.\nns. 60 A 192.0.2.1\n"}
			maps.Copy(zones, example)
			s := tt.start(t, &peers.Config{Zones: zones})
			assert.Empty(t, s.TLSAddr)
			assert.Equal(t, "192.0.2.80\n", dig(t, s.Addr, "www.example.org"))
			assert.Equal(t, "192.0.2.53\n", dig(t, s.Addr, "+tcp", "ns.example.org"))
			assert.Equal(t, "192.0.2.1\n", dig(t, s.Addr, "ns."))
			assert.Equal(t, 5, strings.Count(dig(t, s.Addr, "example.org", "AXFR"), "\n"), "four records, and the first again")
		})
	}
}

// TestResolvers: each asks a name server where it is told to.
func TestResolvers(t *testing.T) {
	tests := []struct {
		name  string
		start func(testing.TB, *peers.Config) *peers.Server
	}{
		{"named", peers.Named},
		{"Unbound", peers.Unbound},
		{"Recursor", peers.Recursor},
		{"Kresd", peers.Kresd},
	}
	origin := peers.NSD(t, &peers.Config{Zones: example})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Forward: map[string]string{"example.org": origin.Addr}})
			assert.Equal(t, "192.0.2.80\n", dig(t, s.Addr, "www.example.org"))
			assert.Equal(t, "192.0.2.53\n", dig(t, s.Addr, "+tcp", "ns.example.org"))
		})
	}
}

// TestIterate: each goes from a root server of ours down to the name, in a
// network where port 53 is free.
func TestIterate(t *testing.T) {
	if !testkit.Namespace(t, "192.0.2.53", "127.0.2.1") {
		return
	}
	root := ". 60 SOA ns.root hostmaster 1 3600 900 86400 60\n. 60 NS ns.root.\nns.root. 60 A 127.0.1.1\n" +
		"example.org. 60 NS ns.example.org.\nns.example.org. 60 A 192.0.2.53\n"
	peers.NSD(t, &peers.Config{Zones: map[string]string{".": root}, Addr: "127.0.1.1:53"})
	peers.Knot(t, &peers.Config{Zones: example, Addr: "192.0.2.53:53"})
	tests := []struct {
		name  string
		start func(testing.TB, *peers.Config) *peers.Server
		addr  string
	}{
		{"named", peers.Named, "127.0.2.1:53"},
		{"Unbound", peers.Unbound, "127.0.2.2:53"},
		{"Recursor", peers.Recursor, "127.0.2.3:53"},
		{"Kresd", peers.Kresd, "127.0.2.4:53"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Hints: ". 60 NS ns.root.\nns.root. 60 A 127.0.1.1\n", Addr: tt.addr})
			assert.Equal(t, tt.addr, s.Addr)
			assert.Equal(t, "192.0.2.80\n", dig(t, s.Addr, "www.example.org"))
		})
	}
}

// TestDNSOverTLS: what takes it says so to kdig.
func TestDNSOverTLS(t *testing.T) {
	server, _ := testkit.Certificate(t)
	tests := []struct {
		name  string
		start func(testing.TB, *peers.Config) *peers.Server
		zones bool
	}{
		{"named", peers.Named, true},
		{"NSD", peers.NSD, true},
		{"Unbound", peers.Unbound, false},
		{"Kresd", peers.Kresd, false},
	}
	origin := peers.NSD(t, &peers.Config{Zones: example})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &peers.Config{TLS: server, Forward: map[string]string{"example.org": origin.Addr}}
			if tt.zones {
				c = &peers.Config{TLS: server, Zones: example}
			}
			s := tt.start(t, c)
			host, port, _ := strings.Cut(s.TLSAddr, ":")
			got := peers.Run(t, "kdig", "@"+host, "-p", port, "+tls", "+short", "www.example.org")
			assert.Equal(t, peers.Output{Stdout: "192.0.2.80\n"}, got)
			assert.Equal(t, "192.0.2.80\n", dig(t, s.Addr, "www.example.org"))
		})
	}
}

// TestNameLines: what a test adds to a configuration is in force.
func TestNameLines(t *testing.T) {
	zone := &peers.Config{Zones: example}
	tests := []struct {
		name   string
		start  func(testing.TB, *peers.Config) *peers.Server
		config *peers.Config
		line   string
	}{
		{"named", peers.Named, zone, `version "there";`},
		{"NSD", peers.NSD, zone, "server:\n\tversion: \"there\""},
		{"Knot", peers.Knot, zone, "server:\n    version: \"there\""},
		{"PowerDNS", peers.PowerDNS, zone, "version-string=there"},
		{"Unbound", peers.Unbound, nil, "server:\n\tversion: \"there\""},
		{"Recursor", peers.Recursor, nil, "version-string=there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := peers.Config{Lines: []string{tt.line}}
			if tt.config != nil {
				c.Zones = tt.config.Zones
			}
			s := tt.start(t, &c)
			assert.Equal(t, "\"there\"\n", dig(t, s.Addr, "version.bind", "TXT", "CH"))
		})
	}
	t.Run("Kresd", func(t *testing.T) {
		s := peers.Kresd(t, &peers.Config{Lines: []string{"modules = { 'hints' }\nhints['www.example.org'] = '192.0.2.1'"}})
		assert.Equal(t, "192.0.2.1\n", dig(t, s.Addr, "www.example.org"))
	})
}

// TestNameFaults: the failure tells what the server had to say.
func TestNameFaults(t *testing.T) {
	server, _ := testkit.Certificate(t)
	faults(t, []fault{
		{"named does not know an option", peers.Named, &peers.Config{Lines: []string{"no-such-option;"}}, "unknown option 'no-such-option'"},
		{"knotd has no TLS here", peers.Knot, &peers.Config{TLS: server}, "no TLS"},
		{"a resolver with zones", peers.Unbound, &peers.Config{Zones: example}, "no zones"},
		{"an address without port", peers.NSD, &peers.Config{Addr: "127.0.0.1"}, "missing port"},
		{"a server without port to ask", peers.Unbound, &peers.Config{Forward: map[string]string{".": "127.0.0.1"}}, "missing port"},
	})
}
