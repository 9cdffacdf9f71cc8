//go:build !linux

package sockets

import (
	"context"
	"net"
	"time"
)

// lazySocket is a listener of package net.
type lazySocket struct {
	addr net.Addr
	ln   *net.TCPListener
}

func (s *lazySocket) listen(ctx context.Context, network, addr string) (err error) {
	if s.ln, err = listenTCP(ctx, network, addr); err == nil {
		s.addr = s.ln.Addr()
	}
	return err
}

func (s *lazySocket) accept() (net.Conn, error) { return s.ln.Accept() }

// moment bounds the look into the system's queue.
const moment = time.Millisecond

func (s *lazySocket) tryAccept() (net.Conn, error) {
	s.ln.SetDeadline(time.Now().Add(moment))
	defer s.ln.SetDeadline(time.Time{})
	nc, err := s.ln.Accept()
	if isTimeout(err) {
		return nil, nil
	}
	return nc, err
}

func (s *lazySocket) setDeadline(t time.Time) error { return s.ln.SetDeadline(t) }

func (s *lazySocket) close() error { return s.ln.Close() }
