package ftp_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// A server that names another host in 227 must not make us connect there.
func TestCVE2021_4189ForeignHostIn227(t *testing.T) {
	for _, trust := range []bool{false, true} {
		network := play(t, func(a *actor) {
			inner, err := a.network.Listen(a.tb.Context(), "tcp", "10.0.0.7:0")
			a.check(err)
			defer inner.Close()
			port := inner.Addr().(*net.TCPAddr).Port
			own, err := a.network.Listen(a.tb.Context(), "tcp", net.JoinHostPort("192.0.2.1", portText(port)))
			a.check(err)
			defer own.Close()
			a.login()
			a.typ("I")
			a.expect("EPSV", "500 no")
			a.expect("PASV", "227 ok (10,0,0,7,"+portOctets(uint16(port))+")")
			a.expect("RETR a", "150 go")
			l := own
			if trust {
				l = inner
			}
			nc, err := l.Accept()
			a.check(err)
			io.WriteString(nc, "x")
			nc.Close()
			a.say("226 ok")
		})
		c := dialActor(t, network, &ftp.Options{TrustPassiveHost: trust})
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "x", string(b))
	}
}

// Names with line ends would be commands of their own.
func TestGHSA_8c48CRLFInArguments(t *testing.T) {
	network := play(t, func(a *actor) {
		a.login()
		a.gone() // not an octet more
	})
	c := dialActor(t, network, nil)
	ctx := t.Context()
	for _, evil := range []string{"a\r\nDELE b", "a\nDELE b", "a\x00b", "\r"} {
		_, err := c.Quote(ctx, "NOOP "+evil)
		for what, err := range map[string]error{
			"Quote":       err,
			"Remove":      c.Remove(ctx, evil),
			"MakeDir":     c.MakeDir(ctx, evil),
			"RemoveDir":   c.RemoveDir(ctx, evil),
			"ChangeDir":   c.ChangeDir(ctx, evil),
			"Rename from": c.Rename(ctx, evil, "b"),
			"Rename to":   c.Rename(ctx, "b", evil),
			"Login":       c.Login(ctx, evil, "x"),
			"SetModTime":  c.SetModTime(ctx, evil, time.Now()),
		} {
			var parse *ftp.ParseError
			if assert.ErrorAs(t, err, &parse, "%s %q", what, evil) {
				assert.ErrorIs(t, err, ftp.ErrControlOctet)
			}
		}
	}
	c.Close()
}

// The same for calls that open a data connection: it is refused before any.
func TestGHSA_8c48CRLFInTransfers(t *testing.T) {
	evil := "a\r\nDELE b"
	calls := map[string]func(ctx context.Context, c *ftp.Client) error{
		"Retrieve": func(ctx context.Context, c *ftp.Client) error { _, err := c.Retrieve(ctx, evil, 0); return err },
		"Store": func(ctx context.Context, c *ftp.Client) error {
			return c.Store(ctx, evil, strings.NewReader(""))
		},
		"Append": func(ctx context.Context, c *ftp.Client) error {
			return c.Append(ctx, evil, strings.NewReader(""))
		},
		"StoreUnique": func(ctx context.Context, c *ftp.Client) error {
			_, err := c.StoreUnique(ctx, evil, strings.NewReader(""))
			return err
		},
		"List":    func(ctx context.Context, c *ftp.Client) error { _, err := c.List(ctx, evil); return err },
		"Names":   func(ctx context.Context, c *ftp.Client) error { _, err := c.Names(ctx, evil); return err },
		"Stat":    func(ctx context.Context, c *ftp.Client) error { _, err := c.Stat(ctx, evil); return err },
		"Size":    func(ctx context.Context, c *ftp.Client) error { _, err := c.Size(ctx, evil); return err },
		"ModTime": func(ctx context.Context, c *ftp.Client) error { _, err := c.ModTime(ctx, evil); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			network := play(t, func(a *actor) {
				a.login("MLST type*;")
				a.gone()
			})
			c := dialActor(t, network, nil)
			assert.ErrorIs(t, call(t.Context(), c), ftp.ErrControlOctet)
			c.Close()
		})
	}
}

