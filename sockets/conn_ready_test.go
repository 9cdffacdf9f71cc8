package sockets_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
				b, n, err := c.ReadReady(false, get, put)
				assert.NoError(t, err)
				if tt.tls {
					assert.Equal(t, 1, n)
					rest := make([]byte, 4)
					_, err = io.ReadFull(c, rest)
					assert.NoError(t, err)
					b = append(b[:1], rest...)
					n = 5
				}
				assert.Equal(t, "hello", string(b[:n]))
				read := c.BytesRead()
				assert.GreaterOrEqual(t, read, int64(5))
				c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
				b, n, err = c.ReadReady(false, get, put)
				assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
				assert.Zero(t, n)
				assert.Nil(t, b)
				c.SetReadDeadline(time.Time{})
				io.WriteString(c, "!")
				_, n, err = c.ReadReady(true, get, put)
				assert.NoError(t, err)
				if tt.tls {
					assert.Equal(t, 1, n)
					_, err = io.ReadFull(c, make([]byte, 2))
					assert.NoError(t, err)
				} else {
					assert.Equal(t, 3, n)
				}
				_, _, err = c.ReadReady(false, get, put)
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
			_, err = io.WriteString(nc, "bye")
			require.NoError(t, err)
			require.NoError(t, nc.(interface{ CloseWrite() error }).CloseWrite())
			<-done
			assert.Equal(t, given.Load()-2, taken.Load(), "those with octets are the caller's")
		})
	}
}

// A server that shuts down ends the wait of an idle connection, which has no buffer.
func TestReadReadyEndsWithItsServer(t *testing.T) {
	testkit.NoLeaks(t)
	idle, ended := make(chan struct{}), make(chan error, 1)
	s := &sockets.Server{Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
		close(idle)
		_, _, err := c.ReadReady(true, func() []byte { return make([]byte, 1) }, func([]byte) {})
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

// Idle says what MarkIdle does: IdleTimeout counts, and a server that shuts down
// ends the wait. Behind it the connection is busy.
func TestReadReadyIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		get, put := func() []byte { return make([]byte, 10) }, func([]byte) {}
		s := &sockets.Server{Limits: sockets.Limits{IdleTimeout: time.Second, ReadTimeout: time.Minute}}
		s.Handler = sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
			start := time.Now()
			_, _, err := c.ReadReady(true, get, put)
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(start))
			_, _, err = c.ReadReady(false, get, put)
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			assert.Equal(t, time.Minute+time.Second, time.Since(start))
			go s.Shutdown(context.Background())
			synctest.Wait()
			_, _, err = c.ReadReady(true, get, put)
			assert.ErrorIs(t, err, sockets.ErrServerClosed)
		})
		client, server := testkit.Pipe()
		defer client.Close()
		assert.NoError(t, s.ServeConn(t.Context(), server))
	})
}

// Over TLS too no buffer is held while nothing comes.
func TestReadReadyTLSHoldsNoBuffer(t *testing.T) {
	server, client := testkit.Certificate(t)
	for _, wrapped := range []bool{false, true} {
		c, peer := connPair(t, nil)
		p := sockets.NewConn(peer, nil)
		done := make(chan error, 1)
		go func() { done <- p.StartTLS(t.Context(), server, sockets.SideServer, 0) }()
		if wrapped {
			tc := tls.Client(c, client)
			require.NoError(t, tc.HandshakeContext(t.Context()))
			c = sockets.NewConn(tc, nil)
		} else {
			require.NoError(t, c.StartTLS(t.Context(), client, sockets.SideClient, 0))
		}
		require.NoError(t, <-done)
		held, returned := 0, make(chan struct{})
		get := func() []byte { held++; return make([]byte, 10) }
		put := func([]byte) {
			if held--; held == 0 {
				close(returned)
			}
		}
		go func() {
			<-returned
			p.Write([]byte("hello"))
		}()
		b, n, err := c.ReadReady(false, get, put)
		require.NoError(t, err)
		assert.Equal(t, "h", string(b[:n]))
		assert.Equal(t, 1, held)
	}
}
