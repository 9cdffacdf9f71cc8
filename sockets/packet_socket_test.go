package sockets_test

import (
	"context"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

func TestPacketTruncated(t *testing.T) {
	tests := []struct {
		name, network string
		batch         int
	}{
		{"UDP", "udp4", 0},
		{"UDP, batched", "udp4", 4},
		{"unixgram", "unixgram", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr := "127.0.0.1:0"
			if tt.network == "unixgram" {
				addr = t.TempDir() + "/s"
			}
			got := make(chan string, 3)
			s := &sockets.PacketServer{MaxPacket: 4, Batch: tt.batch,
				Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
					got <- string(p.Data) + " " + strconv.FormatBool(p.Truncated)
				})}
			c := dialPackets(t, tt.network, servePackets(t, s, tt.network, addr).String())
			for _, b := range []string{"hello", "four", "five+"} {
				_, err := c.Write([]byte(b))
				require.NoError(t, err)
			}
			assert.Equal(t, "hell true", <-got)
			assert.Equal(t, "four false", <-got)
			assert.Equal(t, "five true", <-got)
			want := sockets.PacketStats{Packets: 3, Octets: 12, Truncated: 2}
			assert.Equal(t, want, s.Stats())
		})
	}
}

// A peer that is gone answers with ICMP port unreachable, which a connected
// socket gets as ECONNREFUSED; the next peer on that port is served.
func TestPacketServerICMPErrors(t *testing.T) {
	testkit.Linux(t, "ICMP errors that come at once on loopback")
	for _, batch := range []int{0, 8} {
		t.Run("batch "+strconv.Itoa(batch), func(t *testing.T) {
			peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			require.NoError(t, err)
			conn, err := net.DialUDP("udp4", nil, peer.LocalAddr().(*net.UDPAddr))
			require.NoError(t, err)
			got, gone := make(chan string), make(chan bool)
			s := &sockets.PacketServer{Batch: batch, Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
				got <- string(p.Data)
				<-gone
				assert.NoError(t, p.Reply(p.Data))
				if string(p.Data) == "first" {
					assert.NoError(t, p.Reply(p.Data), "the error of the reply before is not this one's")
				}
			})}
			serveConn(t, s, conn)
			_, err = peer.WriteTo([]byte("first"), conn.LocalAddr())
			require.NoError(t, err)
			assert.Equal(t, "first", <-got)
			peer.Close()
			gone <- true

			again, err := net.ListenUDP("udp4", peer.LocalAddr().(*net.UDPAddr))
			require.NoError(t, err)
			defer again.Close()
			_, err = again.WriteTo([]byte("second"), conn.LocalAddr())
			require.NoError(t, err)
			assert.Equal(t, "second", <-got)
			gone <- true
			require.NoError(t, s.Shutdown(t.Context()))
			assert.EqualValues(t, 2, s.Stats().Packets)
			assert.EqualValues(t, 0, s.Stats().WriteErrors)
		})
	}
}

func TestPacketServerSockets(t *testing.T) {
	testkit.Linux(t, "SO_REUSEPORT that spreads sources")
	testkit.NoLeaks(t)
	pcs, err := sockets.ListenPackets(t.Context(), "udp", "127.0.0.1:0", 4)
	require.NoError(t, err)
	require.Len(t, pcs, 4)
	servers := make([]*sockets.PacketServer, len(pcs))
	for i, pc := range pcs {
		assert.Equal(t, pcs[0].LocalAddr().String(), pc.LocalAddr().String())
		servers[i] = &sockets.PacketServer{Handler: upper}
		serveConn(t, servers[i], pc)
	}
	// The kernel takes a socket by the hash of the source: of 100 sources not
	// all miss one of four (the chance is 4 in 10^13).
	for range 100 {
		c := dialPackets(t, "udp", pcs[0].LocalAddr().String())
		assert.Equal(t, "X", ask(t, c, "x"))
		c.Close()
	}
	var sum int64
	for _, s := range servers {
		assert.NotZero(t, s.Stats().Packets)
		sum += s.Stats().Packets
	}
	assert.EqualValues(t, 100, sum)
}

