package sockets_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// The deadlines that stand on one Read, alone and together, in virtual time:
// which one ends it, when, and what the error names.
func TestConnReadDeadlines(t *testing.T) {
	tests := []struct {
		name      string
		opts      sockets.ConnOptions
		prepare   func(*sockets.Conn)
		want      time.Duration
		wantLimit string // in a LimitError
	}{
		{"ReadTimeout", sockets.ConnOptions{ReadTimeout: time.Minute}, nil, time.Minute, "ReadTimeout"},
		{"the handler's own is earlier", sockets.ConnOptions{ReadTimeout: time.Minute},
			func(c *sockets.Conn) { c.SetDeadline(time.Now().Add(time.Second)) }, time.Second, ""},
		{"the handler's own does not lengthen", sockets.ConnOptions{ReadTimeout: time.Minute},
			func(c *sockets.Conn) { c.SetReadDeadline(time.Now().Add(time.Hour)) }, time.Minute, "ReadTimeout"},
		{"the handler's own taken back", sockets.ConnOptions{ReadTimeout: time.Minute},
			func(c *sockets.Conn) {
				c.SetReadDeadline(time.Now().Add(time.Second))
				c.SetReadDeadline(time.Time{})
			}, time.Minute, "ReadTimeout"},
		{"a deadline of the past", sockets.ConnOptions{},
			func(c *sockets.Conn) { c.SetReadDeadline(time.Unix(1, 0)) }, 0, ""},
		{"SetReadTimeout lengthens", sockets.ConnOptions{ReadTimeout: time.Minute},
			func(c *sockets.Conn) { c.SetReadTimeout(time.Hour) }, time.Hour, "ReadTimeout"},
		{"SetReadTimeout takes away", sockets.ConnOptions{ReadTimeout: time.Minute, MaxLifetime: 24 * time.Hour},
			func(c *sockets.Conn) { c.SetReadTimeout(0) }, 24 * time.Hour, "MaxLifetime"},
		{"MaxLifetime", sockets.ConnOptions{ReadTimeout: time.Minute, MaxLifetime: time.Second}, nil, time.Second, "MaxLifetime"},
		{"IdleTimeout in place of ReadTimeout", sockets.ConnOptions{ReadTimeout: time.Second, IdleTimeout: time.Minute},
			func(c *sockets.Conn) { c.MarkIdle() }, time.Minute, "IdleTimeout"},
		{"IdleTimeout counts from MarkIdle", sockets.ConnOptions{IdleTimeout: time.Minute},
			func(c *sockets.Conn) { c.MarkIdle(); time.Sleep(59 * time.Second) }, time.Second, "IdleTimeout"},
		{"busy again", sockets.ConnOptions{ReadTimeout: time.Minute, IdleTimeout: time.Second},
			func(c *sockets.Conn) { c.MarkIdle(); c.MarkBusy() }, time.Minute, "ReadTimeout"},
		{"idle while the Read waits", sockets.ConnOptions{ReadTimeout: time.Hour, IdleTimeout: time.Minute},
			func(c *sockets.Conn) { time.AfterFunc(time.Second, c.MarkIdle) }, 61 * time.Second, "IdleTimeout"},
		{"busy while the Read waits", sockets.ConnOptions{ReadTimeout: time.Hour, IdleTimeout: time.Minute},
			func(c *sockets.Conn) { c.MarkIdle(); time.AfterFunc(time.Second, c.MarkBusy) }, time.Hour + time.Second, "ReadTimeout"},
		{"a deadline set while the Read waits", sockets.ConnOptions{ReadTimeout: time.Hour},
			func(c *sockets.Conn) {
				time.AfterFunc(time.Second, func() { c.SetReadDeadline(time.Now()) })
			}, time.Second, ""},
		{"MinReadRate", sockets.ConnOptions{ReadTimeout: time.Hour, MinReadRate: sockets.Rate{Octets: 10}}, nil, 10 * time.Second, "MinReadRate"},
		{"MinReadRate asks nothing of the idle", sockets.ConnOptions{IdleTimeout: time.Hour, MinReadRate: sockets.Rate{Octets: 10}},
			func(c *sockets.Conn) { c.MarkIdle() }, time.Hour, "IdleTimeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, peer := testkit.Pipe()
				defer peer.Close()
				c := sockets.NewConn(nc, &tt.opts)
				defer c.Close()
				if tt.prepare != nil {
					tt.prepare(c)
				}
				begin := time.Now()
				n, err := c.Read(make([]byte, 1))
				assert.Zero(t, n)
				assert.Equal(t, tt.want, time.Since(begin))
				checkTimeout(t, err, tt.wantLimit)
			})
		})
	}
}

