package sockets

import (
	"context"
	"net"
	"os"
	"strings"
)

// ListenPackets binds sockets to addr on network ("udp", "udp4", "udp6" or
// "unixgram"): n that share the one address (SO_REUSEPORT), over which the
// kernel spreads the sources, on Linux; one elsewhere, and for "unixgram". With
// port 0 all of them get the same free port. Closing a Unix-domain socket
// removes its path.
func ListenPackets(ctx context.Context, network, addr string, n int) ([]net.PacketConn, error) {
	if strings.HasPrefix(network, "unix") {
		pc, err := listenUnixgram(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return []net.PacketConn{pc}, nil
	}
	var lc net.ListenConfig
	if n > 1 && reusePort != nil {
		lc.Control = reusePort
	} else {
		n = 1
	}
	var pcs []net.PacketConn
	for range n {
		pc, err := lc.ListenPacket(ctx, network, addr)
		if err != nil {
			for _, pc := range pcs {
				pc.Close()
			}
			return nil, err
		}
		pcs = append(pcs, pc)
		addr = pc.LocalAddr().String()
	}
	return pcs, nil
}

// unixgramConn removes its path when it is closed, as a net.UnixListener does
// and a net.UnixConn does not.
type unixgramConn struct {
	*net.UnixConn
	path string
}

func listenUnixgram(ctx context.Context, network, path string) (net.PacketConn, error) {
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(ctx, network, path)
	if err != nil {
		return nil, err
	}
	c, ok := pc.(*net.UnixConn)
	if !ok || path == "" || path[0] == '@' { // abstract names have no file
		return pc, nil
	}
	return &unixgramConn{UnixConn: c, path: path}, nil
}

// Close closes the socket and removes its path.
func (c *unixgramConn) Close() error {
	err := c.UnixConn.Close()
	if err == nil {
		os.Remove(c.path)
	}
	return err
}
