package ftp_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// countingPool is a pool over real sockets, and how many data connections it
// has opened.
func countingPool(t *testing.T, addr string) (*ftp.Pool, *atomic.Int32) {
	var dials atomic.Int32
	p := ftp.NewPool("tcp", addr, &ftp.Options{DialData: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}})
	p.Retry = ftp.Retry{Wait: time.Millisecond}
	t.Cleanup(func() { p.Close() })
	return p, &dials
}

// A file of ours that takes no more is no reason to fetch the other again, though
// the error of the kernel, which moves the octets, looks like a network's.
func TestRetryNotForTheDestination(t *testing.T) {
	testkit.Linux(t, "/dev/full")
	remote := t.TempDir()
	writeFile(t, filepath.Join(remote, "a"), pattern(1<<20))
	closed := filepath.Join(t.TempDir(), "not to be written")
	writeFile(t, closed, nil)
	for _, tt := range []struct {
		name string
		flag int
		want error
	}{{"/dev/full", os.O_WRONLY, syscall.ENOSPC}, {closed, os.O_RDONLY, syscall.EBADF}} {
		p, dials := countingPool(t, serveTCP(t, remote))
		f, err := os.OpenFile(tt.name, tt.flag, 0)
		require.NoError(t, err)
		defer f.Close()
		_, err = p.Download(t.Context(), "a", f, 0)
		assert.ErrorIs(t, err, tt.want)
		assert.EqualValues(t, 1, dials.Load(), tt.name)
	}
}

// What cannot be read here is no reason to send it again, nor to wait for what
// the server says of the connection.
func TestRetryNotForTheSource(t *testing.T) {
	testkit.Linux(t, "the errors")
	remote := t.TempDir()
	closed := filepath.Join(t.TempDir(), "not to be read")
	writeFile(t, closed, []byte("x"))
	for _, tt := range []struct {
		name string
		flag int
		want error
	}{{t.TempDir(), os.O_RDONLY, syscall.EISDIR}, {closed, os.O_WRONLY, syscall.EBADF}} {
		p, dials := countingPool(t, serveTCP(t, remote))
		f, err := os.OpenFile(tt.name, tt.flag, 0)
		require.NoError(t, err)
		defer f.Close()
		err = p.Upload(t.Context(), "a", f)
		assert.ErrorIs(t, err, tt.want)
		assert.EqualValues(t, 1, dials.Load(), tt.name)
		assert.NoFileExists(t, filepath.Join(remote, "a"))
	}
}

// A pool that was closed has no other session to try again with.
func TestRetryNotInAClosedPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := ftp.NewPool("tcp", actorAddr, onNetwork(testkit.NewNetwork(), nil))
		p.Close()
		start := time.Now()
		_, err := p.Download(t.Context(), "a", io.Discard, 0)
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.Zero(t, time.Since(start))
	})
}

// Who is tired of waiting between two attempts is told so, and why the last one
// failed.
func TestRetryCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := ftp.NewPool("tcp", actorAddr, onNetwork(testkit.NewNetwork(), nil)) // where nobody listens
		defer p.Close()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errTired)
		defer cancel()
		err := p.Upload(ctx, "a", strings.NewReader("x"))
		assert.ErrorIs(t, err, errTired)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}
