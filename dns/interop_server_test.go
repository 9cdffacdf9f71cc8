package dns_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// ours is a server of ours.
type ours struct{ addr, tlsAddr string }

// startOurs starts s over UDP, TCP and TLS; its zone is example.org of the
// captures.
func startOurs(t *testing.T, s *dns.Server) ours {
	t.Helper()
	b := zone.NewBuilder(dns.MustName("example.org"))
	for _, m := range capturedMessages(t, captures+"/dig-named-axfr.pcap") {
		for _, rr := range m.parsed.Answer {
			require.NoError(t, b.Add(rr))
		}
	}
	z, err := b.Zone()
	require.NoError(t, err)
	store := new(zone.Store)
	store.Publish(z)
	s.Handler = &zone.Handler{Store: store}
	s.TLSConfig, _ = testkit.Certificate(t)
	l, err := dns.Listen(t.Context(), "127.0.0.1:0", 1)
	require.NoError(t, err)
	over, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 2)
	go func() { ended <- s.Serve(l) }()
	go func() { ended <- s.ServeTLS(over) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Shutdown(context.Background()))
		assert.ErrorIs(t, <-ended, dns.ErrServerClosed)
		assert.ErrorIs(t, <-ended, dns.ErrServerClosed)
	})
	return ours{l.Addr().String(), over.Addr().String()}
}

// run asks with a client of others, in whose arguments HOST and PORT stand for
// the address, and returns what it prints, with single spaces.
func run(t *testing.T, client, addr, args string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	args = strings.NewReplacer("HOST", host, "PORT", port).Replace(args)
	got := peers.Run(t, client, strings.Fields(args)...)
	require.Zero(t, got.Exit, "%s %s: %s%s", client, args, got.Stdout, got.Stderr)
	return strings.Join(strings.Fields(got.Stdout), " ")
}

