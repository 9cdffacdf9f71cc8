package ftp_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

func TestClientSession(t *testing.T) {
	network := play(t, func(a *actor) {
		a.login("UTF8", "SIZE", "REST STREAM")
		a.expect("OPTS UTF8 ON", "200 ok")
		a.expect("PWD", `257 "/a""b" is it`)
		a.expect("MKD d", `257 "/d"`)
		a.expect("RNFR d", "350 go on")
		a.expect("RNTO e f ", "250 ok")
		a.expect("DELE x", "550 No such file.")
		a.expect("SITE UMASK 022", "200-one", "200 two")
		a.quit()
	})
	c := dialActor(t, network, nil)
	ctx := t.Context()

	f, err := c.Features(ctx)
	require.NoError(t, err)
	assert.Equal(t, ftp.Features{"UTF8": "", "SIZE": "", "REST": "STREAM"}, f)
	dir, err := c.WorkingDir(ctx)
	require.NoError(t, err)
	assert.Equal(t, `/a"b`, dir)
	require.NoError(t, c.MakeDir(ctx, "d"))
	require.NoError(t, c.Rename(ctx, "d", "e f "))

	err = c.Remove(ctx, "x")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorIs(t, err, ftp.ErrNotFound)
	assert.EqualError(t, err, `ftp: DELE "x": reply 550: "No such file."`)

	r, err := c.Quote(ctx, "SITE UMASK 022")
	require.NoError(t, err)
	assert.Equal(t, ftp.Reply{Code: 200, Lines: []string{"one", "two"}}, r)
	require.NoError(t, c.Quit(ctx))
	assert.ErrorIs(t, c.Remove(ctx, "x"), net.ErrClosed)
	assert.NoError(t, c.Quit(ctx), "of a session that has ended")
}

// Quit leaves no session open, though it cannot say so to the server.
func TestClientQuitCloses(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	c := dialActor(t, play(t, func(a *actor) { a.login(); a.gone() }), nil)
	assert.ErrorIs(t, c.Quit(cancelled), context.Canceled)
	assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)

	c = dialActor(t, play(t, func(a *actor) {
		a.login()
		a.typ("I")
		a.epsv()
		a.expect("RETR a", "150 go")
		nc := a.accept()
		defer nc.Close()
		a.gone()
	}), nil)
	r, err := c.Retrieve(t.Context(), "a", 0)
	require.NoError(t, err)
	assert.ErrorIs(t, c.Quit(t.Context()), ftp.ErrBusy)
	_, err = io.ReadAll(r)
	assert.Error(t, err)
	assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
}

func TestClientAnonymousPassword(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.say("220 hi")
		a.expect("USER anonymous", "331 password")
		a.expect("PASS bob@example.org", "230 in")
		a.feat()
		a.quit()
	}), &ftp.Options{Password: "bob@example.org"})
	assert.NoError(t, c.Quit(t.Context()))
}

