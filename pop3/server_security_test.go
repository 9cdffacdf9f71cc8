package pop3_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"io"
	"log/slog"

	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/pop3"
	"applayer/sockets"
)

// secure makes c speak TLS.
func (c *raw) secure(config *tls.Config) {
	c.tb.Helper()
	t := tls.Client(c.nc, config)
	require.NoError(c.tb, t.Handshake())
	c.nc, c.in = t, bufio.NewReader(t)
}

func TestSTLS(t *testing.T) {
	server, client := testkit.Certificate(t, "hamburger.edu")
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters(first), TLSConfig: server})
		c := s.dial("192.0.2.7")
		c.talk("S: +OK…\nC: CAPA\nS: +OK…\nS: TOP\nS: UIDL\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\nS: STLS\nS: UTF8 USER\nS: LANG\nS: .")
		c.talk("C: USER bob\nS: -ERR [AUTH] Not in the clear: begin with STLS.\nC: AUTH PLAIN AGJvYgBodW5ncnk=\nS: -ERR [AUTH] Not in the clear: begin with STLS.")
		c.talk("C: STLS\nS: +OK Begin TLS.")
		c.secure(client)
		c.talk("C: CAPA\nS: +OK…\nS: TOP\nS: UIDL\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\nS: USER\nS: SASL PLAIN\nS: UTF8 USER\nS: LANG\nS: .")
		c.talk("C: STLS\nS: -ERR There is no TLS to begin.\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: +OK…\nC: STLS\nS: -ERR Not after the login.\nC: QUIT\nS: +OK…\nS!")
	})
}

// What was said in the clear before STLS is forgotten: it came from anybody.
func TestSTLSForgetsTheUser(t *testing.T) {
	server, client := testkit.Certificate(t, "hamburger.edu")
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: letters(), TLSConfig: server}).dial("127.0.0.1")
		c.talk("S: +OK…\nC: USER bob\nS: +OK…\nC: STLS\nS: +OK Begin TLS.")
		c.secure(client)
		c.talk("C: PASS hungry\nS: -ERR USER comes first.")
	})
}

// CVE-2011-0411: what follows STLS in the clear is refused, and is not answered
// within TLS.
func TestSTLSInjection(t *testing.T) {
	server, _ := testkit.Certificate(t, "hamburger.edu")
	for _, injected := range []string{"USER mallory\r\n", "U", "\x16\x03"} {
		synctest.Test(t, func(t *testing.T) {
			c := serve(t, &pop3.Server{Backend: letters(), TLSConfig: server}).dial("192.0.2.7")
			c.want("+OK POP3 server ready")
			c.send("STLS\r\n" + injected)
			c.talk("S: -ERR Nothing may follow STLS.\nS!")
		})
	}
}

func TestSTLSFails(t *testing.T) {
	server, _ := testkit.Certificate(t, "hamburger.edu")
	t.Run("no TLS", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			serve(t, &pop3.Server{Backend: letters(), TLSConfig: server}).dial("192.0.2.7").
				talk("S: +OK…\nC: STLS\nS: +OK Begin TLS.\nC: USER bob\nS!")
		})
	})
	t.Run("6856-2.1 behind UTF8", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			serve(t, &pop3.Server{Backend: letters(), TLSConfig: server}).dial("192.0.2.7").
				talk("S: +OK…\nC: UTF8\nS: +OK…\nC: STLS\nS: -ERR There is no TLS to begin.")
		})
	})
	t.Run("without a certificate", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv := &pop3.Server{Backend: letters()}
			serve(t, srv).dial("192.0.2.7").talk("S: +OK…\nC: STLS\nS: -ERR There is no TLS to begin.")
			l, err := testkit.NewNetwork().Listen(t.Context(), "tcp", "192.0.2.1:995")
			require.NoError(t, err)
			assert.EqualError(t, srv.ServeTLS(l), "pop3: no TLSConfig")
		})
	})
}

