package sockets_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// crowd counts who is inside at once.
type crowd struct {
	mu   sync.Mutex
	now  map[string]int
	most map[string]int
}

func (c *crowd) add(d int, names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range names {
		c.now[n] += d
		c.most[n] = max(c.most[n], c.now[n])
	}
}

// A flood from several peers at once never passes MaxConns or MaxConnsPerPeer,
// each of its connections is served or told why not, and when it is over
// everything is free again.
func TestServerFlood(t *testing.T) {
	testkit.NoLeaks(t)
	const peers, each, rounds, total, perPeer = 4, 12, 25, 20, 8
	inside := crowd{now: map[string]int{}, most: map[string]int{}}
	s := &sockets.Server{
		Limits:    sockets.Limits{MaxConns: total, MaxConnsPerPeer: perPeer},
		OverLimit: refusing,
	}
	s.Handler = sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
		ip := netip.MustParseAddrPort(c.RemoteAddr().String()).Addr().String()
		inside.add(1, "all", ip)
		defer inside.add(-1, "all", ip)
		io.WriteString(c, "220 hello\r\n")
		c.Read(make([]byte, 1))
	})
	var greeted, refused atomic.Int64
	var flood sync.WaitGroup
	for i := range peers * each {
		from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i % peers)}), 40000))
		flood.Go(func() {
			for range rounds {
				nc, client := testkit.Pipe()
				var served sync.WaitGroup
				served.Go(func() { s.ServeConn(t.Context(), fromAddr{nc, from}) })
				b := make([]byte, 4)
				if _, err := io.ReadFull(client, b); !assert.NoError(t, err) {
					return
				}
				switch string(b) {
				case "220 ":
					greeted.Add(1)
				case "421 ":
					refused.Add(1)
				}
				client.Close()
				served.Wait()
			}
		})
	}
	flood.Wait()
	stats := s.Stats()
	assert.Equal(t, int64(peers*each*rounds), greeted.Load()+refused.Load())
	assert.Equal(t, greeted.Load(), stats.Accepted)
	assert.Equal(t, refused.Load(), stats.RefusedPeer+stats.RefusedTotal)
	assert.Zero(t, stats.Active)
	for who, most := range inside.most {
		limit := perPeer
		if who == "all" {
			limit = total
		}
		assert.LessOrEqual(t, most, limit, who)
		assert.Zero(t, inside.now[who], who)
	}
	assert.NoError(t, s.Shutdown(t.Context()))
}

// Peers that vanished without a FIN hold their places until ReadTimeout, no
// longer.
func TestServerHalfOpenPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sockets.Server{Limits: sockets.Limits{MaxConns: 3, ReadTimeout: time.Minute}, Handler: echoHandler, OverLimit: refusing}
		serve := func() (net.Conn, <-chan error) {
			nc, client := testkit.Pipe()
			done := make(chan error, 1)
			go func() { done <- s.ServeConn(t.Context(), nc) }()
			synctest.Wait()
			return client, done
		}
		for range 3 {
			serve()
		}
		_, done := serve()
		_, over := errors.AsType[*sockets.LimitError](<-done)
		assert.True(t, over)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Zero(t, s.Stats().Active)
		late, done := serve()
		assert.Equal(t, "hello", exchange(t, late, "hello"))
		// One that half-closes is served to the end.
		assert.NoError(t, late.(interface{ CloseWrite() error }).CloseWrite())
		_, err := late.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		assert.NoError(t, <-done)
	})
}