func TestClientLogin(t *testing.T) {
	refused := func(code int, text string) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			var r *ftp.ReplyError
			require.ErrorAs(t, err, &r)
			assert.Equal(t, ftp.ReplyError{Code: code, Text: text}, *r)
		}
	}
	tests := []struct {
		name   string
		script func(a *actor)
		check  func(t *testing.T, err error)
	}{
		{"959-5.4 the greeting may be delayed", func(a *actor) { a.say("120 in 1 minute"); a.login() }, nil},
		{"no password needed", func(a *actor) { a.say("220 hi"); a.expect("USER anonymous", "230 in"); a.feat() }, nil},
		{"959-4.1.1 account", func(a *actor) {
			a.say("220 hi")
			a.expect("USER anonymous", "331 pass")
			a.expect("PASS anonymous@", "332 account")
			a.expect("ACCT accounts", "230 in")
			a.feat()
		}, nil},
		{"too many users", func(a *actor) { a.say("421 full") }, refused(421, "full")},
		{"no service", func(a *actor) { a.say("500 go away") }, refused(500, "go away")},
		{"wrong password", func(a *actor) {
			a.say("220 hi")
			a.expect("USER anonymous", "331 pass")
			a.expect("PASS anonymous@", "530 no")
		}, func(t *testing.T, err error) {
			refused(530, "no")(t, err)
			assert.ErrorIs(t, err, ftp.ErrNotLoggedIn)
			assert.NotContains(t, err.Error(), "anonymous@")
		}},
		{"the password is asked for twice", func(a *actor) {
			a.say("220 hi")
			a.expect("USER anonymous", "331 pass")
			a.expect("PASS anonymous@", "331 pass")
		}, func(t *testing.T, err error) {
			var p *ftp.ProtocolError
			require.ErrorAs(t, err, &p)
			assert.True(t, p.Remote)
		}},
		{"the server goes", func(a *actor) { a.say("220 hi"); a.read() }, func(t *testing.T, err error) {
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}},
		{"another protocol", func(a *actor) { a.say("SSH-2.0-x") }, func(t *testing.T, err error) {
			var p *ftp.ParseError
			assert.ErrorAs(t, err, &p)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			network := play(t, tt.script)
			c, err := dialActorErr(t, network, &ftp.Options{Account: "accounts"})
			if tt.check != nil {
				require.Error(t, err)
				tt.check(t, err)
				return
			}
			require.NoError(t, err)
			c.Close()
		})
	}
}

func TestClientRetrieve(t *testing.T) {
	network := play(t, func(a *actor) {
		a.login("SIZE", "EPSV")
		a.typ("I")
		a.expect("SIZE a", "213 5")
		a.send("RETR a", "hello")
		a.send("RETR b", "world") // the 150 has told the truth: no SIZE
		a.expect("SIZE c", "213 5")
		a.epsv()
		a.expect("REST 3", "350 ok")
		a.expect("RETR c", "150 Opening (5 bytes)")
		nc := a.accept()
		io.WriteString(nc, "xy")
		nc.Close()
		a.say("226 done")
		a.epsv()
		a.expect("RETR d", "550 no")
		a.expect("PWD", `257 "/"`)
	})
	c := dialActor(t, network, nil)
	for _, step := range []struct {
		name   string
		offset int64
		want   string
	}{{"a", 0, "hello"}, {"b", 0, "world"}, {"c", 3, "xy"}} {
		r, err := c.Retrieve(t.Context(), step.name, step.offset)
		require.NoError(t, err)
		assert.EqualValues(t, 5, r.Size())
		_, err = c.Retrieve(t.Context(), "other", 0)
		assert.ErrorIs(t, err, ftp.ErrBusy)
		assert.ErrorIs(t, c.Remove(t.Context(), "other"), ftp.ErrBusy)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, step.want, string(b))
		require.NoError(t, r.Close())
	}
	_, err := c.Retrieve(t.Context(), "d", 0)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = c.WorkingDir(t.Context())
	assert.NoError(t, err, "the session goes on")
	_, err = c.Retrieve(t.Context(), "d", -1)
	assert.ErrorIs(t, err, ftp.ErrValue)
	assert.ErrorIs(t, c.StoreAt(t.Context(), "d", strings.NewReader(""), -1), ftp.ErrValue)
}

func TestClientRetrieveCut(t *testing.T) {
	short := func(first string) func(a *actor) {
		return func(a *actor) {
			a.login()
			a.typ("I")
			a.epsv()
			a.expect("RETR a", first)
			nc := a.accept()
			io.WriteString(nc, "hel")
			nc.Close()
		}
	}
	tests := []struct {
		name   string
		script func(a *actor)
		want   error
	}{
		{"shorter than 150 said", func(a *actor) {
			short("150 Opening BINARY mode data connection for a (5 bytes).")(a)
			a.say("226 done")
		}, io.ErrUnexpectedEOF},
		{"226 never comes", short("150 go"), io.ErrUnexpectedEOF},
		{"426", func(a *actor) { short("150 go")(a); a.say("426 broken") }, ftp.ErrDataConn},
		{"421", func(a *actor) { short("150 go")(a); a.say("421 going down") }, &ftp.ReplyError{Code: 421, Text: "going down"}},
		{"no reply at all", func(a *actor) { a.login(); a.typ("I"); a.epsv(); a.read() }, io.ErrUnexpectedEOF},
		{"2xx and nothing", func(a *actor) { a.login(); a.typ("I"); a.epsv(); a.expect("RETR a", "226 done"); a.accept().Close() }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dialActor(t, play(t, tt.script), nil)
			r, err := c.Retrieve(t.Context(), "a", 0)
			if err == nil {
				_, err = io.ReadAll(r)
				assert.Equal(t, err, r.Close())
			}
			if want, ok := errors.AsType[*ftp.ReplyError](tt.want); ok {
				got, _ := errors.AsType[*ftp.ReplyError](err)
				assert.Equal(t, want, got)
			} else {
				assert.ErrorIs(t, err, tt.want)
			}
		})
	}
}