func TestImplicitTLS(t *testing.T) {
	server, client := testkit.Certificate(t, "hamburger.edu")
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters(first), TLSConfig: server})
		nc, err := s.network.DialFrom(t.Context(), "tcp", "192.0.2.7:0", "192.0.2.1:995")
		require.NoError(t, err)
		defer nc.Close()
		c := &raw{t, nc, nil}
		c.secure(client)
		c.talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: +OK…\nC: QUIT\nS: +OK…\nS!")
	})
}

// Guesses are answered later and later, over connections too, and the third ends
// a session.
func TestGuessing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters(), AllowInsecureAuth: true})
		guess := func(c *raw, want time.Duration) {
			begun := time.Now()
			c.talk("C: USER bob\nS: +OK…\nC: PASS x\nS: -ERR [AUTH] Name or password is not right.")
			assert.Equal(t, want, time.Since(begun))
		}
		dial := func(from string) *raw {
			c := s.dial(from)
			c.want("+OK POP3 server ready")
			return c
		}
		c := dial("192.0.2.7")
		guess(c, time.Second)
		guess(c, 2*time.Second)
		guess(c, 4*time.Second)
		c.end()
		c = dial("192.0.2.7")
		guess(c, 8*time.Second)
		guess(dial("192.0.2.8"), time.Second)
		guess(c, 16*time.Second)
		guess(dial("192.0.2.7"), 16*time.Second)
		time.Sleep(10 * time.Minute)
		guess(dial("192.0.2.7"), time.Second)
	})
}

// A guesser gains nothing by many connections at once, nor by hanging up instead
// of waiting for the answer, nor by other addresses of his network: beyond the
// limit nothing is looked at.
func TestManyGuessers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: secretMail{letters()}, Auth: proving, AllowInsecureAuth: true, MaxAuthFailuresPerPeer: 3})
		dial := func(from string) *raw {
			c := s.dial(from)
			c.talk("S: +OK…")
			return c
		}
		for range 2 {
			c := dial("[2001:db8::7]")
			c.send("USER bob\r\nPASS x\r\n")
			synctest.Wait()
			c.nc.Close()
		}
		const unseen = "S: -ERR [SYS/TEMP] Too many logins were refused. Try later."
		var waiting []*raw
		for range 4 {
			c := dial("[2001:db8::8]")
			c.talk("C: AUTH X-ODD\nS: + ")
			waiting = append(waiting, c)
		}
		waiting[0].talk("C: bm8=\nS: -ERR [AUTH]…")   // no
		waiting[1].talk("C: bm8=\n" + unseen)         // no
		waiting[2].talk("C: eWVz\n" + unseen)         // yes, and no challenge that tells it
		waiting[3].talk("C: b3RoZXJ3aXNl\n" + unseen) // yes, without a challenge
		waiting[3].talk("C: AUTH X-ODD\n" + unseen)
		waiting[3].talk("C: USER bob\nS: +OK…\nC: PASS hungry\n" + unseen)
		waiting[3].talk("C: APOP bob 0123\n" + unseen)
		waiting[3].send(strings.Repeat("APOP bob 0123\r\n", 16))
		for range 15 {
			waiting[3].talk(unseen)
		}
		waiting[3].talk("S: -ERR Too many errors.\nS!")
		dial("[2001:db8:0:1::7]").talk("C: USER bob\nS: +OK…\nC: PASS hungry\nS: +OK…\nC: QUIT\nS: +OK…\nS!")
		time.Sleep(10 * time.Minute)
		dial("[2001:db8::7]").talk("C: USER bob\nS: +OK…\nC: PASS hungry\nS: +OK…")
	})
}

