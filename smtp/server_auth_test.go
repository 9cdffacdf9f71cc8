package smtp_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// plainAuth lets alice in with "secret".
func plainAuth(*smtp.Conn) []smtp.SASLServer {
	return []smtp.SASLServer{smtp.ServePlain(func(_ context.Context, _, user, password string) (string, error) {
		switch {
		case user == "alice" && password == "secret":
			return user, nil
		case user == "down":
			return "", errors.New("no directory")
		}
		return "", smtp.ErrAuthRefused
	})}
}

// scripted is a mechanism that plays its steps.
type scripted struct {
	name  string
	steps []func(response string) (challenge []byte, identity string, err error)
}

func (s *scripted) Mechanism() string { return s.name }

func (s *scripted) Step(_ context.Context, response []byte) ([]byte, string, error) {
	step := s.steps[0]
	s.steps = s.steps[1:]
	text := string(response)
	if response == nil {
		text = "nil"
	}
	return step(text)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// remote is a connection of a client from elsewhere.
type remote struct {
	net.Conn
	from string
}

func (r remote) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(r.from))
}

// from makes a server see its clients at an address.
func from(addr string) func(net.Conn) net.Conn {
	return func(nc net.Conn) net.Conn { return remote{nc, addr} }
}

// RFC 4954 §4: the replies to AUTH.
func TestServerAUTH(t *testing.T) {
	alice := b64("\x00alice\x00secret")
	tests := []struct{ name, script string }{
		{"initial response", "C: AUTH PLAIN " + alice + "\nS: 235 2.7.0"},
		{"lower case", "C: auth plain " + alice + "\nS: 235 2.7.0"},
		{"asked for", "C: AUTH PLAIN\nS: 334 \nC: " + alice + "\nS: 235 2.7.0"},
		{"empty initial response", "C: AUTH PLAIN =\nS: 501 5.5.2"},
		{"cancelled", "C: AUTH PLAIN\nS: 334 \nC: *\nS: 501 5.7.0\nC: AUTH PLAIN " + alice + "\nS: 235"},
		{"not base64", "C: AUTH PLAIN !\nS: 501 5.5.2"},
		{"not base64 later", "C: AUTH PLAIN\nS: 334 \nC: !\nS: 501 5.5.2"},
		{"a CR inside", "C: AUTH PLAIN\nS: 334 \nC> AA\\rA=\\r\\n\nS: 501 5.5.2"},
		{"not of the mechanism", "C: AUTH PLAIN " + b64("alice") + "\nS: 501 5.5.2"},
		{"wrong password", "C: AUTH PLAIN " + b64("\x00alice\x00public") + "\nS: 535 5.7.8"},
		{"no directory", "C: AUTH PLAIN " + b64("\x00down\x00x") + "\nS: 454 4.7.0"},
		{"unknown mechanism", "C: AUTH X-MAGIC\nS: 504 5.5.4"},
		{"no mechanism", "C: AUTH\nS: 501 5.5.4"},
		{"twice", "C: AUTH PLAIN " + alice + "\nS: 235\nC: AUTH PLAIN " + alice + "\nS: 503 5.5.1"},
		{"inside a transaction", "C: MAIL FROM:<a@b>\nS: 250\nC: AUTH PLAIN " + alice + "\nS: 503 5.5.1"},
		{"line too long", "C: AUTH PLAIN\nS: 334 \nC: " + strings.Repeat("A", 12288) + "\nS: 500 5.5.6"},
		{"long line that is not", "C: AUTH PLAIN " + b64("\x00alice\x00"+strings.Repeat("x", 9000)) + "\nS: 535"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &smtp.Server{Backend: new(mailbox), Auth: plainAuth, AllowInsecureAuth: true}
				play(t, srv, "S: 220\nC: EHLO a\nS: 250\n"+tt.script+"\nC: NOOP\nS: 250\nC: QUIT\nS: 221\nEND")
			})
		})
	}
}

// The session knows who is logged in, and so does MAIL's AUTH.
func TestServerAUTHIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		srv := &smtp.Server{Backend: m, Auth: plainAuth, AllowInsecureAuth: true}
		const send = "C: MAIL FROM:<a@b> AUTH=eve@x\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: DATA\nS: 354\nC: .\nS: 250\n"
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250\n"+send+"C: AUTH PLAIN "+b64("\x00alice\x00secret")+"\nS: 235\n"+send)
		assert.NotContains(t, strings.Join(c.do("EHLO a", "250"), " "), "AUTH")
		got := m.got()
		require.Len(t, got, 2)
		assert.Equal(t, "", *got[0].Options.Auth, "who is not known is not believed (RFC 4954 §5)")
		assert.Equal(t, "eve@x", *got[1].Options.Auth)
		assert.Equal(t, "ESMTP", got[0].Protocol)
		assert.Equal(t, "ESMTPA", got[1].Protocol)
		assert.Equal(t, "alice", got[1].Identity)
	})
}

