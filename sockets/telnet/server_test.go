package telnet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
	"applayer/sockets/telnet"
)

// greeting is what a server offers and asks first.
const greeting = will + sga + will + echo + do + ttype + do + naws

// alice has the password secret; the machine is out of order for mallory.
var alice = telnet.AuthenticatorFunc(func(_ context.Context, user, password string) (bool, error) {
	if user == "mallory" {
		return true, errors.New("no database")
	}
	return user == "alice" && password == "secret", nil
})

// shell says what it is told until it hears quit.
var shell = telnet.HandlerFunc(func(ctx context.Context, s *telnet.Session) {
	for {
		line, err := s.ReadLine("> ")
		switch {
		case errors.Is(err, telnet.ErrInterrupted):
			fmt.Fprintln(s, "interrupted")
		case err != nil:
			fmt.Fprintf(s, "bye: %v\n", err)
			return
		case line == "quit":
			fmt.Fprintln(s, "bye")
			return
		default:
			fmt.Fprintf(s, "%s: %s\n", s.User(), line)
		}
	}
})

// serve has srv serve one end of a connection in memory; ended tells when it is
// done.
func serve(t *testing.T, srv *telnet.Server) (p peer, ended <-chan struct{}) {
	ours, theirs := testkit.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.ServeConn(t.Context(), ours)
	}()
	t.Cleanup(func() { theirs.Close(); <-done })
	return peer{t, theirs}, done
}

// getsEnd finds the end of the connection.
func (p peer) getsEnd() {
	p.t.Helper()
	p.nc.SetReadDeadline(time.Now().Add(time.Hour))
	rest, err := io.ReadAll(p.nc)
	require.NoError(p.t, err)
	assert.Empty(p.t, string(rest))
}

func TestServerLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: shell, Authenticator: alice, Banner: "hello\n"})
		p.gets(greeting + "hello\r\nlogin: ")
		p.send(do + sga + do + echo)
		p.send("al")
		p.gets("al")
		p.send("x\x7fice\r\x00")
		p.gets("x\b \bice\r\nPassword: ")
		p.send("secret\r\x00")
		p.gets("\r\n> ")
		p.send("hi\r\n")
		p.gets("hi\r\nalice: hi\r\n> ")
		p.send("quit\r\n")
		p.gets("quit\r\nbye\r\n")
		p.getsEnd()
	})
}

// TestServerTypedAhead is what a pipe into a client is: all at once, and the
// answers arrive though the connection ends at once.
func TestServerTypedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: shell, Authenticator: alice})
		p.send("alice\r\nsecret\r\none\r\ntwo\nquit\r\nmore\r\n")
		p.gets(greeting + "login: Password: > alice: one\r\n> alice: two\r\n> bye\r\n")
		p.getsEnd()
	})
}

// TestServerRefusesLogins: a wrong password and a user who is not there hear the
// same after the same time, and the third failure is the last.
func TestServerRefusesLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p, _ := serve(t, &telnet.Server{Handler: shell, Authenticator: alice,
			Logger: slog.New(slog.NewTextHandler(&log, nil))})
		p.gets(greeting)
		for _, user := range []string{"alice", "nobody", "mallory"} {
			p.gets("login: ")
			p.send(user + "\r\n")
			p.gets("Password: ")
			start := time.Now()
			p.send("wrong\r\n")
			p.gets("Login incorrect\r\n")
			assert.Equal(t, time.Second, time.Since(start), user)
		}
		p.getsEnd()
		assert.Equal(t, 3, strings.Count(log.String(), "login failed"))
		assert.Contains(t, log.String(), "user=nobody")
		assert.NotContains(t, log.String(), "wrong")
	})
}

func TestServerLoginTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ended := serve(t, &telnet.Server{Handler: shell, Authenticator: alice})
		start := time.Now()
		p.gets(greeting + "login: ")
		p.send("alice\r\n")
		p.gets("Password: ")
		p.nc.SetReadDeadline(time.Time{})
		rest, err := io.ReadAll(p.nc)
		require.NoError(t, err)
		assert.Equal(t, "\r\nLogin timed out\r\n", string(rest))
		assert.Equal(t, time.Minute, time.Since(start))
		p.nc.Close()
		<-ended
	})
}

// TestServerLoginSilent: empty names and ^C use up the attempts too.
func TestServerLoginSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: shell, Authenticator: alice, MaxAttempts: 2, LoginTimeout: -1})
		p.send("\r\nx\x03")
		p.gets(greeting + "login: login: ")
		p.getsEnd()
	})
}

