package sockets_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// The zero value dials what the system has: numbers, names, paths.
func TestDialOnTheSystem(t *testing.T) {
	testkit.NoLeaks(t)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer udp.Close()
	_, port, _ := net.SplitHostPort(tcp.Addr().String())

	table := sockets.HostTable{
		// The first address has no listener, so that the second is needed.
		"upper.example": addrs("::1", "127.0.0.1"),
	}
	tests := []struct{ name, network, addr string }{
		{"numeric", "tcp", tcp.Addr().String()},
		{"name whose first address refuses", "tcp", "upper.example:" + port},
		{"one family", "tcp4", "upper.example:" + port},
		{"UDP", "udp", udp.LocalAddr().String()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := sockets.Dialer{Resolver: table}
			conn, err := d.Dial(t.Context(), tt.network, tt.addr)
			require.NoError(t, err)
			defer conn.Close()
			assert.Contains(t, []string{tcp.Addr().String(), udp.LocalAddr().String()}, conn.RemoteAddr().String())
		})
	}
	t.Run("unix", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("Unix-domain sockets")
		}
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		require.NoError(t, err)
		defer l.Close()
		conn, err := new(sockets.Dialer).Dial(t.Context(), "unix", path)
		require.NoError(t, err)
		assert.NoError(t, conn.Close())
	})
	t.Run("refused", func(t *testing.T) {
		lo := freeRun(t, 1)
		addr := fmt.Sprintf("127.0.0.1:%d", lo)
		_, err := new(sockets.Dialer).Dial(t.Context(), "tcp", addr)
		require.Error(t, err)
		attempt, ok := errors.AsType[*sockets.AttemptError](err)
		require.True(t, ok)
		assert.Equal(t, addr, attempt.Addr)
		_, ok = errors.AsType[*net.OpError](err)
		assert.True(t, ok, "the system's error is reachable")
	})
}

func TestDialFromLocalPorts(t *testing.T) {
	testkit.NoLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	lo := freeRun(t, 3)
	// One of the three is taken by somebody who listens.
	busy, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lo+1))
	require.NoError(t, err)
	defer busy.Close()

	local := netip.MustParseAddr("127.0.0.1")
	d := sockets.Dialer{LocalAddr: local, LocalPorts: sockets.PortRange{Lo: lo, Hi: lo + 2}}
	var ports []uint16
	for range 2 {
		conn, err := d.Dial(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		from := conn.LocalAddr().(*net.TCPAddr).AddrPort()
		assert.Equal(t, local, from.Addr())
		ports = append(ports, from.Port())
	}
	assert.ElementsMatch(t, []uint16{lo, lo + 2}, ports)

	_, err = d.Dial(t.Context(), "tcp", l.Addr().String())
	require.Error(t, err)
	assert.ErrorContains(t, err, fmt.Sprintf("local ports %d-%d all taken", lo, lo+2))

	d.LocalPorts = sockets.PortRange{Lo: 20, Hi: 10}
	_, err = d.Dial(t.Context(), "tcp", l.Addr().String())
	assert.ErrorContains(t, err, "no local ports in 20-10")

	d = sockets.Dialer{LocalPorts: sockets.PortRange{Lo: lo, Hi: lo + 2}}
	udp, err := d.Dial(t.Context(), "udp", l.Addr().String())
	require.NoError(t, err)
	defer udp.Close()
	port := udp.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	assert.True(t, lo <= port && port <= lo+2, "%d", port)
}

// FTP's data port is one for all transfers (RFC 959 §3.2): the pair of
// addresses must differ, not the port.
func TestDialFromOnePortToTwoPeers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SO_REUSEADDR that would be safe")
	}
	testkit.NoLeaks(t)
	d := sockets.Dialer{LocalAddr: netip.MustParseAddr("127.0.0.1")}
	port := freeRun(t, 1)
	d.LocalPorts = sockets.PortRange{Lo: port, Hi: port}
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		conn, err := d.Dial(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
	}
}

// A SYN that comes back to the port it left from opens the connection from both
// ends at once (RFC 9293 §3.5): success, with nobody there.
func TestDialNeverConnectsToItself(t *testing.T) {
	testkit.NoLeaks(t)
	local := netip.MustParseAddr("127.0.0.1")
	lo := freeRun(t, 3)
	to := netip.AddrPortFrom(local, lo+1).String()
	for _, network := range []string{"tcp", "udp"} {
		for _, from := range []netip.Addr{local, {}} {
			d := sockets.Dialer{LocalAddr: from, LocalPorts: sockets.PortRange{Lo: lo + 1, Hi: lo + 1}}
			_, err := d.Dial(t.Context(), network, to)
			assert.ErrorContains(t, err, "the local port is the destination", network)
		}
	}
	d := sockets.Dialer{LocalAddr: local, LocalPorts: sockets.PortRange{Lo: lo, Hi: lo + 2}}
	for range 10 {
		_, err := d.Dial(t.Context(), "tcp", to)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "all taken", "another port is tried")
		udp, err := d.Dial(t.Context(), "udp", to)
		require.NoError(t, err)
		assert.NotEqual(t, to, udp.LocalAddr().String())
		assert.NoError(t, udp.Close())
	}
}

func ExampleDialer() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	d := sockets.Dialer{
		Resolver: sockets.HostTable{"hamburger.edu": {netip.MustParseAddr("192.0.2.25")}},
		Map:      sockets.AddrMap{"192.0.2.25:25": l.Addr().String()},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := d.Dial(ctx, "tcp", "hamburger.edu:smtp")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(conn.RemoteAddr().String() == l.Addr().String())
	// Output: true
}
