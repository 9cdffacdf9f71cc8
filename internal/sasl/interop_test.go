package sasl_test

import (
	"bufio"
	"context"
	"crypto"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/sasl"
	"applayer/internal/testkit"
)

// gsasl is GNU SASL's program, as one side of an exchange. It asks for messages
// in base64 and prints its own.
type gsasl struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said strings.Builder
}

func startGSASL(t *testing.T, args ...string) *gsasl {
	t.Helper()
	g := &gsasl{t: t, cmd: exec.CommandContext(t.Context(), testkit.Program(t, "gsasl"), args...)}
	g.cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	in, err := g.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := g.cmd.StdoutPipe()
	require.NoError(t, err)
	g.cmd.Stderr = g.cmd.Stdout
	require.NoError(t, g.cmd.Start())
	g.in, g.out = in, bufio.NewReader(out)
	return g
}

// say answers what gsasl asks for.
func (g *gsasl) say(message []byte) {
	io.WriteString(g.in, base64.StdEncoding.EncodeToString(message)+"\n") // it may be gone
}

// next is gsasl's next message; ok is false at its end. Before it the binding is
// told, if it is asked for: ahead of the question it would be lost.
func (g *gsasl) next() (message []byte, ok bool) {
	var line []byte
	for {
		c, err := g.out.ReadByte()
		if err != nil {
			return nil, false
		}
		g.said.WriteByte(c)
		line = append(line, c)
		switch text := string(line); {
		case strings.HasSuffix(text, "channel binding: "):
			g.say(atBinding.Data)
			line = nil
		case strings.HasSuffix(text, "Output from client:\n"), strings.HasSuffix(text, "Output from server:\n"):
			encoded, err := g.out.ReadString('\n')
			require.NoError(g.t, err)
			message, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
			require.NoError(g.t, err)
			return message, true
		}
	}
}

// granted tells whether gsasl ends content, with nothing more to say to it.
func (g *gsasl) granted() bool {
	io.WriteString(g.in, "\n") // it may be gone
	g.in.Close()
	rest, _ := io.ReadAll(g.out)
	g.said.Write(rest)
	err := g.cmd.Wait()
	g.t.Logf("gsasl: %v: %s", err, g.said.String())
	return err == nil && strings.Contains(g.said.String(), "authentication finished")
}

// atBinding is the binding that both ends are told of.
var atBinding = sasl.Binding{Type: "tls-exporter", Data: []byte("this very connection, 32 octets.")}

// byHand prepares the passwords of these tests.
var byHand = strings.NewReplacer("\u00ad", "", "\u2168", "IX")

