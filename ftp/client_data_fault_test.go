package ftp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// cutShort ends a connection by a reset.
func cutShort(nc net.Conn) {
	nc.(interface{ SetLinger(int) error }).SetLinger(0)
	nc.Close()
}

// What a server does with a data connection in place of what it should.
func TestClientDataFaults(t *testing.T) {
	tests := []struct {
		name   string
		script func(a *actor, nc net.Conn) // behind RETR
		want   error
		dead   bool
	}{
		{"plain", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)")
			io.WriteString(nc, "hello")
			nc.Close()
			a.say("226 done")
		}, nil, false},
		{"data before 150", func(a *actor, nc net.Conn) {
			io.WriteString(nc, "hello")
			nc.Close()
			time.Sleep(time.Second)
			a.say("150 (5 bytes)", "226 done")
		}, nil, false},
		{"all replies before the data", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)", "226 done")
			time.Sleep(time.Second)
			io.WriteString(nc, "hello")
			nc.Close()
		}, nil, false},
		{"no 150", func(a *actor, nc net.Conn) {
			io.WriteString(nc, "hello")
			nc.Close()
			a.say("226 done")
		}, nil, false},
		{"226 and no end of the data", func(a *actor, nc net.Conn) {
			a.say("150 go", "226 done")
			io.WriteString(nc, "hello")
			io.Copy(io.Discard, nc)
			nc.Close()
		}, os.ErrDeadlineExceeded, false},
		{"150 and no data", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)")
			nc.Close()
			a.say("226 done")
		}, io.ErrUnexpectedEOF, false},
		{"4yz behind all data", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)")
			io.WriteString(nc, "hello")
			nc.Close()
			a.say("451 the disk gave it wrong")
		}, errReply, false},
		{"a reset behind all data", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)")
			io.WriteString(nc, "hello")
			synctest.Wait()
			cutShort(nc)
			a.say("226 done")
		}, errNetwork, false},
		{"a reset in the middle, and what the server says of it", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)")
			io.WriteString(nc, "he")
			synctest.Wait()
			cutShort(nc)
			a.say("426 gone")
		}, ftp.ErrDataConn, false},
		{"the end of both", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)")
			io.WriteString(nc, "he")
			nc.Close()
			a.nc.Close()
		}, io.ErrUnexpectedEOF, true},
		{"the end of the control connection in the middle", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)")
			io.WriteString(nc, "he")
			a.nc.Close()
			io.Copy(io.Discard, nc)
			nc.Close()
		}, io.ErrUnexpectedEOF, true},
		{"421 in the middle", func(a *actor, nc net.Conn) {
			a.say("150 (5 bytes)")
			io.WriteString(nc, "he")
			a.say("421 going down")
			io.Copy(io.Discard, nc)
			nc.Close()
		}, errReply, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dialActor(t, play(t, func(a *actor) {
					a.login()
					a.typ("I")
					a.epsv()
					a.expect("RETR a")
					tt.script(a, a.accept())
					if !tt.dead {
						a.expect("NOOP", "200 ok")
					}
				}), nil)
				r, err := c.Retrieve(t.Context(), "a", 0)
				if err == nil {
					var b []byte
					if b, err = io.ReadAll(r); err == nil {
						assert.Equal(t, "hello", string(b))
					}
					assert.Equal(t, err, r.Close())
				}
				if tt.want == nil {
					assert.NoError(t, err)
				} else {
					assertOutcomeError(t, tt.want, err)
				}
				if err = c.Noop(t.Context()); tt.dead {
					assert.ErrorIs(t, err, net.ErrClosed)
				} else {
					assert.NoError(t, err)
				}
			})
		})
	}
}

// An upload of which the server has not all when something breaks ends by a
// reset: by a plain end it would be a whole file.
func TestClientUploadNeverLooksWhole(t *testing.T) {
	half := strings.NewReader(strings.Repeat("x", 1000))
	tests := []struct {
		name   string
		script func(a *actor, more chan<- struct{})
	}{
		{"the control connection ends", func(a *actor, _ chan<- struct{}) { a.nc.Close() }},
		{"the control connection is reset", func(a *actor, _ chan<- struct{}) { cutShort(a.nc) }},
		{"a reply outside the grammar", func(a *actor, _ chan<- struct{}) { a.say("hello") }},
		{"a refusal", func(a *actor, _ chan<- struct{}) { a.say("452 full") }},
		{"421", func(a *actor, _ chan<- struct{}) { a.say("421 down") }},
		{"226, though it cannot be", func(a *actor, more chan<- struct{}) { a.say("226 done"); close(more) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				more := make(chan struct{})
				got := make(chan error, 1)
				c := dialActor(t, play(t, func(a *actor) {
					a.login()
					a.typ("I")
					a.epsv()
					a.expect("STOR a", "150 go")
					nc := a.accept()
					tt.script(a, more)
					_, err := io.Copy(io.Discard, nc)
					got <- err
					nc.Close()
				}), nil)
				half.Seek(0, io.SeekStart)
				err := c.Store(t.Context(), "a", io.MultiReader(half, readerFunc(func(b []byte) (int, error) {
					select {
					case <-more:
						return 0, errTired
					case <-time.After(time.Second):
						return copy(b, "y"), nil
					}
				})))
				assert.Error(t, err)
				assert.Error(t, <-got, "the server must see a reset, not an end")
			})
		})
	}
}

