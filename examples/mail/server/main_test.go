package main

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/internal/testkit"
	"applayer/pop3"
	"applayer/smtp"
)

// file writes a file and returns its name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// start starts the program with listeners of these roles, and returns their
// addresses.
func start(t *testing.T, roles []string, args ...string) (srv *clitest.Server, addrs map[string]string) {
	t.Helper()
	args = append([]string{"-domain", "hamburger.edu", "-data", filepath.Join(t.TempDir(), "mail"), "-users", file(t, "users", "bob:hungry\n")}, args...)
	for _, role := range roles {
		args = append(args, "-"+role, "127.0.0.1:0")
	}
	srv = clitest.Start(t, program(), args...)
	addrs = map[string]string{}
	for _, role := range roles {
		addrs[role] = srv.Ready(role)
	}
	return srv, addrs
}

// Under -map the name server, too, is asked where the map says.
func TestResolverIsMapped(t *testing.T) {
	asked, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer asked.Close()
	places := file(t, "map", "192.0.2.53:53 "+asked.LocalAddr().String()+"\n")
	srv, addrs := start(t, []string{"smtp"}, "-resolver", "192.0.2.53", "-map", places, "-relay-from", "127.0.0.0/8")
	c, err := smtp.Dial(t.Context(), "tcp", addrs["smtp"], nil)
	require.NoError(t, err)
	defer c.Close()
	to := smtp.Path{Local: "alice", Domain: "crepes.fr"}
	_, err = c.Send(t.Context(), smtp.Envelope{From: to, To: []smtp.Recipient{{Path: to}}}, strings.NewReader(letter))
	require.NoError(t, err)
	query := make([]byte, 512)
	n, from, err := asked.ReadFrom(query)
	require.NoError(t, err)
	query[2], query[3] = query[2]|0x80, 2 // SERVFAIL: the queue has not to wait
	_, err = asked.WriteTo(query[:n], from)
	require.NoError(t, err)
	assert.Contains(t, string(query[:n]), "\x06crepes\x02fr\x00\x00\x0f\x00\x01", "MX (RFC 1035 §3.2.2)")
	assert.Equal(t, 0, srv.Stop().Status)
}

const letter = "From: alice@crepes.fr\r\nSubject: Ketchup\r\n\r\nDo you like it?\r\n"

// send brings a message to bob.
func send(t *testing.T, addr string, opts *smtp.Options, user string) {
	t.Helper()
	c, err := smtp.Dial(t.Context(), "tcp", addr, opts)
	require.NoError(t, err)
	defer c.Close()
	from := smtp.Path{Local: "alice", Domain: "crepes.fr"}
	if user != "" {
		require.NoError(t, c.Login(t.Context(), user, "hungry"))
		from = smtp.Path{Local: user, Domain: "hamburger.edu"}
	}
	_, err = c.Send(t.Context(), smtp.Envelope{From: from, To: []smtp.Recipient{{Path: smtp.Path{Local: "bob", Domain: "hamburger.edu"}}}}, strings.NewReader(letter))
	require.NoError(t, err)
	require.NoError(t, c.Quit(t.Context()))
}

// fetch gets bob's mail.
func fetch(t *testing.T, addr string, opts *pop3.Options) (all []string) {
	t.Helper()
	c, err := pop3.Dial(t.Context(), "tcp", addr, opts)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Login(t.Context(), "bob@hamburger.edu", "hungry"))
	for m, err := range c.Sync(t.Context(), func(string) bool { return false }) {
		require.NoError(t, err)
		b, err := io.ReadAll(m)
		require.NoError(t, err)
		all = append(all, string(b))
	}
	require.NoError(t, c.Quit(t.Context()))
	return all
}

func TestAllListeners(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "localhost", "127.0.0.1")
	cert, key := pemFiles(t, serverTLS)
	srv, addrs := start(t, []string{"smtp", "submission", "lmtp", "pop3", "smtps", "pop3s", "web", "webs"}, "-tls-cert", cert, "-tls-key", key)
	send(t, addrs["smtp"], &smtp.Options{TLS: smtp.TLSOff}, "")
	send(t, addrs["smtp"], &smtp.Options{TLS: smtp.TLSRequired, TLSConfig: clientTLS}, "")
	send(t, addrs["lmtp"], &smtp.Options{LMTP: true, TLS: smtp.TLSOff}, "")
	send(t, addrs["submission"], &smtp.Options{TLS: smtp.TLSRequired, TLSConfig: clientTLS}, "bob")
	send(t, addrs["smtps"], &smtp.Options{TLS: smtp.TLSImplicit, TLSConfig: clientTLS}, "bob")
	assert.Len(t, fetch(t, addrs["pop3"], &pop3.Options{TLS: pop3.TLSOff}), 5)
	inbox := fetch(t, addrs["pop3s"], &pop3.Options{TLS: pop3.TLSImplicit, TLSConfig: clientTLS})
	require.Len(t, inbox, 5)
	for i, want := range []string{"ESMTP", "ESMTPS", "LMTP", "ESMTPSA", "ESMTPSA"} {
		assert.Regexp(t, `\sby hamburger\.edu with `+want+`\s`, inbox[i])
		assert.True(t, strings.HasSuffix(inbox[i], letter))
	}
	for scheme, addr := range map[string]string{"http": addrs["web"], "https": addrs["webs"]} {
		browse(t, scheme+"://"+addr, clientTLS)
	}
	assert.Equal(t, 0, srv.Stop().Status)
}

