package sockets_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// A server answers before it has read all, and closes. Closed at once, the
// connection is reset and the reply may be lost with it; closed lingering, the
// reply and the end arrive, and the peer's octets were dropped.
func TestCloseLingering(t *testing.T) {
	const reply = "552 too large\r\n"
	for _, tt := range []struct {
		name  string
		close func(*sockets.Conn) error
		lost  bool
	}{
		{"Close", (*sockets.Conn).Close, true},
		{"CloseLingering", func(c *sockets.Conn) error { return c.CloseLingering(0, time.Minute) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := listenStream(t, "tcp")
			defer l.Close()
			client := dialStream(t, l)
			nc, err := l.Accept()
			require.NoError(t, err)
			c := sockets.NewConn(nc, nil)
			_, err = io.WriteString(client, strings.Repeat("x", 64<<10))
			require.NoError(t, err)
			_, err = c.Read(make([]byte, 1))
			require.NoError(t, err)
			_, err = io.WriteString(c, reply)
			require.NoError(t, err)
			closed := make(chan error, 1)
			go func() { closed <- tt.close(c) }()
			if tt.lost {
				// The reset is there when Close has returned: loopback delivers
				// in the call. What it leaves of the reply is the kernel's affair.
				require.NoError(t, <-closed)
				_, err = io.ReadAll(client)
				assert.Error(t, err, "reset")
				return
			}
			b, err := io.ReadAll(client)
			assert.NoError(t, err)
			assert.Equal(t, reply, string(b))
			_, err = io.WriteString(client, "more, though nobody listens")
			assert.NoError(t, err)
			client.Close()
			assert.NoError(t, <-closed)
			assert.Equal(t, int64(64<<10+27), c.BytesRead())
		})
	}
}

// The peer can hold a lingering connection neither by time nor by octets.
func TestCloseLingeringBounds(t *testing.T) {
	tests := []struct {
		name   string
		octets int64
		d      time.Duration
		want   time.Duration
		read   int64
	}{
		{"time, by default", 0, 0, 2 * time.Second, 20 << 10},
		{"time", 0, 10 * time.Second, 10 * time.Second, 100 << 10},
		{"octets", 50 << 10, time.Minute, 5 * time.Second, 50 << 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, peer := testkit.Pipe()
				c := sockets.NewConn(nc, &sockets.ConnOptions{IdleTimeout: time.Millisecond})
				c.MarkIdle()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					for { // 10 KiB a second
						time.Sleep(99 * time.Millisecond)
						if _, err := peer.Write(make([]byte, 1<<10)); err != nil {
							return
						}
						time.Sleep(time.Millisecond)
					}
				}()
				begin := time.Now()
				assert.NoError(t, c.CloseLingering(tt.octets, tt.d))
				assert.InDelta(t, tt.want, time.Since(begin), float64(10*time.Millisecond))
				assert.InDelta(t, tt.read, c.BytesRead(), 1<<10)
				<-sent
				assert.ErrorIs(t, c.Close(), net.ErrClosed)
			})
		})
	}
}

// Over TLS the close alert goes before the FIN.
func TestCloseLingeringTLS(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "a.example")
	clientTLS.ServerName = "a.example"
	nc, peer := testkit.Pipe()
	c, client := sockets.NewConn(nc, nil), sockets.NewConn(peer, nil)
	done := make(chan error, 1)
	go func() {
		if err := c.StartTLS(t.Context(), serverTLS, sockets.SideServer, 0); err != nil {
			done <- err
			return
		}
		io.WriteString(c, "bye")
		done <- c.CloseLingering(0, time.Minute)
	}()
	require.NoError(t, client.StartTLS(t.Context(), clientTLS, sockets.SideClient, 0))
	b, err := io.ReadAll(client)
	assert.NoError(t, err)
	assert.Equal(t, "bye", string(b))
	client.Close()
	assert.NoError(t, <-done)
}

// A peer that takes nothing cannot hold the connection for longer than asked
// by leaving no room for the close alert, for which tls would wait 5 s.
func TestCloseLingeringTLSBounds(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "a.example")
	clientTLS.ServerName = "a.example"
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.PipeBuffer(4 << 10)
		c, client := sockets.NewConn(nc, nil), sockets.NewConn(peer, nil)
		shaken := make(chan error, 1)
		go func() { shaken <- client.StartTLS(t.Context(), clientTLS, sockets.SideClient, 0) }()
		require.NoError(t, c.StartTLS(t.Context(), serverTLS, sockets.SideServer, 0))
		require.NoError(t, <-shaken)
		require.NoError(t, nc.SetWriteDeadline(time.Now().Add(time.Millisecond)))
		for err := error(nil); err == nil; {
			_, err = nc.Write([]byte("x"))
		}
		begin := time.Now()
		c.CloseLingering(0, 100*time.Millisecond)
		assert.Equal(t, 100*time.Millisecond, time.Since(begin))
		client.Close()
	})
}