// startTLS begins TLS.
func (a *actor) startTLS() {
	t := tls.Server(a.nc, a.tls)
	a.check(t.HandshakeContext(a.tb.Context()))
	a.nc = t
	a.in.Reset(t)
}

// secureLogin greets, begins TLS and lets anonymous in.
func (a *actor) secureLogin(config *tls.Config, features ...string) {
	a.tls = config
	a.say("220 ready")
	a.expect("AUTH TLS", "234 go")
	a.startTLS()
	a.expect("USER anonymous", "331 password")
	a.expect("PASS anonymous@", "230 in")
	a.expect("PBSZ 0", "200 ok")
	a.expect("PROT P", "200 ok")
	a.feat(features...)
}

// What stands behind the 234 in the clear came from who knows whom, and must
// not be taken for replies from within TLS.
func TestCVE2021_22947OctetsBeforeTheHandshake(t *testing.T) {
	server, client := testkit.Certificate(t)
	const injected = "230 in, no password needed\r\n211 no features\r\n"
	for _, split := range []int{0, 1, len(injected)} {
		network := play(t, func(a *actor) {
			a.tls = server
			a.say("220 ready")
			a.expect("AUTH TLS")
			io.WriteString(a.nc, "234 go\r\n"+injected[:split])
			io.WriteString(a.nc, injected[split:])
			rest, _ := io.ReadAll(a.in)
			assert.NotContains(a.tb, string(rest), "USER")
		})
		_, err := dialActorErr(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
		require.Error(t, err)
		if split == len(injected) {
			assert.ErrorIs(t, err, ftp.ErrBufferedPlaintext)
		}
	}
}

// Without TLS no password is sent.
func TestCVE2021_22946RefusedAUTH(t *testing.T) {
	for _, reply := range []string{"500 what?", "502 no", "534 policy", "431 no certificate", "200 ok", "230 you are in"} {
		network := play(t, func(a *actor) {
			a.say("220 ready")
			a.expect("AUTH TLS", reply)
			a.gone()
		})
		c, err := dialActorErr(t, network, &ftp.Options{TLS: ftp.TLSExplicit, User: "bob", Password: "secret"})
		assert.Error(t, err, reply)
		assert.Nil(t, c)
	}
}

// A refused PROT P must not leave data in the clear either.
func TestRefusedPROT(t *testing.T) {
	server, client := testkit.Certificate(t)
	network := play(t, func(a *actor) {
		a.tls = server
		a.say("220 ready")
		a.expect("AUTH TLS", "234 go")
		a.startTLS()
		a.expect("USER anonymous", "230 in")
		a.expect("PBSZ 0", "200 ok")
		a.expect("PROT P", "534 no")
		a.gone()
	})
	_, err := dialActorErr(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
	assert.ErrorIs(t, err, ftp.ErrTLSRequired)
}

func TestClientTLS(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	resumed := make(chan bool, 3)
	network := play(t, func(a *actor) {
		a.secureLogin(server)
		a.typ("I")
		for range 2 {
			a.epsv()
			a.expect("RETR a", "150 go")
			d := tls.Server(a.accept(), server)
			a.check(d.Handshake())
			resumed <- d.ConnectionState().DidResume
			io.WriteString(d, "secret")
			d.Close()
			a.say("226 ok")
		}
		a.epsv()
		a.expect("STOR a", "150 go")
		d := tls.Server(a.accept(), server)
		a.check(d.Handshake())
		resumed <- d.ConnectionState().DidResume
		b, err := io.ReadAll(d)
		a.check(err)
		assert.Equal(a.tb, "mine", string(b))
		d.Close()
		a.say("226 ok")
	})
	c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
	require.NotNil(t, c.TLS())
	for range 2 {
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "secret", string(b))
	}
	require.NoError(t, c.Store(t.Context(), "a", strings.NewReader("mine")))
	for i := range 3 {
		assert.True(t, <-resumed, "data connection %d resumes the control connection's session", i)
	}
}

func TestClientTLSImplicit(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	network := play(t, func(a *actor) {
		a.tls = server
		a.startTLS()
		a.say("220 ready")
		a.expect("USER anonymous", "230 in")
		a.expect("PBSZ 0", "200 ok")
		a.expect("PROT C", "200 ok")
		a.feat()
		a.typ("I")
		a.send("RETR a", "clear")
	})
	c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSImplicit, TLSConfig: client, ClearData: true})
	r, err := c.Retrieve(t.Context(), "a", 0)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "clear", string(b))
}