// TestInteropServer is asked by the clients of others.
func TestInteropServer(t *testing.T) {
	s := startOurs(t, &dns.Server{NSID: "ours"})
	const (
		addresses = "www.example.org. 300 IN A 192.0.2.80 www.example.org. 300 IN A 192.0.2.81"
		soa       = "example.org. 300 IN SOA ns1.example.org. hostmaster.example.org. 2026112101 7200 1800 1209600 300"
	)
	tests := []struct {
		name, client, args string
		want               []string
	}{
		{"dig", "dig", "@HOST -p PORT +norec www.example.org", []string{"status: NOERROR", "flags: qr aa; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1", "udp: 1232", "(good)", addresses}},
		{"dig without EDNS", "dig", "@HOST -p PORT +norec +noedns www.example.org", []string{"ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 0", addresses}},
		{"dig over TCP", "dig", "@HOST -p PORT +norec +tcp +keepalive www.example.org", []string{"(TCP)", "TCP KEEPALIVE:", addresses}},
		{"dig with several questions on a connection", "dig", "@HOST -p PORT +norec +tcp +keepopen www.example.org mail.example.org AAAA none.example.org", []string{addresses, "2001:db8::25", "NXDOMAIN"}},
		{"dig asks for the server's name", "dig", "@HOST -p PORT +norec +nsid www.example.org", []string{`NSID: 6f 75 72 73 ("ours")`}},
		{"dig and what is too long", "dig", "@HOST -p PORT +norec +noedns long.example.org TXT", []string{";; Truncated, retrying in TCP mode.", "(TCP)", "Three texts of this length"}},
		{"dig with a small buffer", "dig", "@HOST -p PORT +norec +bufsize=512 +ignore long.example.org TXT", []string{"flags: qr aa tc;"}},
		{"dig and no such name", "dig", "@HOST -p PORT +norec none.example.org", []string{"status: NXDOMAIN", soa}},
		{"dig and no data", "dig", "@HOST -p PORT +norec www.example.org MX", []string{"status: NOERROR", "ANSWER: 0, AUTHORITY: 1", soa}},
		{"dig and what is not served", "dig", "@HOST -p PORT +norec www.example.net", []string{"status: REFUSED", "flags: qr;"}},
		{"dig with another version", "dig", "@HOST -p PORT +norec +edns=1 +noednsneg www.example.org", []string{"status: BADVERS", "EDNS: version: 0"}},
		{"dig with unknown options", "dig", "@HOST -p PORT +norec +ednsopt=65001:c0ffee +ednsflags=0x40 www.example.org", []string{"status: NOERROR", addresses}},
		{"dig with another opcode", "dig", "@HOST -p PORT +norec +noedns +opcode=status www.example.org", []string{"opcode: STATUS, status: NOTIMP", "ADDITIONAL: 0"}},
		{"dig with another opcode and EDNS", "dig", "@HOST -p PORT +norec +opcode=3 www.example.org", []string{"opcode: RESERVED3, status: NOTIMP", "EDNS: version: 0", "udp: 1232"}},
		{"dig with a cookie alone", "dig", "@HOST -p PORT +norec +header-only", []string{"QUERY: 0, ANSWER: 0", "(good)"}},
		{"dig and a wildcard", "dig", "@HOST -p PORT +norec a.b.wild.example.org TXT", []string{`a.b.wild.example.org. 3600 IN TXT "by a wildcard"`}},
		{"dig and a DNAME", "dig", "@HOST -p PORT +norec x.old.example.org", []string{"old.example.org. 3600 IN DNAME www.example.org.", "x.old.example.org. 3600 IN CNAME x.www.example.org."}},
		{"dig and a referral", "dig", "@HOST -p PORT +norec a.sub.example.org", []string{"flags: qr;", "sub.example.org. 3600 IN NS ns.sub.example.org.", "ns.sub.example.org. 3600 IN A 192.0.2.153"}},
		{"dig and octets", "dig", `@HOST -p PORT +norec \000\.\\x.example.org TXT`, []string{`"octets in a name: \000\255\"\\"`}},
		{"drill", "drill", "-p PORT -o rd www.example.org @HOST", []string{"rcode: NOERROR", addresses}},
		{"drill over TCP", "drill", "-t -p PORT -o rd www.example.org @HOST", []string{"rcode: NOERROR", addresses}},
		{"drill with EDNS", "drill", "-b 1232 -p PORT -o rd long.example.org @HOST TXT", []string{"Three texts of this length"}},
		{"kdig", "kdig", "@HOST -p PORT +norec www.example.org", []string{"status: NOERROR", addresses}},
		{"kdig with cookies", "kdig", "@HOST -p PORT +norec +cookie www.example.org", []string{"status: NOERROR", "COOKIE:", addresses}},
		{"kdig over TCP", "kdig", "@HOST -p PORT +norec +tcp +keepopen www.example.org mail.example.org", []string{addresses, "192.0.2.25"}},
		{"host", "host", "-r -p PORT www.example.org HOST", []string{"has address 192.0.2.80", "has IPv6 address 2001:db8::80"}},
		{"nslookup", "nslookup", "-port=PORT -norecurse www.example.org HOST", []string{"Address: 192.0.2.81", "Address: 2001:db8::80"}},
		{"delv", "delv", "@HOST -p PORT -i www.example.org", []string{"www.example.org. 300 IN A 192.0.2.80"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, tt.client, s.addr, tt.args)
			for _, want := range tt.want {
				assert.Contains(t, got, want)
			}
			assert.NotContains(t, got, "WARNING")
		})
	}
}

// TestInteropServerTLS: kdig asks over TLS, and padded (RFC 8467 §4).
func TestInteropServerTLS(t *testing.T) {
	s := startOurs(t, &dns.Server{})
	got := run(t, "kdig", s.tlsAddr, "@HOST -p PORT +tls +norec +padding www.example.org")
	assert.Contains(t, got, "www.example.org. 300 IN A 192.0.2.81")
	assert.Contains(t, got, "Received 468 B")
	got = run(t, "kdig", s.tlsAddr, "@HOST -p PORT +tls +norec +keepopen www.example.org long.example.org TXT")
	assert.Contains(t, got, "www.example.org. 300 IN A 192.0.2.81")
	assert.Contains(t, got, "Three texts of this length")
}

