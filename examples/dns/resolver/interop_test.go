package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/internal/testkit"
)

// The clients of others understand what the program answers: over UDP and TCP,
// with cookies and DO, when it is cut, and when there is nothing.
func TestInteropClients(t *testing.T) {
	mapFile, hints := internet(t)
	s := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-map", mapFile, "-hints", hints)
	_, port, _ := strings.Cut(s.Ready(""), ":")
	for _, row := range []struct {
		program string
		args    string
		want    []string
	}{
		{"dig", "@127.0.0.1 -p PORT wWw.example.com A", []string{"status: NOERROR", "flags: qr rd ra;", "wWw.example.com.\t", "198.51.100.1"}},
		{"dig", "@127.0.0.1 -p PORT +tcp +dnssec www.example.com A", []string{"status: NOERROR", "flags: do;", "198.51.100.1"}},
		{"dig", "@127.0.0.1 -p PORT +noedns big.example.com TXT", []string{"Truncated, retrying in TCP mode", "status: NOERROR", "ANSWER: 1,"}},
		{"dig", "@127.0.0.1 -p PORT none.example.com MX", []string{"status: NXDOMAIN", "IN\tSOA\tns.example.com."}},
		{"dig", "@127.0.0.1 -p PORT -x 127.0.0.1", []string{"IN\tPTR\tlocalhost."}},
		{"dig", "@127.0.0.1 -p PORT +norecurse never.example.com A", []string{"status: REFUSED", "EDE: 20 (Not Authoritative)"}},
		{"kdig", "@127.0.0.1 -p PORT +cookie www.example.com A", []string{"status: NOERROR", "198.51.100.1"}},
		{"drill", "-p PORT www.example.com @127.0.0.1 A", []string{"rcode: NOERROR", "198.51.100.1"}},
	} {
		path := testkit.Program(t, row.program)
		args := strings.Fields(strings.ReplaceAll(row.args, "PORT", port))
		out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
		require.NoError(t, err, "%s %s\n%s", row.program, row.args, out)
		for _, want := range row.want {
			assert.Contains(t, string(out), want, "%s %s", row.program, row.args)
		}
	}
}
