package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/internal/testkit"
)

// serve starts a name server on a free port of 127.0.0.1.
func serve(t *testing.T, s *dns.Server) netip.AddrPort {
	t.Helper()
	l, err := dns.Listen(t.Context(), "127.0.0.1:0", 1)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		assert.ErrorIs(t, <-done, dns.ErrServerClosed)
	})
	return l.Addr()
}

// authority serves zones: master files by their origins.
func authority(t *testing.T, zones map[string]string) dns.Handler {
	t.Helper()
	store := new(zone.Store)
	for origin, text := range zones {
		z, _, err := zone.Load(strings.NewReader(text), &zone.ReaderOptions{Origin: dns.MustName(origin)})
		require.NoError(t, err)
		store.Publish(z)
	}
	return &zone.Handler{Store: store, Full: true}
}

const exampleZone = `$TTL 1h
@ SOA ns host 1 2 3 4 5
@ NS ns
ns A 192.0.2.53
www 5m A 192.0.2.80
www 5m TXT "a b" "\"c\""
big TXT "` + "0123456789012345678901234567890123456789012345678901234567890123456789" + `"
`

// answer returns a handler that answers with a message.
func answer(change func(m *dns.Message, q *dns.Query)) dns.HandlerFunc {
	return func(_ context.Context, w *dns.Responder, q *dns.Query) {
		m := &dns.Message{Header: q.Header, Question: []dns.Question{q.Question()}}
		m.Response = true
		if e := q.EDNS(); e != nil {
			m.EDNS = &dns.EDNS{UDPSize: 1232}
		}
		change(m, q)
		if err := w.Message(m); err != nil {
			w.SetRCode(dns.RCodeServFail)
		}
	}
}

// closed is an address where nobody listens.
func closed(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := dns.Listen(t.Context(), "127.0.0.1:0", 1)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr()
}

// at is the server as arguments.
func at(server netip.AddrPort, line string) []string {
	return append([]string{"@" + server.Addr().String(), "-p", fmt.Sprint(server.Port())}, strings.Fields(line)...)
}

