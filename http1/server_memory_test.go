//go:build !race

package http1_test

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

// A thousand clients that were answered and keep their connections take at most
// 8 KiB of heap each, and others are served. With the race detector heaps are
// others.
func TestServerIdleMemory(t *testing.T) {
	const conns = 1000
	s := handle(sayHello)
	s.Conns = sockets.Limits{MaxConns: -1}
	s.Timeouts.Idle = time.Hour
	addr := listenAndServe(t, s)
	clients := make([]net.Conn, 0, conns)
	ask := func(nc net.Conn) {
		_, err := io.WriteString(nc, lectureRequest)
		require.NoError(t, err)
		_, err = nc.Read(make([]byte, 500))
		require.NoError(t, err)
	}
	dial := func() net.Conn {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Skipf("no %d connections here: %v", conns, err)
		}
		t.Cleanup(func() { nc.Close() })
		return nc
	}
	first := dial()
	ask(first)
	// The clients' half is not the server's.
	half := heap()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close()
	for range 100 {
		nc, err := net.Dial("tcp", other.Addr().String())
		require.NoError(t, err)
		defer nc.Close()
	}
	half = (heap() - half) / 100
	before := heap()
	for range conns {
		clients = append(clients, dial())
	}
	for _, nc := range clients {
		ask(nc)
	}
	each := (heap()-before)/conns - half
	t.Logf("%d octets of heap for each idle connection, %d besides for its client", each, half)
	assert.LessOrEqual(t, each, int64(8<<10))
	ask(first)
}

// heap is what it takes after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
