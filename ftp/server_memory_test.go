//go:build !race

package ftp_test

import (
	"net"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/sockets"
)

// An idle session that is logged in and has done a transfer takes at most
// 16 KiB of heap and stack beside the kernel's. The race detector makes every
// stack larger, so the test is left out there.
func TestServerIdleMemory(t *testing.T) {
	const sessions = 200
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	fsys := ftp.ReadOnly(fstest.MapFS{"a": {Data: []byte("a")}})
	srv := &ftp.Server{Auth: userP(fsys), Conns: sockets.Limits{MaxConnsPerPeer: -1}}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()

	// The clients' own memory is there before anything is measured.
	clients := make([]net.Conn, sessions)
	for i := range clients {
		clients[i], err = net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
	}
	b := make([]byte, 4096)
	ask := func(nc net.Conn, line string) {
		_, err := nc.Write([]byte(line))
		require.NoError(t, err)
		_, err = nc.Read(b)
		require.NoError(t, err)
	}
	for _, nc := range clients {
		_, err := nc.Read(b)
		require.NoError(t, err)
	}
	greeted := inUse()
	for _, nc := range clients {
		for _, line := range []string{"USER u\r\n", "PASS p\r\n", "FEAT\r\n", "CWD /\r\n"} {
			ask(nc, line)
		}
	}
	each := (inUse() - greeted) / sessions
	t.Logf("%d octets more behind the login", each)
	for _, nc := range clients {
		nc.Close()
	}
	require.NoError(t, srv.Shutdown(t.Context()))
	<-done
	empty := inUse()
	whole := (greeted-empty)/sessions + each
	t.Logf("%d octets of heap and stack each", whole)
	assert.LessOrEqual(t, whole, int64(16<<10))
}

// inUse is what heap and stacks take after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
