package http1_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
	"applayer/sockets"
)

// tcpPair returns the two ends of a connection over loopback.
func tcpPair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	server, err = ln.Accept()
	require.NoError(t, err)
	for _, nc := range []net.Conn{client, server} {
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(20 * time.Second))
	}
	return client, server
}

// TestLastResponseArrives: a client that goes on sending a body that was refused
// reads the refusal, not a reset.
func TestLastResponseArrives(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"net.Conn":     func(nc net.Conn) net.Conn { return nc },
		"sockets.Conn": func(nc net.Conn) net.Conn { return sockets.NewConn(nc, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := tcpPair(t)
			served := make(chan error, 1)
			go func() {
				c := http1.NewConn(wrap(b), &http1.ConnOptions{Limits: &http1.Limits{MaxBody: 1000}})
				var r http1.Request
				err := c.ReadRequest(&r)
				if assert.ErrorIs(t, err, http1.ErrTooLarge) {
					c.WriteResponse(&http1.Response{Status: 413})
				}
				served <- c.CloseLingering(0, 0)
			}()
			c := http1.NewConn(a, &http1.ConnOptions{Client: true})
			r := get("/")
			r.Method, r.Length, r.Body = "PUT", 200_000, bytes.NewReader(make([]byte, 200_000))
			require.NoError(t, c.WriteRequest(r))
			var p http1.Response
			require.NoError(t, c.ReadResponse(&p))
			assert.Equal(t, 413, p.Status)
			assert.Empty(t, body(t, p.Body))
			assert.False(t, c.Reusable())
			c.Close()
			require.NoError(t, <-served)
		})
	}
}

// TestFileOverTCP sends a file from a sockets.Conn, whose ReadFrom has the
// system do it, and over TLS, where it can't.
func TestFileOverTCP(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	content := strings.Repeat("0123456789abcdef", 1<<16)
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	serverTLS, clientTLS := testkit.Certificate(t, "h")
	for _, overTLS := range []bool{false, true} {
		a, b := tcpPair(t)
		var serving sync.WaitGroup
		serving.Go(func() {
			sc := sockets.NewConn(b, nil)
			if overTLS && !assert.NoError(t, sc.StartTLS(t.Context(), serverTLS, sockets.SideServer, 0)) {
				return
			}
			c := http1.NewConn(sc, nil)
			var r http1.Request
			for range 2 {
				if !assert.NoError(t, c.ReadRequest(&r)) {
					return
				}
				f, err := os.Open(name)
				if assert.NoError(t, err) {
					assert.NoError(t, c.WriteResponse(&http1.Response{Status: 200, Length: int64(len(content)), Body: f}))
					f.Close()
				}
			}
			assert.NoError(t, c.Flush())
			c.Close() // the client may have gone first, and TLS's alert with it
		})
		if overTLS {
			config := clientTLS.Clone()
			config.ServerName = "h"
			tc := tls.Client(a, config)
			require.NoError(t, tc.HandshakeContext(context.Background()))
			a = tc
		}
		c := http1.NewConn(a, &http1.ConnOptions{Client: true})
		for range 2 {
			require.NoError(t, c.WriteRequest(get("/f")))
		}
		for range 2 {
			var p http1.Response
			require.NoError(t, c.ReadResponse(&p))
			b, err := io.ReadAll(p.Body)
			require.NoError(t, err)
			assert.True(t, content == string(b))
		}
		c.Close()
		serving.Wait()
	}
}

// TestIdleConnHoldsNoBuffer: while Wait waits on a sockets.Conn, the buffers are
// in the pool.
func TestIdleConnHoldsNoBuffer(t *testing.T) {
	a, b := tcpPair(t)
	c := http1.NewConn(sockets.NewConn(b, nil), nil)
	assert.Equal(t, 0, c.Held())
	_, err := io.WriteString(a, getRequest)
	require.NoError(t, err)
	require.NoError(t, c.Wait())
	assert.Equal(t, 1, c.Held())
	var r http1.Request
	require.NoError(t, c.ReadRequest(&r))
	require.NoError(t, c.WriteResponse(&http1.Response{Status: 204}))
	assert.Equal(t, 2, c.Held())
	c.NetConn().SetReadDeadline(time.Now().Add(-time.Second))
	assert.ErrorIs(t, c.Wait(), os.ErrDeadlineExceeded)
	assert.Equal(t, 0, c.Held())

	c.NetConn().SetReadDeadline(time.Time{})
	_, err = io.WriteString(a, getRequest)
	require.NoError(t, err)
	require.NoError(t, c.ReadRequest(&r), "a timeout of Wait breaks nothing")
	require.NoError(t, c.Close())
}
