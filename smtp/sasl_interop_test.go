package smtp_test

import (
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/smtp"
)

// serveLogins starts a server that knows bob, and has a certificate for
// localhost, which is returned as a file.
func serveLogins(t *testing.T) (box *mailbox, host, port, certificate string) {
	t.Helper()
	serverConfig, _ := testkit.Certificate(t, "localhost")
	certificate = filepath.Join(t.TempDir(), "cert.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: serverConfig.Certificates[0].Certificate[0]}
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(block), 0o600))
	box = &mailbox{}
	server := &smtp.Server{Hostname: "localhost", Backend: box, Submission: true, TLSConfig: serverConfig, Auth: mechanisms}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	host, port, err = net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return box, host, port, certificate
}

// GNU SASL logs in at our server over its own TLS, by mechanisms that are tied
// to it and others: both ends have found the same channel.
func TestInteropSASL(t *testing.T) {
	testkit.Program(t, "gsasl")
	_, _, port, certificate := serveLogins(t)
	login := func(t *testing.T, mechanism, version, password string) bool {
		// Told to use STARTTLS it would not say EHLO before; it does by itself.
		args := []string{
			"--smtp", "--connect", "localhost:" + port, "--x509-ca-file=" + certificate,
			"--priority=NORMAL:-VERS-ALL:+VERS-" + version, "-m", mechanism, "-a", "bob", "-p", password,
		}
		if !strings.HasSuffix(mechanism, "-PLUS") {
			args = append(args, "--no-cb")
		}
		out := peers.Run(t, "gsasl", args...)
		t.Log(out.Stdout, out.Stderr)
		assert.Contains(t, out.Stdout, "\n220 2.0.0 Begin TLS")
		assert.Contains(t, out.Stdout, "AUTH "+mechanism)
		return out.Exit == 0
	}
	for _, version := range []string{"TLS1.3", "TLS1.2"} {
		for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"} {
			t.Run(version+" "+mechanism, func(t *testing.T) {
				assert.True(t, login(t, mechanism, version, "hungry"))
			})
		}
		assert.False(t, login(t, "SCRAM-SHA-256-PLUS", version, "angry"))
	}
}

// Msmtp sends mail after it has logged in by SCRAM, in the clear and over TLS,
// where it knows of no channel binding, and says so.
func TestInteropMsmtpSCRAM(t *testing.T) {
	testkit.Program(t, "msmtp")
	box, host, port, certificate := serveLogins(t)
	send := func(mechanism, password string, more ...string) peers.Output {
		args := append([]string{"--auth=" + mechanism, "--host=" + host, "--port=" + port, "--user=bob", "--passwordeval=echo " + password, "--from=alice@crepes.fr"}, more...)
		return peers.RunInput(t, "Subject: hello\n\nKetchup?\n", "msmtp", append(args, "bob@hamburger.edu")...)
	}
	overTLS := []string{"--tls=on", "--tls-starttls=on", "--tls-trust-file=" + certificate, "--host=localhost"}
	mechanisms := []string{"scram-sha-1", "scram-sha-256", "cram-md5"}
	for _, mechanism := range mechanisms {
		for _, tls := range [][]string{{"--tls=off"}, overTLS} {
			out := send(mechanism, "hungry", tls...)
			assert.Zero(t, out.Exit, "%s %v: %s", mechanism, tls, out.Stderr)
		}
	}
	out := send("scram-sha-256", "angry", overTLS...)
	assert.NotZero(t, out.Exit)
	assert.Contains(t, out.Stderr, "535")

	letters := box.got()
	require.Len(t, letters, 2*len(mechanisms))
	for _, l := range letters {
		assert.Equal(t, "bob", l.Identity)
	}
}
