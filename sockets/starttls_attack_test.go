package sockets_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// A context that has ended begins no handshake: the peer hears nothing of it.
func TestStartTLSCancelledBefore(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "mail.example")
	clientTLS.ServerName = "mail.example"
	why := errors.New("enough")
	for side, config := range map[sockets.Side]*tls.Config{sockets.SideClient: clientTLS, sockets.SideServer: serverTLS} {
		t.Run(side.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, peer := testkit.Pipe()
				ctx, cancel := context.WithCancelCause(t.Context())
				cancel(why)
				c := sockets.NewConn(nc, nil)
				assert.ErrorIs(t, c.StartTLS(ctx, config, side, 0), why)
				b, err := io.ReadAll(peer)
				assert.NoError(t, err)
				assert.Empty(t, b)
				_, err = c.Write([]byte("x"))
				assert.ErrorIs(t, err, net.ErrClosed)
			})
		})
	}
}

// A context that ends in the middle of the handshake ends it, with its cause.
func TestStartTLSCancelledDuring(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t, "mail.example")
	why := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		defer peer.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		c := sockets.NewConn(nc, nil)
		peer.Write([]byte("\x16\x03\x01"))
		begin := time.Now()
		assert.ErrorIs(t, c.StartTLS(ctx, serverTLS, sockets.SideServer, 0), why)
		assert.Equal(t, time.Second, time.Since(begin))
		assert.ErrorIs(t, c.Close(), net.ErrClosed, "closed already")
	})
}

// Close from elsewhere ends a handshake.
func TestStartTLSClosedDuring(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t, "mail.example")
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		defer peer.Close()
		c := sockets.NewConn(nc, nil)
		done := make(chan error, 1)
		go func() { done <- c.StartTLS(t.Context(), serverTLS, sockets.SideServer, 0) }()
		synctest.Wait()
		assert.NoError(t, c.Close())
		assert.ErrorIs(t, <-done, net.ErrClosed)
	})
}

// A second STARTTLS within TLS is a mistake of the protocol above; TLS is not
// started within TLS, and the connection is gone on both sides.
func TestStartTLSTwice(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "mail.example")
	clientTLS.ServerName = "mail.example"
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		got := make(chan error, 1)
		s := &sockets.Server{Handler: startTLSServer(t, serverTLS, func(err error) { got <- err })}
		served := make(chan error, 1)
		go func() { served <- s.ServeConn(t.Context(), nc) }()
		c := sockets.NewConn(peer, nil)
		io.WriteString(c, "STARTTLS\n")
		_, err := io.ReadFull(c, make([]byte, len("ready\n")))
		require.NoError(t, err)
		require.NoError(t, c.StartTLS(t.Context(), clientTLS, sockets.SideClient, 0))
		io.WriteString(c, "STARTTLS\n")
		_, err = io.ReadFull(c, make([]byte, len("ready\n")))
		require.NoError(t, err)
		assert.ErrorContains(t, <-got, "TLS stands already")
		assert.NoError(t, <-served)
		_, err = c.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		c.Close()
	})
}

// A ClientHello sent right behind STARTTLS, without the wait for the server's
// consent, is taken by the reader of lines: it is refused like any other
// octets there, however well-formed.
func TestStartTLSPipelinedHello(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "mail.example")
	clientTLS.ServerName = "mail.example"
	hello := recordHello(t, clientTLS)
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		got := make(chan error, 1)
		s := &sockets.Server{Handler: startTLSServer(t, serverTLS, func(err error) { got <- err })}
		go s.ServeConn(t.Context(), nc)
		peer.Write(append([]byte("STARTTLS\n"), hello...))
		assert.ErrorIs(t, <-got, sockets.ErrBufferedPlaintext)
		b, err := io.ReadAll(peer)
		assert.NoError(t, err)
		assert.Equal(t, "ready\n", string(b))
	})
}

// recordHello is the first flight of a client.
func recordHello(t *testing.T, config *tls.Config) []byte {
	var out bytes.Buffer
	err := tls.Client(recorder{&out}, config).Handshake()
	require.Error(t, err)
	require.True(t, bytes.HasPrefix(out.Bytes(), []byte{0x16, 3, 1}))
	return out.Bytes()
}

// recorder is a connection to nobody.
type recorder struct{ *bytes.Buffer }

func (recorder) Read([]byte) (int, error)         { return 0, io.EOF }
func (recorder) Close() error                     { return nil }
func (recorder) LocalAddr() net.Addr              { return nil }
func (recorder) RemoteAddr() net.Addr             { return nil }
func (recorder) SetDeadline(time.Time) error      { return nil }
func (recorder) SetReadDeadline(time.Time) error  { return nil }
func (recorder) SetWriteDeadline(time.Time) error { return nil }
