package sockets_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

var echo = sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) { p.Reply(p.Data) })

// BenchmarkUDPEcho is the round trip of one datagram of 512 octets: with one
// in flight, and at saturation, where four clients keep 64 in flight and spend
// less on each than the server does.
func BenchmarkUDPEcho(b *testing.B) {
	servers := []struct {
		name  string
		serve func(b *testing.B, c *net.UDPConn)
	}{
		{"bare", serveBare},
		{"applayer", func(b *testing.B, c *net.UDPConn) { serveConn(b, &sockets.PacketServer{Handler: echo}, c) }},
		{"batched", func(b *testing.B, c *net.UDPConn) {
			serveConn(b, &sockets.PacketServer{Handler: echo, Batch: 32}, c)
		}},
	}
	for _, load := range []struct {
		name              string
		clients, inFlight int
	}{
		{"single", 1, 1},
		{"saturated", 4, 16},
	} {
		for _, s := range servers {
			b.Run(load.name+"/"+s.name, func(b *testing.B) {
				c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
				require.NoError(b, err)
				s.serve(b, c)
				b.SetBytes(512)
				b.ReportAllocs()
				drive(b, c.LocalAddr().String(), load.clients, load.inFlight)
			})
		}
	}
}

// serveBare is what anyone would write first.
func serveBare(b *testing.B, c *net.UDPConn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 65535)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			c.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	b.Cleanup(func() { c.Close(); <-done })
}

// drive sends b.N datagrams to an echo server. Each client is itself a batched
// echo: what comes back goes out again, until there have been enough.
func drive(b *testing.B, addr string, clients, inFlight int) {
	left := atomic.Int64{} // datagrams still to come back
	left.Store(int64(b.N))
	tosend := atomic.Int64{}
	tosend.Store(int64(b.N))
	done := make(chan struct{})
	ping := sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
		if tosend.Add(-1) >= 0 {
			p.Reply(p.Data)
		}
		if left.Add(-1) == 0 {
			close(done)
		}
	})
	conns := make([]net.Conn, clients)
	for i := range conns {
		c, err := net.Dial("udp4", addr)
		require.NoError(b, err)
		serveConn(b, &sockets.PacketServer{Handler: ping, Batch: 32}, c.(*net.UDPConn))
		conns[i] = c
	}
	time.Sleep(10 * time.Millisecond) // let the loops come to rest in the poller
	b.ResetTimer()
	ball := make([]byte, 512)
	for range inFlight {
		for _, c := range conns {
			if tosend.Add(-1) >= 0 {
				_, err := c.Write(ball)
				require.NoError(b, err)
			}
		}
	}
	<-done
}
