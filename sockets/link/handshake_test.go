package link_test

import (
	"context"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/link"
)

// serve greets if it should, and echoes.
func serve(t *testing.T, l net.Listener, greeting string) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.WriteString(c, greeting)
				io.Copy(c, c)
			}()
		}
	}()
}

func TestDialerCostsARoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		ln, err := n.Listen(t.Context(), "tcp", "192.0.2.1:80")
		require.NoError(t, err)
		defer ln.Close()
		serve(t, ln, "")
		l := link.Link{Delay: time.Second}
		start := time.Now()
		c, err := l.Dialer(n.Dial)(t.Context(), "tcp", "192.0.2.1:80")
		require.NoError(t, err)
		defer l.Flush(t.Context())
		defer c.Close()
		assert.Equal(t, 2*time.Second, time.Since(start))
		for i := range 3 {
			_, err = c.Write([]byte("ping"))
			require.NoError(t, err)
			_, err = io.ReadFull(c, make([]byte, 4))
			require.NoError(t, err)
			assert.Equal(t, time.Duration(2+i)*2*time.Second, time.Since(start))
		}
	})
}

func TestServerSpeaksFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		ln, err := n.Listen(t.Context(), "tcp", "192.0.2.1:25")
		require.NoError(t, err)
		defer ln.Close()
		serve(t, ln, "220 ")
		l := link.Link{Delay: time.Second}
		start := time.Now()
		c, err := l.Dialer(n.Dial)(t.Context(), "tcp", "192.0.2.1:25")
		require.NoError(t, err)
		defer l.Flush(t.Context())
		defer c.Close()
		_, err = io.ReadFull(c, make([]byte, 4))
		require.NoError(t, err)
		assert.Equal(t, 4*time.Second, time.Since(start), "a round trip for the handshake, one for the greeting")
	})
}

func TestListenerCostsARoundTrip(t *testing.T) {
	for _, greeting := range []string{"", "220 "} {
		t.Run("greeting "+greeting, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := testkit.NewNetwork()
				inner, err := n.Listen(t.Context(), "tcp", "192.0.2.1:80")
				require.NoError(t, err)
				l := link.Link{Delay: time.Second}
				ln := l.Listener(inner)
				defer ln.Close()
				assert.Equal(t, inner.Addr(), ln.Addr())
				serve(t, ln, greeting)
				for range 2 {
					start := time.Now()
					c, err := n.Dial(t.Context(), "tcp", "192.0.2.1:80")
					require.NoError(t, err)
					if greeting == "" {
						_, err = c.Write([]byte("ping"))
						require.NoError(t, err)
					}
					_, err = io.ReadFull(c, make([]byte, 4))
					require.NoError(t, err)
					assert.Equal(t, 4*time.Second, time.Since(start))
					require.NoError(t, c.Close())
				}
				time.Sleep(time.Second) // the end reaches the server
			})
		})
	}
}

func TestListenerAcceptsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		inner, err := n.Listen(t.Context(), "tcp", "192.0.2.1:80")
		require.NoError(t, err)
		l := link.Link{Delay: time.Second}
		ln := l.Listener(inner)
		start := time.Now()
		clients := make([]net.Conn, 200)
		for i := range clients {
			go func() {
				c, err := n.Dial(t.Context(), "tcp", "192.0.2.1:80")
				assert.NoError(t, err)
				clients[i] = c
			}()
			synctest.Wait()
		}
		for range 128 {
			c, err := ln.Accept()
			require.NoError(t, err)
			defer c.Close()
		}
		assert.Equal(t, 3*time.Second, time.Since(start), "handshakes run side by side")
		synctest.Wait()
		require.NoError(t, ln.Close())
		_, err = ln.Accept()
		assert.ErrorIs(t, err, net.ErrClosed)
		_, err = clients[199].Read(make([]byte, 1))
		assert.Error(t, err, "nobody accepted it")
		require.NoError(t, l.Flush(t.Context()))
	})
}

// flaky fails once before it accepts.
type flaky struct {
	net.Listener
	failed bool
}

func (f *flaky) Accept() (net.Conn, error) {
	if !f.failed {
		f.failed = true
		return nil, syscall.EMFILE
	}
	return f.Listener.Accept()
}

func TestListenerGoesOnAfterAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		inner, err := n.Listen(t.Context(), "tcp", "192.0.2.1:80")
		require.NoError(t, err)
		var l link.Link
		ln := l.Listener(&flaky{Listener: inner})
		defer ln.Close()
		c, err := n.Dial(t.Context(), "tcp", "192.0.2.1:80")
		require.NoError(t, err)
		defer c.Close()
		_, err = ln.Accept()
		assert.ErrorIs(t, err, syscall.EMFILE)
		s, err := ln.Accept()
		require.NoError(t, err)
		require.NoError(t, s.Close())
	})
}

func TestDialFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := testkit.NewNetwork()
		ln, err := n.Listen(t.Context(), "tcp", "192.0.2.1:80")
		require.NoError(t, err)
		defer ln.Close()
		tests := []struct {
			name    string
			loss    float64
			addr    string
			timeout time.Duration
			want    error
			took    time.Duration
		}{
			{"a refusal takes a round trip", 0, "192.0.2.2:80", time.Hour, syscall.ECONNREFUSED, 2 * time.Second},
			{"cancelled on the way there", 0, "192.0.2.1:80", time.Second / 2, context.DeadlineExceeded, time.Second / 2},
			{"cancelled on the way back", 0, "192.0.2.1:80", 3 * time.Second / 2, context.DeadlineExceeded, 3 * time.Second / 2},
			{"refused, cancelled on the way back", 0, "192.0.2.2:80", 3 * time.Second / 2, context.DeadlineExceeded, 3 * time.Second / 2},
			{"RFC 6298-2.1 seven lost", 1, "192.0.2.1:80", time.Hour, syscall.ETIMEDOUT, 127 * time.Second},
		}
		for _, tt := range tests {
			ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
			l := link.Link{Delay: time.Second, Loss: tt.loss}
			start := time.Now()
			_, err := l.Dialer(n.Dial)(ctx, "tcp", tt.addr)
			assert.ErrorIs(t, err, tt.want, tt.name)
			assert.Equal(t, tt.took, time.Since(start), tt.name)
			cancel()
		}
	})
}
