package main

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/examples/internal/upper"
	"applayer/internal/testkit"
)

func TestServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "upper.sock")
	tests := []struct {
		name    string
		network string
		args    []string
	}{
		{"tcp", "tcp", []string{"-addr", "127.0.0.1:0"}},
		{"tcp by calls", "tcp", []string{"-addr", "127.0.0.1:0", "-berkeley"}},
		{"unix", "unix", []string{"-network", "unix", "-addr", path}},
		{"unix by calls", "unix", []string{"-network", "unix", "-addr", path, "-berkeley"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			testkit.NoLeaks(t)
			srv := clitest.Start(t, program(), tt.args...)
			addr := srv.Ready("")
			dial := func() (upper.Conn, error) {
				nc, err := net.Dial(tt.network, addr)
				if err != nil {
					return nil, err
				}
				return nc.(upper.Conn), nil
			}
			alice, bob := &upper.Client{Dial: dial}, &upper.Client{Dial: dial}
			defer alice.Close()
			defer bob.Close()
			for _, c := range []*upper.Client{alice, bob, alice} {
				got, err := c.Convert([]byte("größe\n"))
				require.NoError(t, err)
				assert.Equal(t, "GRÖßE\n", string(got))
			}
			require.NoError(t, alice.Close())
			require.NoError(t, bob.Close())
			res := srv.Stop()
			assert.Equal(t, 0, res.Status, res.Stderr)
			_, err := net.Dial(tt.network, addr)
			assert.Error(t, err, "a signal ended it")
		})
	}
}

func TestServerPrintsTheDialogue(t *testing.T) {
	for _, calls := range []string{"-berkeley=false", "-berkeley"} {
		t.Run(calls, func(t *testing.T) {
			srv := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-v", calls)
			nc, err := net.Dial("tcp", srv.Ready(""))
			require.NoError(t, err)
			client := &upper.Client{Dial: func() (upper.Conn, error) { return nc.(upper.Conn), nil }}
			_, err = client.Convert([]byte("hello\n"))
			require.NoError(t, err)
			require.NoError(t, client.Close())
			assert.Equal(t, "C: hello\nS: HELLO\n", srv.Stop().Stderr)
		})
	}
}

// TestSignalDoesNotWaitForIdleClients fails by its log: after the grace period
// the server would warn that it cut its clients off.
func TestSignalDoesNotWaitForIdleClients(t *testing.T) {
	for _, calls := range []string{"-berkeley=false", "-berkeley"} {
		t.Run(calls, func(t *testing.T) {
			testkit.NoLeaks(t)
			srv := clitest.Start(t, program(), "-addr", "127.0.0.1:0", calls)
			nc, err := net.Dial("tcp", srv.Ready(""))
			require.NoError(t, err)
			defer nc.Close()
			_, err = nc.Write([]byte("hello"))
			require.NoError(t, err)
			_, err = io.ReadFull(nc, make([]byte, 5))
			require.NoError(t, err)
			assert.Equal(t, clitest.Result{Stdout: "listening on tcp " + nc.RemoteAddr().String() + "\n"}, srv.Stop())
		})
	}
}

func TestWrongUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want clitest.Result
	}{
		{"argument", []string{"now"}, clitest.Result{Status: 2, Stderr: "tcpserver: now: takes no arguments\n"}},
		{"network", []string{"-network", "udp"}, clitest.Result{Status: 2, Stderr: "tcpserver: -network udp: is neither tcp nor unix\n"}},
		{"unix without a path", []string{"-network", "unix"}, clitest.Result{Status: 2, Stderr: "tcpserver: -addr: unix needs a path\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, clitest.Run(t, program(), "", tt.args...))
		})
	}
}

func TestAddressTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	for _, args := range [][]string{{"-addr", ln.Addr().String()}, {"-addr", ln.Addr().String(), "-berkeley"}} {
		res := clitest.Run(t, program(), "", args...)
		assert.Equal(t, 1, res.Status)
		assert.Contains(t, res.Stderr, "address already in use")
	}
}
