package dns_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
	"applayer/sockets"
)

// Queries that come together, or octet by octet, are all answered
// (RFC 7766 §6.2.1, RFC 7766 §8).
func TestServerStream(t *testing.T) {
	queries := overStream(numbered(1)) + overStream(numbered(2)) + overStream(numbered(3))
	want := overStream(respond(&dns.Server{Handler: echo}, numbered(1), udpOrigin)) +
		overStream(respond(&dns.Server{Handler: echo}, numbered(2), udpOrigin)) +
		overStream(respond(&dns.Server{Handler: echo}, numbered(3), udpOrigin))
	for _, chunk := range []int{1, 2, 3, 7, 40, len(queries)} {
		synctest.Test(t, func(t *testing.T) {
			client := serveConn(t, &dns.Server{Handler: echo})
			for rest := queries; rest != ""; rest = rest[min(chunk, len(rest)):] {
				send(t, client, rest[:min(chunk, len(rest))])
				synctest.Wait()
			}
			got := make([]byte, len(want))
			_, err := io.ReadFull(client, got)
			require.NoError(t, err)
			assert.Equal(t, want, string(got), "%d octets at a time", chunk)
		})
	}
}

// A request longer than the first buffer, then many, and an answer as long as a
// message can be.
func TestServerStreamLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serveConn(t, &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
			for i := range 255 {
				w.Add(dns.SectionAnswer, text("www.Example.org", strings.Repeat("x", i)))
			}
		})})
		options := "\xff\xf0\x3a\x98" + strings.Repeat("o", 15000)
		go send(t, client, strings.Repeat(overStream(withOptions(options)), 10)+overStream(queryHead+asked))
		for range 10 {
			m, err := dns.ParseMessage([]byte(receive(t, client)), nil)
			require.NoError(t, err)
			assert.Len(t, m.Answer, 255)
			assert.NotNil(t, m.EDNS)
		}
		assert.NotEmpty(t, receive(t, client))
	})
}

// Answers to detached queries leave when they are there, in any order
// (RFC 7766 §6.2.1.1), and the connection is not idle while one is awaited.
func TestServerStreamOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := map[uint16]chan struct{}{1: make(chan struct{}), 2: make(chan struct{}), 3: make(chan struct{})}
		client := serveConn(t, &dns.Server{Handler: detaching(release)})
		send(t, client, overStream(numbered(1))+overStream(numbered(2))+overStream(numbered(3)))
		for _, id := range []uint16{2, 3, 1} {
			time.Sleep(time.Minute)
			close(release[id])
			assert.Equal(t, respond(&dns.Server{Handler: echo}, numbered(id), udpOrigin), receive(t, client))
		}
		start := time.Now()
		receiveEOF(t, client)
		assert.Equal(t, 10*time.Second, time.Since(start), "then it is idle")
	})
}

// No more than so many queries of a connection are under way; it is read on
// when one has its answer.
func TestServerStreamInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var waiting []*dns.Responder
		s := &dns.Server{MaxInFlight: 2, Handler: dns.HandlerFunc(func(_ context.Context, _ *dns.Responder, q *dns.Query) {
			_, w := q.Detach()
			mu.Lock()
			defer mu.Unlock()
			waiting = append(waiting, w)
		})}
		client := serveConn(t, s)
		send(t, client, strings.Repeat(overStream(queryHead+asked), 5))
		for answered := range 5 {
			synctest.Wait()
			mu.Lock()
			assert.Len(t, waiting, min(answered+2, 5))
			w := waiting[answered]
			mu.Unlock()
			if answered == 3 {
				w.Drop() // makes room, too
			}
			assert.NoError(t, w.Send())
			if answered != 3 {
				receive(t, client)
			}
		}
	})
}

// What ends a connection, and when.
func TestServerStreamEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		in   string
		want time.Duration
	}{
		{"7766-6.2.3 silence", "", 10 * time.Second},
		{"silence after an answer", overStream(queryHead + asked), 10 * time.Second},
		{"CVE-2026-32934 one octet, then silence", "\x00", 10 * time.Second},
		{"a length, then silence", "\x00\x20", 10 * time.Second},
		{"half a message", overStream(queryHead + asked)[:20], 10 * time.Second},
		{"a message shorter than a header", "\x00\x0b" + queryHead[:11], 0},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", 10 * time.Second},
		{"a message of no octets", "\x00\x00", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := serveConn(t, &dns.Server{Handler: echo})
				start := time.Now()
				send(t, client, test.in)
				io.Copy(io.Discard, client)
				assert.Equal(t, test.want, time.Since(start))
			})
		})
	}
}

// An octet now and then does not move the end of the wait for a message.
func TestServerStreamTrickle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serveConn(t, &dns.Server{Handler: echo})
		start := time.Now()
		for i := range overStream(queryHead + asked) {
			time.Sleep(900 * time.Millisecond)
			if _, err := client.Write([]byte(overStream(queryHead + asked)[i : i+1])); err != nil {
				break
			}
		}
		assert.Equal(t, 11700*time.Millisecond, time.Since(start), "ten seconds after the first octet it was cut")
		receiveEOF(t, client)
	})
}

// Connections that may be idle for ever may not be so in the middle of a query.
func TestServerStreamHalfWithoutIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &dns.Server{Handler: echo, Limits: sockets.Limits{IdleTimeout: -1, ReadTimeout: 3 * time.Second}}
		idle, half := serveConn(t, s), serveConn(t, s)
		send(t, half, overStream(queryHead + asked)[:20])
		start := time.Now()
		receiveEOF(t, half)
		assert.Equal(t, 3*time.Second, time.Since(start))
		time.Sleep(time.Hour)
		send(t, idle, overStream(queryHead+asked))
		assert.NotEmpty(t, receive(t, idle))
	})
}