// TestCVE_2026_24061_Login: no variable of the client's is a name, whatever it
// says of itself; and a name that looks like an option is a name.
func TestCVE_2026_24061_Login(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tried []string
		p, _ := serve(t, &telnet.Server{Handler: shell, MaxAttempts: 1, Authenticator: telnet.AuthenticatorFunc(
			func(_ context.Context, user, password string) (bool, error) {
				tried = append(tried, user+"/"+password)
				return false, nil
			})})
		p.gets(greeting + "login: ")
		p.send(will + newEnviron + sb + newEnviron + "\x00\x00USER\x01-f root" + se)
		p.gets(dont + newEnviron)
		p.getsNothing()
		p.send("-f root\r\n")
		p.gets("Password: ")
		p.send(sb + newEnviron + "\x00\x03PASS\x01x" + se + "\r\n")
		p.gets("Login incorrect\r\n")
		p.getsEnd()
		assert.Equal(t, []string{"-f root/"}, tried)
	})
}

func TestServerCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: shell})
		p.gets(greeting + "> ")
		p.send("abc\xff\xf7\r\n") // EC
		p.gets(": ab\r\n> ")
		p.send("abc\xff\xf8d\r\n") // EL
		p.gets(": d\r\n> ")
		p.send("abc\xff\xf6\r\n") // AYT
		p.gets("\r\n[Yes]\r\n: abc\r\n> ")
		p.send("abc\xff\xf4d\r\n") // IP
		p.gets("interrupted\r\n> : d\r\n> ")
		p.send("abc\xff\xf3\r\n") // BRK
		p.gets("interrupted\r\n> : \r\n> ")
		p.send("a\xff\xf5b\r\n") // AO
		p.gets("\xff\xf2: ab\r\n> ")
		p.send("a\xff\xed\xff\xc8b\r\n") // SUSP, and an unknown one
		p.gets(": ab\r\n> ")
		p.send(do + echo + "ab\xff\xf6c\xff\xf4\r\n") // AYT and IP where we echo
		p.gets("ab\r\n[Yes]\r\nabc^C\r\ninterrupted\r\n> \r\n: \r\n> ")
		p.send("\xff\xec") // EOF
		p.gets("bye: EOF\r\n")
		p.getsEnd()
	})
}

// TestServerGoAhead: a client that refuses SGA hears GA when it is its turn.
func TestServerGoAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: shell})
		p.gets(greeting + "> ")
		p.send(dont + sga + "a\r\n")
		p.gets(": a\r\n> \xff\xf9")
		p.send("\x04")
		p.gets("bye: EOF\r\n")
		p.getsEnd()
	})
}

func TestServerWindowAndTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: telnet.HandlerFunc(func(ctx context.Context, s *telnet.Session) {
			s.ReadLine("")
			w, ok := s.Window()
			names, whole := s.TerminalTypes()
			fmt.Fprintln(s, w, ok, names, whole)
		})})
		p.gets(greeting)
		p.send(will + naws + sb + naws + "\x00P\x00\x18" + se + will + ttype)
		p.gets(sb + ttype + "\x01" + se)
		p.send(sb + ttype + "\x00VT220" + se)
		p.gets(sb + ttype + "\x01" + se)
		p.send(sb + ttype + "\x00VT220" + se + "\r\n")
		p.gets("80x24 true [VT220] true\r\n")
		p.getsEnd()
	})
}

// TestServerIdle: a user who thinks for long is sent away.
func TestServerIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: shell})
		p.gets(greeting + "> ")
		for range 20 {
			p.send("x")
			time.Sleep(14 * time.Minute)
		}
		p.send("\r\n")
		p.gets(": " + strings.Repeat("x", 20) + "\r\n> ")
		start := time.Now()
		b := make([]byte, 4)
		p.nc.SetReadDeadline(time.Time{})
		_, err := io.ReadFull(p.nc, b)
		require.NoError(t, err)
		assert.Equal(t, "bye:", string(b))
		assert.Equal(t, 15*time.Minute, time.Since(start))
	})
}

// TestServerLineLimit: an endless line is not kept.
func TestServerLineLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: shell, MaxLine: 4})
		for range 100 {
			p.send(strings.Repeat("x", 1000))
		}
		p.send("\r\nquit\r\n")
		p.gets(greeting + "> : xxxx\r\n> bye\r\n")
		p.getsEnd()
	})
}

