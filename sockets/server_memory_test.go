//go:build !race

package sockets_test

import (
	"context"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/sockets"
)

// An idle TCP connection takes at most 8 KiB of heap and stack beside the
// kernel's. The clients wait in the listener's queue before anything is
// measured, so that they do not count. The race detector makes every stack
// larger, so the test is left out there.
func TestServerIdleMemory(t *testing.T) {
	const conns = 1000
	l := listenStream(t, "tcp")
	clients := make([]net.Conn, 0, conns)
	for range conns {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Skipf("no %d connections here: %v", conns, err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	idle := make(chan struct{}, conns)
	s := &sockets.Server{Limits: sockets.Limits{MaxConns: -1, MaxConnsPerPeer: -1}}
	s.Handler = sockets.HandlerFunc(func(_ context.Context, c *sockets.Conn) {
		var b [1]byte
		c.Read(b[:])
		c.MarkIdle()
		idle <- struct{}{}
		c.Read(b[:])
	})
	before := inUse()
	startServer(t, s, l)
	for _, c := range clients {
		c.Write([]byte("x"))
	}
	for range conns {
		<-idle
	}
	each := (inUse() - before) / conns
	t.Logf("%d octets of heap and stack each", each)
	assert.LessOrEqual(t, each, int64(8<<10))
}

// inUse is what heap and stacks take after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