// Data that end without TLS's closing alert may have been cut by anybody.
func TestCloseNotifyMissing(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	tests := []struct {
		name, first string
		want        error
	}{
		{"no size was announced", "150 go", io.ErrUnexpectedEOF},
		{"less than announced", "150 Opening (9 bytes)", io.ErrUnexpectedEOF},
		// The size came over the protected control connection.
		{"all that was announced", "150 Opening (6 bytes)", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			network := play(t, func(a *actor) {
				a.secureLogin(server)
				a.typ("I")
				a.epsv()
				a.expect("RETR a", tt.first)
				raw := a.accept()
				d := tls.Server(raw, server)
				a.check(d.Handshake())
				io.WriteString(d, "secret")
				raw.Close()
				a.say("226 ok")
			})
			c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
			r, err := c.Retrieve(t.Context(), "a", 0)
			require.NoError(t, err)
			_, err = io.ReadAll(r)
			assert.ErrorIs(t, err, tt.want)
		})
	}
}

// Octets in the clear on a data connection that PROT P secures are none of the
// file's.
func TestClearOctetsOnPROTP(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	network := play(t, func(a *actor) {
		a.secureLogin(server)
		a.typ("I")
		a.epsv()
		a.expect("RETR a", "150 go")
		nc := a.accept()
		io.WriteString(nc, "these octets are in the clear")
		defer nc.Close()
		a.expect("ABOR", "426 broken")
		a.expect("PWD", "226 ok", `257 "/"`)
	})
	c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
	_, err := c.Retrieve(t.Context(), "a", 0)
	var record tls.RecordHeaderError
	assert.ErrorAs(t, err, &record)
}

// A cancelled transfer leaves the session in step, however many replies the
// server gives.
func TestClientCancelTransfer(t *testing.T) {
	tests := []struct {
		name    string
		replies []string // to the transfer and ABOR
	}{
		{"959-4.1.3 two replies", []string{"426 aborted", "226 ok"}},
		{"the transfer was over", []string{"226 done", "225 nothing to abort"}},
		{"one reply", []string{"226 aborted"}},
		{"ABOR is not known", []string{"426 broken", "500 what?"}},
		{"three replies", []string{"426 aborted", "226 a", "226 b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			network := play(t, func(a *actor) {
				a.login()
				a.typ("I")
				a.epsv()
				a.expect("RETR a", "150 go")
				nc := a.accept()
				io.WriteString(nc, "begin")
				a.expect("ABOR", tt.replies[0])
				a.expect("PWD", append(tt.replies[1:], `257 "/"`)...)
				a.expect("DELE a", "250 gone")
			})
			c := dialActor(t, network, nil)
			ctx, cancel := context.WithCancel(t.Context())
			r, err := c.Retrieve(ctx, "a", 0)
			require.NoError(t, err)
			_, err = io.ReadFull(r, make([]byte, 5))
			require.NoError(t, err)
			cancel()
			_, err = r.Read(make([]byte, 1))
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, r.Close(), context.Canceled)
			assert.NoError(t, c.Remove(t.Context(), "a"), "the session goes on")
		})
	}
}