// browse reads the mail as a browser does.
func browse(t *testing.T, site string, config *tls.Config) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	c := &http.Client{Jar: jar, Transport: transport}
	r, err := c.PostForm(site+"/login", url.Values{"user": {"bob"}, "password": {"hungry"}})
	require.NoError(t, err)
	page, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	r.Body.Close()
	assert.Equal(t, "/", r.Request.URL.Path)
	uids := regexp.MustCompile(`/message/\d+`).FindAllString(string(page), -1)
	require.Len(t, uids, 5, string(page))
	r, err = c.Get(site + uids[4])
	require.NoError(t, err)
	page, err = io.ReadAll(r.Body)
	require.NoError(t, err)
	r.Body.Close()
	assert.Contains(t, string(page), "Do you like it?")
}

// pemFiles writes the certificate and key of a configuration.
func pemFiles(t *testing.T, c *tls.Config) (cert, key string) {
	t.Helper()
	pair := c.Certificates[0]
	der, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	require.NoError(t, err)
	return file(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))),
		file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
}

// A certificate on disk is what turns STARTTLS on; without one there is none.
func TestWithoutCertificate(t *testing.T) {
	_, addrs := start(t, []string{"smtp", "pop3"})
	c, err := smtp.Dial(t.Context(), "tcp", addrs["smtp"], nil)
	require.NoError(t, err)
	defer c.Close()
	_, offered := c.Extension("STARTTLS")
	assert.False(t, offered)
	_, err = pop3.Dial(t.Context(), "tcp", addrs["pop3"], &pop3.Options{TLS: pop3.TLSRequired})
	assert.Error(t, err)
}

// The dialogue of -v has no password.
func TestVerbose(t *testing.T) {
	srv, addrs := start(t, []string{"submission", "pop3"}, "-v")
	send(t, addrs["submission"], nil, "bob")
	require.Len(t, fetch(t, addrs["pop3"], nil), 1)
	got := srv.Stop()
	assert.Contains(t, got.Stderr, "C: MAIL FROM:<bob@hamburger.edu>")
	assert.Contains(t, got.Stderr, "S: +OK")
	assert.NotContains(t, got.Stderr, "hungry")
}

func TestUsage(t *testing.T) {
	whole := []string{"-domain", "hamburger.edu", "-data", "d", "-users", "u"}
	tests := []struct {
		name   string
		args   []string
		status int
		stderr string
	}{
		{"nothing", nil, 2, "server: give -domain, -data and -users\n"},
		{"IMAP", append(whole, "-imap", "127.0.0.1:0"), 2, "server: -imap: not built yet\n"},
		{"IMAP over TLS", append(whole, "-imaps", "127.0.0.1:0"), 2, "server: -imaps: not built yet\n"},
		{"an argument", append(whole, "more"), 2, "server: more: takes no arguments\n"},
		{"half a certificate", append(whole, "-tls-cert", "c"), 2, "server: -tls-cert and -tls-key: one is not enough\n"},
		{"TLS without a certificate", append(whole, "-smtps", "127.0.0.1:0"), 2, "server: -smtps: needs -tls-cert and -tls-key\n"},
		{"a port that is none", append(whole, "-smtp-port", "70000"), 2, "server: -smtp-port 70000: is no port\n"},
		{"a retry without time", append(whole, "-retry", "0s"), 2, "server: -retry 0s: is not positive\n"},
		{"a quota below zero", append(whole, "-quota", "-1"), 2, "server: -quota -1: is negative\n"},
		{"a users file that is not there", append(whole, "-smtp", "127.0.0.1:0"), 1, "server: open u: no such file or directory\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, clitest.Result{Status: tt.status, Stderr: tt.stderr}, clitest.Run(t, program(), "", tt.args...))
		})
	}
	for _, bad := range [][]string{{"-domain", "ham burger"}, {"-hostname", "ham burger"}, {"-relay-from", "10.0.0.0/33"}, {"-resolver", "ns.example"}} {
		got := clitest.Run(t, program(), "", append(append(whole, "-users", file(t, "u", "bob:hungry\n"), "-data", t.TempDir()), bad...)...)
		assert.Equal(t, 2, got.Status, bad)
	}
}
