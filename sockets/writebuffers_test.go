package sockets_test

import (
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

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
}
