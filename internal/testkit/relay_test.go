package testkit_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

func TestRelay(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6", "unix"} {
		t.Run(network, func(t *testing.T) {
			if network == "tcp6" {
				testkit.IPv6(t)
			}
			testkit.NoLeaks(t)
			target := upperServer(t, network)
			var said [2]strings.Builder // to the client, from the client
			var order []bool
			addr := testkit.Relay(t, network, target, func(fromClient bool, b []byte) {
				i := 0
				if fromClient {
					i = 1
				}
				said[i].Write(b)
				order = append(order, fromClient)
			})
			assert.NotEqual(t, target, addr)

			c, err := net.Dial(network, addr)
			require.NoError(t, err)
			defer c.Close()
			_, err = io.WriteString(c, "hello")
			require.NoError(t, err)
			require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
			got, err := io.ReadAll(c)
			require.NoError(t, err)
			assert.Equal(t, "HELLO", string(got), "the answer comes after the half-close")
			assert.Equal(t, "hello", said[1].String())
			assert.Equal(t, "HELLO", said[0].String())
			assert.Equal(t, []bool{true, false}, order)
		})
	}
}

func TestRelayTLS(t *testing.T) {
	testkit.NoLeaks(t)
	server, client := testkit.Certificate(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	require.NoError(t, err)
	var said strings.Builder
	addr := testkit.RelayTLS(t, l.Addr().String(), server, client, func(fromClient bool, b []byte) {
		if fromClient {
			said.WriteString("C: ")
		} else {
			said.WriteString("S: ")
		}
		said.Write(b)
	})
	done := make(chan error)
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, err = io.CopyN(io.Discard, c, 4)
			io.WriteString(c, "220\n")
			c.Close()
		}
		done <- errors.Join(err, l.Close())
	}()
	c, err := tls.Dial("tcp", addr, client)
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "EHLO")
	require.NoError(t, err)
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, "220\n", string(got))
	require.NoError(t, <-done)
	assert.Equal(t, "C: EHLOS: 220\n", said.String())
}

func TestRelayWithoutTarget(t *testing.T) {
	testkit.NoLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	addr := testkit.Relay(t, "tcp", l.Addr().String(), func(bool, []byte) {})
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Read(make([]byte, 1))
	assert.Error(t, err, "the client is let go")
}

// TestRelayEndsWithTheTest leaves both connections open; the relay's clean-up
// must not wait for them.
func TestRelayEndsWithTheTest(t *testing.T) {
	var c net.Conn
	play(t, func(tb testing.TB) {
		target := upperServer(t, "tcp")
		addr := testkit.Relay(tb, "tcp", target, func(bool, []byte) {})
		var err error
		c, err = net.Dial("tcp", addr)
		require.NoError(tb, err)
		_, err = io.WriteString(c, "x")
		require.NoError(tb, err)
	})
	defer c.Close()
	_, err := c.Read(make([]byte, 1))
	assert.Error(t, err)
}

// upperServer reads one connection until its end and answers it upper-cased.
func upperServer(t *testing.T, network string) (addr string) {
	t.Helper()
	listen := "127.0.0.1:0"
	switch network {
	case "unix":
		dir, err := os.MkdirTemp("", "upper")
		require.NoError(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		listen = filepath.Join(dir, "s")
	case "tcp6":
		listen = "[::1]:0"
	}
	l, err := net.Listen(network, listen)
	require.NoError(t, err)
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b, err := io.ReadAll(c)
		if err == nil {
			io.WriteString(c, strings.ToUpper(string(b)))
		}
	}()
	return l.Addr().String()
}
