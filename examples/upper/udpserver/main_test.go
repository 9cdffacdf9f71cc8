package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
	"applayer/internal/testkit"
)

// start runs the program until the test ends, and returns its address.
func start(t *testing.T, stderr io.Writer, args ...string) (network, addr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- cli.Run(ctx, program(), args, strings.NewReader(""), w, stderr)
		w.Close()
	}()
	ready, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err, "%v", stderr)
	t.Cleanup(func() {
		cancel()
		assert.Equal(t, cli.ExitDone, <-status)
	})
	f := strings.Fields(ready)
	require.Len(t, f, 4)
	return f[2], f[3]
}

// dial connects a client, with a name of its own where it needs one.
func dial(t *testing.T, network, addr string) net.Conn {
	t.Helper()
	var d net.Dialer
	if network == "unixgram" {
		d.LocalAddr = &net.UnixAddr{Name: filepath.Join(t.TempDir(), "client"), Net: network}
	}
	c, err := d.Dial(network, addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func TestServer(t *testing.T) {
	for _, tt := range []struct{ name, network, calls string }{
		{"UDP", "udp", ""},
		{"UDP, Berkeley calls", "udp", "-berkeley"},
		{"unixgram", "unixgram", ""},
		{"unixgram, Berkeley calls", "unixgram", "-berkeley"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := "127.0.0.1:0"
			if tt.network == "unixgram" {
				if runtime.GOOS == "windows" {
					t.Skip("no unixgram on this system")
				}
				addr = filepath.Join(t.TempDir(), "server")
			}
			args := []string{"-v", "-network", tt.network, "-addr", addr}
			if tt.calls != "" {
				testkit.Linux(t, "the Berkeley calls")
				args = append(args, tt.calls)
			}
			var stderr bytes.Buffer
			t.Run("serving", func(t *testing.T) {
				network, addr := start(t, &stderr, args...)
				assert.Equal(t, tt.network, network)
				a, b := dial(t, network, addr), dial(t, network, addr)
				buf := make([]byte, 5000)
				for _, q := range []struct{ in, want string }{
					{"hello", "HELLO"},
					{"grüße, дом, ñ\n", "GRÜßE, ДОМ, Ñ\n"},
					{"", ""},
					{strings.Repeat("x", 2048), strings.Repeat("X", 2048)},
					{strings.Repeat("x", 2049), strings.Repeat("X", 2048)}, // the lecture's buffer
					{strings.Repeat("ɐ", 1024), strings.Repeat("Ɐ", 1024)}, // longer in capitals
				} {
					for _, c := range []net.Conn{a, b} {
						_, err := c.Write([]byte(q.in))
						require.NoError(t, err)
					}
					for _, c := range []net.Conn{b, a} {
						n, err := c.Read(buf)
						require.NoError(t, err)
						assert.Equal(t, q.want, string(buf[:n]))
					}
				}
			})
			assert.True(t, strings.HasPrefix(stderr.String(), "C: hello\nS: HELLO\n"), stderr.String())
			if tt.network == "unixgram" {
				assert.NoFileExists(t, addr)
			}
		})
	}
}

// A server that was killed leaves its name behind; one that lives keeps it.
func TestServerTakesOverAStaleName(t *testing.T) {
	for _, calls := range []string{"-berkeley=false", "-berkeley"} {
		t.Run(calls, func(t *testing.T) {
			testkit.Linux(t, "the Berkeley calls")
			path := filepath.Join(t.TempDir(), "server")
			dead, err := net.ListenPacket("unixgram", path)
			require.NoError(t, err)
			require.NoError(t, dead.Close())
			require.FileExists(t, path)
			args := []string{"-network", "unixgram", "-addr", path, calls}
			_, addr := start(t, io.Discard, args...)
			assert.Equal(t, path, addr)
			var stderr bytes.Buffer
			assert.Equal(t, cli.ExitFail, cli.Run(t.Context(), program(), args, strings.NewReader(""), io.Discard, &stderr))
			assert.Contains(t, stderr.String(), "address already in use")
		})
	}
}

// -v changes nothing in what a client gets: on all addresses, too, the reply
// comes from the one that was asked, without which a connected client is deaf.
func TestServerRepliesFromTheAddressAsked(t *testing.T) {
	testkit.Linux(t, "more than one loopback address")
	for _, v := range []string{"-v=false", "-v"} {
		_, addr := start(t, io.Discard, "-addr", "0.0.0.0:0", v)
		_, port, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		c := dial(t, "udp", "127.0.0.2:"+port)
		_, err = c.Write([]byte("hello"))
		require.NoError(t, err)
		b := make([]byte, 10)
		n, err := c.Read(b)
		require.NoError(t, err, v)
		assert.Equal(t, "HELLO", string(b[:n]))
	}
}

func TestServerUsage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		stderr string
	}{
		{"argument", []string{"x"}, cli.ExitUsage, "udpserver: unexpected argument \"x\"\n"},
		{"network", []string{"-network", "tcp"}, cli.ExitUsage, "udpserver: -network: \"tcp\" is not udp or unixgram\n"},
		{"unixgram without a path", []string{"-network", "unixgram"}, cli.ExitUsage, "udpserver: -addr: unixgram needs a path\n"},
		{"port", []string{"-addr", "127.0.0.1:99999"}, cli.ExitFail, "udpserver: listen udp"},
		{"port, Berkeley calls", []string{"-berkeley", "-addr", "127.0.0.1:99999"}, cli.ExitFail, "udpserver: "},
		{"folder", []string{"-network", "unixgram", "-addr", "/no/such/folder/s"}, cli.ExitFail, "udpserver: listen unixgram /no/such"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, tt.status, cli.Run(t.Context(), program(), tt.args, strings.NewReader(""), &stdout, &stderr))
			assert.Contains(t, stderr.String(), tt.stderr)
			assert.Empty(t, stdout.String())
		})
	}
}

func TestServerAddressInUse(t *testing.T) {
	testkit.Linux(t, "the Berkeley calls")
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer c.Close()
	for _, args := range [][]string{{}, {"-berkeley"}} {
		var stderr bytes.Buffer
		args = append(args, "-addr", c.LocalAddr().String())
		assert.Equal(t, cli.ExitFail, cli.Run(t.Context(), program(), args, strings.NewReader(""), io.Discard, &stderr))
		assert.Contains(t, stderr.String(), "address already in use")
	}
	path := filepath.Join(t.TempDir(), "taken")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	assert.Equal(t, cli.ExitFail, cli.Run(t.Context(), program(), []string{"-berkeley", "-network", "unixgram", "-addr", path}, strings.NewReader(""), io.Discard, io.Discard))
	assert.FileExists(t, path, "what was there stays")
}