// proving has a mechanism that lets bob in by a word, and with "yes" proves
// something in turn.
func proving(*pop3.Conn) []pop3.SASLServer {
	return []pop3.SASLServer{&odd{step: func(_ int, response []byte) ([]byte, string, error) {
		switch string(response) {
		case "":
			return []byte{}, "", nil
		case "yes":
			return []byte("proof"), "bob", nil
		case "otherwise":
			return nil, "bob", nil
		}
		return nil, "", pop3.ErrAuthRefused
	}}}
}

// A backend that names nobody lets nobody in.
func TestLoginWithoutAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serve(t, &pop3.Server{Backend: nameless{letters()}}).dial("127.0.0.1").
			talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: -ERR [AUTH] Name or password is not right.\nC: AUTH PLAIN AGJvYgBodW5ncnk=\nS: -ERR [AUTH]…")
	})
}

type nameless struct{ *mail }

func (nameless) Login(context.Context, string, string) (string, error) { return "", nil }

// Who keeps no password for somebody keeps none that everybody knows.
func TestAPOPWithoutASecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: noSecret{letters()}}).dial("192.0.2.7")
		line, err := c.in.ReadString('\n')
		require.NoError(t, err)
		timestamp := line[strings.IndexByte(line, '<') : strings.IndexByte(line, '>')+1]
		c.talk("C: APOP bob " + string(pop3.ApopDigest(timestamp, "")) + "\nS: -ERR [AUTH] Name or password is not right.")
	})
}

type noSecret struct{ *mail }

func (noSecret) Secret(context.Context, string) (string, string, error) { return "", "bob", nil }

// Too many commands that lead nowhere end the session.
func TestTooManyErrors(t *testing.T) {
	for command, count := range map[string]int{"XXXX": 20, "NOOP": 100, "RETR 9": 20, "LIST 1 2 3": 20} {
		synctest.Test(t, func(t *testing.T) {
			c := serve(t, &pop3.Server{Backend: letters()}).login()
			c.send(strings.Repeat(command+"\r\n", count+10))
			text := c.rest()
			assert.Equal(t, count, strings.Count(text, "\r\n"))
			assert.True(t, strings.HasSuffix(text, "-ERR Too many errors.\r\n"))
		})
	}
}

// A line without end is thrown away up to a bound, and no more of it held.
func TestEndlessLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: letters()}).dial("192.0.2.7")
		c.want("+OK POP3 server ready")
		c.send(strings.Repeat("x", 60<<10) + "\r\nNOOP\r\n")
		c.talk("S: -ERR A command line has 255 octets at most.\nS: -ERR Log in first.")
		go io.WriteString(c.nc, strings.Repeat("x", 70<<10))
		c.talk("S: -ERR A line without end.\nS!")
	})
}

func TestOverLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters(), Conns: sockets.Limits{MaxConns: 1}})
		s.dial("192.0.2.7").want("+OK POP3 server ready")
		s.dial("192.0.2.8").talk("S: -ERR [SYS/TEMP] Too many connections.\nS!")
	})
}

// A mechanism whose exchange ends with a challenge, one of several steps, and
// failures that are not the client's.
type odd struct {
	step func(n int, response []byte) ([]byte, string, error)
	n    int
}

func (o *odd) Mechanism() string { return "X-ODD" }

func (o *odd) Step(_ context.Context, response []byte) ([]byte, string, error) {
	o.n++
	return o.step(o.n, response)
}