func TestDig(t *testing.T) {
	server := serve(t, &dns.Server{Handler: authority(t, map[string]string{"example.org": exampleZone})})
	head := fmt.Sprintf("\n; <<>> DiG <<>> @127.0.0.1 -p %d ", server.Port())
	footer := fmt.Sprintf(";; Query time: N msec\n;; SERVER: 127.0.0.1#%d(127.0.0.1) (UDP)\n;; WHEN\n", server.Port())
	for _, tt := range []struct {
		name, args, want string
		status           int
	}{
		{"whole", "+nocookie www.example.org", head + "+nocookie www.example.org\n; (1 server found)\n;; global options: +cmd\n;; Got answer:\n" +
			";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: N\n;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 1, ADDITIONAL: 2\n" +
			";; WARNING: recursion requested but not available\n\n" +
			";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n;; QUESTION SECTION:\n;www.example.org.\t\tIN\tA\n\n" +
			";; ANSWER SECTION:\nwww.example.org.\t300\tIN\tA\t192.0.2.80\n\n;; AUTHORITY SECTION:\nexample.org.\t\t3600\tIN\tNS\tns.example.org.\n\n" +
			";; ADDITIONAL SECTION:\nns.example.org.\t\t3600\tIN\tA\t192.0.2.53\n\n" + footer + ";; MSG SIZE  rcvd: 93\n\n", 0},
		{"short", "+short www.example.org www.example.org TXT", "192.0.2.80\n\"a b\" \"\\\"c\\\"\"\n", 0},
		{"short and identify", "www.example.org +short +identify", "192.0.2.80 from server 127.0.0.1 in N ms.\n", 0},
		{"a name that is not there", "+nocmd +nocomments +nostats none.example.org", ";none.example.org.\t\tIN\tA\nexample.org.\t\t5\tIN\tSOA\tns.example.org. host.example.org. 1 2 3 4 5\n", 0},
		{"multiline", "+nocmd +noall +answer +multiline example.org SOA", "example.org.\t\t3600 IN\tSOA ns.example.org. host.example.org. (\n" +
			"\t\t\t\t1          ; serial\n\t\t\t\t2          ; refresh (2 seconds)\n\t\t\t\t3          ; retry (3 seconds)\n" +
			"\t\t\t\t4          ; expire (4 seconds)\n\t\t\t\t5          ; minimum (5 seconds)\n\t\t\t\t)\n", 0},
		{"no query", "+nocmd +noall +answer", "", 0},
		{"query printed", "+nocmd +nocookie +nostats +noall +comments +qr +split=20 +retry=1 +idnout +nocrypto example.org", ";; Sending:\n" +
			";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: N\n;; flags: rd ad; QUERY: 1, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 1\n\n" +
			";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n;; Got answer:\n" +
			";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: N\n;; flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1\n" +
			";; WARNING: recursion requested but not available\n\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n", 0},
		{"from an address", "-b 127.0.0.1 -u +short +notcp www.example.org", "192.0.2.80\n", 0},
		{"batch that is not there", "-f /nonesuch", "", exitFile},
		{"no key yet", "-y hmac-sha256:a:AAAA example.org", "", exitNotBuilt},
		{"no key file yet", "-k file example.org", "", exitNotBuilt},
		{"no transfer of changes yet", "example.org IXFR=1", "", exitNotBuilt},
		{"no transfer of changes yet by -t", "-t IXFR=1 example.org", "", exitNotBuilt},
		{"no value", "example.org -t", "", exitUsage},
		{"no value of an option", "+tries example.org", "", exitUsage},
		{"option without a value that has one", "+short=5 example.org", "", exitUsage},
		{"opcode that is none", "+opcode=x example.org", "", exitInner},
		{"ID that is none", "+qid=70000 example.org", "", exitInner},
		{"cookie that is none", "+cookie=x example.org", "", exitInner},
		{"option that is none", "+ednsopt=x example.org", "", exitInner},
		{"option with data that is none", "+ednsopt=5:x example.org", "", exitInner},
		{"padding that is none", "+padding=1000 example.org", "", exitInner},
		{"label too long", strings.Repeat("a", 64), "", exitInner},
		{"address to ask from that is none", "-b x example.org", "", exitUsage},
		{"port to ask from that is none", "-b 127.0.0.1#x example.org", "", exitUsage},
		{"map that is not there", "-map /nonesuch example.org", "", exitUsage},
		{"family that no server has", "-6 example.org", "", exitInner},
		{"authority that is not there", "+tls-ca=/nonesuch example.org", "", exitInner},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, stderr, status := ourDig(t, "", at(server, tt.args)...)
			assert.Equal(t, tt.want, normalise(got))
			assert.Equal(t, tt.status, status)
			assert.Equal(t, status != 0, stderr != "", stderr)
		})
	}
}

func TestDigHelp(t *testing.T) {
	help, _, status := ourDig(t, "", "-h")
	assert.Zero(t, status)
	for _, o := range []string{"+trace", "+subnet=prefix", "+tls", "-map file"} {
		assert.Contains(t, help, o)
	}
	assert.NotContains(t, help, "-y")
	out, _, status := ourDig(t, "", "-v")
	assert.Zero(t, status)
	assert.Equal(t, "DiG "+version+"\n", out)
}

