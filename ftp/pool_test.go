package ftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// serveFiles serves a folder to anonymous clients on a network in memory, at
// actorAddr, with every right.
func serveFiles(tb testing.TB, root string, opts *ftp.DirOptions) *testkit.Network {
	tb.Helper()
	if opts == nil {
		opts = &ftp.DirOptions{NoSync: true}
	}
	dir, err := ftp.Dir(root, opts)
	require.NoError(tb, err)
	network := testkit.NewNetwork()
	server := &ftp.Server{
		Auth: ftp.AuthenticatorFunc(func(context.Context, ftp.Login) (*ftp.Account, error) {
			return &ftp.Account{FS: dir}, nil
		}),
		ListenData: network.Listen,
		DialData:   network.DialFrom,
	}
	l, err := network.Listen(tb.Context(), "tcp", actorAddr)
	require.NoError(tb, err)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	tb.Cleanup(func() {
		server.Close()
		assert.ErrorIs(tb, <-done, ftp.ErrServerClosed)
		dir.Close()
	})
	return network
}

// newTestPool is a pool whose sessions are with what serves on the network.
func newTestPool(tb testing.TB, network *testkit.Network, opts *ftp.Options) *ftp.Pool {
	p := ftp.NewPool("tcp", actorAddr, onNetwork(network, opts))
	p.Retry = ftp.Retry{Wait: time.Millisecond}
	tb.Cleanup(func() { p.Close() })
	return p
}

// breaking makes the first data connections break after some octets.
func breaking(network *testkit.Network, times int32, after int) *ftp.Options {
	var n atomic.Int32
	return &ftp.Options{DialData: func(ctx context.Context, nw, addr string) (net.Conn, error) {
		nc, err := network.DialFrom(ctx, nw, "192.0.2.9:0", addr)
		if err == nil && n.Add(1) <= times {
			nc = &breakingConn{Conn: nc, left: after}
		}
		return nc, err
	}}
}

// breakingConn breaks after left octets.
type breakingConn struct {
	net.Conn
	left int
}

func (c *breakingConn) Read(b []byte) (int, error) {
	return c.some(b, c.Conn.Read)
}

func (c *breakingConn) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		m := 0
		m, err = c.some(b[n:], c.Conn.Write)
		n += m
	}
	return n, err
}

func (c *breakingConn) some(b []byte, do func([]byte) (int, error)) (int, error) {
	if c.left == 0 {
		c.Conn.(interface{ SetLinger(int) error }).SetLinger(0)
		c.Conn.Close()
		return 0, &net.OpError{Op: "test", Err: syscall.ECONNRESET}
	}
	n, err := do(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// pattern is octets of which no two stretches are the same.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return b
}

func writeFile(tb testing.TB, path string, b []byte) {
	tb.Helper()
	require.NoError(tb, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(tb, os.WriteFile(path, b, 0o644))
}

func TestPoolDownloadResumes(t *testing.T) {
	root := t.TempDir()
	want := pattern(1 << 20)
	writeFile(t, filepath.Join(root, "a"), want)
	network := serveFiles(t, root, nil)
	// More breaks than attempts: those in which octets moved do not count.
	p := newTestPool(t, network, breaking(network, 8, 100<<10))
	var got bytes.Buffer
	n, err := p.Download(t.Context(), "a", &got, 0)
	require.NoError(t, err)
	assert.EqualValues(t, len(want), n)
	assert.True(t, bytes.Equal(want, got.Bytes()))

	got.Reset()
	n, err = p.Download(t.Context(), "a", &got, 1<<20-3)
	require.NoError(t, err)
	assert.EqualValues(t, 3, n)
	assert.Equal(t, want[1<<20-3:], got.Bytes())
}

func TestPoolDownloadGivesUp(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "a"), pattern(1000))
	network := serveFiles(t, root, nil)
	var dials atomic.Int32
	p := newTestPool(t, network, &ftp.Options{DialData: func(context.Context, string, string) (net.Conn, error) {
		dials.Add(1)
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}})
	p.Retry.Attempts = 3
	_, err := p.Download(t.Context(), "a", io.Discard, 0)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.EqualValues(t, 6, dials.Load(), "EPSV and PASV, three times")

	p = newTestPool(t, network, nil)
	_, err = p.Download(t.Context(), "missing", io.Discard, 0)
	assert.ErrorIs(t, err, ftp.ErrNotFound, "is no reason to try again")
	full := errors.New("disk full")
	_, err = p.Download(t.Context(), "a", fullDisk{full}, 0)
	assert.ErrorIs(t, err, full)
}

type fullDisk struct{ err error }

func (w fullDisk) Write([]byte) (int, error) { return 0, w.err }

func TestPoolDownloadSegments(t *testing.T) {
	root := t.TempDir()
	want := pattern(1<<20 + 17)
	writeFile(t, filepath.Join(root, "a"), want)
	writeFile(t, filepath.Join(root, "empty"), nil)
	network := serveFiles(t, root, nil)
	for _, segments := range []int{1, 3, 4, 100} {
		p := newTestPool(t, network, breaking(network, 2, 30<<10))
		f, err := os.Create(filepath.Join(t.TempDir(), "a"))
		require.NoError(t, err)
		defer f.Close()
		n, err := p.DownloadSegments(t.Context(), "a", f, segments)
		require.NoError(t, err)
		assert.EqualValues(t, len(want), n)
		got, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got), "%d segments", segments)

		n, err = p.DownloadSegments(t.Context(), "empty", f, segments)
		assert.NoError(t, err)
		assert.Zero(t, n)
		_, err = p.DownloadSegments(t.Context(), "missing", f, segments)
		assert.ErrorIs(t, err, ftp.ErrNotFound)
	}
}

