package sockets_test

import (
	"bytes"
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

func TestConnWriteMore(t *testing.T) {
	for _, size := range []int{0, 1, 300, 3 << 20} {
		c, peer := connPair(t, &sockets.ConnOptions{WriteTimeout: time.Minute})
		head := bytes.Repeat([]byte("head"), size)
		got := make(chan []byte, 1)
		go func() {
			b, _ := io.ReadAll(peer)
			got <- b
		}()
		n, err := c.WriteMore(head)
		require.NoError(t, err)
		assert.Equal(t, len(head), n)
		_, err = c.Write([]byte("rest"))
		require.NoError(t, err)
		assert.EqualValues(t, len(head)+4, c.BytesWritten())
		require.NoError(t, c.Close())
		assert.True(t, bytes.Equal(append(head, "rest"...), <-got), "size %d", size)
	}
}

// What was written so is not kept back for ever, though nothing follows.
func TestConnWriteMoreAndNothing(t *testing.T) {
	c, peer := connPair(t, nil)
	_, err := c.WriteMore([]byte("head"))
	require.NoError(t, err)
	b := make([]byte, 4)
	_, err = io.ReadFull(peer, b)
	require.NoError(t, err)
	assert.Equal(t, "head", string(b))
}

func TestConnWriteMoreFails(t *testing.T) {
	c, _ := connPair(t, nil)
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(-time.Second)))
	_, err := c.WriteMore([]byte("x"))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.Close())
	_, err = c.WriteMore([]byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed)
}

// In memory it is Write.
func TestConnWriteMoreElsewhere(t *testing.T) {
	a, b := testkit.Pipe()
	defer b.Close()
	c := sockets.NewConn(a, nil)
	defer c.Close()
	n, err := c.WriteMore([]byte("head"))
	require.NoError(t, err)
	assert.Equal(t, 4, n)
	got := make([]byte, 4)
	_, err = io.ReadFull(b, got)
	require.NoError(t, err)
	assert.Equal(t, "head", string(got))
}

func TestConnWriteMoreAllocatesNothing(t *testing.T) {
	c, peer := connPair(t, nil)
	go io.Copy(io.Discard, peer)
	head := make([]byte, 300)
	c.WriteMore(head)
	assert.Zero(t, testing.AllocsPerRun(100, func() { c.WriteMore(head) }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { c.Write(head) }))
}
