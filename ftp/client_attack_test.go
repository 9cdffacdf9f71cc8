package ftp_test

import (
	"context"
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
