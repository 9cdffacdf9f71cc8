package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/examples/internal/cli/clitest"
	"applayer/internal/testkit"
)

const exampleOrg = `$TTL 3600
@	SOA	ns admin 1 7200 900 1209600 300
	NS	ns
ns	A	192.0.2.53
www	A	192.0.2.1
www	A	192.0.2.2
mail	MX	10 www
`

// file writes a file and returns its name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// start starts the program and returns the address that it answers on.
func start(t *testing.T, args ...string) (*clitest.Server, netip.AddrPort) {
	t.Helper()
	srv := clitest.Start(t, program(), append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	udp, tcp := srv.Ready(""), srv.Ready("")
	require.Equal(t, udp, tcp, "one port for both")
	return srv, netip.MustParseAddrPort(udp)
}

func ask(t *testing.T, c *dns.Client, at netip.AddrPort, name string, typ dns.Type) *dns.Message {
	t.Helper()
	m, _, err := c.Exchange(t.Context(), at, &dns.Message{
		Header:   dns.Header{RecursionDesired: true},
		Question: []dns.Question{{Name: dns.MustName(name), Type: typ, Class: dns.ClassIN}},
	})
	require.NoError(t, err)
	return m
}

// answers are the records of an answer, a blank between their parts.
func answers(m *dns.Message) (lines []string) {
	for _, rr := range m.Answer {
		lines = append(lines, strings.Join(strings.Fields(rr.String()), " "))
	}
	return lines
}

func TestServe(t *testing.T) {
	zone := file(t, "example.org", exampleOrg)
	other := file(t, "example.net", "@ 60 SOA ns.example.org. admin 7 1 1 1 1\n@ 60 NS ns.example.org.\n")
	srv, at := start(t, "-zone", "example.org="+zone, "-zone", "example.net.="+other, "-rotate", "-full", "-v", "-nsid", "a1", "-version-bind", "9")
	for _, network := range []string{dns.NetworkUDP, dns.NetworkTCP} {
		c := &dns.Client{Network: network}
		assert.Len(t, ask(t, c, at, "www.example.org.", dns.TypeA).Answer, 2)
		m := ask(t, c, at, "mail.example.org.", dns.TypeMX)
		assert.Len(t, m.Additional, 3, "-full: the addresses of www and ns")
		assert.Equal(t, dns.RCodeRefused, ask(t, c, at, "example.com.", dns.TypeA).RCode)
		assert.Equal(t, []string{"example.net. 60 IN SOA ns.example.org. admin.example.net. 7 1 1 1 1"}, answers(ask(t, c, at, "example.net.", dns.TypeSOA)))
		require.NoError(t, c.Close())
	}
	c := &dns.Client{NoCookies: true}
	defer c.Close()
	first := answers(ask(t, c, at, "www.example.org.", dns.TypeA))[0]
	assert.NotEqual(t, first, answers(ask(t, c, at, "www.example.org.", dns.TypeA))[0], "-rotate")
	q := &dns.Message{Question: []dns.Question{{Name: dns.MustName("id.server."), Type: dns.TypeTXT, Class: dns.ClassCH}}}
	m, _, err := c.Exchange(t.Context(), at, q)
	require.NoError(t, err)
	assert.Equal(t, []string{`id.server. 0 CH TXT "a1"`}, answers(m))
	done := srv.Stop()
	assert.Equal(t, 0, done.Status)
	assert.Contains(t, done.Stderr, "C: www.example.org. IN A from udp 127.0.0.1:")
	assert.Contains(t, done.Stderr, "S: REFUSED ")
}

func TestUsage(t *testing.T) {
	good := file(t, "good", exampleOrg)
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		stderr string
	}{
		{"no zone", nil, 2, "-zone: none"},
		{"no file", []string{"-zone", "example.org"}, 2, "is not ORIGIN=FILE"},
		{"a name that is none", []string{"-zone", "a..b=" + good}, 2, "label"},
		{"a zone twice", []string{"-zone", "example.org=" + good, "-zone", "EXAMPLE.ORG.=" + good}, 2, "twice"},
		{"an argument", []string{"-zone", "example.org=" + good, "x"}, 2, `unexpected argument "x"`},
		{"a certificate without a key", []string{"-zone", "example.org=" + good, "-tls-cert", good}, 2, "one is not enough"},
		{"a certificate without an address", []string{"-zone", "example.org=" + good, "-tls-cert", good, "-tls-key", good}, 2, "one is not enough"},
		{"too small a size", []string{"-zone", "example.org=" + good, "-udp-size", "511"}, 2, "-udp-size"},
		{"transfers are not built", []string{"-zone", "example.org=" + good, "-allow-transfer"}, 2, "not built yet"},
		{"signing is not built", []string{"-zone", "example.org=" + good, "-sign", "d"}, 2, "not built yet"},
		{"a file that is not there", []string{"-zone", "example.org=" + good + ".not"}, 1, "-zone example.org.: "},
		{"no certificate in the file", []string{"-zone", "example.org=" + good, "-tls-addr", "127.0.0.1:0", "-tls-cert", good, "-tls-key", good}, 1, "PEM"},
		{"what cannot be read", []string{"-zone", "example.org=" + file(t, "bad", exampleOrg+"www A 1.2.3\n")}, 1, "bad:8:7"},
		{"a record of another zone", []string{"-zone", "example.org=" + file(t, "bad", exampleOrg+"example.com. A 192.0.2.1\n")}, 1, "not of this zone"},
		{"no name server", []string{"-zone", "example.org=" + file(t, "bad", "@ 5 SOA ns admin 1 1 1 1 1\n")}, 1, "no name server (RFC 1034 §4.2.1)"},
		{"an alias beside other data", []string{"-zone", "example.org=" + file(t, "bad", exampleOrg+"www CNAME ns\n")}, 1, "alias beside other data"},
		{"an address in use or none", []string{"-zone", "example.org=" + good, "-addr", "192.0.2.1:0"}, 1, "192.0.2.1"},
	} {
		got := clitest.Run(t, program(), "", tt.args...)
		assert.Equal(t, tt.status, got.Status, tt.name)
		assert.Contains(t, got.Stderr, tt.stderr, tt.name)
		assert.Empty(t, got.Stdout, tt.name)
	}
}

