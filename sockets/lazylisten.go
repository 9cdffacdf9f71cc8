package sockets

import (
	"context"
	"fmt"
	"net"
	"time"
)

// LazyListener listens on a TCP port where few connections come, and soon, such
// as a passive data port of FTP. It is a net.Listener.
//
// Package net has the kernel watch each socket from the moment it is made, and
// a thread is woken for whatever happens on one, whether anybody waits for it or
// not. On Linux a LazyListener has its socket watched only once Accept has to
// wait, and that of a connection from [LazyListener.TryAccept] only once a call
// on it has to. Who accepts a connection that stands already, writes what goes
// into its buffer and closes it needs half of the system calls, and wakes
// nobody. On other systems all is as in package net.
//
// All methods may be called from several goroutines.
type LazyListener struct{ socket lazySocket }

// ListenLazy listens on addr, a host and a port, as [net.Listen] does, but
// without multipath TCP. What is not an IP address with a port of its own is
// listened to as package net does it.
func ListenLazy(ctx context.Context, network, addr string) (*LazyListener, error) {
	l := new(LazyListener)
	if err := l.socket.listen(ctx, network, addr); err != nil {
		return nil, err
	}
	return l, nil
}

// Addr returns the address that is listened on.
func (l *LazyListener) Addr() net.Addr { return l.socket.addr }

// Accept waits for the next connection.
func (l *LazyListener) Accept() (net.Conn, error) { return l.socket.accept() }

// TryAccept returns the next connection if it stands already, and nil if not.
// Where the system cannot tell, it waits for a moment.
func (l *LazyListener) TryAccept() (net.Conn, error) { return l.socket.tryAccept() }

// SetDeadline bounds how long Accept waits; the zero time is no bound.
func (l *LazyListener) SetDeadline(t time.Time) error { return l.socket.setDeadline(t) }

// Close stops listening, and ends an Accept under way.
func (l *LazyListener) Close() error { return l.socket.close() }

// listenConfig does without multipath TCP, whose sockets cost more to make.
var listenConfig = func() (lc net.ListenConfig) {
	lc.SetMultipathTCP(false)
	return lc
}()

// listenTCP is package net's listener.
func listenTCP(ctx context.Context, network, addr string) (*net.TCPListener, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, fmt.Errorf("sockets: listen %s: %w", addr, net.UnknownNetworkError(network))
	}
	l, err := listenConfig.Listen(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}