func TestAuthMechanism(t *testing.T) {
	tests := []struct {
		name   string
		step   func(n int, response []byte) ([]byte, string, error)
		script string
	}{
		{"a challenge with the identity", func(n int, _ []byte) ([]byte, string, error) {
			return [][]byte{nil, []byte("one"), []byte("two")}[n], []string{"", "", "bob"}[n], nil
		}, "C: AUTH X-ODD\nS: + b25l\nC: \nS: + dHdv\nC: \nS: +OK…"},
		{"an answer to the last challenge", func(int, []byte) ([]byte, string, error) { return []byte("two"), "bob", nil },
			"C: AUTH X-ODD\nS: + dHdv\nC: QQ==\nS: -ERR Nothing was left to say."},
		{"a failure of ours", func(int, []byte) ([]byte, string, error) { return nil, "", errLost },
			"C: AUTH X-ODD\nS: -ERR [SYS/TEMP] Something is wrong here. Try later."},
		{"a refusal of its own", func(int, []byte) ([]byte, string, error) {
			return nil, "", pop3.Refuse(pop3.CodeAuth, "Your account has expired.")
		}, "C: AUTH X-ODD\nS: -ERR [AUTH] Your account has expired."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &pop3.Server{Backend: letters(), Auth: func(*pop3.Conn) []pop3.SASLServer { return []pop3.SASLServer{&odd{step: tt.step}} }}
				serve(t, srv).dial("192.0.2.7").talk("S: +OK…\n" + tt.script)
			})
		})
	}
	t.Run("the connection ends within", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := serve(t, &pop3.Server{Backend: letters()}).dial("127.0.0.1")
			c.talk("S: +OK…\nC: AUTH PLAIN\nS: + ")
			c.nc.Close()
			synctest.Wait()
		})
	})
}

// Passwords are in no log and no trace.
func TestLogsHaveNoSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log, trace strings.Builder
		srv := &pop3.Server{
			Backend: letters(first),
			Logger:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Trace:   &pop3.Trace{Line: func(_ bool, line []byte) { trace.Write(append(line, '\n')) }},
		}
		c := serve(t, srv).dial("127.0.0.1")
		c.talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS thirsty\nS: -ERR…\nC: AUTH PLAIN\nS: + \nC: AGJvYgBodW5ncnkx\nS: -ERR…\nC: AUTH PLAIN AGJvYgBodW5ncnk=\nS: +OK…\nC: DELE 1\nS: +OK…\nC: QUIT\nS: +OK…\nS!")
		synctest.Wait() // until nobody writes to the log
		for _, secret := range []string{"thirsty", "hungry", "AGJv"} {
			assert.NotContains(t, log.String(), secret)
			assert.NotContains(t, trace.String(), secret)
		}
		assert.Contains(t, log.String(), `msg="login refused" peer=`)
		assert.Contains(t, log.String(), `user=bob err="user \"bob\": `)
		assert.Contains(t, log.String(), "msg=quit peer=127.0.0.1:49152 user=bob messages=1 deleted=1 err=<nil>")
		assert.Contains(t, trace.String(), "PASS ***\n-ERR [AUTH] Name or password is not right.\nAUTH PLAIN\n+ \n***\n-ERR [AUTH] Name or password is not right.\nAUTH PLAIN ***\n+OK The maildrop has")
	})
}

// The time of a session's end is not the time to forget what was promised.
func TestQuitOutlivesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first)
		c := serve(t, &pop3.Server{Backend: m}).login()
		c.send("DELE 1\r\nQUIT\r\n")
		c.nc.Close()
		synctest.Wait()
		assert.Empty(t, m.left())
		assert.False(t, m.isLocked())
	})
}

// Large messages come whole, however they are cut.
func TestLargeMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.Repeat(".....\r\n\r\n.\r\n"+strings.Repeat("x", 100)+"\r\n", 20_000)
		s := serve(t, &pop3.Server{Backend: letters(text), AllowInsecureAuth: true})
		c, err := pop3.NewClient(t.Context(), s.dial("192.0.2.7").nc, &pop3.Options{AllowInsecureAuth: true})
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
		m, err := c.Retr(t.Context(), 1)
		require.NoError(t, err)
		hash := sha256.New()
		n, err := io.Copy(hash, m)
		require.NoError(t, err)
		assert.Equal(t, int64(len(text)), n)
		want := sha256.Sum256([]byte(text))
		assert.Equal(t, want[:], hash.Sum(nil))
		require.NoError(t, m.Close())
		require.NoError(t, c.Quit(t.Context()))
	})
}
