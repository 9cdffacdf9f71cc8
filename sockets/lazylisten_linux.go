package sockets

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// lazySocket listens by itself until somebody waits, and then by package net.
type lazySocket struct {
	addr *net.TCPAddr

	mu       sync.Mutex // guards what is below; no call that it is held over waits
	fd       int        // negative once ln has the socket, or nobody
	ln       *net.TCPListener
	deadline time.Time // of ln, before there is one
}

// listen listens on an IP address and a port by itself, on anything else by
// package net.
func (s *lazySocket) listen(ctx context.Context, network, addr string) error {
	s.fd = -1
	at, err := netip.ParseAddrPort(addr)
	plain := err == nil && network == "tcp" && at.Port() != 0 && at.Addr().Zone() == "" && !at.Addr().IsUnspecified()
	if !plain {
		if s.ln, err = listenTCP(ctx, network, addr); err == nil {
			s.addr = s.ln.Addr().(*net.TCPAddr)
		}
		return err
	}
	s.addr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	if s.fd, err = listenBare(at); err != nil {
		return s.failed("listen", err)
	}
	return nil
}

// failed is an error of the listener as package net has them.
func (s *lazySocket) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: s.addr, Err: err}
}

// listenBare makes a socket that listens and does not block.
func listenBare(at netip.AddrPort) (fd int, err error) {
	family, sa := syscall.AF_INET6, syscall.Sockaddr(&syscall.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
	if ip := at.Addr().Unmap(); ip.Is4() {
		family, sa = syscall.AF_INET, &syscall.SockaddrInet4{Port: int(at.Port()), Addr: ip.As4()}
	}
	fd, err = syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	// With SO_REUSEADDR a port can be had whose last connections are in
	// TIME_WAIT (RFC 9293 §3.6.1), as in package net.
	call := "setsockopt"
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err == nil {
		call = "bind"
		err = syscall.Bind(fd, sa)
	}
	if err == nil {
		call = "listen"
		err = syscall.Listen(fd, syscall.SOMAXCONN)
	}
	if err != nil {
		syscall.Close(fd)
		return -1, os.NewSyscallError(call, err)
	}
	return fd, nil
}

func (s *lazySocket) tryAccept() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln == nil {
		return s.acceptNow(s.fd)
	}
	raw, err := s.ln.SyscallConn()
	if err != nil {
		return nil, s.failed("accept", err)
	}
	var nc net.Conn
	controlErr := raw.Control(func(fd uintptr) { nc, err = s.acceptNow(int(fd)) })
	if controlErr != nil {
		return nil, controlErr
	}
	return nc, err
}

// acceptNow accepts a connection that stands already.
func (s *lazySocket) acceptNow(fd int) (net.Conn, error) {
	if fd < 0 {
		return nil, s.failed("accept", net.ErrClosed)
	}
	for {
		conn, peer, err := syscall.Accept4(fd, syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK)
		switch err {
		case nil:
			return newLazyConn(conn, s.addr, tcpAddr(peer)), nil
		case syscall.EINTR, syscall.ECONNABORTED: // that one is gone
		case syscall.EAGAIN:
			return nil, nil
		default:
			return nil, s.failed("accept", os.NewSyscallError("accept4", err))
		}
	}
}

// tcpAddr is the address of a peer.
func tcpAddr(sa syscall.Sockaddr) *net.TCPAddr {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	case *syscall.SockaddrInet6:
		a := &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
		if sa.ZoneId != 0 {
			if ifi, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				a.Zone = ifi.Name
			}
		}
		return a
	}
	return new(net.TCPAddr)
}

func (s *lazySocket) accept() (net.Conn, error) {
	ln, err := s.watched()
	if err != nil {
		return nil, err
	}
	return ln.Accept()
}

// watched gives the socket to package net, if it has not got it.
func (s *lazySocket) watched() (*net.TCPListener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln != nil {
		return s.ln, nil
	}
	if s.fd < 0 {
		return nil, s.failed("accept", net.ErrClosed)
	}
	l, err := handOver(s.fd, net.FileListener)
	s.fd = -1
	if err != nil {
		return nil, err
	}
	s.ln = l.(*net.TCPListener)
	return s.ln, s.ln.SetDeadline(s.deadline)
}

// handOver gives a socket to package net, which makes a descriptor of its own
// of it. It is closed in any case.
func handOver[T any](fd int, take func(*os.File) (T, error)) (T, error) {
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	return take(f)
}

func (s *lazySocket) setDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ln != nil:
		return s.ln.SetDeadline(t)
	case s.fd < 0:
		return s.failed("set", net.ErrClosed)
	}
	s.deadline = t
	return nil
}

func (s *lazySocket) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln != nil {
		return s.ln.Close()
	}
	if s.fd < 0 {
		return s.failed("close", net.ErrClosed)
	}
	err := syscall.Close(s.fd)
	s.fd = -1
	return os.NewSyscallError("close", err)
}
