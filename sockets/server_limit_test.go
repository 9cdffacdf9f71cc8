package sockets_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// refusing answers as an SMTP server would, and tries to make accept wait.
func refusing(nc net.Conn) {
	nc.Read(make([]byte, 1))
	fmt.Fprint(nc, "421 too many connections\r\n")
}

// Which of several connections, opened in order, are served.
func TestServerConnLimits(t *testing.T) {
	byHost := func(a net.Addr) netip.Prefix {
		return netip.PrefixFrom(netip.MustParseAddrPort(a.String()).Addr(), 24)
	}
	none := func(net.Addr) netip.Prefix { return netip.Prefix{} }
	tests := []struct {
		name   string
		limits sockets.Limits
		peers  []string
		want   []bool
	}{
		{"MaxConns", sockets.Limits{MaxConns: 2}, []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, []bool{true, true, false}},
		{"MaxConns none", sockets.Limits{MaxConns: -1}, []string{"192.0.2.1", "192.0.2.2"}, []bool{true, true}},
		{"MaxConnsPerPeer by IPv4 address", sockets.Limits{MaxConnsPerPeer: 1}, []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"}, []bool{true, false, true}},
		{"MaxConnsPerPeer by IPv6 /64", sockets.Limits{MaxConnsPerPeer: 1}, []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"}, []bool{true, false, true}},
		{"MaxConnsPerPeer none", sockets.Limits{MaxConnsPerPeer: -1}, []string{"192.0.2.1", "192.0.2.1"}, []bool{true, true}},
		{"PeerPrefix of /24", sockets.Limits{MaxConnsPerPeer: 1, PeerPrefix: byHost}, []string{"192.0.2.1", "192.0.2.2", "198.51.100.1"}, []bool{true, false, true}},
		{"PeerPrefix of nothing", sockets.Limits{MaxConnsPerPeer: 1, PeerPrefix: none}, []string{"192.0.2.1", "192.0.2.1"}, []bool{true, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &sockets.Server{Limits: tt.limits, Handler: echoHandler, OverLimit: refusing}
				done := make(chan error, len(tt.peers))
				served := int64(0)
				for i, peer := range tt.peers {
					nc, client := testkit.Pipe()
					defer client.Close()
					from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(peer), 40000))
					go func() { done <- s.ServeConn(t.Context(), fromAddr{nc, from}) }()
					synctest.Wait()
					if tt.want[i] {
						served++
						assert.Equal(t, "hello", exchange(t, client, "hello"), "connection %d", i)
						continue
					}
					_, over := errors.AsType[*sockets.LimitError](<-done)
					assert.True(t, over)
					b, err := io.ReadAll(client)
					assert.NoError(t, err)
					assert.Equal(t, "421 too many connections\r\n", string(b), "connection %d", i)
				}
				stats := s.Stats()
				assert.Equal(t, int(served), stats.Active)
				assert.Equal(t, served, stats.Accepted)
				assert.Equal(t, int64(len(tt.peers))-served, stats.RefusedTotal+stats.RefusedPeer)
				require.NoError(t, s.Close())
			})
		})
	}
}

// fromAddr is a connection that comes from a given address.
type fromAddr struct {
	net.Conn
	addr net.Addr
}

func (c fromAddr) RemoteAddr() net.Addr { return c.addr }

