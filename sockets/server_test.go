package sockets_test

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

// echoHandler answers what comes with itself.
var echoHandler = sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
	b := make([]byte, 1024)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
	}
})

// listenStream opens a listener on loopback, or a Unix-domain one.
func listenStream(t testing.TB, network string) net.Listener {
	t.Helper()
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, addr)
	require.NoError(t, err)
	return l
}

// startServer serves l until the test ends, and sees that Serve ends as it should.
func startServer(t testing.TB, s *sockets.Server, l net.Listener) {
	t.Helper()
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Close())
		assert.ErrorIs(t, <-served, sockets.ErrServerClosed)
	})
}

func dialStream(t testing.TB, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial(l.Addr().Network(), l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// exchange writes msg and reads as much back.
func exchange(t testing.TB, c io.ReadWriter, msg string) string {
	t.Helper()
	_, err := io.WriteString(c, msg)
	require.NoError(t, err)
	b := make([]byte, len(msg))
	_, err = io.ReadFull(c, b)
	require.NoError(t, err)
	return string(b)
}

func TestServeEcho(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			l := listenStream(t, network)
			startServer(t, &sockets.Server{Handler: echoHandler}, l)
			assert.Equal(t, "hello", exchange(t, dialStream(t, l), "hello"))
		})
	}
}