// checkTimeout sees that err is a timeout for the sake of the limit.
func checkTimeout(t *testing.T, err error, limit string) {
	t.Helper()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	ne, ok := errors.AsType[net.Error](err)
	assert.True(t, ok && ne.Timeout(), "a net.Error that is a timeout: %v", err)
	got := ""
	if le, ok := errors.AsType[*sockets.LimitError](err); ok {
		got = le.Name
	}
	assert.Equal(t, limit, got)
}

// Each Read has the whole ReadTimeout, however old the deadline is that stands
// in the kernel, and a connection in use is not cut.
func TestConnReadTimeoutIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		defer peer.Close()
		counted := &deadlineCounter{Conn: nc}
		c := sockets.NewConn(counted, &sockets.ConnOptions{ReadTimeout: 10 * time.Second})
		defer c.Close()
		b := make([]byte, 1)
		for range 30 {
			time.AfterFunc(9*time.Second, func() { peer.Write([]byte("x")) })
			_, err := c.Read(b)
			require.NoError(t, err)
		}
		assert.Equal(t, int64(30), c.BytesRead())
		begin := time.Now()
		_, err := c.Read(b)
		assert.Equal(t, 10*time.Second, time.Since(begin))
		checkTimeout(t, err, "ReadTimeout")

		// A thousand quick Reads move the deadline once.
		counted.reads = 0
		for range 1000 {
			peer.Write([]byte("x"))
			_, err := c.Read(b)
			require.NoError(t, err)
		}
		assert.LessOrEqual(t, counted.reads, 1)
	})
}

// deadlineCounter counts how often the kernel's deadline would have moved.
type deadlineCounter struct {
	net.Conn
	reads int
}

func (c *deadlineCounter) SetReadDeadline(t time.Time) error {
	c.reads++
	return c.Conn.SetReadDeadline(t)
}

// A peer that sends 9 of the 10 octets asked for in each window is cut at the
// window's end; one that sends 10 is not.
func TestConnMinReadRate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		octets int
		want   time.Duration
	}{
		{"9 of 10", 9, 10 * time.Second},
		{"10 of 10", 10, 87 * time.Second}, // the peer stops at 77 s, where the last window begins
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, peer := testkit.Pipe()
				defer peer.Close()
				c := sockets.NewConn(nc, &sockets.ConnOptions{MinReadRate: sockets.Rate{Octets: 10, Window: 10 * time.Second}})
				defer c.Close()
				var sender sync.WaitGroup
				defer sender.Wait()
				sender.Go(func() {
					for i := range 9 {
						time.Sleep(time.Duration(5+4*min(i, 1)) * time.Second)
						peer.Write(make([]byte, tt.octets))
					}
				})
				begin := time.Now()
				_, err := io.Copy(io.Discard, c)
				assert.Equal(t, tt.want, time.Since(begin))
				checkTimeout(t, err, "MinReadRate")
			})
		})
	}
}

// A long Write goes in slices of 1 MiB with the timeout for each, so that the
// peer may take 16 s for what has a timeout of 3 s; one that stops is cut.
func TestConnWriteTimeoutSlices(t *testing.T) {
	tests := []struct {
		name      string
		opts      sockets.ConnOptions
		takes     int // KiB that the peer takes, 512 a second
		wantTime  time.Duration
		wantLimit string
	}{
		{"slow but living", sockets.ConnOptions{WriteTimeout: 3 * time.Second}, 8192, 16 * time.Second, ""},
		{"stops after 4 MiB", sockets.ConnOptions{WriteTimeout: 3 * time.Second}, 4096, 11 * time.Second, "WriteTimeout"},
		{"slower than MinWriteRate", sockets.ConnOptions{MinWriteRate: sockets.Rate{Octets: 2 << 20, Window: 2 * time.Second}}, 8192, 2 * time.Second, "MinWriteRate"},
		{"as fast as MinWriteRate", sockets.ConnOptions{MinWriteRate: sockets.Rate{Octets: 512 << 10, Window: 2 * time.Second}}, 8192, 16 * time.Second, ""},
		{"no timeout", sockets.ConnOptions{}, 8192, 16 * time.Second, ""},
	}
	for _, tt := range tests {
		for _, how := range []string{"Write", "ReadFrom"} {
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					nc, peer := testkit.PipeBuffer(512 << 10)
					c := sockets.NewConn(nc, &tt.opts)
					var taker sync.WaitGroup
					taker.Go(func() {
						b := make([]byte, 512<<10)
						for range tt.takes / 512 {
							time.Sleep(time.Second)
							io.ReadFull(peer, b)
						}
					})
					begin := time.Now()
					err := send(c, how, make([]byte, 8<<20))
					// The last half MiB lies in the pipe's buffer.
					assert.InDelta(t, tt.wantTime, time.Since(begin), float64(time.Second))
					if tt.wantLimit == "" {
						assert.NoError(t, err)
						assert.Equal(t, int64(8<<20), c.BytesWritten())
					} else {
						checkTimeout(t, err, tt.wantLimit)
					}
					c.Close()
					peer.Close()
					taker.Wait()
				})
			})
		}
	}
}