// A password is not asked for where others could read it.
func TestServerAUTHInTheClear(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	auth := func(c *smtp.Conn) []smtp.SASLServer {
		step := func(string) ([]byte, string, error) { return nil, "", smtp.ErrAuthRefused }
		return append(plainAuth(c), &scripted{"LOGIN", nil}, &scripted{"X-HASH", []func(string) ([]byte, string, error){step}})
	}
	tests := []struct {
		name, peer, clear string
		insecure          bool
	}{
		{"elsewhere", "192.0.2.7:1234", "250-AUTH X-HASH", false},
		{"elsewhere, allowed", "192.0.2.7:1234", "250-AUTH PLAIN LOGIN X-HASH", true},
		{"loopback", "127.0.0.1:1234", "250-AUTH PLAIN LOGIN X-HASH", false},
		{"loopback of IPv6", "[::1]:1234", "250-AUTH PLAIN LOGIN X-HASH", false},
		{"loopback, mapped", "[::ffff:127.0.0.1]:1234", "250-AUTH PLAIN LOGIN X-HASH", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &smtp.Server{Backend: new(mailbox), Auth: auth, AllowInsecureAuth: tt.insecure, TLSConfig: serverTLS, Wrap: from(tt.peer)}
				c := call(t, srv)
				c.want("220")
				assert.Contains(t, c.do("EHLO a", "250"), tt.clear)
				if !strings.Contains(tt.clear, "PLAIN") {
					c.do("AUTH PLAIN "+b64("\x00alice\x00secret"), "538 5.7.11")
				}
				c.do("STARTTLS", "220")
				c.startTLS(clientTLS)
				assert.Contains(t, c.do("EHLO a", "250"), "250-AUTH PLAIN LOGIN X-HASH")
				c.do("AUTH PLAIN "+b64("\x00alice\x00secret"), "235")
			})
		})
	}
}

// The last word of a mechanism is sent, and answered by an empty response.
func TestServerAUTHFinalChallenge(t *testing.T) {
	for _, tt := range []struct{ response, want string }{{"", "235"}, {"AAAA", "501 5.5.2"}, {"*", "501 5.7.0"}} {
		synctest.Test(t, func(t *testing.T) {
			auth := func(*smtp.Conn) []smtp.SASLServer {
				return []smtp.SASLServer{&scripted{"X-TWO", []func(string) ([]byte, string, error){
					func(r string) ([]byte, string, error) { return []byte("one"), "", nil },
					func(r string) ([]byte, string, error) { return []byte("v=" + r), "bob", nil },
				}}}
			}
			c := play(t, &smtp.Server{Backend: new(mailbox), Auth: auth}, "S: 220\nC: EHLO a\nS: 250\nC: AUTH X-TWO")
			assert.Equal(t, []string{"334 " + b64("one")}, c.want("334"))
			c.send(b64("two") + "\r\n")
			assert.Equal(t, []string{"334 " + b64("v=two")}, c.want("334"))
			c.do(tt.response, tt.want)
		})
	}
}

// Guessing takes longer with each try, ends the session, and in the end is not
// looked at, over all connections of an address.
func TestServerGuessing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong, right := "AUTH PLAIN "+b64("\x00alice\x00x"), "AUTH PLAIN "+b64("\x00alice\x00secret")
		asked := 0
		auth := func(c *smtp.Conn) []smtp.SASLServer { asked++; return plainAuth(c) }
		srv := &smtp.Server{Backend: new(mailbox), Auth: auth, AllowInsecureAuth: true, MaxAuthFailuresPerPeer: 7, Wrap: from("192.0.2.7:1")}
		var waits []time.Duration
		try := func(c *caller, line, want string) {
			begun := time.Now()
			c.do(line, want)
			waits = append(waits, time.Since(begun))
		}
		hello := "S: 220\nC: EHLO a\nS: 250"
		for range 2 {
			c := play(t, srv, hello)
			try(c, wrong, "535")
			try(c, wrong, "535")
			try(c, wrong, "421 4.7.0")
			c.end()
		}
		c := play(t, srv, hello)
		try(c, wrong, "535")
		s := time.Second
		assert.Equal(t, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 16 * s, 16 * s}, waits)
		c.do(right, "454 4.7.0")
		time.Sleep(10 * time.Minute)
		c = play(t, srv, hello)
		waits = nil
		try(c, wrong, "535")
		assert.Equal(t, []time.Duration{s}, waits, "what was long ago is forgotten")
		c.do(right, "235")
	})
}