// Each option changes the message as it says.
func TestDigQuery(t *testing.T) {
	for _, tt := range []struct {
		args string
		want func(m *dns.Message) bool
	}{
		{"", func(m *dns.Message) bool {
			return m.RecursionDesired && m.AuthenticData && m.EDNS.UDPSize == 1232 && len(m.EDNS.Options) == 1 && m.Question[0].Type == dns.TypeA
		}},
		{"+norecurse +noadflag +cdflag +aaflag +zflag", func(m *dns.Message) bool {
			return !m.RecursionDesired && !m.AuthenticData && m.CheckingDisabled && m.Authoritative && m.Zero
		}},
		{"+noedns", func(m *dns.Message) bool { return m.EDNS == nil }},
		{"+edns=0 +dnssec +bufsize=4096 +ednsflags=0x41", func(m *dns.Message) bool {
			return m.EDNS.DNSSECOK && m.EDNS.UDPSize == 4096 && m.EDNS.Z == 0x41
		}},
		{"+nocookie +ednsopt=65001:c0ffee", func(m *dns.Message) bool {
			b, ok := m.EDNS.Option(65001)
			return ok && string(b) == "\xc0\xff\xee" && len(m.EDNS.Options) == 1
		}},
		{"+noednsopt +ednsopt=nsid", func(m *dns.Message) bool { _, ok := m.EDNS.NSID(); return ok }},
		{"+nsid +expire +keepalive", func(m *dns.Message) bool { return len(m.EDNS.Options) == 4 }},
		{"+subnet=192.0.2.77/24", func(m *dns.Message) bool {
			s, ok := m.EDNS.Subnet()
			return ok && s.Prefix == netip.MustParsePrefix("192.0.2.0/24")
		}},
		{"+subnet=2001:db8::1", func(m *dns.Message) bool { s, _ := m.EDNS.Subnet(); return s.Prefix.Bits() == 128 }},
		{"+subnet=0", func(m *dns.Message) bool { s, ok := m.EDNS.Subnet(); return ok && s.Prefix.Bits() == 0 }},
		{"+subnet=0 +nosubnet +nobufsize", func(m *dns.Message) bool { _, ok := m.EDNS.Subnet(); return !ok && m.EDNS.UDPSize == 0 }},
		{"+cookie=0123456789abcdef", func(m *dns.Message) bool {
			b, _ := m.EDNS.Option(dns.OptionCookie)
			return string(b) == "\x01\x23\x45\x67\x89\xab\xcd\xef"
		}},
		{"+qid=77 +opcode=status", func(m *dns.Message) bool { return m.ID == 77 && m.Opcode == dns.OpcodeStatus }},
		{"+opcode=9", func(m *dns.Message) bool { return m.Opcode == 9 }},
		{"+header-only", func(m *dns.Message) bool { return len(m.Question) == 0 }},
		{"+padding=128", func(m *dns.Message) bool {
			b, err := dns.AppendMessage(nil, m)
			return err == nil && len(b) == 128
		}},
		{"-t MX -c CH", func(m *dns.Message) bool {
			return m.Question[0].Type == dns.TypeMX && m.Question[0].Class == dns.ClassCH
		}},
	} {
		t.Run(tt.args, func(t *testing.T) {
			p := &program{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}
			require.NoError(t, p.parse(append(strings.Fields(tt.args), "example.org")))
			require.Len(t, p.lookups, 1)
			m := p.lookups[0].query(p, dns.MustName("example.org"))
			assert.True(t, tt.want(m), "%v", m)
		})
	}
}

// raw starts a server that answers with what change makes of the query: what a
// [dns.Server] would not say.
func raw(t *testing.T, change func(m *dns.Message, network string)) netip.AddrPort {
	t.Helper()
	l, err := dns.Listen(t.Context(), "127.0.0.1:0", 1)
	require.NoError(t, err)
	reply := func(b []byte, network string) []byte {
		m, err := dns.ParseMessage(b, nil)
		if err != nil {
			return nil
		}
		m.Response = true
		change(m, network)
		b, err = dns.AppendMessage(nil, m)
		if err != nil {
			return nil
		}
		return b
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		b := make([]byte, dns.MaxMessage)
		for {
			n, from, err := l.Packets[0].ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = l.Packets[0].WriteTo(reply(b[:n], dns.NetworkUDP), from)
		}
	})
	wait.Go(func() {
		for {
			nc, err := l.Streams.Accept()
			if err != nil {
				return
			}
			c := dns.NewConn(nc)
			if b, err := c.ReadMessage(); err == nil {
				_ = c.WriteMessage(reply(b, dns.NetworkTCP))
			}
			c.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		wait.Wait()
	})
	return l.Addr()
}

