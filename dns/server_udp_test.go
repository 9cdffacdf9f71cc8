package dns_test

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
)

// serveUDP serves a socket in memory until the test ends, and returns how to
// make a client.
func serveUDP(t *testing.T, s *dns.Server) (dial func() net.Conn, served <-chan error) {
	network := testkit.NewNetwork()
	pc, err := network.ListenPacket(t.Context(), "udp", "192.0.2.53:53")
	require.NoError(t, err)
	done := make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() { done <- s.ServeUDP(pc) })
	t.Cleanup(func() {
		s.Close()
		wg.Wait()
	})
	return func() net.Conn {
		nc, err := network.Dial(t.Context(), "udp", "192.0.2.53:53")
		require.NoError(t, err)
		t.Cleanup(func() { nc.Close() })
		return nc
	}, done
}

func datagram(t *testing.T, nc net.Conn) string {
	t.Helper()
	b := make([]byte, 65535)
	n, err := nc.Read(b)
	require.NoError(t, err)
	return string(b[:n])
}

func TestServerUDP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &dns.Server{Handler: echo}
		dial, _ := serveUDP(t, s)
		nc := dial()
		for _, junk := range []string{"", "\x00", response, strings.Repeat("\xff", 5000)} {
			send(t, nc, junk)
		}
		send(t, nc, "\x00\x08\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"+strings.Repeat("x", 5000))
		send(t, nc, queryHead+asked)
		assert.Equal(t, "\x00\x08\x81\x01\x00\x00\x00\x00\x00\x00\x00\x00", datagram(t, nc), "longer than a request may be")
		assert.Equal(t, respond(&dns.Server{Handler: echo}, queryHead+asked, udpOrigin), datagram(t, nc))
		stats := s.Stats()
		assert.Equal(t, int64(2), stats.Queries[dns.TransportUDP])
		assert.Equal(t, int64(4), stats.Ignored)
		assert.Equal(t, int64(6), stats.UDP.Packets)
	})
}

// Shutdown over UDP waits for detached queries, and takes no others.
func TestServerUDPShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := map[uint16]chan struct{}{1: make(chan struct{}), 2: make(chan struct{})}
		s := &dns.Server{Handler: detaching(release)}
		dial, served := serveUDP(t, s)
		nc := dial()
		send(t, nc, numbered(1))
		send(t, nc, numbered(2))
		synctest.Wait()
		close(release[2])
		assert.Equal(t, "\x00\x02", datagram(t, nc)[:2])
		done := make(chan error)
		go func() { done <- s.Shutdown(t.Context()) }()
		synctest.Wait()
		time.Sleep(time.Second)
		close(release[1])
		assert.Equal(t, "\x00\x01", datagram(t, nc)[:2])
		assert.NoError(t, <-done)
		assert.ErrorIs(t, <-served, dns.ErrServerClosed)
		assert.ErrorIs(t, s.ServeUDP(mustListenPacket(t)), dns.ErrServerClosed)
	})
}

func mustListenPacket(t *testing.T) net.PacketConn {
	pc, err := testkit.NewNetwork().ListenPacket(t.Context(), "udp", "192.0.2.53:53")
	require.NoError(t, err)
	return pc
}

// A handler may drop what it has detached.
func TestServerUDPDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
			q.Detach()
			w.Drop()
			go w.Send()
		})}
		dial, _ := serveUDP(t, s)
		nc := dial()
		send(t, nc, queryHead+asked)
		require.NoError(t, nc.SetReadDeadline(time.Now().Add(time.Minute)))
		_, err := nc.Read(make([]byte, 512))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.NoError(t, s.Shutdown(t.Context()))
		assert.Equal(t, int64(1), s.Stats().Ignored)
	})
}

// Shutdown gives up when its context does; a handler that never answers is left.
func TestServerUDPShutdownGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := map[uint16]chan struct{}{1: make(chan struct{})}
		s := &dns.Server{Handler: detaching(release)}
		dial, served := serveUDP(t, s)
		send(t, dial(), numbered(1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
		close(release[1])
		assert.ErrorIs(t, <-served, dns.ErrServerClosed)
	})
}

