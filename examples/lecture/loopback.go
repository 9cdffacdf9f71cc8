package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"applayer/sockets"
)

// loopback is the machine's own network. Names of Unix-domain sockets lie in
// dir.
type loopback struct {
	dir   string
	bound atomic.Int64
}

// loopbackHost is the i-th of the addresses that stand for the lecture's
// hosts. Outside Linux only 127.0.0.1 is there without further set-up.
func loopbackHost(i int) string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	return fmt.Sprintf("127.0.%d.%d", 1+i/250, 1+i%250)
}

func (l *loopback) path(network, addr string) string {
	if strings.HasPrefix(network, "unix") && !filepath.IsAbs(addr) {
		return filepath.Join(l.dir, addr)
	}
	return addr
}

func (l *loopback) Listen(ctx context.Context, network, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, network, l.path(network, addr))
}

func (l *loopback) ListenPacket(ctx context.Context, network, addr string) (net.PacketConn, error) {
	var lc net.ListenConfig
	return lc.ListenPacket(ctx, network, l.path(network, addr))
}

func (l *loopback) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{}
	if network == "unixgram" {
		// A datagram socket without a name gets no reply.
		d.LocalAddr = &net.UnixAddr{Net: network, Name: filepath.Join(l.dir, fmt.Sprintf("client%d", l.bound.Add(1)))}
	}
	return d.DialContext(ctx, network, l.path(network, addr))
}

func (l *loopback) DialFrom(ctx context.Context, network, local, addr string) (net.Conn, error) {
	from, err := netip.ParseAddrPort(local)
	if err != nil {
		return nil, err
	}
	d := sockets.Dialer{LocalAddr: from.Addr()}
	if port := from.Port(); port > 0 {
		d.LocalPorts = sockets.PortRange{Lo: port, Hi: port}
	}
	return d.Dial(ctx, network, addr)
}
