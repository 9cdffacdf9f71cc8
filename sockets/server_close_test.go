package sockets_test

import (
	"context"
	"crypto/tls"
	"net"
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

// stalling is a connection whose peer takes nothing once stalled is set.
type stalling struct {
	net.Conn
	stalled atomic.Bool
	once    sync.Once
	closed  chan struct{}
}

func (c *stalling) Write(b []byte) (int, error) {
	if c.stalled.Load() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func (c *stalling) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// The alert that ends TLS may wait for 5 s behind a handler that has returned.
// Close cuts that wait too.
func TestServerCloseCutsAlert(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "mail.example")
	clientTLS.ServerName = "mail.example"
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		stuck := &stalling{Conn: nc, closed: make(chan struct{})}
		s := &sockets.Server{TLSConfig: serverTLS, Handler: sockets.HandlerFunc(func(context.Context, *sockets.Conn) {
			stuck.stalled.Store(true)
		})}
		served := make(chan error, 1)
		go func() { served <- s.ServeConn(t.Context(), stuck) }()
		client := tls.Client(peer, clientTLS)
		defer peer.Close()
		require.NoError(t, client.Handshake())
		synctest.Wait()
		begin := time.Now()
		assert.NoError(t, s.Close())
		assert.NoError(t, <-served)
		assert.Zero(t, time.Since(begin))
		assert.Zero(t, s.Stats().Active)
	})
}

// asking is a listener, not comparable, that asks its server before it closes.
type asking struct {
	net.Listener
	closing []func()
}

func (l asking) Close() error {
	for _, f := range l.closing {
		f()
	}
	return l.Listener.Close()
}

// askingConn asks its server before it moves a deadline.
type askingConn struct {
	net.Conn
	ask func()
}

func (c askingConn) SetReadDeadline(t time.Time) error {
	c.ask()
	return c.Conn.SetReadDeadline(t)
}

// Listeners and connections of other packages may call the server while it
// ends them: it holds no lock over that.
func TestServerHoldsNoLockOverCallbacks(t *testing.T) {
	for _, end := range []string{"Shutdown", "Close"} {
		t.Run(end, func(t *testing.T) {
			entered := make(chan struct{})
			var s sockets.Server
			s.Wrap = func(nc net.Conn) net.Conn { return askingConn{nc, func() { s.Stats() }} }
			s.Handler = sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
				c.MarkIdle()
				close(entered)
				_, err := c.Read(make([]byte, 1))
				assert.Error(t, err)
			})
			l := listenStream(t, "tcp")
			served := make(chan error, 1)
			go func() { served <- s.Serve(asking{l, []func(){func() { s.Stats() }}}) }()
			dialStream(t, l)
			<-entered
			ended := make(chan error, 1)
			go func() {
				if end == "Close" {
					ended <- s.Close()
					return
				}
				ended <- s.Shutdown(context.Background())
			}()
			select {
			case err := <-ended:
				assert.NoError(t, err)
			case <-time.After(time.Minute):
				t.Fatal("locked up")
			}
			assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
		})
	}
}

// Two Shutdowns at once both wait until the listeners are closed and the last
// handler has returned; so does Serve.
func TestServerShutdownTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		l, err := n.Listen(t.Context(), "tcp", "192.0.2.1:5100")
		require.NoError(t, err)
		s := &sockets.Server{Handler: echoHandler}
		served := make(chan error, 1)
		slow := asking{l, []func(){func() { time.Sleep(time.Second) }}}
		go func() { served <- s.Serve(slow) }()
		synctest.Wait()
		begin := time.Now()
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				assert.NoError(t, s.Shutdown(t.Context()))
				assert.Equal(t, time.Second, time.Since(begin))
			})
		}
		both.Wait()
		assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
	})
}

// Where nothing is left, a Shutdown whose context has ended has still done its
// work, and says so each time.
func TestShutdownOfNothingUnderEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		assert.NoError(t, new(sockets.Server).Shutdown(ctx))
		assert.NoError(t, new(sockets.PacketServer).Shutdown(ctx))
	}
}
