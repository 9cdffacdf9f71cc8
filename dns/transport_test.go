package dns_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
	"applayer/sockets"
)

// rawQuery is a query for [exampleA] with that ID.
func rawQuery(t *testing.T, id uint16) []byte {
	b, err := dns.AppendMessage(nil, question())
	require.NoError(t, err)
	return withID(b, id)
}

// exchange asks for [exampleA] by a Transport.
func exchange(t *testing.T, tr *dns.Transport, ctx context.Context, network string, id uint16) ([]byte, error) {
	q := rawQuery(t, id)
	m, err := dns.NewMatcher(q)
	require.NoError(t, err)
	return tr.Exchange(ctx, network, server53, q, m.Accept)
}

// TestTransportPipelined: several questions are under way on one connection,
// and each gets its own answer, in whatever order they come.
func TestTransportPipelined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var conns atomic.Int32
		l.tcp(func(_ int, c *dns.Conn) {
			conns.Add(1)
			for {
				var batch [][]byte
				for range 5 {
					q, err := c.ReadMessage()
					if err != nil {
						return
					}
					batch = append(batch, slices.Clone(q))
				}
				for _, q := range slices.Backward(batch) {
					c.WriteMessage(answer(q, nil))
				}
			}
		})
		tr := l.transport()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				reply, err := exchange(t, tr, t.Context(), dns.NetworkTCP, uint16(i))
				if assert.NoError(t, err) {
					assert.Equal(t, uint16(i), binary.BigEndian.Uint16(reply))
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 1, conns.Load())
		require.NoError(t, tr.Close())
		_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 1)
		assert.ErrorIs(t, err, net.ErrClosed)
	})
}

// TestTransportSameID: IDs under way on one connection differ, so a query with
// the same one gets another connection (RFC 7766 §6.2.1).
func TestTransportSameID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var conns atomic.Int32
		l.tcp(func(n int, c *dns.Conn) {
			conns.Add(1)
			q, err := c.ReadMessage()
			if err != nil {
				return
			}
			q = slices.Clone(q)
			time.Sleep(time.Second)
			c.WriteMessage(answer(q, nil))
			c.ReadMessage()
		})
		tr := l.transport()
		defer tr.Close()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 7)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.EqualValues(t, 3, conns.Load())
	})
}

// TestTransportFull: what finds all connections full waits for a place.
func TestTransportFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var conns, under, most atomic.Int32
		l.tcp(func(_ int, c *dns.Conn) {
			conns.Add(1)
			var wg sync.WaitGroup
			defer wg.Wait()
			var mu sync.Mutex
			for {
				q, err := c.ReadMessage()
				if err != nil {
					return
				}
				q = slices.Clone(q)
				most.Store(max(most.Load(), under.Add(1)))
				wg.Go(func() {
					time.Sleep(time.Second)
					under.Add(-1)
					mu.Lock()
					defer mu.Unlock()
					c.WriteMessage(answer(q, nil))
				})
			}
		})
		tr := l.transport()
		tr.MaxConns, tr.MaxPipelined = 2, 3
		begin := time.Now()
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, uint16(i))
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 2*time.Second, time.Since(begin))
		assert.EqualValues(t, 2, conns.Load())
		assert.EqualValues(t, 6, most.Load())

		var ids []uint16
		for i := range 6 {
			ids = append(ids, uint16(i))
		}
		for _, id := range ids {
			wg.Go(func() { exchange(t, tr, t.Context(), dns.NetworkTCP, id) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := exchange(t, tr, ctx, dns.NetworkTCP, 99)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		wg.Wait()
		tr.Close()
	})
}

// TestTransportClosedBetween: a connection that the server closed between
// questions is opened again, once, and nobody notices (RFC 7766 §6.2.4).
func TestTransportClosedBetween(t *testing.T) {
	tests := []struct {
		name string
		// die ends a connection on its second question.
		die   func(c *dns.Conn)
		conns int32
		err   error
	}{
		{"closed after the first answer", func(c *dns.Conn) {}, 2, nil},
		{"closed when the second question came", func(c *dns.Conn) { c.ReadMessage() }, 2, nil},
		{"closed within the second answer", func(c *dns.Conn) {
			if q, err := c.ReadMessage(); err == nil {
				b := answer(q, nil)
				c.NetConn().Write(append([]byte{0, byte(len(b))}, b[:20]...))
			}
		}, 2, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				var conns atomic.Int32
				l.tcp(func(n int, c *dns.Conn) {
					conns.Add(1)
					q, err := c.ReadMessage()
					if err != nil {
						return
					}
					c.WriteMessage(answer(q, nil))
					tt.die(c)
				})
				tr := l.transport()
				defer tr.Close()
				for i := range 2 {
					reply, err := exchange(t, tr, t.Context(), dns.NetworkTCP, uint16(i))
					require.NoError(t, err)
					assert.Equal(t, uint16(i), binary.BigEndian.Uint16(reply))
				}
				assert.Equal(t, tt.conns, conns.Load())
			})
		})
	}
}

