//go:build !race

package dns_test

import (
	"context"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// Clients that were answered and keep their connections take at most 8 KiB of
// heap each, both ends together. With the race detector heaps are others.
func TestServerIdleMemory(t *testing.T) {
	const conns = 500
	s := &dns.Server{Handler: echo}
	s.MaxConnsPerPeer, s.IdleTimeout = -1, time.Hour
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var done sync.WaitGroup
	done.Go(func() { s.ServeTCP(l) })
	defer done.Wait()
	defer s.Close()
	ask := func() {
		nc, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Skipf("no %d connections here: %v", conns, err)
		}
		t.Cleanup(func() { nc.Close() })
		send(t, nc, overStream(queryHead+asked))
		receive(t, nc)
	}
	ask()
	before := heap()
	for range conns {
		ask()
	}
	each := (heap() - before) / conns
	t.Logf("%d octets of heap for each idle connection and its client", each)
	assert.LessOrEqual(t, each, int64(8<<10))
}

// heap is what it takes after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A client that sends queries without end and reads nothing makes the server
// hold no more than the buffers of one connection.
func TestServerFloodMemory(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	// What the handler allocated while heap looks would count.
	long := text("www.example.org", strings.Repeat("x", 255))
	s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, _ *dns.Query) {
		for range 200 {
			w.Add(dns.SectionAnswer, long)
		}
	})}
	s.WriteTimeout = 300 * time.Millisecond
	var done sync.WaitGroup
	done.Go(func() { s.ServeTCP(l) })
	defer done.Wait()
	defer s.Close()
	nc, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer nc.Close()
	before, most, sent := heap(), int64(0), 0
	queries := []byte(strings.Repeat(overStream(queryHead+asked), 100))
	nc.SetDeadline(time.Now().Add(time.Minute))
	for {
		n, err := nc.Write(queries)
		if sent += n; err != nil {
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server cuts it first")
			break
		}
		most = max(most, heap()-before)
	}
	t.Logf("%d octets of queries were taken, %d of heap held", sent, most)
	assert.Less(t, most, int64(1<<20))
}