// How a question is asked, and what is said of it.
func TestDigAsks(t *testing.T) {
	asked := make(chan string, 20)
	server := raw(t, func(m *dns.Message, network string) {
		asked <- network
		label := m.Question[0].Name.FirstLabel()
		cookie, _ := m.EDNS.Option(dns.OptionCookie)
		switch {
		case label == "tc" && network == dns.NetworkUDP:
			m.Truncated = true
		case label == "badcookie" && len(cookie) == 8:
			m.RCode = dns.RCodeBadCookie
			m.EDNS.SetOption(dns.OptionCookie, append(bytes.Clone(cookie), make([]byte, 16)...))
		case label == "badvers" && m.EDNS.Version > 0:
			m.RCode, m.EDNS.Version = dns.RCodeBadVers, 0
		case label == "other":
			// Whoever does not know our cookie did not get our question.
			m.EDNS.SetOption(dns.OptionCookie, make([]byte, 24))
		case label == "without":
			m.EDNS.RemoveOption(dns.OptionCookie)
		case label == "servfail":
			m.RCode = dns.RCodeServFail
		}
	})
	for _, tt := range []struct {
		name, args string
		over       []string
		want       string // part of the output
	}{
		{"UDP", "x", []string{"udp"}, "(UDP)"},
		{"TCP", "+tcp x", []string{"tcp"}, "(TCP)"},
		{"ANY over TCP", "x ANY", []string{"tcp"}, "(TCP)"},
		{"ANY over UDP", "+notcp x ANY", []string{"udp"}, "(UDP)"},
		{"truncated", "tc", []string{"udp", "tcp"}, ";; Truncated, retrying in TCP mode.\n\n; <<>>"},
		{"truncated and taken", "+ignore tc", []string{"udp"}, "flags: qr tc rd"},
		{"BADCOOKIE", "badcookie", []string{"udp", "udp"}, ";; BADCOOKIE, retrying.\n\n; <<>>"},
		{"BADCOOKIE taken", "+nobadcookie badcookie", []string{"udp"}, "status: BADCOOKIE"},
		{"BADVERS", "+edns=3 badvers", []string{"udp", "udp"}, ";; BADVERS, retrying with EDNS version 0.\n\n; <<>>"},
		{"BADVERS taken", "+edns=3 +noednsneg badvers", []string{"udp"}, "status: BADVERS"},
		{"no cookie", "without", []string{"udp"}, "udp: 1232\n;; QUESTION"},
		{"cookie echoed", "echo", []string{"udp"}, " (echoed)\n"},
		{"SERVFAIL", "+nofail servfail", []string{"udp"}, "status: SERVFAIL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, stderr, status := ourDig(t, "", at(server, tt.args)...)
			assert.Zero(t, status, stderr)
			assert.Contains(t, got, tt.want)
			var over []string
			for len(asked) > 0 {
				over = append(over, strings.ToLower(<-asked))
			}
			assert.Equal(t, tt.over, over)
		})
	}
	_, _, status := ourDig(t, "", at(server, "+time=1 +tries=1 other")...)
	assert.Equal(t, exitNoReply, status)
}

// A server that does not answer is status 9, and no more is asked of it than is
// said.
func TestDigNoReply(t *testing.T) {
	var asked atomic.Int32
	silent := serve(t, &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, _ *dns.Query) {
		asked.Add(1)
		w.Drop()
	})})
	got, _, status := ourDig(t, "", at(silent, "+time=1 +tries=1 a")...)
	assert.Equal(t, exitNoReply, status)
	assert.EqualValues(t, 1, asked.Load())
	assert.Equal(t, fmt.Sprintf(";; communications error to 127.0.0.1#%d: timed out\n\n; <<>> DiG <<>> @127.0.0.1 -p %[1]d +time=1 +tries=1 a\n"+
		"; (1 server found)\n;; global options: +cmd\n;; no servers could be reached\n", silent.Port()), normalise(got))
}

