//go:build unix

package sockets_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// A server that really is out of descriptors refuses one connection with the
// descriptor it holds in reserve, and serves again when there are some.
func TestServerOutOfDescriptors(t *testing.T) {
	p := testkit.StartChild(t, "TestChildOutOfDescriptors")
	addr := p.WaitLine("full ")[len("full "):]
	for range 3 {
		c, err := net.DialTimeout("tcp", addr, 10*time.Second)
		require.NoError(t, err)
		b, err := io.ReadAll(c)
		assert.NoError(t, err)
		assert.Equal(t, "421 too many connections\r\n", string(b))
		c.Close()
	}
	io.WriteString(p.Stdin, "free some\n")
	p.WaitLine("free")
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	assert.Equal(t, "hello", exchange(t, c, "hello"))
	p.Stdin.Close()
	assert.Zero(t, p.Wait(), p.Stdout())
	assert.Contains(t, p.Stderr(), "too many open files")
}

func TestChildOutOfDescriptors(t *testing.T) {
	testkit.Child(t)
	l := listenStream(t, "tcp")
	s := &sockets.Server{Handler: echoHandler, OverLimit: refusing, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	startServer(t, s, l)
	exchange(t, dialStream(t, l), "up and running")
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}))
	var taken []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			require.ErrorIs(t, err, syscall.EMFILE)
			break
		}
		taken = append(taken, f)
	}
	fmt.Println("full", l.Addr())
	in := bufio.NewReader(os.Stdin)
	in.ReadString('\n')
	for _, f := range taken {
		f.Close()
	}
	fmt.Println("free")
	in.ReadString('\n')
	assert.Positive(t, s.Stats().AcceptErrors)
	assert.GreaterOrEqual(t, s.Stats().RefusedTotal, int64(3))
}
