//go:build !race

package smtp_test

import (
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/sockets"
)

// A session that has sent a message and waits takes at most 16 KiB of heap and
// stack beside the kernel's. The race detector makes every stack larger, so the
// test is left out there.
func TestServerIdleMemory(t *testing.T) {
	const sessions = 200
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := &mailbox{onData: discard}
	srv := &smtp.Server{Hostname: "hamburger.edu", Backend: m, Conns: sockets.Limits{MaxConnsPerPeer: -1}}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()

	// The clients' own memory is there before anything is measured.
	clients := make([]net.Conn, sessions)
	b := make([]byte, 4096)
	for i := range clients {
		clients[i], err = net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		_, err = clients[i].Read(b)
		require.NoError(t, err)
	}
	for _, nc := range clients {
		for _, line := range []string{"EHLO a\r\n", "MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "DATA\r\n", "Subject: x\r\n\r\nx\r\n.\r\n"} {
			_, err := nc.Write([]byte(line))
			require.NoError(t, err)
			_, err = nc.Read(b)
			require.NoError(t, err)
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
