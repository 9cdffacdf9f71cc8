package telnet_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
	"applayer/sockets/telnet"
)

// tcpPair returns the two ends of a TCP connection on loopback.
func tcpPair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	server, err = ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

func needUrgent(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("urgent data is built for Linux and macOS")
	}
}

// TestUrgentInline: the urgent octet stands in line with the others, a Read
// stops before it, and the mark is told ahead of it.
func TestUrgentInline(t *testing.T) {
	needUrgent(t)
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"plain":   func(nc net.Conn) net.Conn { return nc },
		"sockets": func(nc net.Conn) net.Conn { return sockets.NewConn(nc, nil) },
		"tapped":  func(nc net.Conn) net.Conn { return new(sockets.Transcript).Conn(nc, "", false) },
	} {
		t.Run(name, func(t *testing.T) {
			c, s := tcpPair(t)
			client, server := wrap(c), wrap(s)
			require.NoError(t, telnet.PrepareUrgent(server))
			pending, err := telnet.UrgentPending(server)
			require.NoError(t, err)
			assert.False(t, pending)

			_, err = client.Write([]byte("old"))
			require.NoError(t, err)
			n, err := telnet.SendUrgent(client, []byte("\xff\xf4\xff\xf2"))
			require.NoError(t, err)
			assert.Equal(t, 4, n)
			_, err = client.Write([]byte("new"))
			require.NoError(t, err)

			var got []byte
			for {
				at, err := telnet.AtMark(server)
				require.NoError(t, err)
				if at {
					break
				}
				pending, err := telnet.UrgentPending(server)
				require.NoError(t, err)
				// Until the first octets are here, so may be the mark.
				assert.True(t, pending || len(got) == 0, "the mark is ahead, behind %q", got)
				b := make([]byte, 100)
				n, err := server.Read(b)
				require.NoError(t, err)
				got = append(got, b[:n]...)
			}
			assert.Equal(t, "old\xff\xf4\xff", string(got))
			rest := make([]byte, 4)
			_, err = io.ReadFull(server, rest)
			require.NoError(t, err)
			assert.Equal(t, "\xf2new", string(rest))
			pending, err = telnet.UrgentPending(server)
			require.NoError(t, err)
			assert.False(t, pending, "the mark is behind us")
		})
	}
}

// TestUrgentUnprepared shows what PrepareUrgent is for.
func TestUrgentUnprepared(t *testing.T) {
	needUrgent(t)
	client, server := tcpPair(t)
	_, err := telnet.SendUrgent(client, []byte("\xff\xf2"))
	require.NoError(t, err)
	_, err = client.Write([]byte("ABOR\r\n"))
	require.NoError(t, err)
	require.NoError(t, client.Close())
	got, err := io.ReadAll(server)
	require.NoError(t, err)
	assert.Equal(t, "\xffABOR\r\n", string(got), "the DM is gone, and the IAC would take the A")
}

// TestUrgentUnsupported: over TLS and in memory there is none, and what was to
// be urgent goes in line.
func TestUrgentUnsupported(t *testing.T) {
	client, server := testkit.Pipe()
	serverTLS, clientTLS := testkit.Certificate(t)
	tcpClient, tcpServer := tcpPair(t)
	for name, pair := range map[string][2]net.Conn{
		"in memory": {client, server},
		"TLS":       {tls.Client(tcpClient, clientTLS), tls.Server(tcpServer, serverTLS)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorIs(t, telnet.PrepareUrgent(pair[1]), errors.ErrUnsupported)
			_, err := telnet.AtMark(pair[1])
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			_, err = telnet.UrgentPending(pair[1])
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			sent := make(chan error, 1)
			go func() {
				_, err := telnet.SendUrgent(pair[0], []byte("\xff\xf2"))
				sent <- err
			}()
			got := make([]byte, 2)
			_, err = io.ReadFull(pair[1], got)
			require.NoError(t, err)
			require.NoError(t, <-sent)
			assert.Equal(t, "\xff\xf2", string(got))
		})
	}
}

// TestUrgentOverStartedTLS: a connection that was upgraded has no urgent data,
// though a plain one lies below.
func TestUrgentOverStartedTLS(t *testing.T) {
	c, s := tcpPair(t)
	serverTLS, clientTLS := testkit.Certificate(t)
	client, server := sockets.NewConn(c, nil), sockets.NewConn(s, nil)
	done := make(chan error, 1)
	go func() { done <- client.StartTLS(t.Context(), clientTLS, sockets.SideClient, 0) }()
	require.NoError(t, server.StartTLS(t.Context(), serverTLS, sockets.SideServer, 0))
	require.NoError(t, <-done)
	assert.ErrorIs(t, telnet.PrepareUrgent(server), errors.ErrUnsupported)
}

// TestUrgentClosed: a closed connection is told as such.
func TestUrgentClosed(t *testing.T) {
	needUrgent(t)
	client, _ := tcpPair(t)
	require.NoError(t, client.Close())
	assert.ErrorIs(t, telnet.PrepareUrgent(client), net.ErrClosed)
	_, err := telnet.SendUrgent(client, []byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed)
}

// TestUrgentBehindAStaleDeadline: the system's deadline of an earlier Write is
// not that of an urgent octet.
func TestUrgentBehindAStaleDeadline(t *testing.T) {
	needUrgent(t)
	for _, b := range []string{"\xff\xf2", "x"} {
		client, server := tcpPair(t)
		c := sockets.NewConn(client, nil)
		require.NoError(t, client.SetWriteDeadline(time.Unix(1, 0)))
		n, err := telnet.SendUrgent(c, []byte(b))
		require.NoError(t, err)
		assert.Equal(t, len(b), n)
		require.NoError(t, telnet.PrepareUrgent(server))
		require.NoError(t, c.Close())
		got, err := io.ReadAll(server)
		require.NoError(t, err)
		assert.Equal(t, b, string(got))
	}
	client, _ := tcpPair(t)
	c := sockets.NewConn(client, nil)
	require.NoError(t, c.Close())
	_, err := telnet.SendUrgent(c, []byte("\xff\xf2"))
	assert.ErrorIs(t, err, net.ErrClosed)
}