func TestDigTransfer(t *testing.T) {
	records := parse(t, "e. 5 SOA a. b. 1 2 3 4 5", "e. 5 NS a.", "a.e. 5 A 192.0.2.1")
	server := serve(t, &dns.Server{Handler: answer(func(m *dns.Message, q *dns.Query) {
		switch q.Name().String() {
		case "e.":
			m.Answer = append(append(m.Answer, records...), records[0])
		case "cut.":
			m.Answer = parse(t, "cut. 5 SOA a. b. 1 2 3 4 5")
			m.Answer = append(m.Answer, m.Answer[0], m.Answer[0])
		default:
			m.RCode = dns.RCodeRefused
		}
	})})
	got, _, status := ourDig(t, "", at(server, "+nocmd e AXFR")...)
	assert.Zero(t, status)
	assert.Equal(t, "e.\t\t\t5\tIN\tSOA\ta. b. 1 2 3 4 5\ne.\t\t\t5\tIN\tNS\ta.\na.e.\t\t\t5\tIN\tA\t192.0.2.1\ne.\t\t\t5\tIN\tSOA\ta. b. 1 2 3 4 5\n"+
		fmt.Sprintf(";; Query time: N msec\n;; SERVER: 127.0.0.1#%d(127.0.0.1) (TCP)\n;; WHEN\n;; XFR size: 4 records (messages 1, bytes N)\n\n", server.Port()), normalise(got))
	got, _, status = ourDig(t, "", at(server, "+nocmd +nostats +onesoa +short e AXFR")...)
	assert.Zero(t, status)
	assert.Equal(t, "a. b. 1 2 3 4 5\na.\n192.0.2.1\n", got)
	got, _, status = ourDig(t, "", at(server, "+nocmd other AXFR")...)
	assert.Zero(t, status)
	assert.Equal(t, "; Transfer failed.\n", got)
	got, _, status = ourDig(t, "", at(server, "+nocmd cut AXFR")...)
	assert.Equal(t, exitNoReply, status)
	assert.True(t, strings.HasSuffix(got, "; Transfer failed.\n"), got)
	nobody := closed(t)
	got, _, status = ourDig(t, "", at(nobody, "e AXFR +tries=2")...)
	assert.Equal(t, exitNoReply, status)
	why := fmt.Sprintf(";; Connection to 127.0.0.1#%d(127.0.0.1) for e failed: connection refused.\n;; no servers could be reached\n", nobody.Port())
	assert.Equal(t, strings.Repeat(why, 2), got)
}

func parse(t *testing.T, lines ...string) (rrs []dns.RR) {
	t.Helper()
	for _, line := range lines {
		rr, err := dns.ParseRR(line)
		require.NoError(t, err)
		rrs = append(rrs, rr)
	}
	return rrs
}

func TestDigTLS(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t, "127.0.0.1", "ns.example")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &dns.Server{Handler: authority(t, map[string]string{"example.org": exampleZone}), TLSConfig: serverTLS}
	done := make(chan error, 1)
	go func() { done <- s.ServeTLS(ln) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		assert.ErrorIs(t, <-done, dns.ErrServerClosed)
	})
	server := netip.MustParseAddrPort(ln.Addr().String())
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, certificatePEM(t, serverTLS), 0o600))
	got, stderr, status := ourDig(t, "", at(server, "+tls www.example.org")...)
	assert.Zero(t, status, stderr)
	assert.Contains(t, got, "192.0.2.80")
	assert.Contains(t, got, "(TLS)\n")
	got, _, status = ourDig(t, "", at(server, "+tls-ca="+ca+" www.example.org +short")...)
	assert.Zero(t, status, got)
	assert.Equal(t, "192.0.2.80\n", got)
	got, _, status = ourDig(t, "", at(server, "+tls-ca="+ca+" +tls-hostname=other.example www.example.org +tries=1")...)
	assert.Equal(t, exitNoReply, status)
	assert.Contains(t, got, "failed: ")
}

