package dns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"applayer/sockets"
)

// Listener is an address on which a server waits over UDP and TCP, as each must
// (RFC 7766 §5).
type Listener struct {
	// Packets are the UDP sockets that share the address.
	Packets []net.PacketConn
	// Streams is the TCP listener.
	Streams net.Listener
}

// freePortTries is how often [Listen] looks for a port that both transports
// have free.
const freePortTries = 16

// Listen binds to addr: a TCP listener, and so many UDP sockets (at least one;
// see [sockets.ListenPackets]). With port 0 both get the same free port.
func Listen(ctx context.Context, addr string, udpSockets int) (*Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		l, err := listenBoth(ctx, addr, host, udpSockets)
		if err == nil || port != "0" || try == freePortTries || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
}

func listenBoth(ctx context.Context, addr, host string, udpSockets int) (*Listener, error) {
	var lc net.ListenConfig
	streams, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	l := &Listener{Streams: streams}
	port := strconv.Itoa(int(l.Addr().Port()))
	if l.Packets, err = sockets.ListenPackets(ctx, "udp", net.JoinHostPort(host, port), max(udpSockets, 1)); err != nil {
		streams.Close()
		return nil, err
	}
	return l, nil
}

// Addr returns the address that was bound.
func (l *Listener) Addr() netip.AddrPort { return addrPort(l.Streams.Addr()) }

// Close closes all sockets; those that a server serves close with it.
func (l *Listener) Close() error {
	closeAll(l.Packets)
	return l.Streams.Close()
}

// addrPort returns a TCP address; the zero one for others.
func addrPort(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
