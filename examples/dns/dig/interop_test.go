package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// zones are those of the captures.
func zones(t *testing.T, names ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join("..", "..", "..", "dns", "testdata", "golden", "zones", name+".zone"))
		require.NoError(t, err)
		all[name] = string(b)
	}
	return all
}

// varying is what differs from run to run, and the programs' versions.
var varying = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`id: \d+`), "id: N"},
	{regexp.MustCompile(`Query time: \d+ `), "Query time: N "},
	{regexp.MustCompile(`in \d+ ms`), "in N ms"},
	{regexp.MustCompile(`WHEN: .*`), "WHEN"},
	{regexp.MustCompile(`COOKIE: [0-9a-f]+`), "COOKIE"},
	{regexp.MustCompile(`DiG \S+`), "DiG"},
	// dig asks for a zone with a cookie, and has it back.
	{regexp.MustCompile(`bytes \d+\)`), "bytes N)"},
	// Types that BIND alone knows.
	{regexp.MustCompile(`(?m)^(a6|atma|doa|ninfo|rkey|sink|talink|uid)\.types\.example\..*$`), "$1"},
}

func normalise(s string) string {
	for _, v := range varying {
		s = v.what.ReplaceAllString(s, v.by)
	}
	return s
}

// realDig runs BIND's dig.
func realDig(t *testing.T, stdin string, args ...string) (stdout string, status int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), testkit.Program(t, "dig"), append([]string{"-r"}, args...)...)
	c.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	c.Stdout = &out
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out.String(), exit.ExitCode()
	}
	require.NoError(t, err)
	return out.String(), 0
}

// ourDig runs ours.
func ourDig(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &program{stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, resolvConf: "/etc/resolv.conf"}
	status = p.run(context.WithoutCancel(t.Context()), args)
	return out.String(), errs.String(), status
}

// TestInteropDig: what we print is what BIND's dig prints, to the octet, but for
// times, IDs and cookies; and so is the exit status.
func TestInteropDig(t *testing.T) {
	named := peers.Named(t, &peers.Config{Lines: []string{"rrset-order { order none; };"}, Zones: zones(t, "example.org", "types.example", "secure.example", "2.0.192.in-addr.arpa")})
	host, port, err := net.SplitHostPort(named.Addr)
	require.NoError(t, err)
	at := []string{"@" + host, "-p", port}
	names := []string{"example.org MX", "none.example.org", "long.example.org TXT", "secure.example DNSKEY", "secure.example SOA"}
	options := []string{"", "+multiline", "+nottlid", "+noclass", "+nottlid +noclass", "+dnssec +nocookie", "+short", "+noall +answer", "+nocomments",
		"+noedns", "+nsid +subnet=192.0.2.0/24", "+tcp +identify", "+short +identify", "+ttlunits +nosplit", "+qr", "+norecurse +cd +noad",
		"+noquestion +nostats +identify", "+expire +keepalive +tcp", "+bufsize=512", "+bufsize=512 +ignore", "+split=8", "+nocmd +nostats",
		"+ednsflags=0x41 +zflag", "+header-only", "+norec +nocomm +noques +nostat", "+multiline +dnssec"}
	nobody := fmt.Sprintf("-p %d ", closed(t).Port())
	var lines []string
	for _, name := range names {
		for _, o := range options {
			lines = append(lines, o+" "+name)
		}
	}
	lines = append(lines,
		"www.example.org", "example.org ANY", "www.example.org MX", "www.sub.example.org", "x.old.example.org", `\000\.\\x.example.org TXT`, "www.example.net",
		"example.org AXFR", "example.org AXFR +onesoa", "example.org AXFR +short", "example.org AXFR +noall +answer +multiline",
		"types.example AXFR +nocookie", "other.example AXFR",
		"www.example.org A example.org MX +short", "+short www.example.org A example.org MX", "www.example.org example.org MX +noall +answer",
		"MX example.org www.example.org", "-t MX -q example.org", "-x 192.0.2.80", "-x 2001:db8::1 +short", "-x 192.0.2",
		"", "mx", ".", "example.org TYPE15", "example.org TYPE65280 CLASS32", "-c IN -t TXT example.org", "-t NONESUCH example.org", "-c XX example.org",
		"+qr +tcp www.example.org", "+opcode=status example.org", "+edns=1 +noednsnegotiation example.org",
		"+ednsopt=65001:c0ffee +qr example.org", "+ednsopt=nsid +qr example.org", "+cookie=0123456789abcdef +qr example.org",
		"+padding=128 +qr example.org", "+qid=77 +aaflag +raflag +tcflag +qr example.org",
		"+keepopen +tcp example.org NS example.org SOA", "+nocmd example.org", "example.org +nocmd", "-4 example.org",
		"+time=x example.org", "+bufsize=99999 example.org", "+foo example.org", "-Z example.org", "-4 -6 example.org", "a..b", "-f /nonesuch",
		"@"+host+" example.org", nobody+"example.org +tries=2", nobody+"+short example.org", nobody+"+tcp example.org +tries=2", nobody+"example.org AXFR",
		"-f -",
	)
	const stdin = "example.org NS\nwww.example.org +noall +answer\n-x 192.0.2.80\nexample.org +short\n"
	for _, line := range lines {
		args := append(at[:len(at):len(at)], strings.Fields(line)...)
		want, wantStatus := realDig(t, stdin, args...)
		// BIND's dig has "-r" before the arguments, so that no file of the
		// user's changes what it does.
		want = strings.Replace(want, "<<>> -r ", "<<>> ", 1)
		got, stderr, status := ourDig(t, stdin, args...)
		if wantStatus != exitUsage && wantStatus != exitInner {
			assert.Equal(t, normalise(want), normalise(got), "dig %s", line)
		}
		assert.Equal(t, wantStatus, status, "dig %s: %s", line, stderr)
	}
}

