package sockets_test

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// connected returns the two ends of a TCP connection.
func connected(t *testing.T) (client *sockets.Conn, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	nc, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	server, err = ln.Accept()
	require.NoError(t, err)
	client = sockets.NewConn(nc, nil)
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	return client, server
}

// fileOf returns an open file of these octets.
func fileOf(t *testing.T, content []byte) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, content, 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// The kernel must not be given the socket below TLS.
func TestCopyOfAFileGoesThroughTLS(t *testing.T) {
	serverConfig, clientConfig := testkit.Certificate(t, "localhost")
	clientConfig.ServerName = "localhost"
	client, server := connected(t)
	got := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(tls.Server(server, serverConfig))
		got <- b
	}()
	require.NoError(t, client.StartTLS(t.Context(), clientConfig, sockets.SideClient, 0))
	_, err := io.Copy(client, fileOf(t, []byte("not in the clear")))
	require.NoError(t, err)
	require.NoError(t, client.Close())
	assert.Equal(t, "not in the clear", string(<-got))
}
