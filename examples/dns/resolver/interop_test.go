package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

const captures = "../../../dns/testdata/golden/zones/"

// TestInteropHierarchy plays the lecture's hierarchy with the servers and the
// clients of others, on port 53 and at their addresses.
func TestInteropHierarchy(t *testing.T) {
	if !testkit.Namespace(t, "198.41.0.4", "192.31.80.30", "128.119.10.27") {
		return
	}
	for _, s := range []struct {
		start            func(testing.TB, *peers.Config) *peers.Server
		addr, zone, file string
	}{
		{peers.NSD, "198.41.0.4:53", ".", "root.zone"},
		{peers.Knot, "192.31.80.30:53", "edu", "edu.zone"},
		{peers.Named, "128.119.10.27:53", "umass.edu", "umass.edu.zone"},
	} {
		text, err := os.ReadFile(captures + s.file)
		require.NoError(t, err)
		s.start(t, &peers.Config{Addr: s.addr, Zones: map[string]string{s.zone: string(text)}})
	}
	srv := clitest.Start(t, program(), "-addr", "127.0.0.1:53", "-hints", captures+"hints", "-v")
	srv.Ready("")

	tests := []struct {
		client string
		args   []string
		want   []string
	}{
		{"dig", []string{"@127.0.0.1", "gaia.cs.umass.edu"}, []string{"flags: qr rd ra", "gaia.cs.umass.edu. 3600 IN A 128.119.245.12"}},
		{"dig", []string{"@127.0.0.1", "+tcp", "www.umass.edu"}, []string{"www.umass.edu. 3600 IN CNAME gaia.cs.umass.edu.", "IN A 128.119.245.12"}},
		{"dig", []string{"@127.0.0.1", "none.umass.edu"}, []string{"status: NXDOMAIN", "umass.edu. 300 IN SOA ns1.umass.edu."}},
		{"drill", []string{"@127.0.0.1", "gaia.cs.umass.edu"}, []string{"rcode: NOERROR", "128.119.245.12"}},
		{"kdig", []string{"@127.0.0.1", "gaia.cs.umass.edu", "MX"}, []string{"status: NOERROR", "ANSWER: 0"}},
		{"host", []string{"www.umass.edu", "127.0.0.1"}, []string{"www.umass.edu is an alias for gaia.cs.umass.edu.", "has address 128.119.245.12"}},
	}
	for _, tt := range tests {
		t.Run(tt.client+" "+strings.Join(tt.args, " "), func(t *testing.T) {
			got := peers.Run(t, tt.client, tt.args...)
			require.Zero(t, got.Exit, got.Stderr)
			text := strings.Join(strings.Fields(got.Stdout), " ")
			for _, want := range tt.want {
				assert.Contains(t, text, want)
			}
		})
	}
}

// TestInteropForward asks a resolver of others for everything.
func TestInteropForward(t *testing.T) {
	text, err := os.ReadFile(captures + "umass.edu.zone")
	require.NoError(t, err)
	origin := peers.NSD(t, &peers.Config{Zones: map[string]string{"umass.edu": string(text)}})
	unbound := peers.Unbound(t, &peers.Config{Forward: map[string]string{"umass.edu": origin.Addr}})
	srv := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-forward", unbound.Addr)
	host, port, _ := strings.Cut(srv.Ready(""), ":")
	got := peers.Run(t, "dig", "@"+host, "-p", port, "+short", "www.umass.edu")
	assert.Equal(t, "gaia.cs.umass.edu.\n128.119.245.12\n", got.Stdout)
}