// TestInteropOptions: what a server may put into EDNS, and into a header, is
// printed alike.
func TestInteropOptions(t *testing.T) {
	octets := func(s string) []byte { return []byte(s) }
	answers := []func(m *dns.Message){
		func(m *dns.Message) {
			m.EDNS.SetNSID(octets("gpdns-\x00\xff\"\\"))
			m.EDNS.Options = append(m.EDNS.Options,
				dns.Option{Code: dns.OptionSubnet, Data: octets("\x00\x01\x18\x10\xc0\x00\x02")},
				dns.Option{Code: dns.OptionSubnet, Data: octets("\x00\x02\x20\x00\x20\x01\x0d\xb8")},
				dns.Option{Code: dns.OptionKeepalive, Data: octets("\x00\x0f")},
				dns.Option{Code: dns.OptionPadding, Data: make([]byte, 3)},
				dns.Option{Code: 9, Data: octets("\x00\x0a\x8c\x01")},
				dns.Option{Code: 65001, Data: octets("ab c")},
				dns.Option{Code: 65002},
			)
		},
		func(m *dns.Message) {
			m.RCode = dns.RCodeServFail
			m.EDNS.AddExtendedError(dns.ExtendedError{Code: dns.EDENoReachableAuthority, Text: "at delegation example."})
			m.EDNS.AddExtendedError(dns.ExtendedError{Code: dns.EDEOther})
			m.EDNS.AddExtendedError(dns.ExtendedError{Code: 24})
			m.EDNS.AddExtendedError(dns.ExtendedError{Code: 49152, Text: "private"})
		},
		func(m *dns.Message) {
			m.RCode, m.EDNS.Z, m.Zero, m.EDNS.DNSSECOK = 3841, 0x4001, true, true
		},
		func(m *dns.Message) { m.EDNS.Z, m.AuthenticData, m.CheckingDisabled = 1, true, true },
		func(m *dns.Message) { m.RCode = 12; m.EDNS = nil },
		func(m *dns.Message) { m.RCode, m.Question, m.EDNS = dns.RCodeFormErr, nil, nil },
		func(m *dns.Message) { m.RCode, m.EDNS = dns.RCodeNotImp, nil },
		func(m *dns.Message) { m.RCode = 11 },
		func(m *dns.Message) { m.RCode = 23 },
		func(m *dns.Message) {
			m.Answer = parse(t, "a.example. 0 TXT \"\\000\\200\\\"\\\\\"", "a.example. 2147483647 TYPE65280 \\# 3 000102")
			m.Authority = parse(t, `\(\)\@\$\;\"\.\\.example. 5 NS \032\127.`)
			m.Additional = parse(t, ". 5 AAAA ::ffff:192.0.2.1", "a-name-that-is-longer-than-the-columns.of.example. 5 A 192.0.2.1")
		},
	}
	var at atomic.Int32
	server := raw(t, func(m *dns.Message, _ string) {
		if m.EDNS != nil {
			m.EDNS.Options = nil
		}
		answers[at.Load()](m)
	})
	for i := range answers {
		at.Store(int32(i))
		for _, options := range []string{"+tries=1 +time=2 a.example", "+multiline +ttlunits +tries=1 +time=2 a.example", "+dnssec +tries=1 +time=2 a.example", "+short +tries=1 +time=2 a.example"} {
			args := append([]string{"@127.0.0.1", "-p", strconv.Itoa(int(server.Port()))}, strings.Fields(options)...)
			want, _ := realDig(t, "", args...)
			want = strings.Replace(want, "<<>> -r ", "<<>> ", 1)
			got, stderr, _ := ourDig(t, "", args...)
			assert.Equal(t, normalise(want), normalise(got), "answer %d %s %s", i, options, stderr)
		}
	}
}
