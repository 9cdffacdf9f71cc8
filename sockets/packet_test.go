package sockets_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

// upper answers each packet in upper case.
var upper = sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
	p.Reply(bytes.ToUpper(p.Data))
})

// servePackets serves addr for the length of the test and returns the address.
func servePackets(t testing.TB, s *sockets.PacketServer, network, addr string) net.Addr {
	t.Helper()
	pcs, err := sockets.ListenPackets(context.Background(), network, addr, 1)
	if err != nil && strings.HasPrefix(addr, "[") {
		t.Skipf("this system has no %s %s: %v", network, addr, err)
	}
	require.NoError(t, err)
	serveConn(t, s, pcs[0])
	return pcs[0].LocalAddr()
}

func serveConn(t testing.TB, s *sockets.PacketServer, pc net.PacketConn) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.Serve(pc) }()
	t.Cleanup(func() {
		s.Close()
		assert.ErrorIs(t, <-done, sockets.ErrServerClosed)
	})
}

// dialPackets connects a client socket; answers later than 10 s fail the test.
func dialPackets(t testing.TB, network, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial(network, addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// ask sends one packet and returns the answer.
func ask(t testing.TB, c net.Conn, question string) string {
	t.Helper()
	_, err := c.Write([]byte(question))
	require.NoError(t, err)
	b := make([]byte, 70000)
	n, err := c.Read(b)
	require.NoError(t, err)
	return string(b[:n])
}

func port(a net.Addr) string {
	_, p, _ := net.SplitHostPort(a.String())
	return p
}

func TestPacketServerReplyLeavesFromTheAddressAsked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux does the server learn the address asked")
	}
	tests := []struct {
		name, network, listen, dial string
	}{
		{"IPv4 wildcard, first address", "udp4", "0.0.0.0:0", "127.0.0.1"},
		{"IPv4 wildcard, second address", "udp4", "0.0.0.0:0", "127.0.0.2"},
		{"IPv6 wildcard", "udp6", "[::]:0", "::1"},
		{"dual stack, IPv6", "udp", "[::]:0", "::1"},
		{"dual stack, IPv4 mapped", "udp", "[::]:0", "127.0.0.3"},
		{"one address", "udp", "127.0.0.2:0", "127.0.0.2"},
	}
	for i := range 2 * len(tests) {
		tt, batch := tests[i/2], i%2*8
		t.Run(tt.name+", batch "+strconv.Itoa(batch), func(t *testing.T) {
			seen := make(chan [2]netip.AddrPort, 1)
			s := &sockets.PacketServer{Batch: batch, Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
				seen <- [2]netip.AddrPort{p.Source, p.Destination}
				p.Reply(bytes.ToUpper(p.Data))
			})}
			addr := servePackets(t, s, tt.network, tt.listen)
			// A connected socket takes answers from the address asked alone.
			c := dialPackets(t, "udp", net.JoinHostPort(tt.dial, port(addr)))
			assert.Equal(t, "HELLO", ask(t, c, "hello"))
			got := <-seen
			assert.Equal(t, c.LocalAddr().String(), got[0].String())
			assert.Equal(t, c.RemoteAddr().String(), got[1].String())
		})
	}
}

func TestPacketServerUnixgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no unixgram on this system")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "server")
	errs := make(chan error, 1)
	s := &sockets.PacketServer{Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
		if p.SourceAddr() != nil {
			assert.Equal(t, filepath.Join(dir, "client"), p.SourceAddr().String())
			assert.False(t, p.Source.IsValid())
		}
		errs <- p.Reply(bytes.ToUpper(p.Data))
	})}
	servePackets(t, s, "unixgram", path)

	server := &net.UnixAddr{Name: path, Net: "unixgram"}
	c, err := net.DialUnix("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "client"), Net: "unixgram"}, server)
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, "HELLO", ask(t, c, "hello"))
	assert.NoError(t, <-errs)

	nameless, err := net.DialUnix("unixgram", nil, server)
	require.NoError(t, err)
	defer nameless.Close()
	_, err = nameless.Write([]byte("hello"))
	require.NoError(t, err)
	assert.ErrorIs(t, <-errs, sockets.ErrNoSource)

	require.NoError(t, s.Shutdown(t.Context()))
	assert.NoFileExists(t, path)
}

func TestPacketServerShutdown(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	s := &sockets.PacketServer{Handler: sockets.PacketHandlerFunc(func(ctx context.Context, p *sockets.Packet) {
		close(started)
		<-ctx.Done() // Shutdown tells
		<-release
		assert.NoError(t, p.Reply([]byte("finished")))
	})}
	addr := servePackets(t, s, "udp", "127.0.0.1:0")
	c := dialPackets(t, "udp", addr.String())
	_, err := c.Write([]byte("x"))
	require.NoError(t, err)
	<-started

	var wg sync.WaitGroup
	wg.Go(func() { assert.NoError(t, s.Shutdown(t.Context())) })
	close(release)
	b := make([]byte, 100)
	n, err := c.Read(b)
	require.NoError(t, err)
	assert.Equal(t, "finished", string(b[:n]))
	wg.Wait()
	assert.ErrorIs(t, s.ListenAndServe("udp", "127.0.0.1:0"), sockets.ErrServerClosed)
}

func TestPacketServerPanic(t *testing.T) {
	var log bytes.Buffer
	s := &sockets.PacketServer{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
			if string(p.Data) == "bad" {
				panic(errors.New("handler's mistake"))
			}
			p.Reply(p.Data)
		}),
	}
	c := dialPackets(t, "udp", servePackets(t, s, "udp", "127.0.0.1:0").String())
	_, err := c.Write([]byte("bad"))
	require.NoError(t, err)
	assert.Equal(t, "good", ask(t, c, "good"))
	require.NoError(t, s.Shutdown(t.Context()))
	assert.Contains(t, log.String(), "handler's mistake")
	assert.Contains(t, log.String(), c.LocalAddr().String())
	assert.Contains(t, log.String(), "packet_test.go")
	assert.EqualValues(t, 1, s.Stats().Panics)
}

func TestPacketAllocations(t *testing.T) {
	tests := []struct {
		name, listen   string
		workers, batch int
		rate           sockets.PacketRate
	}{
		{name: "one address", listen: "127.0.0.1:0"},
		{name: "all addresses", listen: "0.0.0.0:0"},
		{name: "dual stack", listen: "[::]:0"},
		{name: "workers", listen: "127.0.0.1:0", workers: 2},
		{name: "batch", listen: "127.0.0.1:0", batch: 32},
		{name: "batch, dual stack", listen: "[::]:0", batch: 32},
		{name: "batch and workers", listen: "0.0.0.0:0", batch: 8, workers: 2},
		{name: "rate", listen: "127.0.0.1:0", rate: sockets.PacketRate{PerSecond: 1e9}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &sockets.PacketServer{
				Workers: tt.workers, Batch: tt.batch, Rate: tt.rate,
				Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) { p.Reply(p.Data) }),
			}
			addr := servePackets(t, s, "udp", tt.listen)
			c := dialPackets(t, "udp", net.JoinHostPort("127.0.0.1", port(addr)))
			b := make([]byte, 512)
			for range 100 { // the queue makes its packets
				c.Write(b)
				c.Read(b)
			}
			got := testing.AllocsPerRun(1000, func() {
				c.Write(b)
				c.Read(b)
			})
			assert.Zero(t, got)
		})
	}
}
