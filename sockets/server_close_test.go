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