// A session survives the panic of a source, and of the body of a loop.
func TestClientCallerPanics(t *testing.T) {
	const oops = "oops"
	tests := map[string]func(ctx context.Context, c *ftp.Client){
		"STOR a": func(ctx context.Context, c *ftp.Client) {
			c.Store(ctx, "a", readerFunc(func([]byte) (int, error) { panic(oops) }))
		},
		"MLSD": func(ctx context.Context, c *ftp.Client) {
			for range c.Entries(ctx, "") {
				panic(oops)
			}
		},
	}
	for command, call := range tests {
		t.Run(command, func(t *testing.T) {
			c := dialActor(t, play(t, func(a *actor) {
				a.login("MLST type*;")
				if command != "MLSD" {
					a.typ("I")
				}
				a.epsv()
				a.expect(command, "150 go")
				nc := a.accept()
				defer nc.Close()
				if command == "MLSD" {
					io.WriteString(nc, "type=file; a\r\n")
				}
				a.expect("ABOR", "426 aborted")
				a.expect("PWD", "226 ok", `257 "/"`)
				a.expect("NOOP", "200 ok")
			}), nil)
			assert.PanicsWithValue(t, oops, func() { call(t.Context(), c) })
			assert.NoError(t, c.Noop(t.Context()))
		})
	}
}

// A loop's goroutine that ends in its body leaves a session that can be used.
func TestClientCallerGoes(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.login("MLST type*;")
		a.epsv()
		a.expect("MLSD", "150 go")
		nc := a.accept()
		defer nc.Close()
		io.WriteString(nc, "type=file; a\r\n")
		a.expect("ABOR", "426 aborted")
		a.expect("PWD", "226 ok", `257 "/"`)
		a.expect("NOOP", "200 ok")
	}), nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range c.Entries(t.Context(), "") {
			runtime.Goexit()
		}
	}()
	<-done
	assert.NoError(t, c.Noop(t.Context()))
}

// A data connection that shows another certificate is not the server's, though
// its port was named within TLS: anybody may wait there (RFC 4217 §15.1.1).
func TestClientDataOfAnother(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	other, _ := testkit.Certificate(t, "192.0.2.1")
	for _, trusting := range []bool{false, true} {
		network := play(t, func(a *actor) {
			a.secureLogin(server)
			a.typ("I")
			a.epsv()
			a.expect("STOR a", "150 go")
			nc := a.accept()
			defer nc.Close()
			b, err := io.ReadAll(tls.Server(nc, other))
			assert.Error(a.tb, err, "a reset")
			assert.Empty(a.tb, b)
			a.expect("ABOR", "426 broken")
			a.expect("PWD", "226 ok", `257 "/"`)
		})
		client.InsecureSkipVerify = trusting
		c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
		err := c.Store(t.Context(), "a", strings.NewReader("secret"))
		assert.ErrorContains(t, err, "another certificate")
	}
}

// A line that is typed may change what the client believes of the session.
func TestClientQuoteChangesTheType(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.login()
		a.typ("I")
		a.send("RETR a", "1\r\n")
		a.expect("TYPE A", "200 ok")
		a.expect("rest 2", "350 ok")
		a.typ("I")
		a.epsv()
		a.expect("REST 0", "350 ok")
		a.expect("RETR a", "150 go")
		nc := a.accept()
		io.WriteString(nc, "1\r\n")
		nc.Close()
		a.say("226 done")
	}), nil)
	fetch := func() {
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "1\r\n", string(b))
	}
	fetch()
	for _, line := range []string{"TYPE A", "rest 2"} {
		_, err := c.Quote(t.Context(), line)
		require.NoError(t, err)
	}
	fetch()
}

// A time that no time-val can say is not sent.
func TestClientSetModTimeOutOfRange(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.login("MFMT")
		a.expect("MFMT 20240517101112 a", "213 ok")
		a.gone()
	}), nil)
	require.NoError(t, c.SetModTime(t.Context(), "a", day.Add(time.Millisecond)))
	for _, year := range []int{-1, 999, 10000} {
		err := c.SetModTime(t.Context(), "a", time.Date(year, 1, 2, 3, 4, 5, 0, time.UTC))
		assert.ErrorIs(t, err, ftp.ErrValue)
	}
	c.Close()
}

var errNetwork = errors.New("*net.OpError")
