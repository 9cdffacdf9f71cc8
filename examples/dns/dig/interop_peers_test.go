package main

import (
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/golden"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// TestInteropPeers: whichever server answers, over whatever, we print what
// BIND's dig prints.
func TestInteropPeers(t *testing.T) {
	server, _ := testkit.Certificate(t)
	all := zones(t, "example.org", "secure3.example")
	origin := peers.NSD(t, &peers.Config{Zones: all})
	forward := map[string]string{"example.org": origin.Addr}
	tests := []struct {
		name   string
		start  func(testing.TB, *peers.Config) *peers.Server
		config *peers.Config
		// alike takes out what differs from answer to answer.
		alike func(string) string
	}{
		{"named", peers.Named, &peers.Config{Zones: all, TLS: server, Lines: []string{"rrset-order { order none; };", "server-id \"one\";"}}, exactly},
		{"NSD", peers.NSD, &peers.Config{Zones: all, TLS: server, Lines: []string{"server:", "\tnsid: \"ascii_one\"", "\tround-robin: no"}}, exactly},
		{"Knot", peers.Knot, &peers.Config{Zones: all, Lines: []string{"server:\n    nsid: \"one\"\n    edns-client-subnet: on"}}, exactly},
		{"PowerDNS", peers.PowerDNS, &peers.Config{Zones: map[string]string{"example.org": all["example.org"]}}, sortedLines},
		{"Unbound", peers.Unbound, &peers.Config{Forward: forward, TLS: server, Lines: []string{"server:\n\trrset-roundrobin: no"}}, withoutTTL},
		{"Kresd", peers.Kresd, &peers.Config{Forward: forward, TLS: server, Lines: []string{"reorder_RR(false)"}}, withoutTTL},
	}
	lines := []string{
		"www.example.org", "www.example.org AAAA +nsid +dnssec", "none.example.org", "www.example.org MX", "any.wild.example.org TXT",
		"long.example.org TXT +noedns", "alias2.example.org +multiline", "example.org SOA +multiline", "example.org NS +short", "x.old.example.org",
		"www.example.org +tcp +identify", "www.example.org +edns=1", "www.example.org +subnet=198.51.100.0/24",
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, tt.config)
			more := []string{}
			if tt.config.Zones != nil {
				more = append(more, "example.org AXFR", "www.example.net")
			}
			if tt.config.Zones["secure3.example"] != "" {
				more = append(more, "none.secure3.example +dnssec", "secure3.example AXFR +multiline", "secure3.example DNSKEY +dnssec")
			}
			for _, line := range append(lines, more...) {
				sameAsDig(t, s.Addr, line, tt.alike)
			}
			if s.TLSAddr != "" {
				sameAsDig(t, s.TLSAddr, "www.example.org +tls", tt.alike)
				sameAsDig(t, s.TLSAddr, "long.example.org TXT +tls +padding=468", tt.alike)
			}
		})
	}
}

// sameAsDig compares what we print with what BIND's dig does.
func sameAsDig(t *testing.T, addr, line string, alike func(string) string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	args := append([]string{"@" + host, "-p", port}, strings.Fields(line)...)
	want, wantStatus := realDig(t, "", args...)
	want = strings.Replace(want, "<<>> -r ", "<<>> ", 1)
	got, stderr, status := ourDig(t, "", args...)
	if diff := golden.Diff([]byte(alike(normalise(want))), []byte(alike(normalise(got)))); diff != "" {
		t.Errorf("dig %s, - theirs, + ours:\n%s", line, diff)
	}
	assert.Equal(t, wantStatus, status, "dig %s: %s", line, stderr)
}

func exactly(s string) string { return s }

// sortedLines is for a server that shuffles records.
func sortedLines(s string) string {
	return strings.Join(slices.Sorted(strings.Lines(s)), "")
}

var ttl = regexp.MustCompile(`(?m)^([^;\s]\S*\s+)\d+(\s+IN\s)`)

// withoutTTL is for a server that answers from a cache, where time passes.
func withoutTTL(s string) string { return ttl.ReplaceAllString(s, "${1}TTL$2") }

// TestInteropTrace walks the lecture's hierarchy, whose servers are others'.
func TestInteropTrace(t *testing.T) {
	if !testkit.Namespace(t, "198.41.0.4", "192.31.80.30", "128.119.10.27") {
		return
	}
	all := zones(t, "root", "edu", "umass.edu")
	peers.NSD(t, &peers.Config{Addr: "198.41.0.4:53", Zones: map[string]string{".": all["root"]}})
	peers.Knot(t, &peers.Config{Addr: "192.31.80.30:53", Zones: map[string]string{"edu": all["edu"]}})
	peers.Named(t, &peers.Config{Addr: "128.119.10.27:53", Zones: map[string]string{"umass.edu": all["umass.edu"]}})
	for _, more := range []string{"", " +tcp", " +dnssec"} {
		got, stderr, status := ourDig(t, "", strings.Fields("+trace @198.41.0.4 gaia.cs.umass.edu"+more)...)
		require.Zero(t, status, "%s%s", got, stderr)
		assert.Equal(t, 1, strings.Count(got, "<<>> DiG"))
		text := strings.Join(strings.Fields(got), " ")
		for _, want := range []string{
			". 518400 IN NS a.root-servers.net.",
			"edu. 172800 IN NS d.edu-servers.net.",
			"umass.edu. 172800 IN NS ns1.umass.edu.",
			"gaia.cs.umass.edu. 3600 IN A 128.119.245.12",
			"from 128.119.10.27#53(ns1.umass.edu)",
		} {
			assert.Contains(t, text, want)
		}
	}
	got, _, status := ourDig(t, "", "+trace", "+short", "@198.41.0.4", "www.umass.edu")
	assert.Zero(t, status)
	const short = "NS a.root-servers.net. from server 198.41.0.4 in N ms.\n" +
		"CNAME gaia.cs.umass.edu. from server 128.119.10.27 in N ms.\nA 128.119.245.12 from server 128.119.10.27 in N ms.\n"
	assert.Equal(t, short, normalise(got))
}