// A peer that asks and does not read is cut when its answers do not leave.
func TestServerStreamSlowReader(t *testing.T) {
	for _, detached := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			client, server := testkit.PipeBuffer(1000)
			s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
				for range 100 {
					w.Add(dns.SectionAnswer, text("www.Example.org", strings.Repeat("x", 255)))
				}
				if detached {
					q.Detach()
					go w.Send()
				}
			})}
			go func() {
				for {
					if _, err := io.WriteString(client, overStream(queryHead+asked)); err != nil {
						return
					}
				}
			}()
			start := time.Now()
			s.ServeConn(t.Context(), server)
			assert.Equal(t, 10*time.Second, time.Since(start))
			client.Close()
		})
	}
}

// A client may send its queries, say that there are no more, and wait.
func TestServerStreamHalfClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := map[uint16]chan struct{}{7: make(chan struct{})}
		client := serveConn(t, &dns.Server{Handler: detaching(release)})
		send(t, client, overStream(queryHead+asked))
		require.NoError(t, client.(interface{ CloseWrite() error }).CloseWrite())
		time.Sleep(time.Second)
		close(release[7])
		assert.NotEmpty(t, receive(t, client))
		receiveEOF(t, client)
	})
}

// As connections fill, the time that one may be idle shrinks to a fifth.
func TestServerStreamIdleShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &dns.Server{Handler: echo}
		s.MaxConns = 8
		ask := func(conns int, want string, idle time.Duration) {
			t.Helper()
			var clients []net.Conn
			for range conns {
				clients = append(clients, serveConn(t, s))
			}
			synctest.Wait()
			last := clients[conns-1]
			send(t, last, overStream(withOptions("\x00\x0b\x00\x00")))
			assert.Contains(t, receive(t, last), "\x00\x0b\x00\x02"+want)
			start := time.Now()
			receiveEOF(t, last)
			assert.Equal(t, idle, time.Since(start), "%d connections", conns)
			time.Sleep(time.Minute)
		}
		ask(1, "\x00\x64", 10*time.Second)
		ask(4, "\x00\x64", 10*time.Second)
		ask(6, "\x00\x3c", 6*time.Second)
		ask(8, "\x00\x14", 2*time.Second)
	})
}

// Shutdown lets queries under way have their answer, and ends those connections
// at once that are idle or in the middle of a query.
func TestServerStreamShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := map[uint16]chan struct{}{7: make(chan struct{})}
		s := &dns.Server{Handler: detaching(release)}
		idle, half, busy := serveConn(t, s), serveConn(t, s), serveConn(t, s)
		send(t, half, overStream(queryHead + asked)[:20])
		send(t, busy, overStream(queryHead+asked))
		synctest.Wait()
		start := time.Now()
		done := make(chan error)
		go func() { done <- s.Shutdown(t.Context()) }()
		receiveEOF(t, idle)
		receiveEOF(t, half)
		assert.Zero(t, time.Since(start))
		time.Sleep(3 * time.Second)
		close(release[7])
		assert.NotEmpty(t, receive(t, busy))
		receiveEOF(t, busy)
		assert.ErrorIs(t, <-done, nil)
	})
}

// Close cuts connections; what a handler sends then is lost, and does no harm.
func TestServerStreamClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := make(chan error)
		s := &dns.Server{Handler: dns.HandlerFunc(func(ctx context.Context, _ *dns.Responder, q *dns.Query) {
			_, w := q.Detach()
			go func() {
				<-ctx.Done()
				sent <- w.Send()
			}()
		})}
		client := serveConn(t, s)
		send(t, client, overStream(queryHead+asked))
		synctest.Wait()
		require.NoError(t, s.Close())
		<-sent
		io.Copy(io.Discard, client)
	})
}

// A panic loses its query alone.
func TestServerStreamPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		client := serveConn(t, &dns.Server{Handler: dns.HandlerFunc(func(ctx context.Context, w *dns.Responder, q *dns.Query) {
			if n++; n == 1 {
				panic("oh")
			}
			echo(ctx, w, q)
		})})
		send(t, client, overStream(queryHead+asked)+overStream(queryHead+asked))
		assert.Equal(t, byte(dns.RCodeServFail), receive(t, client)[3]&15)
		assert.Equal(t, byte(dns.RCodeNoError), receive(t, client)[3]&15)
	})
}

// Responses on a stream are not answered, and the next query is.
func TestServerStreamIgnores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serveConn(t, &dns.Server{Handler: echo})
		send(t, client, overStream(response)+overStream(queryHead+asked))
		assert.Equal(t, "\x00\x07", receive(t, client)[:2])
	})
}

// DNS over TLS: the protocol's name is agreed on, and the handler sees the
// state (RFC 7858 §3.1).
func TestServerTLS(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	var kind dns.TransportKind
	var protocol string
	s := &dns.Server{TLSConfig: serverTLS, Handler: dns.HandlerFunc(func(ctx context.Context, w *dns.Responder, q *dns.Query) {
		kind, protocol = q.Transport(), q.TLS().NegotiatedProtocol
		echo(ctx, w, q)
	})}
	synctest.Test(t, func(t *testing.T) {
		client, server := testkit.Pipe()
		var done sync.WaitGroup
		done.Go(func() { s.ServeConnTLS(context.WithoutCancel(t.Context()), server) })
		clientTLS.NextProtos = []string{"dot"}
		nc := tlsClient(t, client, clientTLS)
		for range 2 {
			send(t, nc, overStream(withOptions("\x00\x0c\x00\x00")))
			assert.Len(t, receive(t, nc), 468)
		}
		nc.Close()
		done.Wait()
	})
	assert.Equal(t, dns.TransportTLS, kind)
	assert.Equal(t, "dot", protocol)
}
