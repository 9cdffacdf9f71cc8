package sockets_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

func unixOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no look at what has arrived on Windows")
	}
}

func TestConnWaitRead(t *testing.T) {
	unixOnly(t)
	t.Run("takes nothing", func(t *testing.T) {
		c, peer := connPair(t, nil)
		waited := make(chan error, 1)
		go func() { waited <- c.WaitRead() }()
		_, err := peer.Write([]byte("hello"))
		require.NoError(t, err)
		require.NoError(t, <-waited)
		require.NoError(t, c.WaitRead(), "what is there is there still")
		assert.Zero(t, c.BytesRead())
		b := make([]byte, 5)
		_, err = io.ReadFull(c, b)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(b))
	})
	t.Run("end of the stream", func(t *testing.T) {
		c, peer := connPair(t, nil)
		require.NoError(t, peer.Close())
		require.NoError(t, c.WaitRead())
		_, err := c.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
	})
	t.Run("deadline", func(t *testing.T) {
		c, _ := connPair(t, nil)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(-time.Second)))
		assert.ErrorIs(t, c.WaitRead(), os.ErrDeadlineExceeded)
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		ctx, cancel := context.WithCancelCause(t.Context())
		release := sockets.WithContext(ctx, c)
		defer release()
		why := errors.New("enough")
		time.AfterFunc(time.Millisecond, func() { cancel(why) })
		assert.ErrorIs(t, c.WaitRead(), why)
	})
	t.Run("closed", func(t *testing.T) {
		c, _ := connPair(t, nil)
		time.AfterFunc(time.Millisecond, func() { c.Close() })
		assert.ErrorIs(t, c.WaitRead(), net.ErrClosed)
	})
	t.Run("allocates nothing of note", func(t *testing.T) {
		c, peer := connPair(t, nil)
		_, err := peer.Write([]byte("x"))
		require.NoError(t, err)
		require.NoError(t, c.WaitRead())
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { c.WaitRead() }), 1.0)
	})
}

func TestConnWaitReadUnsupported(t *testing.T) {
	a, b := testkit.Pipe()
	defer b.Close()
	c := sockets.NewConn(a, nil)
	defer c.Close()
	assert.ErrorIs(t, c.WaitRead(), errors.ErrUnsupported)
}

// A server that shuts down ends the wait of an idle connection.
func TestConnWaitReadEndsWithItsServer(t *testing.T) {
	unixOnly(t)
	testkit.NoLeaks(t)
	idle, ended := make(chan struct{}), make(chan error, 1)
	s := &sockets.Server{Handler: sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
		c.MarkIdle()
		close(idle)
		ended <- c.WaitRead()
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	nc, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer nc.Close()
	<-idle
	require.NoError(t, s.Shutdown(t.Context()))
	assert.ErrorIs(t, <-ended, sockets.ErrServerClosed)
	assert.Equal(t, sockets.ErrServerClosed, <-served)
}

func TestConnWriteBuffers(t *testing.T) {
	large := make([]byte, 3<<20)
	for i := range large {
		large[i] = byte(i * 7)
	}
	for _, tt := range []struct {
		name string
		bufs [][]byte
	}{
		{"one system call", [][]byte{[]byte("head"), []byte("body")}},
		{"nothing", nil},
		{"an empty one among them", [][]byte{nil, []byte("a"), {}, []byte("b")}},
		{"slices of 1 MiB", [][]byte{[]byte("head"), large}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, peer := connPair(t, &sockets.ConnOptions{WriteTimeout: time.Minute})
			var want []byte
			for _, b := range tt.bufs {
				want = append(want, b...)
			}
			got := make(chan []byte, 1)
			go func() {
				b, _ := io.ReadAll(peer)
				got <- b
			}()
			bufs := net.Buffers(tt.bufs)
			n, err := c.WriteBuffers(&bufs)
			require.NoError(t, err)
			assert.EqualValues(t, len(want), n)
			assert.EqualValues(t, len(want), c.BytesWritten())
			assert.Zero(t, len(bufs), "consumed")
			require.NoError(t, c.Close())
			assert.Equal(t, string(want), string(<-got))
		})
	}
	t.Run("deadline", func(t *testing.T) {
		c, _ := connPair(t, nil)
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(-time.Second)))
		bufs := net.Buffers{[]byte("a"), []byte("b")}
		_, err := c.WriteBuffers(&bufs)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Len(t, bufs, 2)
	})
}

// Over TLS the buffers go through it.
func TestConnWriteBuffersTLS(t *testing.T) {
	server, client := testkit.Certificate(t)
	c, peer := connPair(t, nil)
	p := sockets.NewConn(peer, nil)
	done := make(chan error, 1)
	go func() { done <- p.StartTLS(t.Context(), server, sockets.SideServer, 0) }()
	require.NoError(t, c.StartTLS(t.Context(), client, sockets.SideClient, 0))
	require.NoError(t, <-done)
	bufs := net.Buffers{[]byte("he"), []byte("llo")}
	n, err := c.WriteBuffers(&bufs)
	require.NoError(t, err)
	assert.EqualValues(t, 5, n)
	b := make([]byte, 5)
	_, err = io.ReadFull(p, b)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(b))
	assert.ErrorIs(t, c.WaitRead(), errors.ErrUnsupported)
}
