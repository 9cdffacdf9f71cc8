package sockets

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
)

// connect makes one attempt.
func (d *Dialer) connect(ctx context.Context, a attempt) (net.Conn, error) {
	if d.Connect != nil {
		return d.Connect(ctx, a.network, a.addr)
	}
	nd := net.Dialer{KeepAliveConfig: d.KeepAlive, FallbackDelay: -1}
	if !namesHosts(a.network) {
		return nd.DialContext(ctx, a.network, a.addr)
	}
	if d.LocalPorts.IsZero() {
		nd.LocalAddr = boundAddr(a.network, d.LocalAddr, 0)
		return nd.DialContext(ctx, a.network, a.addr)
	}
	return d.connectFrom(ctx, nd, a)
}

// errToItself is what a connection is whose two ends are one socket.
var errToItself = errors.New("the local port is the destination, and nobody listens there")

// connectFrom binds a random port of LocalPorts (RFC 6056 §3.3.2), passing over
// those in use, and that of the destination where the socket would be its own
// peer: a SYN that comes back to its sender opens a TCP connection from both
// ends at once (RFC 9293 §3.5), and a datagram socket just takes it.
func (d *Dialer) connectFrom(ctx context.Context, nd net.Dialer, a attempt) (net.Conn, error) {
	if d.LocalPorts.Lo == 0 || d.LocalPorts.Lo > d.LocalPorts.Hi {
		return nil, fmt.Errorf("no local ports in %d-%d", d.LocalPorts.Lo, d.LocalPorts.Hi)
	}
	var taken error
	for port := range d.LocalPorts.shuffled(rand.New(cryptoSource{})) {
		conn, err := d.connectFromPort(ctx, nd, a, port)
		switch {
		case err == nil && !toItself(conn):
			return conn, nil
		case err == nil:
			abort(conn)
			taken = errToItself
		case !portTaken(err):
			return nil, err
		case taken == nil:
			taken = err
		}
	}
	return nil, fmt.Errorf("local ports %v all taken: %w", d.LocalPorts, taken)
}

// connectFromPort makes one attempt from one port. Addresses of UDP, where many
// connections are for one datagram, are not made text and read again.
func (d *Dialer) connectFromPort(ctx context.Context, nd net.Dialer, a attempt, port uint16) (net.Conn, error) {
	if to, err := netip.ParseAddrPort(a.addr); err == nil && strings.HasPrefix(a.network, "udp") {
		conn, err := nd.DialUDP(ctx, a.network, netip.AddrPortFrom(d.LocalAddr, port), to)
		if err != nil {
			return nil, err
		}
		return conn, nil
	}
	nd.Control = reuseAddr
	nd.LocalAddr = boundAddr(a.network, d.LocalAddr, port)
	return nd.DialContext(ctx, a.network, a.addr)
}

// abort closes without TIME_WAIT, which would keep the destination's port.
func abort(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

func toItself(conn net.Conn) bool {
	if from, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		to, ok := conn.RemoteAddr().(*net.UDPAddr)
		return ok && from.Port == to.Port && from.IP.Equal(to.IP) && from.Zone == to.Zone
	}
	return conn.LocalAddr().String() == conn.RemoteAddr().String()
}

// portTaken tells that another local port may do. EADDRNOTAVAIL of connect
// means that the pair of addresses is in use, that of bind that the address is
// not ours.
func portTaken(err error) bool {
	if errors.Is(err, errAddrInUse) {
		return true
	}
	call, ok := errors.AsType[*os.SyscallError](err)
	return ok && strings.HasPrefix(call.Syscall, "connect") && errors.Is(call.Err, errAddrNotAvail)
}

// boundAddr is what net.Dialer binds; nil leaves the choice to the system.
func boundAddr(network string, ip netip.Addr, port uint16) net.Addr {
	if !ip.IsValid() && port == 0 {
		return nil
	}
	if strings.HasPrefix(network, "udp") {
		return &net.UDPAddr{IP: ip.AsSlice(), Port: int(port), Zone: ip.Zone()}
	}
	return &net.TCPAddr{IP: ip.AsSlice(), Port: int(port), Zone: ip.Zone()}
}