func send(c *sockets.Conn, how string, b []byte) error {
	if how == "Write" {
		_, err := c.Write(b)
		return err
	}
	_, err := c.ReadFrom(bytes.NewReader(b))
	return err
}

func TestWithContext(t *testing.T) {
	why := errors.New("why")
	tests := []struct {
		name    string
		ctx     func(context.Context) (context.Context, func())
		want    time.Duration
		wantErr error
	}{
		{"deadline", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, why)
			return ctx, cancel
		}, time.Minute, why},
		{"cancelled while the Read waits", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Second, func() { cancel(why) })
			return ctx, func() { cancel(nil) }
		}, time.Second, why},
		{"cancelled before", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, 0, context.Canceled},
	}
	for _, tt := range tests {
		for _, kind := range []string{"Conn", "net.Conn"} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					nc, peer := testkit.Pipe()
					defer peer.Close()
					if kind == "Conn" {
						nc = sockets.NewConn(nc, nil)
					}
					defer nc.Close()
					ctx, cancel := tt.ctx(t.Context())
					defer cancel()
					release := sockets.WithContext(ctx, nc)
					begin := time.Now()
					_, err := nc.Read(make([]byte, 1))
					assert.Equal(t, tt.want, time.Since(begin))
					assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
					if kind == "Conn" {
						assert.ErrorIs(t, err, tt.wantErr)
					}
					release()
					// Released, the context has no say.
					time.AfterFunc(time.Hour, func() { peer.Write([]byte("x")) })
					n, err := nc.Read(make([]byte, 1))
					assert.Equal(t, 1, n)
					assert.NoError(t, err)
				})
			})
		}
	}
}

// An inner context ends one call, the outer one still stands after it, and the
// handler's own deadline with it.
func TestWithContextNested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		defer peer.Close()
		c := sockets.NewConn(nc, nil)
		defer c.Close()
		b := make([]byte, 1)
		outer, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		releaseOuter := sockets.WithContext(outer, c)
		inner, cancelInner := context.WithTimeout(t.Context(), time.Second)
		defer cancelInner()
		releaseInner := sockets.WithContext(inner, c)
		begin := time.Now()
		c.Read(b)
		assert.Equal(t, time.Second, time.Since(begin))
		releaseInner()
		c.Read(b)
		assert.Equal(t, time.Minute, time.Since(begin))
		c.SetReadDeadline(time.Now().Add(time.Minute))
		releaseOuter()
		c.Read(b)
		assert.Equal(t, 2*time.Minute, time.Since(begin))

		sockets.WithContext(context.Background(), c)() // nothing to do
	})
}

// release may be deferred and called before that, as cancel functions may; the
// second call neither waits nor touches the deadline that stands by then.
func TestWithContextReleaseTwice(t *testing.T) {
	for _, wrap := range []func(net.Conn) net.Conn{
		func(nc net.Conn) net.Conn { return nc },
		func(nc net.Conn) net.Conn { return sockets.NewConn(nc, nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			nc, _ := testkit.Pipe()
			c := wrap(nc)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			release := sockets.WithContext(ctx, c)
			release()
			begin := time.Now()
			assert.NoError(t, c.SetReadDeadline(begin.Add(time.Second)))
			release()
			_, err := c.Read(make([]byte, 1))
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(begin))
		})
	}
}
