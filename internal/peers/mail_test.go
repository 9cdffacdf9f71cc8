package peers_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
)

func TestPostfix(t *testing.T) { takesMail(t, peers.Postfix) }

func TestExim(t *testing.T) { takesMail(t, peers.Exim) }

func takesMail(t *testing.T, start func(testing.TB, *peers.Config) *peers.Server) {
	server, _ := testkit.Certificate(t)
	s := start(t, &peers.Config{TLS: server, Users: map[string]string{"bob": "hungry"}})
	for _, args := range [][]string{
		{"--server", s.Addr},
		{"--server", s.Addr, "-tls", "-a", "CRAM-MD5", "-au", "bob", "-ap", "hungry"},
		{"--server", s.TLSAddr, "-tlsc", "-a", "PLAIN", "-au", "bob", "-ap", "hungry"},
		{"--server", s.Addr, "-tls", "-a", "LOGIN", "-au", "bob", "-ap", "hungry"},
	} {
		out := peers.Run(t, "swaks", append(args, "--from", "alice@crepes.fr", "--to", "bob@hamburger.edu", "--body", "Do you like ketchup?")...)
		require.Zero(t, out.Exit, "%s%s", out.Stdout, out.Stderr)
	}
	for _, m := range s.Mail(t, "bob", 4) {
		assert.Contains(t, m, "Do you like ketchup?")
	}
	out := peers.Run(t, "swaks", "--server", s.Addr, "-a", "PLAIN", "-au", "bob", "-ap", "thirsty", "--to", "bob@hamburger.edu")
	assert.Contains(t, out.Stdout, "\n<** 535", "a wrong password")
	out = peers.Run(t, "swaks", "--server", s.Addr, "--to", "nobody@hamburger.edu")
	assert.Contains(t, out.Stdout, "\n<** 550", "an unknown user")
}

func TestDovecotLMTP(t *testing.T) {
	s := peers.DovecotLMTP(t, &peers.Config{Users: map[string]string{"bob": "hungry"}})
	out := peers.Run(t, "swaks", "--server", s.Addr, "--protocol", "LMTP", "--from", "alice@crepes.fr", "--to", "bob@hamburger.edu,nobody@hamburger.edu", "--body", "Do you like ketchup?")
	assert.Contains(t, out.Stdout, "550 5.1.1 <nobody@hamburger.edu>")
	assert.Contains(t, s.Mail(t, "bob", 1)[0], "Do you like ketchup?")
}

func TestSMTPSink(t *testing.T) {
	s := peers.SMTPSink(t, nil)
	out := peers.Run(t, "swaks", "--server", s.Addr, "--from", "alice@crepes.fr", "--to", "bob@hamburger.edu", "--body", "Do you like ketchup?")
	require.Zero(t, out.Exit, "%s%s", out.Stdout, out.Stderr)
	assert.Contains(t, s.Mail(t, "", 1)[0], "Do you like ketchup?")
}