// TestTransportDies: a new connection that ends before the answer is an error,
// as it is when the one after it does too.
func TestTransportDies(t *testing.T) {
	tests := []struct {
		name  string
		write func(q []byte) []byte
		want  error
	}{
		{"no octet", func([]byte) []byte { return nil }, io.EOF},
		{"half a length", func([]byte) []byte { return []byte{0} }, io.ErrUnexpectedEOF},
		{"a length", func([]byte) []byte { return []byte{0, 12} }, io.ErrUnexpectedEOF},
		{"half a message", func(q []byte) []byte { return append([]byte{0, 200}, q...) }, io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				l.tcp(func(_ int, c *dns.Conn) {
					q, _ := c.ReadMessage()
					c.NetConn().Write(tt.write(q))
				})
				tr := l.transport()
				defer tr.Close()
				_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 1)
				assert.ErrorIs(t, err, tt.want)
			})
		})
	}
	t.Run("1035-4.1.1 less than a header ends the connection", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t)
			l.tcp(func(_ int, c *dns.Conn) {
				c.ReadMessage()
				c.WriteMessage([]byte("eleven oct."))
				c.ReadMessage()
			})
			tr := l.transport()
			defer tr.Close()
			_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 1)
			var e *dns.MismatchError
			assert.ErrorAs(t, err, &e)
		})
	})
}

// TestTransportSlow: an answer that comes octet by octet is an answer; one that
// never ends is waited for as long as the context says, and others on the
// connection do not wait longer for it than for themselves.
func TestTransportSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var conns atomic.Int32
		l.tcp(func(n int, c *dns.Conn) {
			conns.Add(1)
			q, _ := c.ReadMessage()
			b := answer(q, nil)
			b = append([]byte{0, byte(len(b))}, b...)
			if n == 0 {
				b = b[:len(b)-1]
			}
			for i := range b {
				time.Sleep(100 * time.Millisecond)
				c.NetConn().Write(b[i : i+1])
			}
			c.ReadMessage()
		})
		tr := l.transport()
		defer tr.Close()
		ctx := short(t, 60)
		begin := time.Now()
		_, err := exchange(t, tr, ctx, dns.NetworkTCP, 1)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(begin))
		_, err = exchange(t, tr, t.Context(), dns.NetworkTCP, 1)
		require.NoError(t, err)
		assert.EqualValues(t, 2, conns.Load(), "a connection on which nothing came is not used again")
	})
}

// TestTransportLateAnswer: the answer to a query that nobody waits for any more
// is dropped, also when another query has its ID by then.
func TestTransportLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.tcp(func(_ int, c *dns.Conn) {
			first, _ := c.ReadMessage()
			late := answer(first, func(m *dns.Message) { m.Question[0].Name = dns.MustName("late") })
			second, err := c.ReadMessage()
			if err != nil {
				return
			}
			second = slices.Clone(second)
			c.WriteMessage(answer(second, nil))
			third, err := c.ReadMessage()
			if err != nil {
				return
			}
			good := answer(third, nil)
			c.WriteMessage(late)
			c.WriteMessage(good)
			c.ReadMessage()
		})
		tr := l.transport()
		defer tr.Close()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := exchange(t, tr, ctx, dns.NetworkTCP, 1)
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 2)
		require.NoError(t, err)
		cancel()
		wg.Wait()
		reply, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 1)
		require.NoError(t, err)
		m, err := dns.ParseMessage(reply, nil)
		require.NoError(t, err)
		assert.Equal(t, exampleA, m.Question[0])
	})
}