// A peer that sends an octet before each timeout is cut by MinReadRate, and in
// a TLS handshake by HandshakeTimeout; a hundred of them free all places at
// once.
func TestServerSlowLoris(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t, "mail.example")
	for _, tt := range []struct {
		name   string
		limits sockets.Limits
		config *tls.Config
		sends  string
		want   time.Duration
	}{
		{"MinReadRate", sockets.Limits{MinReadRate: sockets.Rate{Octets: 100}}, nil, strings.Repeat("x", 100), 10 * time.Second},
		{"MinReadRate in a handshake", sockets.Limits{MinReadRate: sockets.Rate{Octets: 100, Window: 5 * time.Second}}, serverTLS, "\x16\x03\x01\x40\x00" + strings.Repeat("x", 100), 5 * time.Second},
		{"HandshakeTimeout", sockets.Limits{}, serverTLS, "\x16\x03\x01\x40\x00" + strings.Repeat("x", 100), 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &sockets.Server{Limits: tt.limits, TLSConfig: tt.config}
				s.MaxConns = 100
				s.Handler = sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
					_, err := io.Copy(io.Discard, struct{ io.Reader }{c})
					checkTimeout(t, err, "MinReadRate")
				})
				var all sync.WaitGroup
				begin := time.Now()
				for range 100 {
					nc, client := testkit.Pipe()
					all.Go(func() {
						s.ServeConn(t.Context(), nc)
						assert.Equal(t, tt.want, time.Since(begin))
					})
					all.Go(func() {
						for _, b := range []byte(tt.sends) {
							if _, err := client.Write([]byte{b}); err != nil {
								return
							}
							time.Sleep(900 * time.Millisecond)
						}
					})
				}
				all.Wait()
				assert.Zero(t, s.Stats().Active)
				assert.Equal(t, int64(100), s.Stats().Accepted)
			})
		})
	}
}

// Shutdown ends the handshakes under way at once: nobody has asked anything
// yet.
func TestServerShutdownDuringHandshake(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t, "mail.example")
	synctest.Test(t, func(t *testing.T) {
		nc, client := testkit.Pipe()
		defer client.Close()
		s := &sockets.Server{TLSConfig: serverTLS, Handler: echoHandler}
		served := make(chan error, 1)
		go func() { served <- s.ServeConn(t.Context(), nc) }()
		client.Write([]byte("\x16\x03\x01"))
		synctest.Wait()
		begin := time.Now()
		assert.NoError(t, s.Shutdown(t.Context()))
		assert.Zero(t, time.Since(begin))
		assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
	})
}

// A server that was shut down before it served never does.
func TestServerShutdownBeforeServe(t *testing.T) {
	testkit.NoLeaks(t)
	for _, end := range []func(*sockets.Server) error{
		func(s *sockets.Server) error { return s.Shutdown(t.Context()) },
		(*sockets.Server).Close,
	} {
		s := &sockets.Server{Handler: echoHandler}
		assert.NoError(t, end(s))
		assert.NoError(t, end(s))
		l := listenStream(t, "tcp")
		assert.ErrorIs(t, s.Serve(l), sockets.ErrServerClosed)
		_, err := l.Accept()
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.ErrorIs(t, s.ListenAndServe("tcp", "127.0.0.1:0"), sockets.ErrServerClosed)
		assert.NoError(t, s.Close())
		assert.NoError(t, s.Shutdown(t.Context()))
	}
}

// Shutdown, Close, Serve and ServeConn from everywhere at once: each returns,
// and nothing stays.
func TestServerEndsFromEverywhere(t *testing.T) {
	testkit.NoLeaks(t)
	for range 50 {
		s := &sockets.Server{Handler: echoHandler}
		var all sync.WaitGroup
		for range 2 {
			l := listenStream(t, "tcp")
			all.Go(func() { assert.ErrorIs(t, s.Serve(l), sockets.ErrServerClosed) })
			all.Go(func() {
				nc, client := testkit.Pipe()
				all.Go(func() { s.ServeConn(t.Context(), nc) })
				io.WriteString(client, "x")
			})
			all.Go(func() {
				if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
					io.Copy(io.Discard, c)
					c.Close()
				}
			})
			all.Go(func() { assert.NoError(t, s.Shutdown(t.Context())) })
			all.Go(func() { assert.NoError(t, s.Close()) })
		}
		all.Wait()
		assert.Zero(t, s.Stats().Active)
	}
}

