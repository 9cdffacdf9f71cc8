package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/internal/testkit"
	"applayer/sockets"
)

// serve runs a server for the length of the test.
func serve(t *testing.T, network, addr string, h sockets.PacketHandlerFunc) string {
	t.Helper()
	pcs, err := sockets.ListenPackets(t.Context(), network, addr, 1)
	require.NoError(t, err)
	s := &sockets.PacketServer{Handler: h}
	done := make(chan error, 1)
	go func() { done <- s.Serve(pcs[0]) }()
	t.Cleanup(func() {
		s.Close()
		assert.ErrorIs(t, <-done, sockets.ErrServerClosed)
	})
	return pcs[0].LocalAddr().String()
}

func run(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = cli.Run(t.Context(), program(), args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// kinds runs f for both kinds of calls.
func kinds(t *testing.T, f func(t *testing.T, args ...string)) {
	t.Run("package net", func(t *testing.T) { f(t) })
	t.Run("Berkeley calls", func(t *testing.T) {
		testkit.Linux(t, "the Berkeley calls")
		f(t, "-berkeley")
	})
}

func TestClient(t *testing.T) {
	long := strings.Repeat("x", bufferSize)
	tests := []struct{ name, in, want string }{
		{"lines", "one\ntwo\n", "<one>\n<two>\n"},
		{"the last without LF", "one\ntwo", "<one>\n<two>\n"},
		{"CR LF", "one\r\n", "<one>\n"},
		{"empty lines", "\n\n", "<>\n<>\n"},
		{"nothing", "", ""},
		{"an answer that ends in LF", "newline\n", "answer\n"},
		{"Unicode", "grüße\n", "<grüße>\n"},
		{"the longest", long, long + "\n"},
	}
	kinds(t, func(t *testing.T, args ...string) {
		for _, network := range []string{"udp", "unixgram"} {
			addr := "127.0.0.1:0"
			if network == "unixgram" {
				if runtime.GOOS == "windows" {
					continue
				}
				addr = filepath.Join(t.TempDir(), "server")
			}
			addr = serve(t, network, addr, func(_ context.Context, p *sockets.Packet) {
				switch string(p.Data) {
				case "newline":
					p.Reply([]byte("answer\n"))
				case long:
					p.Reply(p.Data)
				default:
					p.Reply([]byte("<" + string(p.Data) + ">"))
				}
			})
			for _, tt := range tests {
				t.Run(network+" "+tt.name, func(t *testing.T) {
					status, stdout, stderr := run(t, tt.in, append(args, "-network", network, "-addr", addr)...)
					assert.Equal(t, cli.ExitDone, status)
					assert.Equal(t, tt.want, stdout)
					assert.Empty(t, stderr)
				})
			}
		}
	})
}

// The first two datagrams are lost; the answer to each line then comes three
// times, and none is taken for another line's.
func TestClientTriesAgain(t *testing.T) {
	kinds(t, func(t *testing.T, args ...string) {
		seen := map[string]int{}
		addr := serve(t, "udp", "127.0.0.1:0", func(_ context.Context, p *sockets.Packet) {
			q := string(p.Data)
			if seen[q]++; seen[q] == 3 {
				for range 3 {
					p.Reply(p.Data)
				}
			}
		})
		status, stdout, stderr := run(t, "one\ntwo\n", append(args, "-v", "-wait", "250ms", "-addr", addr)...)
		assert.Equal(t, cli.ExitDone, status)
		assert.Equal(t, "one\ntwo\n", stdout)
		assert.Equal(t, "C: one\nC: one\nC: one\nS: one\nC: two\nC: two\nC: two\nS: two\n", stderr)
	})
}

func TestClientSendsToTheLocalAddress(t *testing.T) {
	kinds(t, func(t *testing.T, args ...string) {
		addr := serve(t, "udp", "127.0.0.1:0", func(_ context.Context, p *sockets.Packet) { p.Reply(p.Data) })
		file := filepath.Join(t.TempDir(), "map")
		require.NoError(t, os.WriteFile(file, []byte("upper.example:12000 "+addr+"\n"), 0o600))
		status, stdout, stderr := run(t, "one\n", append(args, "-v", "-map", file, "-addr", "upper.example:12000")...)
		assert.Equal(t, cli.ExitDone, status)
		assert.Equal(t, "one\n", stdout)
		assert.Equal(t, "C: one\nS: one\n", stderr)
	})
}

func TestClientGivesUp(t *testing.T) {
	kinds(t, func(t *testing.T, args ...string) {
		addr := serve(t, "udp", "127.0.0.1:0", func(context.Context, *sockets.Packet) {})
		status, stdout, stderr := run(t, "one\ntwo\n", append(args, "-wait", "30ms", "-addr", addr)...)
		assert.Equal(t, cli.ExitFail, status)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "udpclient: "+addr+": no answer after 3 tries: ")
		assert.Equal(t, 1, strings.Count(stderr, "\n"))
	})
}

// Where nobody listens the host says so, and the client tries as often.
func TestClientRefused(t *testing.T) {
	kinds(t, func(t *testing.T, args ...string) {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		require.NoError(t, err)
		c.Close()
		status, _, stderr := run(t, "one\n", append(args, "-wait", "30ms", "-addr", c.LocalAddr().String())...)
		assert.Equal(t, cli.ExitFail, status)
		assert.Contains(t, stderr, "no answer after 3 tries")
	})
}

func TestClientAnswerTooLong(t *testing.T) {
	kinds(t, func(t *testing.T, args ...string) {
		addr := serve(t, "udp", "127.0.0.1:0", func(_ context.Context, p *sockets.Packet) {
			p.Reply(make([]byte, 3000))
		})
		status, _, stderr := run(t, "one\n", append(args, "-addr", addr)...)
		assert.Equal(t, cli.ExitFail, status)
		assert.Equal(t, "udpclient: "+addr+": answer: longer than 2048 octets\n", stderr)
	})
}

func TestClientInterrupted(t *testing.T) {
	kinds(t, func(t *testing.T, args ...string) {
		ctx, cancel := context.WithCancel(t.Context())
		addr := serve(t, "udp", "127.0.0.1:0", func(context.Context, *sockets.Packet) { cancel() })
		var stderr bytes.Buffer
		args = append(args, "-wait", "1h", "-addr", addr)
		assert.Equal(t, cli.ExitFail, cli.Run(ctx, program(), args, strings.NewReader("one\n"), &bytes.Buffer{}, &stderr))
		assert.Equal(t, "udpclient: context canceled\n", stderr.String())
	})
}

func TestClientUsage(t *testing.T) {
	tests := []struct {
		name, stdin string
		args        []string
		status      int
		stderr      string
	}{
		{"argument", "", []string{"x"}, cli.ExitUsage, "unexpected argument"},
		{"network", "", []string{"-network", "tcp"}, cli.ExitUsage, "-network"},
		{"unixgram without a path", "", []string{"-network", "unixgram"}, cli.ExitUsage, "needs a path"},
		{"wait", "", []string{"-wait", "0s"}, cli.ExitUsage, "-wait"},
		{"tries", "", []string{"-tries", "0"}, cli.ExitUsage, "-tries"},
		{"no such path", "x", []string{"-network", "unixgram", "-addr", "/no/such/server"}, cli.ExitFail, "/no/such/server"},
		{"a line too long", strings.Repeat("x", 2049) + "\n", nil, cli.ExitFail, "line 1: longer than 2048 octets"},
		{"a line much too long", strings.Repeat("x", 9000), nil, cli.ExitFail, "line 1: longer than 2048 octets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := run(t, tt.stdin, tt.args...)
			assert.Equal(t, tt.status, status)
			assert.Contains(t, stderr, tt.stderr)
			assert.Empty(t, stdout)
		})
	}
}

