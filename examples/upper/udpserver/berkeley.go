package main

import (
	"context"
	"net"
	"net/netip"
	"os"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/upper"
	"applayer/sockets/berkeley"
)

// runCalls is the lecture's server: socket, bind, then recvfrom and sendto for
// each datagram, and close.
func (s *server) runCalls(ctx context.Context, env *cli.Env) error {
	sa, err := s.sockaddr()
	if err != nil {
		return err
	}
	fd, err := berkeley.Socket(sa.Family(), berkeley.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer fd.Close()
	env.RemoveStale(ctx, s.network, s.addr)
	if err := fd.Bind(sa); err != nil {
		return err
	}
	if un, ok := sa.(berkeley.SockaddrUn); ok && !un.Abstract {
		defer os.Remove(un.Name)
	}
	ready, err := listening(fd, sa)
	if err != nil {
		return err
	}
	env.Listening("", ready)

	// A signal ends recvfrom, which otherwise waits in the kernel.
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		fd.Shutdown(berkeley.SHUT_RD) // ENOTCONN, but it wakes
		close(woken)
	})
	err = answerCalls(ctx, env, fd)
	if !stop() {
		<-woken
	}
	return err
}

// answerCalls serves until ctx ends.
func answerCalls(ctx context.Context, env *cli.Env, fd berkeley.FD) error {
	t := transcript(env)
	buf := make([]byte, bufferSize)
	var reply []byte
	for {
		n, from, err := fd.RecvFrom(buf, 0)
		switch {
		case ctx.Err() != nil && n == 0:
			return nil
		case err != nil:
			return err
		case from == nil:
			continue // a Unix-domain client without a name expects no answer
		}
		reply = upper.Append(reply[:0], buf[:n])
		if t != nil {
			t.Add("", false, string(buf[:n]))
			t.Add("", true, string(reply))
		}
		if _, err := fd.SendTo(reply, 0, from); err != nil {
			env.Log.Warn("sendto", "peer", from.String(), "err", err)
		}
	}
}

// sockaddr is -addr as the kernel reads it.
func (s *server) sockaddr() (berkeley.Sockaddr, error) {
	if s.network == "unixgram" {
		return berkeley.SockaddrUn{Name: s.addr}, nil
	}
	a, err := net.ResolveUDPAddr(s.network, s.addr)
	if err != nil {
		return nil, err
	}
	ap := a.AddrPort()
	if a.IP == nil { // INADDR_ANY
		any := netip.IPv4Unspecified()
		if s.network == "udp6" {
			any = netip.IPv6Unspecified()
		}
		ap = netip.AddrPortFrom(any, ap.Port())
	}
	return berkeley.SockaddrFrom(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()))
}

// listening is the address for the ready line. The kernel is asked only where
// it chose the port.
func listening(fd berkeley.FD, sa berkeley.Sockaddr) (net.Addr, error) {
	ap, ok := berkeley.AddrPortOf(sa)
	if !ok {
		return &net.UnixAddr{Name: sa.String(), Net: "unixgram"}, nil
	}
	if ap.Port() == 0 {
		sa, err := fd.GetSockName()
		if err != nil {
			return nil, err
		}
		ap, _ = berkeley.AddrPortOf(sa)
	}
	return net.UDPAddrFromAddrPort(ap), nil
}
