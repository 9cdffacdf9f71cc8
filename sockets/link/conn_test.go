package link_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/link"
)

// closeWriter is what streams have beside net.Conn.
type closeWriter interface{ CloseWrite() error }

func octets(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

func TestStreamArrival(t *testing.T) {
	tests := []struct {
		name   string
		link   link.Link
		octets int
		want   time.Duration
	}{
		{"a perfect link", link.Link{}, 100_000, 0},
		{"100 kbit on 1.54 Mb/s", link.Link{Rate: 1_540_000}, 12_500, 64_935_064},
		{"100 kbit on 154 Mb/s", link.Link{Rate: 154_000_000}, 12_500, 649_350},
		{"100 kbit on 1 Gb/s", link.Link{Rate: 1_000_000_000}, 12_500, 100 * time.Microsecond},
		{"half a round trip of 2 s", link.Link{Delay: time.Second}, 12_500, time.Second},
		{"both", link.Link{Rate: 1_540_000, Delay: time.Second}, 12_500, time.Second + 64_935_064},
		{"one octet", link.Link{Rate: 8, Delay: time.Minute}, 1, 61 * time.Second},
		{"more than the queue", link.Link{Rate: 8_000_000, Queue: 3000}, 1_000_000, time.Second},
	}
	for i := range tests {
		tt := &tests[i]
		for _, way := range []string{"up", "down"} {
			t.Run(tt.name+", "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := link.Link{Rate: tt.link.Rate, Delay: tt.link.Delay, Queue: tt.link.Queue}
					a, b := testkit.Pipe()
					shaped := l.Conn(a)
					defer b.Close()
					defer shaped.Close()
					from, to := shaped, b
					if way == "down" {
						from, to = b, shaped
					}
					sent, start := octets(tt.octets), time.Now()
					go from.Write(sent)
					got := make([]byte, len(sent))
					_, err := io.ReadFull(to, got)
					require.NoError(t, err)
					assert.Equal(t, tt.want, time.Since(start))
					assert.Equal(t, sha256.Sum256(sent), sha256.Sum256(got))
				})
			})
		}
	}
}

func TestWriteReturnsWhenQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 1,000 octets a second.
		l := link.Link{Rate: 8000, Delay: time.Hour, Queue: 3000, MTU: 1000}
		a, b := testkit.Pipe()
		c := l.Conn(a)
		defer b.Close()
		defer c.Close()
		start := time.Now()
		_, err := c.Write(make([]byte, 3000))
		require.NoError(t, err)
		assert.Zero(t, time.Since(start), "the queue takes 3,000")
		_, err = c.Write(make([]byte, 2000))
		require.NoError(t, err)
		assert.Equal(t, 2*time.Second, time.Since(start), "room for two more when two have left")

		require.NoError(t, c.SetWriteDeadline(time.Now().Add(1500*time.Millisecond)))
		n, err := c.Write(make([]byte, 5000))
		assert.Equal(t, 1000, n)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, 3500*time.Millisecond, time.Since(start))
		require.NoError(t, c.SetWriteDeadline(time.Time{}))

		done := make(chan error)
		go func() {
			_, err := c.Write(make([]byte, 50_000))
			done <- err
		}()
		synctest.Wait()
		require.NoError(t, c.Close())
		assert.ErrorIs(t, <-done, net.ErrClosed)
	})
}

func TestSlowReaderStopsSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := link.Link{Delay: time.Second, Window: 10_000}
		a, b := testkit.PipeBuffer(5000)
		c := l.Conn(a)
		defer b.Close()
		defer c.Close()
		sent := 0
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				n, err := c.Write(make([]byte, 1000))
				sent += n
				if err != nil {
					return
				}
			}
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		// Window, pipe, and the segment in the deliverer's hand.
		assert.Equal(t, 10_000+5000+1000, sent)
		_, err := io.ReadFull(b, make([]byte, 5000))
		require.NoError(t, err)
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, 10_000+5000+1000+5000, sent)
		b.Close()
		time.Sleep(time.Second)
		c.Close()
		<-stopped
	})
}

func TestConnectionsShareTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := link.Link{Rate: 8_000_000, Queue: 4000, MTU: 1000}
		got := make([]int, 3)
		var wg sync.WaitGroup
		start := time.Now()
		for i := range got {
			a, b := testkit.Pipe()
			c := l.Conn(a)
			wg.Go(func() {
				defer c.Close()
				_, err := c.Write(make([]byte, 1_000_000))
				assert.NoError(t, err)
			})
			wg.Go(func() {
				defer b.Close()
				p := make([]byte, 1000)
				for {
					n, err := b.Read(p)
					got[i] += n
					if err != nil {
						return
					}
				}
			})
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		for i := range got {
			assert.InDelta(t, 500_000, got[i], 4000, "a third of the rate for connection %d", i)
		}
		up, _ := l.Counters()
		assert.Equal(t, 1500*time.Millisecond, up.Busy)
		wg.Wait()
		assert.Equal(t, 3*time.Second, time.Since(start))
		assert.Equal(t, []int{1_000_000, 1_000_000, 1_000_000}, got)
		up, down := l.Counters()
		assert.Equal(t, link.Counters{Octets: 3_000_000, Packets: 3000, Busy: 3 * time.Second}, up)
		assert.Zero(t, down)
	})
}

func TestUtilisation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// LECTURE: 15 objects a second of 100 kbit on 1.54 Mb/s.
		l := link.Link{Rate: 1_540_000, Delay: time.Second}
		a, b := testkit.Pipe()
		c := l.Conn(a)
		defer c.Close()
		go func() {
			for range 150 {
				b.Write(make([]byte, 12_500))
				time.Sleep(time.Second / 15)
			}
			b.Close()
		}()
		go io.Copy(io.Discard, c)
		time.Sleep(10 * time.Second)
		_, down := l.Counters()
		assert.InDelta(t, 0.974, down.Utilisation(10*time.Second), 0.0005)
		assert.Zero(t, down.Utilisation(0))
		time.Sleep(2 * time.Second)
	})
}

func TestCloseDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := link.Link{Rate: 8000, Delay: time.Second}
		a, b := testkit.Pipe()
		c := l.Conn(a)
		defer b.Close()
		start := time.Now()
		_, err := c.Write(make([]byte, 3000))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		assert.Zero(t, time.Since(start))
		assert.ErrorIs(t, c.Close(), net.ErrClosed)
		_, err = c.Write([]byte("x"))
		assert.ErrorIs(t, err, net.ErrClosed)
		_, err = c.Read(make([]byte, 1))
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.ErrorIs(t, c.SetDeadline(time.Now()), net.ErrClosed)

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		assert.ErrorIs(t, l.Flush(ctx), context.DeadlineExceeded)
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		assert.Len(t, got, 3000)
		assert.Equal(t, 4*time.Second, time.Since(start))
		require.NoError(t, l.Flush(t.Context()))
		assert.Equal(t, 4*time.Second, time.Since(start))
	})
}

func TestCloseWithPeerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := link.Link{Delay: time.Second}
		a, b := testkit.PipeBuffer(1000)
		c := l.Conn(a)
		_, err := c.Write(make([]byte, 5000))
		require.NoError(t, err)
		start := time.Now()
		require.NoError(t, c.Close())
		require.NoError(t, l.Flush(t.Context()))
		assert.Equal(t, time.Minute+time.Second, time.Since(start))
		got, err := io.ReadAll(b)
		assert.NoError(t, err)
		assert.Len(t, got, 1000)
	})
}

func TestHalfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := link.Link{Delay: time.Second}
		a, b := testkit.Pipe()
		c := l.Conn(a)
		defer c.Close()
		start := time.Now()
		_, err := c.Write([]byte("question"))
		require.NoError(t, err)
		require.NoError(t, c.(closeWriter).CloseWrite())
		_, err = c.Write([]byte("x"))
		assert.ErrorIs(t, err, syscall.EPIPE)
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		assert.Equal(t, "question", string(got))
		assert.Equal(t, time.Second, time.Since(start))
		_, err = b.Write([]byte("answer"))
		require.NoError(t, err)
		require.NoError(t, b.Close())
		got, err = io.ReadAll(c)
		require.NoError(t, err)
		assert.Equal(t, "answer", string(got))
		assert.Equal(t, 2*time.Second, time.Since(start))
		require.NoError(t, c.Close())
		assert.ErrorIs(t, c.(closeWriter).CloseWrite(), net.ErrClosed)
	})
}

func TestPeerGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := link.Link{Delay: time.Second}
		a, b := testkit.Pipe()
		c := l.Conn(a)
		defer c.Close()
		require.NoError(t, b.(interface{ SetLinger(int) error }).SetLinger(0))
		require.NoError(t, b.Close())
		start := time.Now()
		_, err := c.Read(make([]byte, 1))
		assert.ErrorIs(t, err, syscall.ECONNRESET)
		assert.Equal(t, time.Second, time.Since(start))
		_, err = c.Write([]byte("x"))
		require.NoError(t, err, "nobody knows yet")
		time.Sleep(time.Second)
		synctest.Wait()
		_, err = c.Write([]byte("x"))
		assert.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := link.Link{Delay: time.Second}
		a, b := testkit.Pipe()
		c := l.Conn(a)
		defer b.Close()
		defer c.Close()
		_, err := b.Write([]byte("late"))
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(999*time.Millisecond)))
		_, err = c.Read(make([]byte, 4))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var op *net.OpError
		require.ErrorAs(t, err, &op)
		assert.True(t, op.Timeout())
		assert.Equal(t, b.LocalAddr(), op.Addr)
		require.NoError(t, c.SetDeadline(time.Time{}))
		p := make([]byte, 2)
		n, err := c.Read(p)
		require.NoError(t, err)
		assert.Equal(t, "la", string(p[:n]))
		n, err = c.Read(p)
		require.NoError(t, err)
		assert.Equal(t, "te", string(p[:n]))
		assert.Equal(t, a.LocalAddr(), c.LocalAddr())
		assert.Equal(t, a.RemoteAddr(), c.RemoteAddr())
	})
}

// playStream sends a stream both ways and tells how long each took.
func playStream(t *testing.T, l *link.Link, sent []byte) (took [2]time.Duration) {
	// A buffer that takes all, so that segments are cut alike each time.
	a, b := testkit.PipeBuffer(len(sent))
	c := l.Conn(a)
	start := time.Now()
	var wg sync.WaitGroup
	for i, way := range [][2]net.Conn{{c, b}, {b, c}} {
		wg.Go(func() {
			_, err := way[0].Write(sent)
			assert.NoError(t, err)
			assert.NoError(t, way[0].(closeWriter).CloseWrite())
		})
		wg.Go(func() {
			got, err := io.ReadAll(way[1])
			assert.NoError(t, err)
			assert.True(t, bytes.Equal(sent, got), "octets of way %d", i)
			took[i] = time.Since(start)
		})
	}
	wg.Wait()
	c.Close()
	b.Close()
	return took
}

func TestStreamLossIsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := octets(100 * 1000)
		play := func(seed uint64) (up, down link.Counters, took [2]time.Duration) {
			l := link.Link{Rate: 8_000_000, Delay: 50 * time.Millisecond, Jitter: 40 * time.Millisecond, Loss: 0.1, MTU: 1000, Seed: seed}
			took = playStream(t, &l, sent)
			up, down = l.Counters()
			return up, down, took
		}
		up, down, took := play(1)
		assert.Equal(t, link.Counters{Octets: 110_000, Packets: 110, Drops: 10, Busy: 110 * time.Millisecond}, up)
		assert.Equal(t, link.Counters{Octets: 113_000, Packets: 113, Drops: 13, Busy: 113 * time.Millisecond}, down)
		assert.Greater(t, took[0], 200*time.Millisecond, "a retransmission")
		up2, down2, took2 := play(1)
		assert.Equal(t, up, up2)
		assert.Equal(t, down, down2)
		assert.Equal(t, took, took2, "the seed repeats it")
		_, _, other := play(2)
		assert.NotEqual(t, took, other)
	})
}

func TestStreamRetransmissionTimes(t *testing.T) {
	tests := []struct {
		name  string
		delay time.Duration
		want  time.Duration
	}{
		// 15 retransmissions: (2^15 − 1) · RTO.
		{"RFC 6298-5.5 the least RTO doubles", 0, 32767 * 200 * time.Millisecond},
		{"a long link waits for its round trip", time.Second, 32767*2*time.Second + time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := link.Link{Delay: tt.delay, Loss: 1}
				a, b := testkit.Pipe()
				c := l.Conn(a)
				defer b.Close()
				defer c.Close()
				start := time.Now()
				_, err := c.Write([]byte("x"))
				require.NoError(t, err)
				_, err = b.Read(make([]byte, 1))
				require.NoError(t, err)
				assert.Equal(t, tt.want, time.Since(start))
			})
		})
	}
}

// plain hides what a net.Conn has beyond the interface.
type plain struct{ net.Conn }

func TestCloseWriteUnsupported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l link.Link
		a, b := testkit.Pipe()
		defer b.Close()
		c := l.Conn(plain{a})
		defer c.Close()
		assert.ErrorContains(t, c.(closeWriter).CloseWrite(), "half of link_test.plain: unsupported operation")
	})
}