func TestClientStore(t *testing.T) {
	got := make(chan string, 4)
	network := play(t, func(a *actor) {
		a.login()
		a.typ("I")
		got <- a.take("STOR a")
		a.epsv()
		a.expect("REST 3", "350 ok")
		a.expect("STOR a", "150 go")
		nc := a.accept()
		b, _ := io.ReadAll(nc)
		got <- string(b)
		a.say("226 ok")
		got <- a.take("APPE log")
		a.epsv()
		a.expect("STOU", "150 FILE: unique.1")
		b, _ = io.ReadAll(a.accept())
		got <- string(b)
		a.say("226 ok")
	})
	c := dialActor(t, network, nil)
	ctx := t.Context()
	require.NoError(t, c.Store(ctx, "a", strings.NewReader("hello")))
	assert.Equal(t, "hello", <-got)
	require.NoError(t, c.StoreAt(ctx, "a", strings.NewReader("lo"), 3))
	assert.Equal(t, "lo", <-got)
	require.NoError(t, c.Append(ctx, "log", strings.NewReader("line")))
	assert.Equal(t, "line", <-got)
	name, err := c.StoreUnique(ctx, "", strings.NewReader("u"))
	require.NoError(t, err)
	assert.Equal(t, "unique.1", name)
	assert.Equal(t, "u", <-got)
}

func TestClientStoreRefused(t *testing.T) {
	full := func(a *actor) {
		a.login()
		a.typ("I")
		a.epsv()
		a.expect("STOR a", "150 go")
		a.accept().Close()
		a.say("452 disk full")
		a.expect("PWD", `257 "/"`)
	}
	c := dialActor(t, play(t, full), nil)
	err := c.Store(t.Context(), "a", iotest.DataErrReader(strings.NewReader(strings.Repeat("x", 1<<20))))
	assert.ErrorIs(t, err, ftp.ErrNoSpace)
	_, err = c.WorkingDir(t.Context())
	assert.NoError(t, err)
}

// A source that fails must not leave half a file that looks whole.
func TestClientStoreSourceFails(t *testing.T) {
	read := make(chan error, 1)
	network := play(t, func(a *actor) {
		a.login()
		a.typ("I")
		a.epsv()
		a.expect("STOR a", "150 go")
		nc := a.accept()
		_, err := io.ReadAll(nc)
		read <- err
		a.say("426 reset")
		a.expect("ABOR", "226 closing")
		a.expect("PWD", `257 "/"`)
		a.expect("DELE a", "250 ok")
	})
	c := dialActor(t, network, nil)
	bad := errors.New("bad disk")
	err := c.Store(t.Context(), "a", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(bad)))
	assert.ErrorIs(t, err, bad)
	assert.Error(t, <-read, "the server must see a reset, not an end")
	assert.NoError(t, c.Remove(t.Context(), "a"), "the session goes on")
}

func TestClientPassiveFallback(t *testing.T) {
	network := play(t, func(a *actor) {
		a.login()
		a.typ("I")
		for i := range 2 {
			if i == 0 {
				a.expect("EPSV", "500 what?")
			}
			p := a.listen().Port()
			a.expect("PASV", "227 Entering Passive Mode (192,0,2,1,"+portOctets(p)+")")
			a.expect("RETR a", "150 go")
			nc := a.accept()
			io.WriteString(nc, "hi")
			nc.Close()
			a.say("226 done")
		}
	})
	c := dialActor(t, network, nil)
	for range 2 {
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "hi", string(b))
	}
}