// TestTransportIdle: a connection is kept for a while, for less where the
// server asks for it (RFC 7828 §3.2.2), and not with a negative time.
func TestTransportIdle(t *testing.T) {
	tests := []struct {
		name string
		own  time.Duration
		says func(e *dns.EDNS)
		want time.Duration
	}{
		{"ten seconds", 0, nil, 10 * time.Second},
		{"our time", time.Second, nil, time.Second},
		{"not at all", -1, nil, 0},
		{"7828-3.2.2 less than ours", 0, func(e *dns.EDNS) { e.SetKeepalive(2500 * time.Millisecond) }, 2500 * time.Millisecond},
		{"7828-3.2.2 more than ours", 0, func(e *dns.EDNS) { e.SetKeepalive(time.Hour) }, 10 * time.Second},
		{"7828-3.2.2 close it", 0, func(e *dns.EDNS) { e.SetKeepalive(0) }, 0},
		{"7828-3.1 no time", 0, func(e *dns.EDNS) { e.RequestKeepalive() }, 10 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				kept := make(chan time.Duration, 1)
				l.tcp(func(_ int, c *dns.Conn) {
					q, _ := c.ReadMessage()
					c.WriteMessage(answer(q, func(m *dns.Message) {
						m.EDNS = &dns.EDNS{UDPSize: 1232}
						if tt.says != nil {
							tt.says(m.EDNS)
						}
					}))
					begin := time.Now()
					_, err := c.ReadMessage()
					assert.Equal(t, io.EOF, err)
					kept <- time.Since(begin)
				})
				tr := l.transport()
				tr.IdleTimeout = tt.own
				_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 1)
				require.NoError(t, err)
				assert.Equal(t, tt.want, <-kept)
				tr.Close()
			})
		})
	}
}

// TestTransportMaxIdle: no more connections are kept than that, however many
// servers there are.
func TestTransportMaxIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var open atomic.Int32
		l.tcp(func(n int, c *dns.Conn) {
			open.Add(1)
			defer open.Add(-1)
			q, _ := c.ReadMessage()
			q = slices.Clone(q)
			time.Sleep(time.Second)
			c.WriteMessage(answer(q, nil))
			c.ReadMessage()
		})
		tr := l.transport()
		defer tr.Close()
		tr.MaxIdle, tr.MaxPipelined, tr.MaxConns = 3, 1, 10
		for range 2 {
			var wg sync.WaitGroup
			for i := range 5 {
				wg.Go(func() {
					_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, uint16(i))
					assert.NoError(t, err)
				})
			}
			wg.Wait()
			synctest.Wait()
			assert.EqualValues(t, 3, open.Load())
			tr.CloseIdle()
			synctest.Wait()
			assert.Zero(t, open.Load())
		}
	})
}

// TestTransportCloseIdle: what is idle is closed; what is under way goes on.
func TestTransportCloseIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var conns atomic.Int32
		l.tcp(func(n int, c *dns.Conn) { conns.Add(1); answerAll(n, c) })
		tr := l.transport()
		for i := range 3 {
			_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, uint16(i))
			require.NoError(t, err)
			tr.CloseIdle()
		}
		assert.EqualValues(t, 3, conns.Load())
		tr.Close()
		tr.Close()
	})
}

// TestTransportCloseUnderWay: Close ends what waits: for a connection, and for
// an answer.
func TestTransportCloseUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.tcp(func(_ int, c *dns.Conn) {
			for {
				if _, err := c.ReadMessage(); err != nil {
					return
				}
			}
		})
		answering, dialling := l.transport(), &dns.Transport{Dialer: &sockets.Dialer{
			Connect: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
		}}
		for _, tr := range []*dns.Transport{answering, dialling} {
			var wg sync.WaitGroup
			wg.Go(func() {
				_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 1)
				assert.ErrorIs(t, err, net.ErrClosed)
			})
			synctest.Wait()
			tr.Close()
			wg.Wait()
		}
	})
}

// TestTransportCloseRetired: a connection that is not trusted any more is
// closed with the others, and a new one beside it lasts.
func TestTransportCloseRetired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		var conns atomic.Int32
		l.tcp(func(n int, c *dns.Conn) {
			conns.Add(1)
			if n > 0 {
				answerAll(n, c)
				return
			}
			for {
				if _, err := c.ReadMessage(); err != nil {
					return
				}
			}
		})
		tr := l.transport()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := exchange(t, tr, t.Context(), dns.NetworkTCP, 1)
			assert.ErrorIs(t, err, net.ErrClosed)
		})
		synctest.Wait()
		_, err := exchange(t, tr, short(t, 1), dns.NetworkTCP, 2)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		for range 2 {
			_, err = exchange(t, tr, t.Context(), dns.NetworkTCP, 2)
			require.NoError(t, err)
		}
		assert.EqualValues(t, 2, conns.Load())
		begin := time.Now()
		tr.Close()
		wg.Wait()
		assert.Zero(t, time.Since(begin))
		assert.Zero(t, tr.PeerCount())
	})
}

