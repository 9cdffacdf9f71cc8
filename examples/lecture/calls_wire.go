package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"applayer/sockets/berkeley"
)

// callsWire gives a client's socket to the taps: a connection whose Write and
// Read are the calls of the program.
func (n *Net) callsWire(fd berkeley.FD, remote berkeley.Sockaddr, network string, send, recv func([]byte) (int, error)) (net.Conn, error) {
	local, err := fd.GetSockName()
	if err != nil {
		return nil, err
	}
	from, ok1 := berkeley.AddrPortOf(local)
	to, ok2 := berkeley.AddrPortOf(remote)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("%v to %v: no addresses of the Internet", local, remote)
	}
	if from.Addr().IsUnspecified() {
		// A datagram socket that was not bound has a port alone; its datagrams
		// leave from the address to which they go, on this host.
		from = netip.AddrPortFrom(to.Addr(), from.Port())
	}
	return n.tapped(&callsConn{
		local: netAddr(network, from), remote: netAddr(network, to), send: send, recv: recv,
	}, ""), nil
}

func netAddr(network string, ap netip.AddrPort) net.Addr {
	if network == "udp" {
		return net.UDPAddrFromAddrPort(ap)
	}
	return net.TCPAddrFromAddrPort(ap)
}

// callsConn has the calls behind the methods of a net.Conn. Closing it leaves
// the socket open: close is a call that the scene makes itself.
type callsConn struct {
	local, remote net.Addr
	send, recv    func([]byte) (int, error)
}

func (c *callsConn) Read(p []byte) (int, error)  { n, err := c.recv(p); return max(n, 0), err }
func (c *callsConn) Write(p []byte) (int, error) { n, err := c.send(p); return max(n, 0), err }
func (c *callsConn) Close() error                { return nil }
func (c *callsConn) LocalAddr() net.Addr         { return c.local }
func (c *callsConn) RemoteAddr() net.Addr        { return c.remote }

// The calls know no deadlines.
func (c *callsConn) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (c *callsConn) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (c *callsConn) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