func TestPacketServerListenAndServe(t *testing.T) {
	testkit.NoLeaks(t)
	s := &sockets.PacketServer{Sockets: 3, Workers: 2, ReadBuffer: 1 << 16, Handler: upper}
	done := make(chan error, 1)
	go func() { done <- s.ListenAndServe("udp4", "127.0.0.1:0") }()
	require.Eventually(t, func() bool { return len(s.Addrs()) > 0 }, 10*time.Second, time.Millisecond)
	addrs := s.Addrs()
	if runtime.GOOS == "linux" {
		assert.Len(t, addrs, 3)
	}
	for _, a := range addrs {
		assert.Equal(t, addrs[0].String(), a.String())
	}
	for range 20 {
		c := dialPackets(t, "udp4", addrs[0].String())
		assert.Equal(t, "X", ask(t, c, "x"))
		c.Close()
	}
	require.NoError(t, s.Shutdown(t.Context()))
	assert.ErrorIs(t, <-done, sockets.ErrServerClosed)
}

// Where sockets cannot share a port, several loops read from one.
func TestPacketServerLoopsShareASocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no unixgram on this system")
	}
	testkit.NoLeaks(t)
	path := t.TempDir() + "/s"
	both := make(chan struct{}, 2)
	meet := make(chan struct{})
	s := &sockets.PacketServer{Sockets: 2, Handler: sockets.PacketHandlerFunc(func(context.Context, *sockets.Packet) {
		both <- struct{}{}
		<-meet // two handlers at once: two loops
	})}
	done := make(chan error, 1)
	go func() { done <- s.ListenAndServe("unixgram", path) }()
	for sent := 0; sent < 2; {
		c, err := net.Dial("unixgram", path)
		if err != nil {
			runtime.Gosched()
			continue
		}
		if _, err := c.Write([]byte("x")); err == nil {
			sent++
		}
		c.Close()
	}
	<-both
	<-both
	close(meet)
	require.NoError(t, s.Close())
	assert.ErrorIs(t, <-done, sockets.ErrServerClosed)
}

func TestPacketClone(t *testing.T) {
	for _, batch := range []int{0, 8} {
		t.Run("batch "+strconv.Itoa(batch), func(t *testing.T) {
			kept := make(chan *sockets.Packet, 2)
			s := &sockets.PacketServer{Batch: batch, Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
				kept <- p.Clone()
				copy(p.Data, "spoilt")
			})}
			addr := servePackets(t, s, "udp4", "0.0.0.0:0")
			c := dialPackets(t, "udp4", net.JoinHostPort("127.0.0.1", port(addr)))
			for _, b := range []string{"first", "second"} {
				_, err := c.Write([]byte(b))
				require.NoError(t, err)
			}
			b := make([]byte, 10)
			for _, want := range []string{"first", "second"} {
				p := <-kept
				assert.Equal(t, want, string(p.Data))
				assert.Equal(t, c.LocalAddr().String(), p.SourceAddr().String())
				require.NoError(t, p.Reply(p.Data))
				n, err := c.Read(b)
				require.NoError(t, err)
				assert.Equal(t, want, string(b[:n]))
			}
			p := func() *sockets.Packet { c.Write([]byte("x")); return <-kept }()
			require.NoError(t, s.Shutdown(t.Context()))
			assert.ErrorIs(t, p.Reply(nil), net.ErrClosed)
		})
	}
}

// In one batch more replies than it has places, one that cannot be sent, and
// an empty one: the others arrive, in order.
func TestPacketServerBatchReplies(t *testing.T) {
	testkit.NoLeaks(t)
	s := &sockets.PacketServer{Batch: 4, Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
		for i := range 10 {
			b := []byte(strings.Repeat("x", i))
			p.Reply(b)
			for j := range b {
				b[j] = 'y' // the reply is a copy
			}
			if i == 5 {
				p.Reply(make([]byte, 70_000))
			}
		}
	})}
	addr := servePackets(t, s, "udp", "127.0.0.1:0")
	c := dialPackets(t, "udp", addr.String())
	_, err := c.Write([]byte("go"))
	require.NoError(t, err)
	b := make([]byte, 100)
	for i := range 10 {
		n, err := c.Read(b)
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat("x", i), string(b[:n]))
	}
	require.NoError(t, s.Shutdown(t.Context()))
	stats := s.Stats()
	assert.EqualValues(t, 10, stats.Replies)
	assert.EqualValues(t, 45, stats.ReplyOctets)
	assert.EqualValues(t, 1, stats.WriteErrors+stats.Truncated)
}