// TestInteropServerCookies: dig and kdig come back with the cookie that the
// server insists on; who sends none is answered.
func TestInteropServerCookies(t *testing.T) {
	s := startOurs(t, &dns.Server{RequireCookies: true})
	assert.Contains(t, run(t, "dig", s.addr, "@HOST -p PORT +norec www.example.org"), "BADCOOKIE, retrying.")
	assert.Contains(t, run(t, "kdig", s.addr, "@HOST -p PORT +cookie www.example.org"), "www.example.org. 300 IN A 192.0.2.80")
	assert.Equal(t, "192.0.2.80 192.0.2.81", run(t, "dig", s.addr, "@HOST -p PORT +norec +nocookie +short www.example.org"))
}

// TestInteropServerResolvers: the resolvers of others ask us, over UDP, and
// over TCP and TLS where they can be told to.
func TestInteropServerResolvers(t *testing.T) {
	s := startOurs(t, &dns.Server{})
	overTLS := strings.Replace(s.tlsAddr, ":", "@", 1)
	tests := []struct {
		name  string
		start startPeer
		// forward is empty where line says whom to ask.
		forward, line string
	}{
		{"Unbound", peers.Unbound, s.addr, ""},
		{"Unbound with mixed case", peers.Unbound, s.addr, "server:\n\tuse-caps-for-id: yes"},
		{"Unbound over TCP", peers.Unbound, s.addr, "server:\n\ttcp-upstream: yes"},
		{"Unbound over TLS", peers.Unbound, "", "forward-zone:\n\tname: \"example.org\"\n\tforward-tls-upstream: yes\n\tforward-addr: " + overTLS},
		{"named", peers.Named, s.addr, ""},
		{"Recursor", peers.Recursor, s.addr, ""},
		{"Kresd", peers.Kresd, s.addr, ""},
		{"Kresd over TLS", peers.Kresd, "", "policy.add(policy.suffix(policy.TLS_FORWARD({{'" + overTLS + "', insecure=true}}), policy.todnames({'example.org'})))"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &peers.Config{Lines: []string{tt.line}}
			if tt.forward != "" {
				c.Forward = map[string]string{"example.org": tt.forward}
			}
			r := tt.start(t, c)
			got := run(t, "dig", r.Addr, "@HOST -p PORT +short alias2.example.org")
			got = strings.Replace(got, "192.0.2.81 192.0.2.80", "192.0.2.80 192.0.2.81", 1)
			assert.Equal(t, "alias.example.org. www.example.org. 192.0.2.80 192.0.2.81", got)
			assert.Contains(t, run(t, "dig", r.Addr, "@HOST -p PORT none.example.org"), "status: NXDOMAIN")
			assert.Contains(t, run(t, "dig", r.Addr, "@HOST -p PORT www.example.org MX"), "status: NOERROR")
			assert.Contains(t, run(t, "dig", r.Addr, "@HOST -p PORT long.example.org TXT"), "Three texts of this length")
		})
	}
}

// TestInteropServerLoad: dnsperf gets an answer to each of thousands of
// questions, 100 of them under way at a time, over each transport.
func TestInteropServerLoad(t *testing.T) {
	s := startOurs(t, &dns.Server{Sockets: 2, Batch: 32})
	path := filepath.Join(t.TempDir(), "questions")
	questions := "www.example.org A\nmail.example.org AAAA\nnone.example.org A\nalias2.example.org A\nany.wild.example.org TXT\n"
	require.NoError(t, os.WriteFile(path, []byte(questions), 0o600))
	for mode, addr := range map[string]string{"udp": s.addr, "tcp": s.addr, "dot": s.tlsAddr} {
		t.Run(mode, func(t *testing.T) {
			got := run(t, "dnsperf", addr, "-s HOST -p PORT -q 100 -c 4 -n 1000 -e -m "+mode+" -d "+path)
			for _, want := range []string{"Queries sent: 5000", "Queries completed: 5000 (100.00%)", "Queries lost: 0 (0.00%)", "NOERROR 4000 (80.00%), NXDOMAIN 1000 (20.00%)"} {
				assert.Contains(t, got, want)
			}
		})
	}
}
