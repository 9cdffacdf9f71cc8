package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/examples/internal/cli/clitest"
)

// The zones of a small Internet, and the addresses at which they seem to be.
var zones = map[string]struct{ public, text string }{
	".": {"192.0.2.1", `. 3600 SOA a.root. admin. 1 2 3 4 300
. 3600 NS a.root.
a.root. 3600 A 192.0.2.1
com. 3600 NS a.nic.com.
a.nic.com. 3600 A 192.0.2.10`},
	"com.": {"192.0.2.10", `com. 3600 SOA a.nic.com. admin.com. 1 2 3 4 300
com. 3600 NS a.nic.com.
a.nic.com. 3600 A 192.0.2.10
example.com. 3600 NS ns.example.com.
ns.example.com. 3600 A 192.0.2.20`},
	"example.com.": {"192.0.2.20", `example.com. 3600 SOA ns.example.com. admin.example.com. 1 2 3 4 300
example.com. 3600 NS ns.example.com.
ns.example.com. 3600 A 192.0.2.20
www.example.com. 3600 A 198.51.100.1
big.example.com. 3600 TXT ` + strings.TrimSpace(strings.Repeat(strings.Repeat("x", 200)+" ", 10))},
}

// internet starts a server for each zone and returns the files for -map and
// -hints.
func internet(t *testing.T) (mapFile, hints string) {
	t.Helper()
	var lines strings.Builder
	for origin, z := range zones {
		b := zone.NewBuilder(dns.MustName(origin))
		for line := range strings.Lines(z.text) {
			rr, err := dns.ParseRR(strings.TrimSpace(line))
			require.NoError(t, err)
			b.Add(rr)
		}
		built, err := b.Zone()
		require.NoError(t, err)
		store := &zone.Store{}
		store.Publish(built)
		fmt.Fprintf(&lines, "%s:53 %s\n", z.public, serve(t, &zone.Handler{Store: store}))
	}
	dir := t.TempDir()
	mapFile, hints = filepath.Join(dir, "map"), filepath.Join(dir, "hints")
	require.NoError(t, os.WriteFile(mapFile, []byte(lines.String()), 0o600))
	require.NoError(t, os.WriteFile(hints, []byte(". 3600 NS a.root.\na.root. 3600 A 192.0.2.1\n"), 0o600))
	return mapFile, hints
}

// serve starts a server on a free port of the loopback.
func serve(t *testing.T, h dns.Handler) netip.AddrPort {
	t.Helper()
	l, err := dns.Listen(t.Context(), "127.0.0.1:0", 1)
	require.NoError(t, err)
	s := &dns.Server{Handler: h}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Close())
		assert.ErrorIs(t, <-done, dns.ErrServerClosed)
	})
	return l.Addr()
}

// ask asks the program at an address.
func ask(t *testing.T, network, addr, name string, typ dns.Type) *dns.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := dns.Client{Network: network}
	defer c.Close()
	m := &dns.Message{Question: []dns.Question{{Name: dns.MustName(name), Type: typ, Class: dns.ClassIN}}}
	m.RecursionDesired = true
	answer, _, err := c.Exchange(ctx, netip.MustParseAddrPort(addr), m)
	require.NoError(t, err)
	return answer
}

func TestResolve(t *testing.T) {
	mapFile, hints := internet(t)
	s := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-map", mapFile, "-hints", hints, "-v")
	addr := s.Ready("")
	assert.Equal(t, addr, s.Ready(""), "UDP and TCP have one port")
	for _, network := range []string{dns.NetworkUDP, dns.NetworkTCP} {
		m := ask(t, network, addr, "www.example.com.", dns.TypeA)
		assert.Equal(t, dns.RCodeNoError, m.RCode)
		require.Len(t, m.Answer, 1)
		assert.Equal(t, &dns.A{Addr: netip.MustParseAddr("198.51.100.1")}, m.Answer[0].Data)
	}
	m := ask(t, "", addr, "big.example.com.", dns.TypeTXT)
	require.Len(t, m.Answer, 1, "over TCP, from there and to here")
	assert.Equal(t, dns.RCodeNXDomain, ask(t, "", addr, "none.example.com.", dns.TypeA).RCode)
	assert.Len(t, ask(t, "", addr, "localhost.", dns.TypeA).Answer, 1)
	r := s.Stop()
	assert.Equal(t, 0, r.Status, r.Stderr)
	assert.Contains(t, r.Stderr, "C: com. IN A to udp 192.0.2.1:53\nS: referral to com. ")
	assert.Contains(t, r.Stderr, "C: www.example.com. IN A to udp 192.0.2.20:53\nS: answer ")
}

func TestForward(t *testing.T) {
	mapFile, hints := internet(t)
	first := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-map", mapFile, "-hints", hints, "-no-minimise", "-max-cache", "1000000")
	s := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-forward", first.Ready(""))
	m := ask(t, "", s.Ready(""), "www.example.com.", dns.TypeA)
	assert.Len(t, m.Answer, 1)
}

func TestAllow(t *testing.T) {
	s := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-allow", "192.0.2.0/24", "-allow", "2001:db8::1")
	assert.Equal(t, dns.RCodeRefused, ask(t, "", s.Ready(""), "www.example.com.", dns.TypeA).RCode)
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	require.NoError(t, os.WriteFile(bad, []byte("nothing\n"), 0o600))
	for _, row := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"more"}, 2, "unexpected argument"},
		{[]string{"-port", "0"}, 2, "is no port"},
		{[]string{"-port", "65536"}, 2, "is no port"},
		{[]string{"-max-cache", "0"}, 2, "-max-cache"},
		{[]string{"-forward", "x"}, 2, "-forward"},
		{[]string{"-allow", "x"}, 2, "-allow"},
		{[]string{"-trust-anchor", "x"}, 2, "not built yet"},
		{[]string{"-validation-time", "x"}, 2, "not built yet"},
		{[]string{"-hints", filepath.Join(dir, "none")}, 1, "no such file"},
		{[]string{"-hints", bad}, 1, "bad: dns: hint"},
		{[]string{"-addr", "x"}, 1, "address x"},
	} {
		r := clitest.Run(t, program(), "", row.args...)
		assert.Equal(t, row.status, r.Status, "%v", row.args)
		assert.Contains(t, r.Stderr, row.stderr, "%v", row.args)
	}
}
