package dns_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
)

// overStream is a message behind its length, as a stream has it.
func overStream(msg string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(len(msg)))) + msg
}

// numbered is the query with that ID.
func numbered(id uint16) string {
	return string(binary.BigEndian.AppendUint16(nil, id)) + (queryHead + asked)[2:]
}

// serveConn serves a connection in memory until the test ends, and returns the
// client's end.
func serveConn(t *testing.T, s *dns.Server) net.Conn {
	client, server := testkit.Pipe()
	var done sync.WaitGroup
	done.Go(func() { s.ServeConn(context.WithoutCancel(t.Context()), server) })
	t.Cleanup(func() {
		client.Close()
		done.Wait()
	})
	return client
}

func send(t *testing.T, nc net.Conn, octets string) {
	t.Helper()
	_, err := io.WriteString(nc, octets)
	require.NoError(t, err)
}

// receive reads one message.
func receive(t *testing.T, nc net.Conn) string {
	t.Helper()
	var length [2]byte
	_, err := io.ReadFull(nc, length[:])
	require.NoError(t, err)
	msg := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err = io.ReadFull(nc, msg)
	require.NoError(t, err)
	return string(msg)
}

// receiveEOF reads the connection's end.
func receiveEOF(t *testing.T, nc net.Conn) {
	t.Helper()
	rest, err := io.ReadAll(nc)
	assert.NoError(t, err)
	assert.Empty(t, rest)
}

// detaching answers as echo does, when the query's ID is told by release.
func detaching(release map[uint16]chan struct{}) dns.HandlerFunc {
	return func(ctx context.Context, _ *dns.Responder, q *dns.Query) {
		q, w := q.Detach()
		go func() {
			<-release[q.Header.ID]
			echo(ctx, w, q)
			w.Send()
		}()
	}
}

func tlsClient(t *testing.T, nc net.Conn, config *tls.Config) net.Conn {
	c := tls.Client(nc, config)
	require.NoError(t, c.HandshakeContext(t.Context()))
	return c
}