// Logins that came at once are all looked at, and no more of them told than the
// limit has: neither that they were wrong nor that one was right, by a challenge
// either.
func TestServerGuessingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := smtp.NewSCRAMVerifier(crypto.SHA256, "secret", []byte("salt"), 4096)
		require.NoError(t, err)
		auth := func(c *smtp.Conn) []smtp.SASLServer {
			return append(plainAuth(c), smtp.ServeSCRAM(c, crypto.SHA256, func(context.Context, string, string) (smtp.SCRAMVerifier, error) {
				return v, nil
			})...)
		}
		srv := &smtp.Server{Backend: new(mailbox), Auth: auth, AllowInsecureAuth: true, MaxAuthFailuresPerPeer: 3, Wrap: from("[2001:db8::7]:1")}
		hello := "S: 220\nC: EHLO a\nS: 250\nC: AUTH PLAIN\nS: 334"
		var callers []*caller
		for range 10 {
			callers = append(callers, play(t, srv, hello))
		}
		scram := smtp.AuthSCRAM(crypto.SHA256, "alice", "secret", nil)
		_, first, err := scram.Start()
		require.NoError(t, err)
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250")
		challenge, err := base64.StdEncoding.DecodeString(c.do("AUTH SCRAM-SHA-256 "+b64(string(first)), "334 ")[0][4:])
		require.NoError(t, err)
		final, err := scram.Next(challenge, true)
		require.NoError(t, err)
		for i, c := range callers[:9] {
			if i < 3 {
				c.do(b64("\x00alice\x00x"), "535 5.7.8")
			} else {
				c.do(b64("\x00alice\x00x"), "454 4.7.0")
			}
		}
		callers[9].do(b64("\x00alice\x00secret"), "454 4.7.0")
		c.do(b64(string(final)), "454 4.7.0")
	})
}

// What was granted before a refused login is not held back with its refusal.
func TestServerGuessingPipelined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &smtp.Server{Backend: new(mailbox), Auth: plainAuth, AllowInsecureAuth: true}
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250")
		begun := time.Now()
		c.send("NOOP\r\nAUTH PLAIN " + b64("\x00alice\x00x") + "\r\nNOOP\r\n")
		c.want("250")
		assert.Zero(t, time.Since(begun))
		c.want("535")
		assert.Equal(t, time.Second, time.Since(begun))
		c.want("250")
	})
}

// The log tells whose password was guessed, from where, and when nobody looks any
// more; never the password.
func TestServerAUTHLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		srv := &smtp.Server{
			Backend: new(mailbox), Auth: plainAuth, AllowInsecureAuth: true, MaxAuthFailuresPerPeer: 1,
			Wrap: from("192.0.2.7:1"), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		}
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: AUTH PLAIN "+b64("\x00alice\x00sesame")+"\nS: 535\nC: AUTH PLAIN "+b64("\x00alice\x00secret")+"\nS: 454\nC: QUIT\nS: 221")
		<-c.done
		assert.Contains(t, log.String(), `level=WARN msg="login refused" peer=192.0.2.7:1 user=alice mechanism=PLAIN err=`)
		assert.Contains(t, log.String(), `level=WARN msg="login not looked at" peer=192.0.2.7:1 limit=MaxAuthFailuresPerPeer`)
		assert.NotContains(t, log.String(), "sesame")
		assert.NotContains(t, log.String(), "secret")
	})
}

// MAIL's AUTH is for who is told of AUTH.
func TestServerAUTHNotOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &smtp.Server{Backend: new(mailbox), Auth: plainAuth, AllowInsecureAuth: true, Without: []string{"AUTH"}}
		play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: AUTH PLAIN\nS: 502\nC: MAIL FROM:<> AUTH=<>\nS: 555 5.5.4")
	})
}

// Submission: who is not logged in sends nothing, and who is sends as himself.
func TestServerSubmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		srv := &smtp.Server{
			Backend: m, Auth: plainAuth, AllowInsecureAuth: true, Submission: true,
			SenderAllowed: func(identity string, from smtp.Path) bool { return from.IsNull() || from.Local == identity },
		}
		play(t, srv, `
			S: 220
			C: EHLO a
			S: 250
			C: MAIL FROM:<alice@b>
			S: 530 5.7.0
			C: VRFY alice
			S: 530 5.7.0
			C: AUTH PLAIN `+b64("\x00alice\x00secret")+`
			S: 235
			C: MAIL FROM:<bob@b>
			S: 550 5.7.1
			C: MAIL FROM:<alice@b>
			S: 250`)
	})
}