// Over real sockets, several of them on one port, which TCP has too.
func TestServerListen(t *testing.T) {
	testkit.NoLeaks(t)
	s := &dns.Server{Handler: echo, Sockets: 2, Batch: 8}
	l, err := dns.Listen(t.Context(), "127.0.0.1:0", s.Sockets)
	require.NoError(t, err)
	var done sync.WaitGroup
	done.Go(func() { assert.ErrorIs(t, s.Serve(l), dns.ErrServerClosed) })
	for _, network := range []string{"udp", "tcp"} {
		for range 4 {
			nc, err := net.Dial(network, l.Addr().String())
			require.NoError(t, err)
			nc.SetDeadline(time.Now().Add(30 * time.Second))
			if network == "udp" {
				send(t, nc, queryHead+asked)
				assert.Equal(t, "\x00\x07", datagram(t, nc)[:2])
			} else {
				send(t, nc, overStream(queryHead + asked)[:5])
				send(t, nc, overStream(queryHead + asked)[5:])
				assert.Equal(t, "\x00\x07", receive(t, nc)[:2])
			}
			nc.Close()
		}
	}
	_, err = dns.Listen(t.Context(), l.Addr().String(), 1)
	assert.Error(t, err, "the port is taken")
	_, err = dns.Listen(t.Context(), "no port", 1)
	assert.Error(t, err)
	require.NoError(t, s.Shutdown(t.Context()))
	done.Wait()
	assert.ErrorIs(t, s.ListenAndServe(t.Context(), "127.0.0.1:0"), dns.ErrServerClosed)
}

// TLS on a real listener, and the transports' names.
func TestServerListenTLS(t *testing.T) {
	testkit.NoLeaks(t)
	serverTLS, clientTLS := testkit.Certificate(t)
	s := &dns.Server{Handler: echo, TLSConfig: serverTLS}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var done sync.WaitGroup
	done.Go(func() { assert.ErrorIs(t, s.ServeTLS(l), dns.ErrServerClosed) })
	nc, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	c := tlsClient(t, nc, clientTLS)
	send(t, c, overStream(numbered(1))+overStream(numbered(2)))
	assert.Equal(t, "\x00\x01", receive(t, c)[:2])
	assert.Equal(t, "\x00\x02", receive(t, c)[:2])
	c.Close()
	require.NoError(t, s.Shutdown(t.Context()))
	done.Wait()
	assert.Equal(t, int64(2), s.Stats().Queries[dns.TransportTLS])
	assert.Equal(t, "udp tcp tls", dns.TransportUDP.String()+" "+dns.TransportTCP.String()+" "+dns.TransportTLS.String())
}

// Where one of the sockets fails for good the others end with it.
func TestServerServeFails(t *testing.T) {
	s := &dns.Server{Handler: echo}
	l, err := dns.Listen(t.Context(), "127.0.0.1:0", 1)
	require.NoError(t, err)
	l.Packets[0].Close()
	assert.ErrorIs(t, s.Serve(l), net.ErrClosed)
	s.Close()
}

// A client that opens more connections than one may has the rest closed, and
// others are served.
func TestServerConnectionLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		l, err := network.Listen(t.Context(), "tcp", "192.0.2.53:53")
		require.NoError(t, err)
		s := &dns.Server{Handler: echo}
		s.MaxConns, s.MaxConnsPerPeer = 3, 2
		var done sync.WaitGroup
		done.Go(func() { s.ServeTCP(l) })
		defer done.Wait()
		defer s.Close()
		dial := func(from string) net.Conn {
			nc, err := network.DialFrom(t.Context(), "tcp", from, "192.0.2.53:53")
			require.NoError(t, err)
			return nc
		}
		answered := func(nc net.Conn) bool {
			io.WriteString(nc, overStream(queryHead+asked))
			b := make([]byte, 512)
			n, _ := nc.Read(b)
			return n > 0
		}
		assert.True(t, answered(dial("192.0.2.1:0")))
		assert.True(t, answered(dial("192.0.2.1:0")))
		assert.False(t, answered(dial("192.0.2.1:0")), "one peer's third")
		assert.True(t, answered(dial("192.0.2.2:0")))
		assert.False(t, answered(dial("192.0.2.3:0")), "the fourth in all")
		assert.Equal(t, int64(1), s.Stats().TCP.RefusedPeer)
		assert.Equal(t, int64(1), s.Stats().TCP.RefusedTotal)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.True(t, answered(dial("192.0.2.3:0")), "when the others were idle for too long")
	})
}