// A place that is free again is given again.
func TestServerLimitFreed(t *testing.T) {
	l := listenStream(t, "tcp")
	s := &sockets.Server{Limits: sockets.Limits{MaxConns: 1}, Handler: echoHandler, OverLimit: refusing}
	startServer(t, s, l)
	first := dialStream(t, l)
	assert.Equal(t, "a", exchange(t, first, "a"))
	second := dialStream(t, l)
	b, err := io.ReadAll(second)
	assert.NoError(t, err)
	assert.Equal(t, "421 too many connections\r\n", string(b))
	first.Close()
	require.Eventually(t, func() bool { return s.Stats().Active == 0 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, "b", exchange(t, dialStream(t, l), "b"))
	assert.Equal(t, int64(1), s.Stats().RefusedTotal)
}

// A peer that takes nothing does not hold up the accept loop, and an answer
// has a bound.
func TestServerOverLimitNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		wrote := make(chan error, 1)
		s := &sockets.Server{
			Limits:  sockets.Limits{MaxConns: 1},
			Handler: sockets.HandlerFunc(func(context.Context, *sockets.Conn) { <-block }),
			OverLimit: func(nc net.Conn) {
				fmt.Fprint(nc, "421 full\r\n")
				_, err := nc.Write(make([]byte, 1<<20))
				nc.Close()
				wrote <- err
			},
		}
		first, _ := testkit.Pipe()
		go s.ServeConn(t.Context(), first)
		synctest.Wait()
		second, _ := testkit.PipeBuffer(1) // takes one octet, then nothing
		begin := time.Now()
		err := s.ServeConn(t.Context(), second)
		assert.ErrorAs(t, err, new(*sockets.LimitError))
		assert.LessOrEqual(t, time.Since(begin), 50*time.Millisecond)
		assert.ErrorIs(t, <-wrote, io.ErrShortWrite)
		close(block)
	})
}

func TestDefaultPeerPrefix(t *testing.T) {
	tests := []struct {
		addr net.Addr
		want string
	}{
		{&net.TCPAddr{IP: net.ParseIP("192.0.2.7"), Port: 1}, "192.0.2.7/32"},
		{&net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.7").To16(), Port: 1}, "192.0.2.7/32"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8:1:2:3:4:5:6"), Port: 1}, "2001:db8:1:2::/64"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::3"), Zone: "eth0", Port: 1}, "fe80::3/128"},
		{&net.UDPAddr{IP: net.ParseIP("192.0.2.7"), Port: 1}, "192.0.2.7/32"},
		{textAddr("[2001:db8::1]:25"), "2001:db8::/64"},
		{textAddr("pipe"), "invalid Prefix"},
		{&net.UnixAddr{Name: "/run/s", Net: "unix"}, "invalid Prefix"},
		{&net.UnixAddr{Name: "192.0.2.7:25", Net: "unix"}, "invalid Prefix"},
		{(*net.TCPAddr)(nil), "invalid Prefix"},
		{nil, "invalid Prefix"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, sockets.DefaultPeerPrefix(tt.addr).String())
	}
}

// textAddr is an address of another package's connection.
type textAddr string

func (textAddr) Network() string  { return "tcp" }
func (a textAddr) String() string { return string(a) }

// PeerPrefix and OverLimit run in the accept loop. A panic there ends the one
// connection, is counted and logged, and the server goes on.
func TestServerCallbackPanics(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(*sockets.Server)
	}{
		{"PeerPrefix", func(s *sockets.Server) {
			var calls int
			s.PeerPrefix = func(net.Addr) netip.Prefix {
				if calls++; calls == 2 {
					panic("spoilt")
				}
				return netip.Prefix{}
			}
		}},
		{"OverLimit", func(s *sockets.Server) {
			s.MaxConns = 1
			s.OverLimit = func(net.Conn) { panic("spoilt") }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			s := &sockets.Server{Handler: echoHandler, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			tt.spoil(s)
			l := listenStream(t, "tcp")
			served := make(chan error, 1)
			go func() { served <- s.Serve(l) }()
			first := dialStream(t, l)
			assert.Equal(t, "hello", exchange(t, first, "hello"))
			b, err := io.ReadAll(dialStream(t, l))
			assert.NoError(t, err)
			assert.Empty(t, b)
			assert.Equal(t, "hello", exchange(t, first, "hello"))
			assert.Equal(t, int64(1), s.Stats().Panics)
			assert.Equal(t, 1, s.Stats().Active)
			require.NoError(t, s.Close())
			assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
			assert.Contains(t, log.String(), "spoilt")
		})
	}
}
