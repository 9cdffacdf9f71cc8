package sockets_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

func TestReadReady(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	for _, tt := range []struct {
		name string
		tls  bool
	}{
		{"TCP", false},
		{"TLS", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			testkit.NoLeaks(t)
			var given, taken atomic.Int64
			get := func() []byte { given.Add(1); return make([]byte, 100) }
			put := func([]byte) { taken.Add(1) }
			waiting, done := make(chan struct{}), make(chan struct{})
			s := &sockets.Server{Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
				defer close(done)
				close(waiting)
				b, n, err := c.ReadReady(get, put)
				assert.NoError(t, err)
				assert.Equal(t, "hello", string(b[:n]))
				read := c.BytesRead()
				assert.GreaterOrEqual(t, read, int64(5))
				c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
				b, n, err = c.ReadReady(get, put)
				assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
				assert.Zero(t, n)
				assert.Nil(t, b)
				c.SetReadDeadline(time.Time{})
				io.WriteString(c, "!")
				_, _, err = c.ReadReady(get, put)
				assert.ErrorIs(t, err, io.EOF)
			})}
			if tt.tls {
				s.TLSConfig = serverTLS
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			go s.Serve(ln)
			defer s.Close()
			nc, err := net.Dial("tcp", ln.Addr().String())
			require.NoError(t, err)
			defer nc.Close()
			if tt.tls {
				nc = tls.Client(nc, clientTLS)
				require.NoError(t, nc.(*tls.Conn).Handshake())
			}
			<-waiting
			_, err = io.WriteString(nc, "hello")
			require.NoError(t, err)
			_, err = io.ReadFull(nc, make([]byte, 1))
			require.NoError(t, err)
			require.NoError(t, nc.(interface{ CloseWrite() error }).CloseWrite())
			<-done
			assert.Equal(t, given.Load()-1, taken.Load(), "the one with octets is the caller's")
		})
	}
}

// A server that shuts down ends the wait of an idle connection, which has no buffer.
func TestReadReadyEndsWithItsServer(t *testing.T) {
	testkit.NoLeaks(t)
	idle, ended := make(chan struct{}), make(chan error, 1)
	s := &sockets.Server{Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
		c.MarkIdle()
		close(idle)
		_, _, err := c.ReadReady(func() []byte { return make([]byte, 1) }, func([]byte) {})
		ended <- err
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	nc, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer nc.Close()
	<-idle
	require.NoError(t, s.Shutdown(t.Context()))
	assert.ErrorIs(t, <-ended, sockets.ErrServerClosed)
	assert.Equal(t, sockets.ErrServerClosed, <-served)
}