// certificatePEM is the certificate that a server shows.
func certificatePEM(t *testing.T, c *tls.Config) []byte {
	t.Helper()
	require.NotEmpty(t, c.Certificates)
	chain := c.Certificates[0].Certificate
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[len(chain)-1]})
}

// Servers come from resolv.conf where none is given, and one that is given by
// name is looked up there.
func TestDigServers(t *testing.T) {
	text := exampleZone + "ns1 A 127.0.0.1\n"
	server := serve(t, &dns.Server{Handler: authority(t, map[string]string{"example.org": text})})
	dir := t.TempDir()
	conf, mapped := filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "map")
	require.NoError(t, os.WriteFile(conf, []byte("nameserver 192.0.2.53\n"), 0o600))
	require.NoError(t, os.WriteFile(mapped, fmt.Appendf(nil, "192.0.2.53 %s\n127.0.0.1:53 %s\n", server, server), 0o600))
	run := func(line string) (string, string, int) {
		var out, errs bytes.Buffer
		p := &program{stdout: &out, stderr: &errs, resolvConf: conf}
		status := p.run(t.Context(), append([]string{"-map", mapped}, strings.Fields(line)...))
		return out.String(), errs.String(), status
	}
	got, stderr, status := run("www.example.org")
	assert.Zero(t, status, stderr)
	assert.Contains(t, got, ";; SERVER: 192.0.2.53#53(192.0.2.53) (UDP)")
	assert.NotContains(t, got, "server found")
	got, stderr, status = run("@ns1.example.org www.example.org")
	assert.Zero(t, status, stderr)
	assert.Contains(t, got, ";; SERVER: 127.0.0.1#53(ns1.example.org) (UDP)")
	assert.Contains(t, got, "; (1 server found)")
	_, stderr, status = run("@none.example.org www.example.org")
	assert.Equal(t, exitUsage, status)
	assert.Equal(t, "dig: couldn't get address for 'none.example.org': not found\n", stderr)
	_, stderr, status = run("@a..b www.example.org")
	assert.Equal(t, exitUsage, status)
	assert.Contains(t, stderr, "a..b")
}

// A file has a lookup a line; what stands in the arguments is for all.
func TestDigBatch(t *testing.T) {
	server := serve(t, &dns.Server{Handler: authority(t, map[string]string{"example.org": exampleZone})})
	const batch = "# comment\n\nwww.example.org\n; another\nwww.example.org TXT\n"
	got, stderr, status := ourDig(t, batch, at(server, "+short -f -")...)
	assert.Zero(t, status, stderr)
	assert.Equal(t, "192.0.2.80\n\"a b\" \"\\\"c\\\"\"\n", got)
	_, stderr, status = ourDig(t, "www.example.org +foo\n", at(server, "-f -")...)
	assert.Equal(t, exitUsage, status)
	assert.Contains(t, stderr, "Invalid option: +foo\n")
	_, _, status = ourDig(t, strings.Repeat("x", 1<<17), at(server, "-f -")...)
	assert.Equal(t, exitFile, status)
}

func TestReverse(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "1.2.0.192.in-addr.arpa.", "192.0.2": "2.0.192.in-addr.arpa.", "192.0.2.400": "400.2.0.192.in-addr.arpa.",
		"2001:db8::1": "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
	} {
		assert.Equal(t, want, reverse(in))
	}
}

// A context that ends, and a terminal that is gone, end the program.
func TestDigEnds(t *testing.T) {
	server := serve(t, &dns.Server{Handler: authority(t, map[string]string{"example.org": exampleZone})})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs bytes.Buffer
	p := &program{stdout: new(bytes.Buffer), stderr: &errs}
	assert.Equal(t, exitInner, p.run(ctx, at(server, "www.example.org")))
	for _, args := range []string{"www.example.org", "+short www.example.org", "+qr www.example.org", "+noall +answer +nocmd www.example.org"} {
		p := &program{stdout: gone{}, stderr: &errs}
		assert.Equal(t, exitInner, p.run(t.Context(), at(server, args)), args)
	}
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, errors.New("gone") }