// Datagrams that wait together are read together, and answered together after
// the last handler.
func TestPacketServerBatchIsOneCall(t *testing.T) {
	if runtime.GOOS != "linux" || (runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64") {
		t.Skip("recvmmsg is used on Linux, amd64 and arm64")
	}
	pcs, err := sockets.ListenPackets(t.Context(), "udp", "127.0.0.1:0", 1)
	require.NoError(t, err)
	c := dialPackets(t, "udp", pcs[0].LocalAddr().String())
	for range 5 {
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
	}
	s := &sockets.PacketServer{Batch: 8}
	s.Handler = sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
		assert.Equal(t, sockets.PacketStats{Packets: 5, Octets: 5}, s.Stats())
		assert.NoError(t, p.Reply(p.Data))
	})
	serveConn(t, s, pcs[0])
	b := make([]byte, 10)
	for range 5 {
		_, err := c.Read(b)
		require.NoError(t, err)
	}
	require.NoError(t, s.Shutdown(t.Context()))
	assert.EqualValues(t, 5, s.Stats().Replies)
}

// A reply waits for datagrams that are there already, and for nothing else: not
// for one that may come, nor behind the end of reading.
func TestPacketServerBatchRepliesBeforeItWaits(t *testing.T) {
	if runtime.GOOS != "linux" || (runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64") {
		t.Skip("recvmmsg is used on Linux, amd64 and arm64")
	}
	pcs, err := sockets.ListenPackets(t.Context(), "udp", "127.0.0.1:0", 1)
	require.NoError(t, err)
	c := dialPackets(t, "udp", pcs[0].LocalAddr().String())
	down := make(chan error, 1)
	s := &sockets.PacketServer{Batch: 8}
	s.Handler = sockets.PacketHandlerFunc(func(ctx context.Context, p *sockets.Packet) {
		switch string(p.Data) {
		case "first":
			_, err := c.Write([]byte("second"))
			assert.NoError(t, err)
		case "second":
			assert.Zero(t, s.Stats().Replies, "the first reply waits for this one")
		case "last":
			go func() { down <- s.Shutdown(context.Background()) }()
			<-ctx.Done()
		}
		assert.NoError(t, p.Reply(p.Data))
	})
	serveConn(t, s, pcs[0])
	b := make([]byte, 10)
	for _, ask := range []string{"first", "", "last"} {
		want := ask
		if ask == "" {
			want = "second"
		} else {
			_, err := c.Write([]byte(ask))
			require.NoError(t, err)
		}
		n, err := c.Read(b)
		require.NoError(t, err)
		assert.Equal(t, want, string(b[:n]))
	}
	assert.NoError(t, <-down)
}

// Many clients, all options: each answer goes to who asked.
func TestPacketServerManyClients(t *testing.T) {
	testkit.Linux(t, "a host with all of 127.0.0.0/8")
	testkit.NoLeaks(t)
	for _, s := range []*sockets.PacketServer{
		{},
		{Batch: 16},
		{Workers: 4, WhenFull: sockets.Block},
		{Workers: 4, Batch: 16, WhenFull: sockets.Block},
	} {
		s.Handler = upper
		t.Run("batch "+strconv.Itoa(s.Batch)+" workers "+strconv.Itoa(s.Workers), func(t *testing.T) {
			addr := servePackets(t, s, "udp4", "0.0.0.0:0")
			var wg sync.WaitGroup
			for i := range 8 {
				c := dialPackets(t, "udp4", net.JoinHostPort("127.0.0."+strconv.Itoa(1+i), port(addr)))
				wg.Go(func() {
					b := make([]byte, 100)
					for j := range 50 {
						q := "client " + strconv.Itoa(i) + " question " + strconv.Itoa(j)
						c.Write([]byte(q))
						n, err := c.Read(b)
						if !assert.NoError(t, err) {
							return
						}
						assert.Equal(t, strings.ToUpper(q), string(b[:n]))
					}
				})
			}
			wg.Wait()
			assert.EqualValues(t, 400, s.Stats().Packets)
		})
	}
}