// One listener that dies ends its own Serve and nothing else.
func TestServerOneListenerDies(t *testing.T) {
	testkit.NoLeaks(t)
	s := &sockets.Server{Handler: echoHandler}
	tcp, unix := listenStream(t, "tcp"), listenStream(t, "unix")
	served := [2]chan error{make(chan error, 1), make(chan error, 1)}
	for i, l := range []net.Listener{tcp, unix} {
		go func() { served[i] <- s.Serve(l) }()
	}
	first, second := dialStream(t, tcp), dialStream(t, unix)
	assert.Equal(t, "a", exchange(t, first, "a"))
	assert.Equal(t, "b", exchange(t, second, "b"))
	require.NoError(t, tcp.Close())
	err := <-served[0]
	assert.ErrorIs(t, err, net.ErrClosed)
	assert.NotErrorIs(t, err, sockets.ErrServerClosed)
	assert.Equal(t, "c", exchange(t, first, "c"))
	assert.Equal(t, "d", exchange(t, second, "d"))
	assert.Equal(t, "e", exchange(t, dialStream(t, unix), "e"))
	require.NoError(t, s.Close())
	assert.ErrorIs(t, <-served[1], sockets.ErrServerClosed)
	require.NoError(t, s.Shutdown(t.Context()))
	assert.Zero(t, s.Stats().Active)
}

// Unix-domain peers have no prefix: MaxConns bounds them, MaxConnsPerPeer does
// not.
func TestServerUnixPeers(t *testing.T) {
	l := listenStream(t, "unix")
	s := &sockets.Server{Limits: sockets.Limits{MaxConns: 3, MaxConnsPerPeer: 1}, Handler: echoHandler, OverLimit: refusing}
	startServer(t, s, l)
	for range 3 {
		assert.Equal(t, "hello", exchange(t, dialStream(t, l), "hello"))
	}
	b, err := io.ReadAll(dialStream(t, l))
	assert.NoError(t, err)
	assert.Equal(t, "421 too many connections\r\n", string(b))
	assert.Equal(t, int64(1), s.Stats().RefusedTotal)
}

// Deadlines, timeouts and marks that several goroutines move all the time
// disturb no Read or Write, and the last one decides.
func TestConnDeadlinesFromElsewhere(t *testing.T) {
	c, peer := connPair(t, &sockets.ConnOptions{ReadTimeout: time.Hour, IdleTimeout: time.Hour, MinReadRate: sockets.Rate{Octets: 1, Window: time.Hour}})
	go io.Copy(peer, peer)
	stop := make(chan struct{})
	var movers sync.WaitGroup
	for i := range 4 {
		movers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				d := time.Duration(1+(n+i)%7) * time.Minute
				switch i {
				case 0:
					c.SetDeadline(time.Now().Add(d))
				case 1:
					c.SetReadTimeout(d)
				case 2:
					c.MarkIdle()
					c.MarkBusy()
				case 3:
					ctx, cancel := context.WithTimeout(t.Context(), d)
					sockets.WithContext(ctx, c)()
					cancel()
				}
			}
		})
	}
	for range 1000 {
		assert.Equal(t, "hello", exchange(t, c, "hello"))
	}
	close(stop)
	movers.Wait()
	read := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		read <- err
	}()
	c.SetReadDeadline(time.Unix(1, 0))
	checkTimeout(t, <-read, "")
}

// A handler that leaves a goroutine in a Read, or ends its own by
// runtime.Goexit, leaves nothing behind: the connection is closed and its
// place free.
func TestServerHandlerLeavesReader(t *testing.T) {
	for _, tt := range []struct {
		name  string
		leave func()
	}{{"return", func() {}}, {"Goexit", runtime.Goexit}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := testkit.NewNetwork()
				l, err := n.Listen(t.Context(), "tcp", "192.0.2.1:5100")
				require.NoError(t, err)
				read, ended := make(chan error, 1), make(chan context.Context, 1)
				s := &sockets.Server{Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
					ended <- ctx
					go func() {
						_, err := c.Read(make([]byte, 1))
						read <- err
					}()
					tt.leave()
				})}
				served := make(chan error, 1)
				go func() { served <- s.Serve(l) }()
				client, err := n.Dial(t.Context(), "tcp", "192.0.2.1:5100")
				require.NoError(t, err)
				assert.ErrorIs(t, <-read, net.ErrClosed)
				<-(<-ended).Done()
				_, err = client.Read(make([]byte, 1))
				assert.Equal(t, io.EOF, err)
				synctest.Wait()
				assert.Zero(t, s.Stats().Active)
				assert.NoError(t, s.Shutdown(t.Context()))
				assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
			})
		})
	}
}
