package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

const captured = "../../../dns/testdata/golden/zones/"

// TestInteropHierarchy: the resolvers of others find their way from our root
// server over edu to umass.edu, all on port 53 and at the lecture's addresses.
func TestInteropHierarchy(t *testing.T) {
	if !testkit.Namespace(t, "198.41.0.4", "192.31.80.30", "128.119.10.27", "127.0.2.1") {
		return
	}
	for addr, zone := range map[string]string{
		"198.41.0.4:53":    ".=" + captured + "root.zone",
		"192.31.80.30:53":  "edu=" + captured + "edu.zone",
		"128.119.10.27:53": "umass.edu=" + captured + "umass.edu.zone",
	} {
		clitest.Start(t, program(), "-addr", addr, "-zone", zone).Ready("")
	}
	const hints = ". 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A 198.41.0.4\n"
	tests := []struct {
		name  string
		start func(testing.TB, *peers.Config) *peers.Server
		lines []string
		host  string
	}{
		{"Unbound", peers.Unbound, nil, "127.0.2.2"},
		{"Unbound with mixed case", peers.Unbound, []string{"server:\n\tuse-caps-for-id: yes\n\tqname-minimisation-strict: yes"}, "127.0.2.3"},
		{"named", peers.Named, nil, "127.0.2.1"},
		{"Recursor", peers.Recursor, nil, "127.0.2.4"},
		{"Kresd", peers.Kresd, nil, "127.0.2.5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.start(t, &peers.Config{Addr: tt.host + ":53", Hints: hints, Lines: tt.lines})
			assert.Contains(t, dig(t, "@"+tt.host, "gaia.cs.umass.edu"), "gaia.cs.umass.edu. 3600 IN A 128.119.245.12")
			assert.Contains(t, dig(t, "@"+tt.host, "+tcp", "www.umass.edu"), "IN CNAME gaia.cs.umass.edu.")
			assert.Contains(t, dig(t, "@"+tt.host, "none.umass.edu"), "status: NXDOMAIN")
			assert.Contains(t, dig(t, "@"+tt.host, "gaia.cs.umass.edu", "MX"), "ANSWER: 0, AUTHORITY: 1")
		})
	}
}

// dig runs dig and returns what it prints, with single spaces.
func dig(t *testing.T, args ...string) string {
	t.Helper()
	got := peers.Run(t, "dig", args...)
	require.Zero(t, got.Exit, "%s%s", got.Stdout, got.Stderr)
	return strings.Join(strings.Fields(got.Stdout), " ")
}
