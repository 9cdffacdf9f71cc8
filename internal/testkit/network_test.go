package testkit_test

import (
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

func TestNetworkStreams(t *testing.T) {
	tests := []struct {
		name, network, listen, dial string
		wantErr                     error
	}{
		{"exact address", "tcp", "192.0.2.1:25", "192.0.2.1:25", nil},
		{"any address", "tcp", ":80", "198.51.100.7:80", nil},
		{"any IPv4 address", "tcp4", "0.0.0.0:80", "127.0.0.1:80", nil},
		{"IPv6", "tcp6", "[2001:db8::1]:53", "[2001:db8::1]:53", nil},
		{"localhost", "tcp", "127.0.0.1:80", "localhost:80", nil},
		{"path", "unix", "/run/x", "/run/x", nil},
		{"nobody listens", "tcp", "192.0.2.1:25", "192.0.2.1:26", syscall.ECONNREFUSED},
		{"other address", "tcp", "192.0.2.1:25", "192.0.2.2:25", syscall.ECONNREFUSED},
		{"IPv4 wildcard takes no IPv6", "tcp", "0.0.0.0:80", "[::1]:80", syscall.ECONNREFUSED},
		{"no such path", "unix", "/run/x", "/run/y", syscall.ENOENT},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := testkit.NewNetwork()
			l, err := n.Listen(t.Context(), tt.network, tt.listen)
			require.NoError(t, err)
			defer l.Close()
			c, err := n.Dial(t.Context(), tt.network, tt.dial)
			if tt.wantErr != nil {
				assert.ErrorIs(t, err, tt.wantErr)
				return
			}
			require.NoError(t, err)
			defer c.Close()
			s, err := l.Accept()
			require.NoError(t, err)
			defer s.Close()
			assert.Equal(t, c.LocalAddr(), s.RemoteAddr())
			assert.Equal(t, c.RemoteAddr(), s.LocalAddr())
			_, err = c.Write([]byte("hello"))
			require.NoError(t, err)
			require.NoError(t, c.Close())
			got, err := io.ReadAll(s)
			require.NoError(t, err)
			assert.Equal(t, "hello", string(got))
		})
	}
}

func TestNetworkListen(t *testing.T) {
	n := testkit.NewNetwork()
	a, err := n.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b, err := n.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	assert.NotEqual(t, a.Addr().String(), b.Addr().String())
	_, err = n.Listen(t.Context(), "tcp", a.Addr().String())
	assert.ErrorIs(t, err, syscall.EADDRINUSE)
	require.NoError(t, a.Close())
	_, err = a.Accept()
	assert.ErrorIs(t, err, net.ErrClosed)
	a2, err := n.Listen(t.Context(), "tcp", a.Addr().String())
	require.NoError(t, err, "a closed listener frees its address")
	require.NoError(t, a2.Close())
	_, err = n.Listen(t.Context(), "udp", "127.0.0.1:0")
	assert.Equal(t, net.UnknownNetworkError("udp"), err.(*net.OpError).Err)
	_, err = n.Dial(t.Context(), "tcp", "no.such.example:80")
	var dns *net.DNSError
	require.ErrorAs(t, err, &dns)
	assert.True(t, dns.IsNotFound)
}

func TestNetworkBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		l, err := n.Listen(t.Context(), "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		var first net.Conn
		for range 128 {
			c, err := n.Dial(t.Context(), "tcp", "127.0.0.1:80")
			require.NoError(t, err)
			if first == nil {
				first = c
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = n.Dial(ctx, "tcp", "127.0.0.1:80")
		assert.ErrorIs(t, err, context.DeadlineExceeded, "the queue is full")
		require.NoError(t, l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now()))
		require.NoError(t, l.Close())
		_, err = first.Read(make([]byte, 1))
		assert.ErrorIs(t, err, syscall.ECONNRESET, "nobody accepted it")
	})
}

func TestNetworkDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		s, err := n.ListenPacket(t.Context(), "udp", "192.0.2.1:53")
		require.NoError(t, err)
		defer s.Close()
		c, err := n.DialFrom(t.Context(), "udp", "198.51.100.7:0", "192.0.2.1:53")
		require.NoError(t, err)
		defer c.Close()

		_, err = c.Write([]byte("question"))
		require.NoError(t, err)
		b := make([]byte, 4)
		k, from, err := s.ReadFrom(b)
		require.NoError(t, err)
		assert.Equal(t, "ques", string(b[:k]), "the rest of a datagram is lost")
		assert.Equal(t, c.LocalAddr(), from)

		_, err = s.WriteTo(nil, from)
		require.NoError(t, err)
		k, err = c.Read(b)
		assert.NoError(t, err, "an empty datagram is one")
		assert.Zero(t, k)

		_, err = s.WriteTo(make([]byte, 65507), from)
		assert.NoError(t, err)
		_, err = s.WriteTo(make([]byte, 65508), from)
		assert.ErrorIs(t, err, syscall.EMSGSIZE)
		_, err = c.(net.PacketConn).WriteTo([]byte("x"), from)
		assert.ErrorContains(t, err, "pre-connected")

		other, err := n.ListenPacket(t.Context(), "udp", ":0")
		require.NoError(t, err)
		defer other.Close()
		_, err = other.WriteTo([]byte("forged"), from)
		require.NoError(t, err)
		_, err = c.Read(make([]byte, 65507))
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
		_, err = c.Read(b)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "a connected socket hears its peer alone")
	})
}

func TestNetworkDatagramToNobody(t *testing.T) {
	n := testkit.NewNetwork()
	c, err := n.Dial(t.Context(), "udp", "127.0.0.1:9")
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	_, err = c.Write([]byte("x"))
	assert.NoError(t, err, "the error is told once")
	_, err = n.Dial(t.Context(), "unixgram", "/run/nobody")
	assert.ErrorIs(t, err, syscall.ENOENT)
}

func TestNetworkUnixgram(t *testing.T) {
	n := testkit.NewNetwork()
	s, err := n.ListenPacket(t.Context(), "unixgram", "/run/s")
	require.NoError(t, err)
	defer s.Close()
	c, err := n.Dial(t.Context(), "unixgram", "/run/s")
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("up"))
	require.NoError(t, err)
	b := make([]byte, 8)
	k, from, err := s.ReadFrom(b)
	require.NoError(t, err)
	assert.Equal(t, "up", string(b[:k]))
	_, err = s.WriteTo([]byte("UP"), from)
	require.NoError(t, err)
	k, err = c.Read(b)
	require.NoError(t, err)
	assert.Equal(t, "UP", string(b[:k]))
}

func TestNetworkDatagramBufferIsBounded(t *testing.T) {
	n := testkit.NewNetwork()
	s, err := n.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer s.Close()
	c, err := n.Dial(t.Context(), "udp", s.LocalAddr().String())
	require.NoError(t, err)
	defer c.Close()
	for range 40 {
		_, err := c.Write(make([]byte, 64<<10-64))
		require.NoError(t, err)
	}
	got := 0
	for range 16 {
		_, _, err := s.ReadFrom(make([]byte, 1))
		require.NoError(t, err)
		got++
	}
	require.NoError(t, s.SetReadDeadline(time.Now().Add(-1)))
	_, _, err = s.ReadFrom(make([]byte, 1))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.Equal(t, 16, got, "1 MiB waits, the rest was dropped")
}
