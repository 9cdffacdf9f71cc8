package ftp_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
	"applayer/sockets/telnet"
)

// serveTCP serves a folder over real sockets.
func serveTCP(t *testing.T, root string) string {
	t.Helper()
	dir, err := ftp.Dir(root, &ftp.DirOptions{NoSync: true})
	require.NoError(t, err)
	server := &ftp.Server{Auth: ftp.AuthenticatorFunc(func(context.Context, ftp.Login) (*ftp.Account, error) {
		return &ftp.Account{FS: dir}, nil
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		<-done
		dir.Close()
	})
	return l.Addr().String()
}

// Files go by the kernel over plain TCP; what comes out is the same.
func TestClientFilesOverTCP(t *testing.T) {
	remote, local := t.TempDir(), t.TempDir()
	want := pattern(5<<20 + 3)
	writeFile(t, filepath.Join(remote, "a"), want)
	addr := serveTCP(t, remote)
	for _, active := range []bool{false, true} {
		var last ftp.Progress
		c, err := ftp.Dial(t.Context(), "tcp", addr, &ftp.Options{Active: active, Progress: func(p ftp.Progress) { last = p }})
		require.NoError(t, err)
		f, err := os.Create(filepath.Join(local, "a"))
		require.NoError(t, err)
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		n, err := io.Copy(f, r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		assert.EqualValues(t, len(want), n)
		assert.Equal(t, ftp.Progress{Name: "a", Done: n, Total: n}, last)
		got, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got))

		_, err = f.Seek(1, io.SeekStart)
		require.NoError(t, err)
		require.NoError(t, c.Store(t.Context(), "b", f))
		assert.Equal(t, ftp.Progress{Name: "b", Upload: true, Done: n - 1, Total: n - 1}, last)
		got, err = os.ReadFile(filepath.Join(remote, "b"))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want[1:], got))
		require.NoError(t, f.Close())
		require.NoError(t, c.Quit(t.Context()))
	}
}

// A cancelled transfer over real sockets leaves the session usable, whatever
// the kernel has in its buffers.
func TestClientCancelOverTCP(t *testing.T) {
	remote := t.TempDir()
	writeFile(t, filepath.Join(remote, "a"), pattern(32<<20))
	c, err := ftp.Dial(t.Context(), "tcp", serveTCP(t, remote), nil)
	require.NoError(t, err)
	defer c.Close()
	for range 3 {
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		_, err = io.ReadFull(r, make([]byte, 1000))
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.NoError(t, c.Noop(t.Context()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = c.Store(ctx, "half", io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, nil
	})))
	assert.ErrorIs(t, err, context.Canceled)
	require.NoError(t, c.Noop(t.Context()))
	assert.NoFileExists(t, filepath.Join(remote, "half"))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// An urgent octet of the server's is one of the reply (RFC 959 §2.3: the control
// connection is Telnet's); the system would take it out of the stream.
func TestClientUrgentOctet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if !assert.NoError(t, err) {
			return
		}
		a := &actor{tb: t, nc: nc, in: bufio.NewReader(nc)}
		a.run(func(a *actor) {
			_, err := telnet.SendUrgent(nc, []byte("220 ready\r\n"))
			a.check(err)
			a.expect("NOOP", "200 ok")
		})
	}()
	c, err := ftp.Dial(t.Context(), "tcp", l.Addr().String(), &ftp.Options{NoLogin: true, ReplyTimeout: 5 * time.Second})
	require.NoError(t, err)
	assert.NoError(t, c.Noop(t.Context()))
	c.Close()
	<-done
}

func TestClientText(t *testing.T) {
	got := make(chan string, 1)
	c := dialActor(t, play(t, func(a *actor) {
		a.login()
		a.typ("A")
		a.send("RETR a", "one\r\ntwo\r\n")
		got <- a.take("STOR a")
	}), nil)
	r, err := c.RetrieveText(t.Context(), "a")
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	assert.Equal(t, "one\ntwo\n", string(b))
	require.NoError(t, c.StoreText(t.Context(), "a", bytes.NewReader(b)))
	assert.Equal(t, "one\r\ntwo\r\n", <-got)
}

// The rate is that of all sessions of a pool together.
func TestClientRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := playTogether(t, rateActor, rateActor)
		p := ftp.NewPool("tcp", actorAddr, onNetwork(network, &ftp.Options{Rate: 1000}))
		start := time.Now()
		done := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := p.Download(t.Context(), "a", io.Discard, 0)
				done <- err
			}()
		}
		require.NoError(t, <-done)
		require.NoError(t, <-done)
		took := time.Since(start)
		assert.InDelta(t, 10, took.Seconds(), 0.5, "10,000 octets at 1000 a second")
		c, err := p.Get(t.Context())
		require.NoError(t, err)
		start = time.Now()
		require.NoError(t, c.Store(t.Context(), "b", strings.NewReader(strings.Repeat("x", 2000))))
		assert.InDelta(t, 2, time.Since(start).Seconds(), 0.5)
		p.Put(c)
		p.Close()
	})
}

// rateActor sends 5000 octets, and takes what comes.
func rateActor(a *actor) {
	a.login()
	a.typ("I")
	a.send("RETR a", strings.Repeat("x", 5000))
	line, err := a.in.ReadString('\n')
	if err != nil {
		return
	}
	assert.Equal(a.tb, "EPSV\r\n", line)
	a.say("229 (|||" + portText(int(a.listen().Port())) + "|)")
	a.expect("STOR b", "150 go")
	io.Copy(io.Discard, a.accept())
	a.say("226 done")
}

func TestNewClient(t *testing.T) {
	near, far := testkit.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		a := &actor{tb: t, nc: far, in: bufio.NewReader(far)}
		a.run(func(a *actor) {
			a.say("220 hi")
			a.expect("HOST example.org", "220 that is me")
			a.expect("USER bob", "331 password")
			a.expect("PASS ", "230 in")
			a.feat()
			a.quit()
		})
	}()
	c, err := ftp.NewClient(t.Context(), near, &ftp.Options{NoLogin: true, Host: "example.org"})
	require.NoError(t, err)
	assert.Nil(t, c.TLS())
	assert.Equal(t, near.RemoteAddr(), c.RemoteAddr())
	assert.Equal(t, near.LocalAddr(), c.LocalAddr())
	require.NoError(t, c.Login(t.Context(), "bob", ""))
	require.NoError(t, c.Quit(t.Context()))
	<-done
}
