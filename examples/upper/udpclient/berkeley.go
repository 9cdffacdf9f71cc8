package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"applayer/sockets/berkeley"
)

// calls is a socket of the Berkeley calls. It is not connected: sendto names
// the server each time.
type calls struct {
	fd     berkeley.FD
	server berkeley.Sockaddr
	path   string
	client *client
}

func (c *client) openCalls() (socket, error) {
	server, err := c.sockaddr()
	if err != nil {
		return nil, err
	}
	fd, err := berkeley.Socket(server.Family(), berkeley.SOCK_DGRAM, 0)
	if err != nil {
		return nil, err
	}
	s := &calls{fd: fd, server: server, client: c}
	if server.Family() == berkeley.PF_UNIX {
		if s.path, err = ownPath(); err == nil {
			err = fd.Bind(berkeley.SockaddrUn{Name: s.path})
		}
		if err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (c *client) sockaddr() (berkeley.Sockaddr, error) {
	if c.network == "unixgram" {
		return berkeley.SockaddrUn{Name: c.local}, nil
	}
	a, err := net.ResolveUDPAddr(c.network, c.local)
	if err != nil {
		return nil, err
	}
	return berkeley.SockaddrFrom(a.AddrPort())
}

func (s *calls) send(b []byte) error {
	_, err := s.fd.SendTo(b, 0, s.server)
	if err == nil && s.client.transcript != nil {
		s.client.transcript.Add("", false, string(b))
	}
	return err
}

// receive polls, because recvfrom alone would wait for ever.
func (s *calls) receive(ctx context.Context, b []byte) (int, error) {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		if errors.Is(ctx.Err(), context.Canceled) {
			s.fd.Shutdown(berkeley.SHUT_RD) // ends the poll
		}
	})
	defer func() {
		if !stop() {
			<-woken
		}
	}()
	deadline, _ := ctx.Deadline()
	for {
		n, err := berkeley.Poll([]berkeley.PollFD{{FD: s.fd, Events: berkeley.POLLIN}}, max(time.Until(deadline), 0))
		switch {
		case err != nil:
			return 0, err
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case n == 0:
			return 0, os.ErrDeadlineExceeded
		}
		m, from, err := s.fd.RecvFrom(b, 0)
		if err != nil {
			return 0, err
		}
		if from != s.server {
			continue // anyone may send to us; only the server answers
		}
		if s.client.transcript != nil {
			s.client.transcript.Add("", true, string(b[:m]))
		}
		return m, nil
	}
}

func (s *calls) Close() error {
	defer removePath(s.path)
	return s.fd.Close()
}
