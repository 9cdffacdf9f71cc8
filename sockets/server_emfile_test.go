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

// child is set in the environment of a test binary that a test started to be
// its other process.
const child = "SOCKETS_TEST_CHILD"

// reexec starts this test binary once more for the test called name alone,
// through the program and arguments in front of it, if any.
func reexec(t *testing.T, name string, front ...string) *testkit.Process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	args := append(front, self, "-test.run=^"+name+"$", "-test.count=1")
	return testkit.StartEnv(t, []string{child + "=" + name}, args[0], args[1:]...)
}

// onlyAsChild skips a test that is the other process of a test.
func onlyAsChild(t *testing.T) {
	t.Helper()
	if os.Getenv(child) != t.Name() {
		t.Skip("the other process of a test")
	}
}

// A server that really is out of descriptors refuses one connection with the
// descriptor it holds in reserve, and serves again when there are some.
func TestServerOutOfDescriptors(t *testing.T) {
	p := reexec(t, "TestChildOutOfDescriptors")
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
	onlyAsChild(t)
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