func TestPoolUploadResumes(t *testing.T) {
	want := pattern(2 << 20)
	for _, keep := range []bool{true, false} {
		root := t.TempDir()
		network := serveFiles(t, root, &ftp.DirOptions{NoSync: true, KeepPartial: keep})
		var sent atomic.Int64
		var rests []string
		opts := breaking(network, 2, 300<<10)
		opts.Trace = &ftp.Trace{Line: func(server bool, line []byte) {
			if strings.HasPrefix(string(line), "REST ") && !server {
				rests = append(rests, string(line))
			}
		}}
		opts.Progress = func(p ftp.Progress) {
			sent.Store(p.Done)
			assert.True(t, p.Upload)
		}
		p := newTestPool(t, network, opts)
		require.NoError(t, p.Upload(t.Context(), "a", bytes.NewReader(want)))
		got, err := os.ReadFile(filepath.Join(root, "a"))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(want, got), "keep %v", keep)
		assert.EqualValues(t, len(want), sent.Load())
		if keep {
			assert.Len(t, rests, 2)
		} else {
			assert.Empty(t, rests, "the server has kept nothing")
		}
	}
}

// What was there before, at a server that takes uploads all at once, is not
// taken for the beginning of what was sent.
func TestPoolUploadKeepsNoOldOctets(t *testing.T) {
	root := t.TempDir()
	for _, size := range []int{100, 2 << 20} {
		writeFile(t, filepath.Join(root, "a"), bytes.Repeat([]byte("old"), 30))
		network := serveFiles(t, root, nil)
		p := newTestPool(t, network, breaking(network, 1, 95))
		require.NoError(t, p.Upload(t.Context(), "a", bytes.NewReader(pattern(size))))
		got, err := os.ReadFile(filepath.Join(root, "a"))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(pattern(size), got))
	}
}

func TestPoolMax(t *testing.T) {
	network := serveFiles(t, t.TempDir(), nil)
	p := newTestPool(t, network, nil)
	p.Max = 2
	a, err := p.Get(t.Context())
	require.NoError(t, err)
	b, err := p.Get(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = p.Get(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	p.Put(a)
	c, err := p.Get(t.Context())
	require.NoError(t, err)
	assert.Same(t, a, c, "an idle session is used again")
	b.Close()
	p.Put(b)
	d, err := p.Get(t.Context())
	require.NoError(t, err)
	assert.NotSame(t, b, d, "one that has ended is not")
	p.Put(c)
	p.Close()
	_, err = p.Get(t.Context())
	assert.ErrorIs(t, err, net.ErrClosed)
	p.Put(d)
	assert.ErrorIs(t, d.Noop(t.Context()), net.ErrClosed)
}

// A server that lets in two gets along with a pool of four.
func TestPoolCrowded(t *testing.T) {
	server := func(a *actor) {
		a.login()
		for {
			switch line, err := a.in.ReadString('\n'); {
			case err != nil:
				return
			case line == "NOOP\r\n":
				a.say("200 ok")
			}
		}
	}
	refused := make(chan struct{})
	network := playTogether(t, server, func(a *actor) { a.say("421 too many"); a.gone(); close(refused) })
	p := newTestPool(t, network, nil)
	first, err := p.Get(t.Context())
	require.NoError(t, err)
	got := make(chan *ftp.Client)
	go func() {
		c, err := p.Get(t.Context())
		assert.NoError(t, err)
		got <- c
	}()
	<-refused
	p.Put(first)
	second := <-got
	assert.Same(t, first, second)
	assert.NoError(t, second.Noop(t.Context()))
	p.Put(second)
}

func TestRetryWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := func(a *actor) { a.say("421 down"); a.gone() }
		network := play(t, down, down, down, func(a *actor) {
			a.login()
			a.expect("NOOP", "200 ok")
		})
		p := ftp.NewPool("tcp", actorAddr, onNetwork(network, nil))
		defer p.Close()
		start := time.Now()
		require.NoError(t, p.With(t.Context(), func(c *ftp.Client) error { return c.Noop(t.Context()) }))
		took := time.Since(start)
		assert.LessOrEqual(t, took, 7*time.Second, "1 + 2 + 4 s")
		assert.GreaterOrEqual(t, took, 3500*time.Millisecond, "of each at least half")
	})
}

func TestFS(t *testing.T) {
	root := t.TempDir()
	for name, size := range map[string]int{"a.txt": 10, "empty": 0, "d/b": 5000, "d/e/c": 300 << 10} {
		writeFile(t, filepath.Join(root, name), pattern(size))
	}
	network := serveFiles(t, root, nil)
	names := []string{"a.txt", "empty", "d", "d/b", "d/e/c"}
	assert.NoError(t, fstest.TestFS(newTestPool(t, network, nil).FS(t.Context()), names...))
	assert.NoError(t, fstest.TestFS(dialActor(t, network, nil).FS(t.Context()), names...))
}