func TestServerTrace(t *testing.T) {
	for _, secrets := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var log []string
			p, ended := serve(t, &telnet.Server{Handler: shell, Authenticator: alice, Trace: func(nc net.Conn) *telnet.Trace {
				return &telnet.Trace{
					Received: func(ev telnet.Event) { log = append(log, "C: "+ev.String()) },
					Sent:     func(ev telnet.Event) { log = append(log, "S: "+ev.String()) },
					Secrets:  secrets,
				}
			}})
			p.gets(greeting)
			p.send(do + echo + "alice\r\nsecret\r\nquit\r\n")
			p.gets("login: alice\r\nPassword: \r\n> quit\r\nbye\r\n")
			p.getsEnd()
			p.nc.Close()
			<-ended
			password := `C: "***\r\n"`
			if secrets {
				password = `C: "secret\r\n"`
			}
			assert.Equal(t, []string{
				"S: WILL SGA", "S: WILL ECHO", "S: DO TERMINAL-TYPE", "S: DO NAWS",
				`S: "login: "`, "C: DO ECHO", `C: "alice\r\n"`, `S: "Password: "`, password, `S: "> "`, `C: "quit\r\n"`, `S: "bye\n"`,
			}, slicesWithout(log, `S: ""`))
		})
	}
}

func slicesWithout(all []string, s string) (rest []string) {
	for _, a := range all {
		if a != s {
			rest = append(rest, a)
		}
	}
	return rest
}

// TestServerServes: over real sockets, with a limit reached and a shutdown that
// ends the lines waited for.
func TestServerServes(t *testing.T) {
	testkit.NoLeaks(t)
	srv := &telnet.Server{Handler: shell, Limits: sockets.Limits{MaxConns: 1}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()

	nc, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	p := peer{t, nc}
	p.gets(greeting + "> ")
	second, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	peer{t, second}.gets("Too many connections\r\n")
	require.NoError(t, second.Close())
	assert.Equal(t, 1, srv.Stats().Active)

	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(t.Context()) }()
	p.gets("bye: ")
	_, err = io.ReadAll(nc)
	require.NoError(t, err)
	require.NoError(t, nc.Close())
	require.NoError(t, <-down)
	assert.ErrorIs(t, <-served, telnet.ErrServerClosed)
	assert.ErrorIs(t, srv.ListenAndServe("tcp", "127.0.0.1:0"), telnet.ErrServerClosed)
	require.NoError(t, srv.Close())
}

// TestServerTLS serves telnets; nothing urgent there.
func TestServerTLS(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	srv := &telnet.Server{Handler: shell, TLSConfig: serverTLS}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	nc, err := (&sockets.Dialer{}).DialTLS(t.Context(), "tcp", ln.Addr().String(), clientTLS)
	require.NoError(t, err)
	p := peer{t, nc}
	p.gets(greeting + "> ")
	p.send("a\xff\xf5b\r\n")
	p.gets("\xff\xf2: ab\r\n> ")
	require.NoError(t, nc.Close())
	require.NoError(t, srv.Close())
	<-served
}

// TestServerWithoutLimits: an operator may have neither delay nor a last try.
func TestServerWithoutLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := serve(t, &telnet.Server{Handler: shell, Authenticator: alice, FailureDelay: -1, MaxAttempts: -1, LoginTimeout: time.Hour})
		start := time.Now()
		p.send(strings.Repeat("alice\r\nwrong\r\n", 5) + "alice\r\nsecret\r\n")
		p.gets(greeting + strings.Repeat("login: Password: Login incorrect\r\n", 5) + "login: Password: > ")
		assert.Zero(t, time.Since(start))
	})
}

// TestServerGone: a user who goes in the middle of anything ends his session.
func TestServerGone(t *testing.T) {
	for _, said := range []string{"", "al", "alice\r\n", "alice\r\nsec", "alice\r\nwrong\r\n", "alice\r\nsecret\r\nhi\r\n\xff", "alice\r\nsecret\r\n" + dont + sga + "x\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			p, ended := serve(t, &telnet.Server{Handler: shell, Authenticator: alice})
			p.send(said)
			synctest.Wait()
			p.nc.Close()
			<-ended
		})
	}
}

// TestServerShutdownAtLogin: who is asked for his name is cut short, and hears
// no wrong reason.
func TestServerShutdownAtLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &telnet.Server{Handler: shell, Authenticator: alice}
		p, ended := serve(t, srv)
		p.gets(greeting + "login: ")
		down := make(chan error, 1)
		go func() { down <- srv.Shutdown(t.Context()) }()
		p.getsEnd()
		p.nc.Close()
		<-ended
		require.NoError(t, <-down)
	})
}