func TestClientActive(t *testing.T) {
	network := play(t, func(a *actor) {
		a.login()
		a.typ("I")
		for i := range 2 {
			if i == 0 {
				assert.Regexp(a.tb, `^EPRT \|1\|192\.0\.2\.9\|\d+\|$`, a.read())
				a.say("502 no")
			}
			ap, err := ftp.ParsePORT([]byte(strings.TrimPrefix(a.read(), "PORT ")))
			a.check(err)
			a.say("200 ok")
			a.expect("RETR a", "150 go")
			// A stranger who knocks first is sent away (RFC 2577 §8).
			stranger, err := a.network.DialFrom(a.tb.Context(), "tcp", "203.0.113.6:0", ap.String())
			a.check(err)
			_, err = stranger.Read(make([]byte, 1))
			assert.Equal(a.tb, io.EOF, err)
			nc, err := a.network.DialFrom(a.tb.Context(), "tcp", "192.0.2.1:20", ap.String())
			a.check(err)
			io.WriteString(nc, "hi")
			nc.Close()
			a.say("226 done")
		}
		ap, err := ftp.ParsePORT([]byte(strings.TrimPrefix(a.read(), "PORT ")))
		a.check(err)
		a.say("200 ok")
		a.expect("RETR b", "425 cannot connect")
		a.expect("PWD", `257 "/"`)
		_, err = a.network.Dial(a.tb.Context(), "tcp", ap.String())
		assert.Error(a.tb, err, "the listener must be gone")
	})
	c := dialActor(t, network, &ftp.Options{Active: true})
	for range 2 {
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "hi", string(b))
	}
	_, err := c.Retrieve(t.Context(), "b", 0)
	assert.ErrorIs(t, err, ftp.ErrDataConn)
	_, err = c.WorkingDir(t.Context())
	assert.NoError(t, err)
}

// An offset that no transfer took must not be that of the next file.
func TestClientForgottenOffset(t *testing.T) {
	network := play(t, func(a *actor) {
		a.login()
		a.typ("I")
		a.epsv()
		a.expect("REST 3", "500 what?")
		a.epsv()
		a.expect("REST 0", "350 ok")
		a.expect("RETR a", "150 go")
		a.accept().Close()
		a.say("226 ok")
		a.send("RETR a", "")
	})
	c := dialActor(t, network, nil)
	_, err := c.Retrieve(t.Context(), "a", 3)
	require.Error(t, err)
	for range 2 {
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.NoError(t, err)
	}
}

// A TYPE whose call was cancelled may be in force: a file that came as text would
// be another.
func TestClientCancelledType(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	network := play(t, func(a *actor) {
		a.login()
		a.typ("I")
		a.expect("SIZE a", "213 1")
		a.expect("TYPE A")
		cancel()
		a.say("200 ok")
		a.typ("I")
		a.expect("SIZE a", "213 1")
	})
	c := dialActor(t, network, nil)
	_, err := c.Size(t.Context(), "a")
	require.NoError(t, err)
	if _, err = c.List(ctx, ""); err == nil {
		t.Error("the call was cancelled")
	}
	_, err = c.Size(t.Context(), "a")
	assert.NoError(t, err)
}

func TestClientStoreUniqueNames(t *testing.T) {
	for _, tt := range []struct{ first, last, want string }{
		{"150 FILE: a.1", "226 ok", "a.1"},
		{"150 Opening BINARY mode data connection for 'a.1'.", "226 Transfer complete (unique file name:a.1).", "a.1"},
		{"150 go", "226 done", ""},
	} {
		c := dialActor(t, play(t, func(a *actor) {
			a.login()
			a.typ("I")
			a.epsv()
			a.expect("STOU a", tt.first)
			io.Copy(io.Discard, a.accept())
			a.say(tt.last)
		}), nil)
		name, err := c.StoreUnique(t.Context(), "a", strings.NewReader("x"))
		require.NoError(t, err)
		assert.Equal(t, tt.want, name)
	}
}
