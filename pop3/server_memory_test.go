//go:build !race

package pop3_test

import (
	"bufio"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
	"applayer/sockets"
)

// An idle session that is logged in takes at most 16 KiB
// of heap and stack beside the kernel's: buffers go back when it waits. The race
// detector makes every stack larger, so the test is left out there.
func TestServerIdleMemory(t *testing.T) {
	const sessions = 200
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &fileMail{size: 5}
	srv := &pop3.Server{Backend: f, Conns: sockets.Limits{MaxConnsPerPeer: -1}}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()

	clients := make([]net.Conn, sessions)
	readers := make([]*bufio.Reader, sessions)
	for i := range clients {
		clients[i], err = net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		readers[i] = bufio.NewReaderSize(clients[i], 512)
		_, err = readers[i].ReadString('\n')
		require.NoError(t, err)
	}
	for i, nc := range clients {
		for _, line := range []string{"USER u\r\n", "PASS p\r\n", "STAT\r\n"} {
			_, err := nc.Write([]byte(line))
			require.NoError(t, err)
			answer, err := readers[i].ReadString('\n')
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(answer, "+OK"), answer)
		}
	}
	busy := inUse()
	for _, nc := range clients {
		nc.Close()
	}
	require.NoError(t, srv.Shutdown(t.Context()))
	<-done
	each := (busy - inUse()) / sessions
	t.Logf("%d octets of heap and stack each", each)
	assert.LessOrEqual(t, each, int64(16<<10))
}

// inUse is what heap and stacks take after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
