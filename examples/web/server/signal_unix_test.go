//go:build unix

package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// The first signal waits for the response that is under way, to a client that
// does not read it; the second one cuts it.
func TestSecondSignalCuts(t *testing.T) {
	root := t.TempDir()
	f, err := os.Create(filepath.Join(root, "large"))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(1<<30))
	require.NoError(t, f.Close())
	p := testkit.Start(t, testkit.Build(t, "applayer/examples/web/server"), "-addr", "127.0.0.1:0", "-root", root)
	addr := strings.TrimPrefix(p.WaitLine("listening on tcp "), "listening on tcp ")
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer nc.Close()
	_, err = io.WriteString(nc, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
	require.NoError(t, err)
	_, err = io.ReadFull(nc, make([]byte, 100))
	require.NoError(t, err)

	require.NoError(t, syscall.Kill(p.Pid(), syscall.SIGTERM))
	for { // until it accepts no more
		other, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		other.Close()
	}
	select {
	case <-p.Done():
		t.Fatal("it did not wait for the response")
	default:
	}
	require.NoError(t, syscall.Kill(p.Pid(), syscall.SIGTERM))
	assert.Equal(t, -1, p.Wait(), "ended by the signal")
	n, err := io.Copy(io.Discard, nc)
	assert.Less(t, n, int64(1<<30), "the response was cut: %v", err)
}