// TestTransportDialShared: queries that come while a connection is being opened
// wait for it together; it is given up when the last of them is.
func TestTransportDialShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.tcp(answerAll)
		var dials, cancelled atomic.Int32
		tr := &dns.Transport{Dialer: &sockets.Dialer{Connect: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			select {
			case <-time.After(10 * time.Second):
				return l.Dial(ctx, network, addr)
			case <-ctx.Done():
				cancelled.Add(1)
				return nil, ctx.Err()
			}
		}}}
		defer tr.Close()
		ask := func(seconds int, want error) {
			_, err := exchange(t, tr, short(t, seconds), dns.NetworkTCP, uint16(seconds))
			assert.ErrorIs(t, err, want)
		}
		var wg sync.WaitGroup
		wg.Go(func() { ask(5, context.DeadlineExceeded) })
		wg.Go(func() { ask(6, context.DeadlineExceeded) })
		wg.Go(func() { ask(60, nil) })
		wg.Wait()
		assert.EqualValues(t, 1, dials.Load())
		assert.Zero(t, cancelled.Load())
		tr.CloseIdle()
		synctest.Wait()
		ask(5, context.DeadlineExceeded)
		synctest.Wait()
		assert.EqualValues(t, 2, dials.Load())
		assert.EqualValues(t, 1, cancelled.Load())
	})
}

var errNoWay = errors.New("no way there")

// TestTransportErrors: what cannot be sent is an error at once.
func TestTransportErrors(t *testing.T) {
	tr := &dns.Transport{Dialer: &sockets.Dialer{Connect: func(context.Context, string, string) (net.Conn, error) { return nil, errNoWay }}}
	defer tr.Close()
	for _, network := range []string{dns.NetworkUDP, dns.NetworkTCP, dns.NetworkTLS} {
		_, err := exchange(t, tr, t.Context(), network, 1)
		assert.ErrorIs(t, err, errNoWay)
	}
	_, err := exchange(t, tr, t.Context(), "sctp", 1)
	assert.ErrorAs(t, err, new(net.UnknownNetworkError))
	_, err = tr.Exchange(t.Context(), dns.NetworkUDP, server53, []byte("short"), nil)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// TestTransportPorts: each query over UDP comes from a port of its own, and
// none is a system port (RFC 5452 §9.2).
func TestTransportPorts(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	ports := map[int]int{}
	wg.Go(func() {
		buf := make([]byte, 512)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			ports[from.(*net.UDPAddr).Port]++
			pc.WriteTo(answer(buf[:n], nil), from)
		}
	})
	server := pc.LocalAddr().(*net.UDPAddr).AddrPort()
	c := &dns.Client{}
	defer c.Close()
	for range 50 {
		_, _, err := c.Exchange(t.Context(), server, question())
		require.NoError(t, err)
	}
	pc.Close()
	wg.Wait()
	assert.Greater(t, len(ports), 45, "of 64512")
	low, high := 65536, 0
	for p := range ports {
		low, high = min(low, p), max(high, p)
	}
	assert.GreaterOrEqual(t, low, 1024)
	assert.Greater(t, high-low, 20000, "spread over the range")
}

// TestTransportCloseDeaf: Close takes no longer with many connections to peers
// that take nothing, not even the end of TLS, than with one.
func TestTransportCloseDeaf(t *testing.T) {
	config, trust := testkit.Certificate(t, "192.0.2.53")
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.tcp(func(_ int, c *dns.Conn) {
			tc := tlsServer(c, config)
			if tc.HandshakeContext(t.Context()) == nil {
				<-t.Context().Done()
			}
		})
		tr := l.transport()
		tr.TLSConfig, tr.MaxPipelined, tr.MaxConns = trust, 1, 20
		large := question()
		large.EDNS = &dns.EDNS{}
		large.EDNS.SetPadding(65000) // more than the peer's buffer holds, framed
		q, err := dns.AppendMessage(nil, large)
		require.NoError(t, err)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				_, err := tr.Exchange(t.Context(), dns.NetworkTLS, server53, withID(q, uint16(i)), func([]byte) error { return nil })
				assert.Error(t, err)
			})
		}
		synctest.Wait()
		begin := time.Now()
		tr.Close()
		assert.LessOrEqual(t, time.Since(begin), 5*time.Second)
		wg.Wait()
	})
}