func TestTLS(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "localhost")
	cert, key := pemFiles(t, serverTLS)
	srv := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-tls-addr", "127.0.0.1:0", "-tls-cert", cert, "-tls-key", key, "-zone", "example.org="+file(t, "z", exampleOrg))
	srv.Ready("")
	srv.Ready("")
	at := netip.MustParseAddrPort(srv.Ready("tls"))
	clientTLS.ServerName = "localhost"
	c := &dns.Client{Network: dns.NetworkTLS, Transport: &dns.Transport{TLSConfig: clientTLS}}
	defer c.Close()
	assert.Len(t, ask(t, c, at, "www.example.org.", dns.TypeA).Answer, 2)
	require.NoError(t, c.Close())
	assert.Equal(t, 0, srv.Stop().Status)
}

// pemFiles writes a certificate and its key.
func pemFiles(t *testing.T, c *tls.Config) (cert, key string) {
	t.Helper()
	pair := c.Certificates[0]
	var chain []byte
	for _, der := range pair.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	return file(t, "cert", string(chain)), file(t, "key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// A chain of servers at addresses of their own and one port, each of which asks
// the next.
func TestRecursiveScene(t *testing.T) {
	testkit.Linux(t, "127.0.0.2 and others")
	leaf := clitest.Start(t, program(), "-addr", "127.0.0.3:0", "-recursive-scene", "-zone", "umass.edu="+file(t, "umass",
		"@ 60 SOA ns admin 1 1 1 1 1\n@ 60 NS ns\nns 60 A 128.119.10.27\ngaia.cs 60 A 128.119.245.12\n"))
	addr := netip.MustParseAddrPort(leaf.Ready(""))
	port := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), addr.Port()).String()
	public := file(t, "map", "128.119.10.27:"+strings.TrimPrefix(port, "127.0.0.2:")+" "+addr.String()+"\n")
	root := clitest.Start(t, program(), "-addr", port, "-recursive-scene", "-map", public, "-zone", ".="+file(t, "root",
		". 60 SOA ns. admin. 1 1 1 1 1\n. 60 NS ns.\nns. 60 A 198.41.0.4\numass.edu. 60 NS ns.umass.edu.\nns.umass.edu. 60 A 128.119.10.27\n"))
	at := netip.MustParseAddrPort(root.Ready(""))
	c := &dns.Client{}
	defer c.Close()
	m := ask(t, c, at, "gaia.cs.umass.edu.", dns.TypeA)
	assert.Equal(t, []string{"gaia.cs.umass.edu. 60 IN A 128.119.245.12"}, answers(m))
	assert.True(t, m.RecursionAvailable)
	assert.False(t, m.Authoritative)
	assert.Equal(t, 0, root.Stop().Status)
	assert.Equal(t, 0, leaf.Stop().Status)
}
