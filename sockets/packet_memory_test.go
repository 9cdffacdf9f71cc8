package sockets_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// inMemory serves s on a network in memory and returns a client; it is for
// synctest bubbles.
func inMemory(t *testing.T, s *sockets.PacketServer) net.Conn {
	t.Helper()
	n := testkit.NewNetwork()
	pc, err := n.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	serveConn(t, s, pc)
	c, err := n.Dial(t.Context(), "udp", pc.LocalAddr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	synctest.Wait()
	return c
}

func write(t *testing.T, c net.Conn, packets ...string) {
	t.Helper()
	for _, p := range packets {
		_, err := c.Write([]byte(p))
		require.NoError(t, err)
	}
	synctest.Wait()
}

// served collects what handlers got.
type served struct {
	mu  sync.Mutex
	got []string
}

func (s *served) add(p *sockets.Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, string(p.Data))
}

func (s *served) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func TestPacketServerInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, &sockets.PacketServer{Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
			assert.Equal(t, p.Source.String(), p.SourceAddr().String())
			assert.Equal(t, "127.0.0.1", p.Destination.Addr().String())
			p.Reply([]byte("got " + string(p.Data)))
		})})
		assert.Equal(t, "got it", ask(t, c, "it"))
	})
}

func TestPacketServerWhenFull(t *testing.T) {
	tests := []struct {
		policy  sockets.FullPolicy
		name    string
		read    int64
		want    []string
		dropped int64
	}{
		{sockets.DropNewest, "drop newest", 5, []string{"1", "2", "3"}, 2},
		{sockets.DropOldest, "drop oldest", 5, []string{"1", "4", "5"}, 2},
		{sockets.Block, "block", 4, []string{"1", "2", "3", "4", "5"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.name, tt.policy.String())
			synctest.Test(t, func(t *testing.T) {
				var done served
				release := make(chan struct{})
				s := &sockets.PacketServer{Workers: 1, Queue: 2, WhenFull: tt.policy,
					Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
						<-release
						done.add(p)
					})}
				c := inMemory(t, s)
				write(t, c, "1") // is with the worker
				write(t, c, "2", "3", "4", "5")
				assert.Equal(t, tt.read, s.Stats().Packets)
				close(release)
				synctest.Wait()
				assert.Equal(t, tt.want, done.list())
				assert.Equal(t, tt.dropped, s.Stats().Dropped)
				write(t, c, "6", "7")
				assert.Equal(t, append(tt.want, "6", "7"), done.list(), "buffers go round")
			})
		})
	}
	assert.Equal(t, "FullPolicy(9)", sockets.FullPolicy(9).String())
}

func TestPacketServerShutdownServesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done served
		s := &sockets.PacketServer{Workers: 2, Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
			time.Sleep(time.Second)
			done.add(p)
			assert.NoError(t, p.Reply(p.Data))
		})}
		c := inMemory(t, s)
		write(t, c, "1", "2", "3", "4", "5")
		start := time.Now()
		require.NoError(t, s.Shutdown(t.Context()))
		assert.Equal(t, 3*time.Second, time.Since(start))
		assert.ElementsMatch(t, []string{"1", "2", "3", "4", "5"}, done.list())
		assert.EqualValues(t, 5, s.Stats().Replies)
		_, err := c.Write([]byte("too late"))
		require.NoError(t, err)
		assert.NoError(t, s.Shutdown(t.Context()), "a second time")
	})
}

func TestPacketServerShutdownGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done served
		release := make(chan struct{})
		s := &sockets.PacketServer{Workers: 1, Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
			<-release
			done.add(p)
			assert.ErrorIs(t, p.Reply(p.Data), net.ErrClosed)
		})}
		c := inMemory(t, s)
		write(t, c, "1", "2", "3")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		assert.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
		assert.Equal(t, 10*time.Second, time.Since(start))
		close(release)
		synctest.Wait()
		assert.Equal(t, []string{"1"}, done.list())
		assert.EqualValues(t, 2, s.Stats().Dropped, "Close drops what waits")
	})
}

func TestPacketServerRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done served
		s := &sockets.PacketServer{
			Rate:    sockets.PacketRate{PerSecond: 1, Burst: 3},
			Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) { done.add(p) }),
		}
		c := inMemory(t, s)
		write(t, c, "1", "2", "3", "4", "5")
		assert.Equal(t, []string{"1", "2", "3"}, done.list())
		assert.EqualValues(t, 2, s.Stats().RateLimited)
		time.Sleep(time.Second)
		write(t, c, "6", "7")
		assert.Equal(t, []string{"1", "2", "3", "6"}, done.list())
	})
}

// scriptedConn is a net.PacketConn whose reads fail as told.
type scriptedConn struct {
	net.PacketConn // for the methods not used
	errs           []error
	reads          []time.Time
}

func (c *scriptedConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.reads = append(c.reads, time.Now())
	err := c.errs[0]
	c.errs = c.errs[1:]
	return copy(b, "x"), nil, err
}

func (c *scriptedConn) LocalAddr() net.Addr { return &net.UnixAddr{} }
func (c *scriptedConn) Close() error        { return nil }

func TestPacketServerReadErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		short := os.NewSyscallError("recvfrom", syscall.ENOBUFS)
		refused := &net.OpError{Op: "read", Err: os.NewSyscallError("recvfrom", syscall.ECONNREFUSED)}
		broken := errors.New("broken")
		c := &scriptedConn{errs: []error{refused, short, short, nil, short, refused, broken}}
		n := 0
		s := &sockets.PacketServer{Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
			n++
			assert.Nil(t, p.SourceAddr())
			assert.ErrorIs(t, p.Reply(nil), sockets.ErrNoSource)
		})}
		assert.ErrorIs(t, s.Serve(c), broken)
		var at []time.Duration
		for _, r := range c.reads {
			at = append(at, r.Sub(start))
		}
		const ms = time.Millisecond
		assert.Equal(t, []time.Duration{0, 0, 5 * ms, 15 * ms, 15 * ms, 20 * ms, 20 * ms}, at)
		assert.Equal(t, 1, n)
		assert.EqualValues(t, 5, s.Stats().ReadErrors)
		assert.EqualValues(t, 1, s.Stats().WriteErrors)
	})
}

// A handler that ends its goroutine costs its packet, not a worker: what waits
// behind it is served, and nothing hangs.
func TestPacketServerWorkersOutliveGoexit(t *testing.T) {
	for _, policy := range []sockets.FullPolicy{sockets.DropNewest, sockets.Block} {
		t.Run(policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var done served
				var log syncBuffer
				s := &sockets.PacketServer{Workers: 2, Queue: 1, WhenFull: policy, Logger: slog.New(slog.NewTextHandler(&log, nil)),
					Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
						if string(p.Data) == "exit" {
							runtime.Goexit()
						}
						done.add(p)
					})}
				c := inMemory(t, s)
				for _, p := range []string{"exit", "exit", "exit", "exit", "1", "exit", "2", "3"} {
					write(t, c, p)
				}
				assert.Equal(t, []string{"1", "2", "3"}, done.list())
				assert.Contains(t, log.String(), "Goexit")
				write(t, c, "exit")
				require.NoError(t, s.Shutdown(t.Context()))
			})
		})
	}
}

func TestPacketServerMistakes(t *testing.T) {
	t.Run("no handler", func(t *testing.T) {
		var s sockets.PacketServer
		c := &scriptedConn{}
		assert.ErrorContains(t, s.Serve(c), "without a Handler")
	})
	t.Run("a handler that ends its goroutine", func(t *testing.T) {
		c := &scriptedConn{errs: []error{nil}}
		s := &sockets.PacketServer{Handler: sockets.PacketHandlerFunc(func(context.Context, *sockets.Packet) {
			runtime.Goexit()
		})}
		assert.ErrorContains(t, s.Serve(c), "Goexit")
	})
	t.Run("closed before it began", func(t *testing.T) {
		s := &sockets.PacketServer{Handler: upper}
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
		assert.ErrorIs(t, s.Serve(&scriptedConn{}), sockets.ErrServerClosed)
		require.NoError(t, s.Shutdown(t.Context()))
	})
	t.Run("no such address", func(t *testing.T) {
		s := &sockets.PacketServer{Handler: upper}
		assert.Error(t, s.ListenAndServe("udp", "127.0.0.1:99999"))
		assert.Error(t, s.ListenAndServe("unixgram", t.TempDir()+"/no/such/folder"))
	})
}
