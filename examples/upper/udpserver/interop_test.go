package main

import (
	"io"
	"os/exec"
	"strings"
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