func TestClientTimes(t *testing.T) {
	tests := []struct {
		name   string
		script func(a *actor)
		call   func(ctx context.Context, c *ftp.Client) error
		want   error
		after  time.Duration
		dead   bool
	}{
		{"a silent server", func(a *actor) { a.login(); a.read(); a.gone() },
			func(ctx context.Context, c *ftp.Client) error { return c.Remove(ctx, "a") },
			os.ErrDeadlineExceeded, time.Minute, true},
		{"a reply that comes after a cancelled call", func(a *actor) {
			a.login()
			a.read()
			time.Sleep(4 * time.Second)
			a.say("250 gone")
			a.expect("PWD", `257 "/"`)
		}, func(ctx context.Context, c *ftp.Client) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return c.Remove(ctx, "a")
		}, context.DeadlineExceeded, 4 * time.Second, false},
		{"none", func(a *actor) { a.login(); a.read(); a.gone() }, func(ctx context.Context, c *ftp.Client) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return c.Remove(ctx, "a")
		}, context.DeadlineExceeded, 6 * time.Second, true},
		{"a stalled transfer", func(a *actor) {
			a.login()
			a.typ("I")
			a.epsv()
			a.expect("RETR a", "150 go")
			nc := a.accept()
			io.WriteString(nc, "begin")
			a.expect("ABOR", "426 a")
			a.expect("PWD", "226 b", `257 "/"`)
			a.expect("PWD", `257 "/"`)
			nc.Close()
		}, func(ctx context.Context, c *ftp.Client) error {
			r, err := c.Retrieve(ctx, "a", 0)
			if err == nil {
				_, err = io.ReadAll(r)
			}
			return err
		}, os.ErrDeadlineExceeded, time.Minute, false},
		{"a server that is deaf to ABOR", func(a *actor) {
			a.login()
			a.typ("I")
			a.epsv()
			a.expect("RETR a", "150 go")
			defer a.accept().Close()
			a.expect("ABOR")
			a.gone()
		}, func(ctx context.Context, c *ftp.Client) error {
			r, err := c.Retrieve(ctx, "a", 0)
			if err != nil {
				return err
			}
			return r.Close()
		}, nil, 5 * time.Second, true},
		{"426 while octets are waited for", func(a *actor) {
			a.login()
			a.typ("I")
			a.epsv()
			a.expect("RETR a", "150 go")
			nc := a.accept()
			time.Sleep(time.Second)
			a.say("426 disk on fire")
			a.expect("PWD", `257 "/"`)
			nc.Close()
		}, func(ctx context.Context, c *ftp.Client) error {
			r, err := c.Retrieve(ctx, "a", 0)
			if err == nil {
				_, err = io.ReadAll(r)
			}
			return err
		}, ftp.ErrDataConn, time.Second, false},
		{"451 while an upload is stuck", func(a *actor) {
			a.login()
			a.typ("I")
			a.epsv()
			a.expect("STOR a", "150 go")
			nc := a.accept()
			time.Sleep(time.Second)
			a.say("452 full")
			a.expect("PWD", `257 "/"`)
			nc.Close()
		}, func(ctx context.Context, c *ftp.Client) error {
			return c.Store(ctx, "a", strings.NewReader(strings.Repeat("x", 1<<20)))
		}, ftp.ErrNoSpace, time.Second, false},
		{"an active server that never connects", func(a *actor) {
			a.login()
			a.typ("I")
			assert.Contains(a.tb, a.read(), "EPRT |1|")
			a.say("200 ok")
			a.expect("RETR a", "150 go")
			a.expect("ABOR", "425 a")
			a.expect("PWD", "226 b", `257 "/"`)
			a.expect("PWD", `257 "/"`)
		}, func(ctx context.Context, c *ftp.Client) error {
			_, err := c.Retrieve(ctx, "a", 0)
			return err
		}, context.DeadlineExceeded, 30 * time.Second, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := play(t, tt.script)
				c := dialActor(t, network, &ftp.Options{Active: strings.Contains(tt.name, "active")})
				start := time.Now()
				err := tt.call(t.Context(), c)
				assert.ErrorIs(t, err, tt.want)
				assert.Equal(t, tt.after, time.Since(start))
				_, err = c.WorkingDir(t.Context())
				if tt.dead {
					assert.ErrorIs(t, err, net.ErrClosed)
				} else {
					assert.NoError(t, err)
				}
				c.Close()
			})
		})
	}
}
