package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/examples/internal/upper"
	"applayer/internal/testkit"
)

// listen starts a server on loopback and returns its address.
func listen(t *testing.T, network, addr string, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen(network, addr)
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer nc.Close()
				serve(nc)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

func stream(nc net.Conn) { upper.ServeStream(nc) }

func oneReceive(nc net.Conn) {
	buf := make([]byte, 1024)
	n, _ := nc.Read(buf)
	nc.Write(upper.Append(nil, buf[:n]))
}

func TestClient(t *testing.T) {
	tests := []struct {
		name    string
		network string
		server  func(net.Conn)
		args    []string
	}{
		{"tcp", "tcp", stream, nil},
		{"tcp by calls", "tcp", stream, []string{"-berkeley"}},
		{"unix", "unix", stream, []string{"-network", "unix"}},
		{"unix by calls", "unix", stream, []string{"-network", "unix", "-berkeley"}},
		{"a server that closes after each reply", "tcp", oneReceive, nil},
		{"the same by calls", "tcp", oneReceive, []string{"-berkeley"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			testkit.NoLeaks(t)
			addr := "127.0.0.1:0"
			if tt.network == "unix" {
				addr = filepath.Join(t.TempDir(), "upper.sock")
			}
			addr = listen(t, tt.network, addr, tt.server)
			res := clitest.Run(t, program(), "one\nzwölf\nno line end", append(tt.args, "-addr", addr)...)
			assert.Equal(t, clitest.Result{Stdout: "ONE\nZWÖLF\nNO LINE END\n"}, res)
		})
	}
}

func TestClientDialsTheLocalAddress(t *testing.T) {
	file := filepath.Join(t.TempDir(), "map")
	addr := listen(t, "tcp", "127.0.0.1:0", stream)
	require.NoError(t, os.WriteFile(file, []byte("upper.example:12000 "+addr+"\n"), 0o600))
	for _, args := range [][]string{{"-map", file}, {"-map", file, "-berkeley"}} {
		res := clitest.Run(t, program(), "x\n", append(args, "-addr", "upper.example:12000")...)
		assert.Equal(t, clitest.Result{Stdout: "X\n"}, res)
	}
}

func TestClientPrintsTheDialogue(t *testing.T) {
	addr := listen(t, "tcp", "127.0.0.1:0", stream)
	for _, calls := range []string{"-berkeley=false", "-berkeley"} {
		res := clitest.Run(t, program(), "x\n", "-v", calls, "-addr", addr)
		assert.Equal(t, clitest.Result{Stdout: "X\n", Stderr: "C: x\nS: X\n"}, res, calls)
	}
}

func TestClientFails(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln.Close()
	mute := listen(t, "tcp", "127.0.0.1:0", func(nc net.Conn) { nc.Read(make([]byte, 10)) })
	tests := []struct {
		name   string
		args   []string
		status int
		stderr string
	}{
		{"nobody listens", []string{"-addr", ln.Addr().String()}, 1, "connection refused"},
		{"no reply", []string{"-addr", mute}, 1, "no reply"},
		{"network", []string{"-network", "sctp"}, 2, "-network sctp: is neither tcp nor unix"},
		{"unix without a path", []string{"-network", "unix"}, 2, "-addr: unix needs a path"},
		{"map that is not there", []string{"-map", "nowhere"}, 2, "-map: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := clitest.Run(t, program(), "x\n", tt.args...)
			assert.Equal(t, tt.status, res.Status)
			assert.Contains(t, res.Stderr, tt.stderr)
			assert.Equal(t, 1, strings.Count(res.Stderr, "\n"), "one line tells why")
		})
	}
}
