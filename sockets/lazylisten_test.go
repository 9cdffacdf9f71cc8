package sockets_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// lazyListener listens on a port of its own.
func lazyListener(t *testing.T) *sockets.LazyListener {
	t.Helper()
	l, err := sockets.ListenRange(t.Context(), "tcp", "127.0.0.1", 49152, 65535)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	require.IsType(t, (*sockets.LazyListener)(nil), l)
	return l.(*sockets.LazyListener)
}

// lazyPair is a connection from TryAccept and its client.
func lazyPair(t *testing.T) (nc, client net.Conn) {
	t.Helper()
	l := lazyListener(t)
	client = dialTo(t, l)
	nc = arrived(t, l)
	t.Cleanup(func() { nc.Close() })
	return nc, client
}

// arrived is the connection that TryAccept gives once the kernel has done its
// part.
func arrived(t *testing.T, l *sockets.LazyListener) net.Conn {
	t.Helper()
	for {
		nc, err := l.TryAccept()
		require.NoError(t, err)
		if nc != nil {
			return nc
		}
		runtime.Gosched()
	}
}

func dialTo(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	return nc
}

// Accept and TryAccept give connections in any order.
func TestLazyListenerAccept(t *testing.T) {
	l := lazyListener(t)
	for _, wait := range []bool{false, true, false, true} {
		nc, err := l.TryAccept()
		require.NoError(t, err)
		require.Nil(t, nc, "nobody is there")
		client := dialTo(t, l)
		if wait {
			nc, err = l.Accept()
			require.NoError(t, err)
		} else {
			nc = arrived(t, l)
		}
		assert.Equal(t, client.LocalAddr().String(), nc.RemoteAddr().String())
		assert.Equal(t, client.RemoteAddr().String(), nc.LocalAddr().String())
		_, err = nc.Write([]byte("hello"))
		require.NoError(t, err)
		require.NoError(t, nc.Close())
		got, err := io.ReadAll(client)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(got))
	}
}

// Close ends an Accept that waits; behind it nothing goes.
func TestLazyListenerClose(t *testing.T) {
	for _, waited := range []bool{false, true} {
		l := lazyListener(t)
		if waited {
			accepted := make(chan error, 1)
			go func() {
				_, err := l.Accept()
				accepted <- err
			}()
			dialTo(t, l)
			require.NoError(t, <-accepted)
			go func() {
				_, err := l.Accept()
				accepted <- err
			}()
			require.NoError(t, l.Close())
			require.ErrorIs(t, <-accepted, net.ErrClosed)
		} else {
			require.NoError(t, l.Close())
		}
		_, err := l.Accept()
		assert.ErrorIs(t, err, net.ErrClosed)
		_, err = l.TryAccept()
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.ErrorIs(t, l.SetDeadline(time.Now()), net.ErrClosed)
		assert.ErrorIs(t, l.Close(), net.ErrClosed)
	}
}