// Our clients log in at GNU SASL's server.
func TestGSASLServer(t *testing.T) {
	testkit.Program(t, "gsasl")
	scram := func(hash crypto.Hash, plus bool) func(user, password string) client {
		return func(user, password string) client {
			c := &sasl.SCRAMClient{Hash: hash, User: user, Password: password}
			if plus {
				c.Binding, c.Plus = atBinding, true
			}
			return c
		}
	}
	for _, tt := range []struct {
		mechanism string
		client    func(user, password string) client
	}{
		{"PLAIN", func(user, password string) client { return &sasl.PlainClient{User: user, Password: password} }},
		{"LOGIN", func(user, password string) client { return &sasl.LoginClient{User: user, Password: password} }},
		{"CRAM-MD5", func(user, password string) client { return &sasl.CRAMMD5Client{User: user, Password: password} }},
		{"SCRAM-SHA-1", scram(crypto.SHA1, false)},
		{"SCRAM-SHA-1-PLUS", scram(crypto.SHA1, true)},
		{"SCRAM-SHA-256", scram(crypto.SHA256, false)},
		{"SCRAM-SHA-256-PLUS", scram(crypto.SHA256, true)},
	} {
		for _, password := range []string{"pencil", "pen\u00adcil \u2168", "other"} {
			t.Run(tt.mechanism+" "+password, func(t *testing.T) {
				known := password
				if password == "other" {
					known = "pencil"
				}
				args := []string{"-s", "-m", tt.mechanism, "-a", "user", "-p", known, "--iteration-count", "4096"}
				if !strings.HasSuffix(tt.mechanism, "-PLUS") {
					args = append(args, "--no-cb")
				}
				g := startGSASL(t, args...)
				if tt.mechanism == "CRAM-MD5" {
					password = byHand.Replace(password) // which RFC 2195 does not prepare, and gsasl does
				}
				c := tt.client("user", password)
				mechanism, response, err := c.Start()
				require.NoError(t, err)
				require.Equal(t, tt.mechanism, mechanism)
				challenge, ok := g.next() // with nothing to say yet, if the client is first
				require.True(t, ok)
				if response == nil {
					response, err = c.Next(challenge, true)
					require.NoError(t, err)
				}
				for {
					g.say(response)
					if challenge, ok = g.next(); !ok || len(challenge) == 0 {
						break
					}
					response, err = c.Next(challenge, true)
					require.NoError(t, err)
					if len(response) == 0 { // to what comes with success
						break
					}
				}
				granted := g.granted()
				assert.Equal(t, password != "other", granted)
				if granted {
					_, err = c.Next(nil, false)
					assert.NoError(t, err)
				}
			})
		}
	}
}

// GNU SASL's client logs in at our servers.
func TestGSASLClient(t *testing.T) {
	testkit.Program(t, "gsasl")
	const password = "pen\u00adcil \u2168" // which is "pencil IX"
	check := func(_ context.Context, _, user, given string) (string, error) {
		if user != "user" || given != "pencil IX" {
			return "", sasl.ErrRefused
		}
		return user, nil
	}
	scram := func(hash crypto.Hash, plus bool) server {
		v, err := sasl.NewVerifier(hash, "pencil IX", []byte("0123456789abcdef"), 4096)
		require.NoError(t, err)
		s := &sasl.SCRAMServer{Hash: hash, Plus: plus, Lookup: lookup(v)}
		if plus {
			s.Bindings = []sasl.Binding{atBinding}
		}
		return s
	}
	for _, s := range []server{
		&sasl.PlainServer{Check: check}, &sasl.LoginServer{Check: check},
		&sasl.CRAMMD5Server{Host: "localhost", Password: func(context.Context, string) (string, error) { return "pencil", nil }},
		scram(crypto.SHA1, false), scram(crypto.SHA1, true), scram(crypto.SHA256, false), scram(crypto.SHA256, true),
	} {
		for _, given := range []string{password, "other"} {
			t.Run(s.Mechanism()+" "+given, func(t *testing.T) {
				args := []string{"-c", "-m", s.Mechanism(), "-a", "user", "-p", given}
				if s.Mechanism() == "PLAIN" || s.Mechanism() == "LOGIN" {
					args[len(args)-1] = byHand.Replace(given) // it does not prepare these
				}
				if s.Mechanism() == "CRAM-MD5" && given == password {
					args[len(args)-1] = "pencil"
				}
				if !strings.HasSuffix(s.Mechanism(), "-PLUS") {
					args = append(args, "--no-cb")
				}
				g := startGSASL(t, args...)
				response, ok := g.next()
				require.True(t, ok)
				if len(response) == 0 {
					response = nil
				}
				for {
					challenge, identity, err := s.Step(t.Context(), response)
					if given == "other" && err != nil {
						assert.ErrorIs(t, err, sasl.ErrRefused)
						g.granted()
						return
					}
					require.NoError(t, err)
					if challenge != nil {
						g.say(challenge)
						response, ok = g.next()
					}
					if identity != "" {
						assert.Equal(t, "user", identity)
						assert.Equal(t, password, given)
						assert.True(t, g.granted())
						return
					}
					require.True(t, ok, g.said.String())
				}
			})
		}
	}
}
