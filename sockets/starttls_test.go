package sockets_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// startTLSServer speaks a protocol of two commands: STARTTLS, and what else
// comes is echoed with "tls " or "plain " before it.
func startTLSServer(t *testing.T, config *tls.Config, end func(error)) sockets.Handler {
	return sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
		r := bufio.NewReader(c)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line == "STARTTLS\n" {
				io.WriteString(c, "ready\n")
				if err := c.StartTLS(ctx, config, sockets.SideServer, r.Buffered()); err != nil {
					end(err)
					return
				}
				r.Reset(c)
				continue
			}
			prefix := "plain "
			if _, ok := c.TLS(); ok {
				prefix = "tls "
			}
			io.WriteString(c, prefix+line)
		}
	})
}

func TestStartTLSBothSides(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "mail.example")
	clientTLS.ServerName = "mail.example"
	l := listenStream(t, "tcp")
	startServer(t, &sockets.Server{Handler: startTLSServer(t, serverTLS, func(err error) { assert.NoError(t, err) })}, l)
	c := sockets.NewConn(dialStream(t, l), nil)
	defer c.Close()
	ask := func(line string) string {
		_, err := io.WriteString(c, line)
		require.NoError(t, err)
		b := make([]byte, 100)
		n, err := c.Read(b)
		require.NoError(t, err)
		return string(b[:n])
	}
	assert.Equal(t, "plain a\n", ask("a\n"))
	_, ok := c.TLS()
	assert.False(t, ok)
	assert.Equal(t, "ready\n", ask("STARTTLS\n"))
	require.NoError(t, c.StartTLS(t.Context(), clientTLS, sockets.SideClient, 0))
	state, ok := c.TLS()
	assert.True(t, ok)
	assert.True(t, state.HandshakeComplete)
	assert.Equal(t, "tls b\n", ask("b\n"))
	n, err := c.ReadFrom(io.LimitReader(onlyReader{"c\n"}, 2))
	assert.NoError(t, err)
	assert.Equal(t, int64(2), n)
	assert.Greater(t, c.BytesRead(), int64(1000), "ciphertext and certificates")
	assert.NoError(t, c.CloseWrite())
	assert.ErrorContains(t, c.StartTLS(t.Context(), clientTLS, sockets.SideClient, 0), "TLS stands already")
}

// onlyReader repeats its text.
type onlyReader struct{ s string }

func (r onlyReader) Read(b []byte) (int, error) { return copy(b, r.s), nil }

// A command sent in plain text behind STARTTLS is never taken as if it had
// come through TLS, on either side.
func TestStartTLSBufferedPlaintext(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "mail.example")
	for _, tt := range []struct {
		name, sends string
		want        error
	}{
		{"in the reader's buffer", "STARTTLS\nEVIL\n", sockets.ErrBufferedPlaintext},
		{"not yet read", "STARTTLS\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nc, client := testkit.Pipe()
			defer client.Close()
			got := make(chan error, 1)
			s := &sockets.Server{Handler: startTLSServer(t, serverTLS, func(err error) { got <- err })}
			go s.ServeConn(t.Context(), nc)
			io.WriteString(client, tt.sends)
			b := make([]byte, 6)
			_, err := io.ReadFull(client, b)
			require.NoError(t, err)
			io.WriteString(client, "EVIL\n") // in place of a ClientHello
			err = <-got
			if tt.want != nil {
				assert.ErrorIs(t, err, tt.want)
			} else {
				assert.ErrorAs(t, err, new(tls.RecordHeaderError))
			}
			rest, _ := io.ReadAll(client)
			assert.NotContains(t, string(rest), "EVIL")
		})
	}
	nc, _ := testkit.Pipe()
	c := sockets.NewConn(nc, nil)
	assert.ErrorIs(t, c.StartTLS(t.Context(), clientTLS, sockets.SideClient, 1), sockets.ErrBufferedPlaintext)
	_, err := c.Write([]byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed, "the connection is closed")
	nc, _ = testkit.Pipe()
	assert.ErrorContains(t, sockets.NewConn(nc, nil).StartTLS(t.Context(), clientTLS, sockets.Side(7), 0), "Side(7)")
	assert.Equal(t, []string{"client", "server"}, []string{sockets.SideClient.String(), sockets.SideServer.String()})
}

// A silent peer does not hold a handshake longer than its limit; nor longer
// than the context of StartTLS.
func TestHandshakeTimeout(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t, "mail.example")
	synctest.Test(t, func(t *testing.T) {
		nc, client := testkit.Pipe()
		s := &sockets.Server{TLSConfig: serverTLS, Handler: echoHandler}
		begin := time.Now()
		err := s.ServeConn(t.Context(), nc)
		assert.Equal(t, 10*time.Second, time.Since(begin))
		checkTimeout(t, err, "HandshakeTimeout")
		_, err = client.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)

		nc, _ = testkit.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		err = sockets.NewConn(nc, nil).StartTLS(ctx, serverTLS, sockets.SideServer, 0)
		assert.Equal(t, time.Second, time.Since(begin))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// TLSConfig covers the whole connection, and a slow handshake does not keep
// others waiting.
func TestServerTLS(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "127.0.0.1")
	l := listenStream(t, "tcp")
	startServer(t, &sockets.Server{TLSConfig: serverTLS, Handler: echoHandler}, l)
	dialStream(t, l) // says nothing
	c, err := tls.Dial("tcp", l.Addr().String(), clientTLS)
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, "hello", exchange(t, c, "hello"))
}

// A connection that came with TLS tells so once it has shaken hands.
func TestTLSBelow(t *testing.T) {
	server, client := testkit.Certificate(t, "hamburger.edu")
	near, far := testkit.Pipe()
	var all sync.WaitGroup
	all.Go(func() {
		defer far.Close()
		s := tls.Server(far, server)
		assert.NoError(t, s.Handshake())
	})
	defer all.Wait()
	client.ServerName = "hamburger.edu"
	below := tls.Client(near, client)
	c := sockets.NewConn(below, nil)
	defer c.Close()
	_, ok := c.TLS()
	assert.False(t, ok)
	require.NoError(t, below.Handshake())
	state, ok := c.TLS()
	assert.True(t, ok)
	assert.Equal(t, "hamburger.edu", state.ServerName)
}