// A deadline ends Accept, whether it was set before the first or later.
func TestLazyListenerDeadline(t *testing.T) {
	l := lazyListener(t)
	for range 2 {
		require.NoError(t, l.SetDeadline(time.Now().Add(-time.Second)))
		_, err := l.Accept()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	require.NoError(t, l.SetDeadline(time.Time{}))
	dialTo(t, l)
	_, err := l.Accept()
	assert.NoError(t, err)
}

func TestListenLazyAddresses(t *testing.T) {
	for _, tt := range []struct{ network, addr string }{
		{"tcp", "localhost:0"}, {"tcp4", "127.0.0.1:0"}, {"tcp", ":0"}, {"tcp", "[::1]:0"},
	} {
		l, err := sockets.ListenLazy(t.Context(), tt.network, tt.addr)
		if strings.Contains(tt.addr, "::1") && err != nil {
			t.Skip("no IPv6:", err)
		}
		require.NoError(t, err, tt.addr)
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		assert.NotZero(t, port)
		dialTo(t, l)
		arrived(t, l).Close()
	}
	l := lazyListener(t)
	_, err := sockets.ListenLazy(t.Context(), "tcp", l.Addr().String())
	require.ErrorIs(t, err, sockets.ErrAddrInUse)
	_, err = sockets.ListenLazy(t.Context(), "tcp", "192.0.2.1:5000")
	assert.ErrorContains(t, err, "listen tcp 192.0.2.1:5000: bind: ")
	_, err = sockets.ListenLazy(t.Context(), "tcp", "127.0.0.1:none")
	assert.Error(t, err)
	_, err = sockets.ListenLazy(t.Context(), "unix", filepath.Join(t.TempDir(), "s"))
	assert.ErrorContains(t, err, "unknown network unix")
}

// RFC 4291 §2.2: an IPv6 address is one like another.
func TestListenLazyIPv6(t *testing.T) {
	l, err := sockets.ListenRange(t.Context(), "tcp", "::1", 49152, 65535)
	if err != nil {
		t.Skip("no IPv6:", err)
	}
	defer l.Close()
	client := dialTo(t, l)
	nc := arrived(t, l.(*sockets.LazyListener))
	defer nc.Close()
	assert.Equal(t, client.LocalAddr().String(), nc.RemoteAddr().String())
}

// A Write that the socket does not take at once waits for the rest.
func TestLazyConnWriteWaits(t *testing.T) {
	nc, client := lazyPair(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB
	wrote := make(chan error, 1)
	go func() {
		n, err := nc.Write(want)
		if err == nil && n != len(want) {
			err = io.ErrShortWrite
		}
		nc.Close()
		wrote <- err
	}()
	got, err := io.ReadAll(client)
	require.NoError(t, err)
	require.NoError(t, <-wrote)
	assert.True(t, bytes.Equal(want, got))
}

// It is a connection in all else, too.
func TestLazyConnIsTCP(t *testing.T) {
	nc, client := lazyPair(t)
	_, err := client.Write([]byte("ping"))
	require.NoError(t, err)
	b := make([]byte, 4)
	_, err = io.ReadFull(nc, b)
	require.NoError(t, err)
	assert.Equal(t, "ping", string(b))
	name := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(name, []byte("pong"), 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	n, err := io.Copy(nc, f)
	require.NoError(t, err)
	assert.EqualValues(t, 4, n)
	require.NoError(t, nc.(interface{ CloseWrite() error }).CloseWrite())
	got, err := io.ReadAll(client)
	require.NoError(t, err)
	assert.Equal(t, "pong", string(got))
}

// Deadlines hold whether they were set before a call waits or behind.
func TestLazyConnDeadlines(t *testing.T) {
	passed, later := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for _, waited := range []bool{false, true} {
		for name, tt := range map[string]struct {
			set         func(net.Conn, time.Time) error
			read, write bool
		}{
			"both": {net.Conn.SetDeadline, true, true}, "read": {net.Conn.SetReadDeadline, true, false},
			"write": {net.Conn.SetWriteDeadline, false, true},
		} {
			t.Run(fmt.Sprintf("%s waited %v", name, waited), func(t *testing.T) {
				nc, client := lazyPair(t)
				if waited {
					client.Write([]byte("x"))
					_, err := nc.Read(make([]byte, 1))
					require.NoError(t, err)
				}
				require.NoError(t, nc.SetDeadline(later))
				require.NoError(t, tt.set(nc, passed))
				if tt.write {
					_, err := nc.Write([]byte("x"))
					assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
				}
				if !tt.read {
					client.Write([]byte("x"))
				}
				_, err := nc.Read(make([]byte, 1))
				assert.Equal(t, tt.read, os.IsTimeout(err), "%v", err)
				if !tt.write {
					_, err := nc.Write([]byte("x"))
					assert.NoError(t, err)
				}
			})
		}
	}
}

// Behind Close nothing goes.
func TestLazyConnClosed(t *testing.T) {
	for _, waited := range []bool{false, true} {
		nc, client := lazyPair(t)
		if waited {
			client.Write([]byte("x"))
			_, err := nc.Read(make([]byte, 1))
			require.NoError(t, err)
		}
		require.NoError(t, nc.Close())
		_, err := nc.Read(make([]byte, 1))
		assert.ErrorIs(t, err, net.ErrClosed)
		_, err = nc.Write([]byte("x"))
		assert.ErrorIs(t, err, net.ErrClosed)
		_, err = nc.(io.ReaderFrom).ReadFrom(strings.NewReader("x"))
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.ErrorIs(t, nc.SetDeadline(time.Now()), net.ErrClosed)
		assert.ErrorIs(t, nc.(interface{ CloseWrite() error }).CloseWrite(), net.ErrClosed)
		assert.ErrorIs(t, nc.Close(), net.ErrClosed)
	}
}

// A Write to a peer that has gone is an error, and no signal.
func TestLazyConnPeerGone(t *testing.T) {
	nc, client := lazyPair(t)
	require.NoError(t, client.(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
	_, err := nc.Write([]byte("x"))
	assert.IsType(t, (*net.OpError)(nil), err)
}

// Neither listener nor connections leave a descriptor behind.
func TestLazyListenerLeavesNothing(t *testing.T) {
	testkit.NoLeaks(t)
	for _, wait := range []bool{false, true} {
		l := lazyListener(t)
		client := dialTo(t, l)
		var nc net.Conn
		if wait {
			var err error
			nc, err = l.Accept()
			require.NoError(t, err)
		} else {
			nc = arrived(t, l)
		}
		nc.Write([]byte("x"))
		nc.Close()
		client.Close()
		l.Close()
	}
}

func ExampleLazyListener() {
	l, err := sockets.ListenLazy(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	nc, err := l.TryAccept()
	if nc == nil && err == nil { // it is still on its way
		nc, err = l.Accept()
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	io.WriteString(nc, "hello\n")
	nc.Close()
	got, err := io.ReadAll(client)
	fmt.Print(string(got))
	// Output: hello
}
