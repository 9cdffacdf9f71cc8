package link_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/link"
)

func TestOverLoopback(t *testing.T) {
	testkit.NoLeaks(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := link.Link{Rate: 1_000_000_000, Delay: time.Millisecond, Jitter: time.Millisecond, Loss: 0.001, Seed: 1}
	ln := l.Listener(inner)
	sent := octets(1 << 20)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			c, err := ln.Accept()
			if !assert.NoError(t, err) {
				return
			}
			defer c.Close()
			_, err = io.Copy(c, c)
			assert.NoError(t, err)
		})
		wg.Go(func() {
			c, err := l.Dialer(nil)(t.Context(), "tcp", inner.Addr().String())
			if !assert.NoError(t, err) {
				return
			}
			defer c.Close()
			go func() {
				c.Write(sent)
				c.(closeWriter).CloseWrite()
			}()
			got, err := io.ReadAll(c)
			assert.NoError(t, err)
			assert.Equal(t, sent, got)
		})
	}
	wg.Wait()
	require.NoError(t, ln.Close())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, l.Flush(ctx))
}

func TestDatagramsOverLoopback(t *testing.T) {
	testkit.NoLeaks(t)
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	l := link.Link{Delay: time.Millisecond}
	shaped := l.PacketConn(pc)
	c, err := net.Dial("udp", pc.LocalAddr().String())
	require.NoError(t, err)
	defer c.Close()
	for range 10 {
		_, err = c.Write([]byte("ping"))
		require.NoError(t, err)
		b := make([]byte, 10)
		n, from, err := shaped.ReadFrom(b)
		require.NoError(t, err)
		assert.Equal(t, c.LocalAddr().String(), from.String())
		_, err = shaped.WriteTo(b[:n], from)
		require.NoError(t, err)
		n, err = c.Read(b)
		require.NoError(t, err)
		assert.Equal(t, "ping", string(b[:n]))
	}
	require.NoError(t, shaped.Close())
	require.NoError(t, l.Flush(t.Context()))
}