// pythonServer is a server as a student writes it.
const pythonServer = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print("port", s.getsockname()[1], flush=True)
while True:
    message, client = s.recvfrom(2048)
    s.sendto(message.decode().upper().encode(), client)
`

func TestInteropPythonServer(t *testing.T) {
	p := testkit.Start(t, testkit.Program(t, "python3"), "-c", pythonServer)
	port := strings.TrimPrefix(p.WaitLine("port "), "port ")
	kinds(t, func(t *testing.T, args ...string) {
		status, stdout, stderr := run(t, "straße\nlast", append(args, "-addr", "127.0.0.1:"+port)...)
		assert.Equal(t, cli.ExitDone, status, stderr)
		assert.Equal(t, "STRASSE\nLAST\n", stdout)
	})
}

// socat answers Unix-domain datagrams by a shell command.
func TestInteropSocatUnixServer(t *testing.T) {
	socat := testkit.Program(t, "socat")
	path := filepath.Join(t.TempDir(), "server")
	p := testkit.Start(t, socat, "-d", "-d", "UNIX-RECVFROM:"+path+",fork", "EXEC:tr a-z A-Z")
	for !strings.Contains(p.WaitStderr(""), " receiving on ") { // a time stands first
	}
	kinds(t, func(t *testing.T, args ...string) {
		status, stdout, stderr := run(t, "hello\n", append(args, "-network", "unixgram", "-addr", path)...)
		assert.Equal(t, cli.ExitDone, status, stderr)
		assert.Equal(t, "HELLO\n", stdout)
	})
}

// The calls that the lecture names, as the kernel saw them.
func TestInteropStraceCalls(t *testing.T) {
	testkit.Linux(t, "strace")
	strace := testkit.Program(t, "strace")
	program := testkit.Build(t, "applayer/examples/upper/udpclient")
	addr := serve(t, "udp", "127.0.0.1:0", func(_ context.Context, p *sockets.Packet) { p.Reply(p.Data) })
	file := filepath.Join(t.TempDir(), "calls")
	c := exec.CommandContext(t.Context(), strace, "-f", "-e", "trace=%network", "-e", "signal=none", "-o", file, program, "-berkeley", "-addr", addr)
	c.Stdin = strings.NewReader("hello\n")
	out, err := c.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && errors.As(err, &exit) && strings.Contains(string(out), "ptrace") {
		t.Skipf("strace may not run here: %s", out)
	}
	require.NoError(t, err, "%s", out)
	assert.Equal(t, []string{"socket", "sendto", "recvfrom"}, callNames(t, file))
}

// callNames lists the calls in a file of strace -f.
func callNames(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var names []string
	for l := range strings.Lines(string(b)) {
		f := strings.Fields(l)
		if len(f) < 2 || strings.HasPrefix(f[1], "+++") || strings.HasPrefix(f[1], "<...") {
			continue
		}
		name, _, _ := strings.Cut(f[1], "(")
		names = append(names, name)
	}
	return names
}
