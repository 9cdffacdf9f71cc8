//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// pythonClient is a client as a student writes it.
const pythonClient = `
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.sendto("hello from Python, é".encode(), (host, int(port)))
reply, server = s.recvfrom(2048)
sys.stdout.buffer.write(reply)
`

func TestInteropPythonClient(t *testing.T) {
	python := testkit.Program(t, "python3")
	for _, args := range [][]string{{}, {"-berkeley"}} {
		if len(args) > 0 {
			testkit.Linux(t, "the Berkeley calls")
		}
		_, addr := start(t, io.Discard, append(args, "-addr", "127.0.0.1:0")...)
		out, err := exec.CommandContext(t.Context(), python, "-c", pythonClient, addr).CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, "HELLO FROM PYTHON, É", string(out))
	}
}

func TestInteropSocatClient(t *testing.T) {
	socat := testkit.Program(t, "socat")
	_, udp := start(t, io.Discard, "-addr", "127.0.0.1:0")
	dir := t.TempDir()
	start(t, io.Discard, "-network", "unixgram", "-addr", dir+"/server")
	for _, target := range []string{"UDP4:" + udp, "UNIX-SENDTO:" + dir + "/server,bind=" + dir + "/client"} {
		c := exec.CommandContext(t.Context(), socat, "-t", "1", "-", target)
		c.Stdin = strings.NewReader("hello, socat")
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, "HELLO, SOCAT", string(out))
	}
}

// The calls that the lecture names, as the kernel saw them; getsockname asks
// which port it chose, and shutdown ends the waiting.
func TestInteropStraceCalls(t *testing.T) {
	testkit.Linux(t, "strace")
	strace, server := testkit.Program(t, "strace"), testkit.Build(t, "applayer/examples/upper/udpserver")
	file := filepath.Join(t.TempDir(), "calls")
	p := testkit.Start(t, strace, "-f", "-e", "trace=%network", "-e", "signal=none", "-o", file, server, "-berkeley", "-addr", "127.0.0.1:0")
	addr := strings.TrimPrefix(p.WaitLine("listening on udp "), "listening on udp ")
	c := dial(t, "udp", addr)
	_, err := c.Write([]byte("hello"))
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 10))
	require.NoError(t, err)

	log, err := os.ReadFile(file)
	require.NoError(t, err)
	// strace does not pass signals on; its file begins with the server's number.
	pid, err := strconv.Atoi(strings.Fields(string(log))[0])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	assert.Equal(t, 0, p.Wait())

	log, err = os.ReadFile(file)
	require.NoError(t, err)
	var calls []string // a call that a signal interrupted is there twice
	for _, m := range regexp.MustCompile(`(?m)^\d+ +(\w+)\(`).FindAllStringSubmatch(string(log), -1) {
		calls = append(calls, m[1])
	}
	calls = slices.Compact(calls)
	require.GreaterOrEqual(t, len(calls), 5)
	assert.Equal(t, []string{"socket", "bind", "getsockname", "recvfrom", "sendto"}, calls[:5])
	// The signal may come before the server waits for the next datagram.
	assert.Subset(t, []string{"recvfrom", "shutdown"}, calls[5:])
	assert.Contains(t, calls[5:], "shutdown")
}

// The process itself: its ready line, a signal, its exit status; with our own
// client beside it.
func TestProgramsTogether(t *testing.T) {
	server := testkit.Start(t, testkit.Build(t, "applayer/examples/upper/udpserver"), "-addr", "127.0.0.1:0")
	addr := strings.TrimPrefix(server.WaitLine("listening on udp "), "listening on udp ")
	c := exec.CommandContext(t.Context(), testkit.Build(t, "applayer/examples/upper/udpclient"), "-addr", addr)
	c.Stdin = strings.NewReader("one\ntwo\nthree")
	out, err := c.CombinedOutput()
	require.NoError(t, err)
	assert.Equal(t, "ONE\nTWO\nTHREE\n", string(out))
	assert.Equal(t, 0, server.Stop())
}
