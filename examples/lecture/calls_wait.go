package main

import (
	"context"
	"errors"

	"applayer/sockets/berkeley"
)

// waiting is a call made in non-blocking mode where it would have to wait:
// that it says so, tells that in blocking mode it waits.
type waiting struct {
	name string
	call func() error
	want error
}

// callsThatWait goes through the calls of the lecture's table that block.
func callsThatWait(ctx context.Context, n *Net) error {
	n.Printf("which calls wait: made in non-blocking mode with nothing there for them, they tell that they would")
	s, done, err := idleSockets(ctx)
	if err != nil {
		return err
	}
	defer done()
	buf := make([]byte, 64<<10)
	for _, w := range []waiting{
		{"accept", func() error { _, _, err := s.welcome.Accept(); return err }, berkeley.ErrWouldBlock},
		{"connect", func() error { return s.client.Connect(s.addr) }, berkeley.ErrInProgress},
		{"recv", func() error { _, err := s.client.Recv(buf, 0); return err }, berkeley.ErrWouldBlock},
		{"send", func() error { return fill(func() error { _, err := s.client.Send(buf, 0); return err }) }, berkeley.ErrWouldBlock},
		{"recvfrom", func() error { _, _, err := s.receiver.RecvFrom(buf, 0); return err }, berkeley.ErrWouldBlock},
		{"sendto", func() error {
			// A datagram to a queue of this host that is full: by UDP the
			// kernel would drop it there.
			return fill(func() error { _, err := s.sender.SendTo(buf[:1], 0, s.queue); return err })
		}, berkeley.ErrWouldBlock},
	} {
		err := w.call()
		if !errors.Is(err, w.want) {
			n.Expect(w.name+" waits", w.want, err)
			continue
		}
		n.Expect(w.name+" waits", w.want.Error(), w.want.Error())
		if w.name == "connect" {
			if err := s.connected(); err != nil {
				return err
			}
		}
	}
	n.Printf("which return at once: socket, bind, listen above had no client; close does not wait for the peer")
	fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	n.Expect("connect to a server that accepts nobody", nil, fd.Connect(s.addr))
	n.Expect("close, octets and peer not looked after", nil, fd.Close())
	return nil
}

// fill repeats a call until it fails.
func fill(call func() error) error {
	for {
		if err := call(); err != nil {
			return err
		}
	}
}

// idle are sockets in non-blocking mode with nothing to do.
type idle struct {
	welcome, client, receiver, sender berkeley.FD
	addr, queue                       berkeley.Sockaddr
}

func idleSockets(ctx context.Context) (s *idle, done func(), err error) {
	s = &idle{}
	var open []func()
	done = func() {
		for _, closeOne := range open {
			closeOne()
		}
	}
	defer func() {
		if err != nil {
			done()
		}
	}()
	for _, one := range []struct {
		fd     *berkeley.FD
		family berkeley.Family
		typ    berkeley.Type
		local  berkeley.Sockaddr
		name   *berkeley.Sockaddr
	}{
		{&s.welcome, berkeley.PF_INET, berkeley.SOCK_STREAM, onLoopbackPort, &s.addr},
		{&s.client, berkeley.PF_INET, berkeley.SOCK_STREAM, nil, nil},
		{&s.receiver, berkeley.PF_UNIX, berkeley.SOCK_DGRAM, berkeley.SockaddrUn{}, &s.queue},
		{&s.sender, berkeley.PF_UNIX, berkeley.SOCK_DGRAM, nil, nil},
	} {
		fd, closeOne, err := callsSocket(ctx, one.family, one.typ)
		if err != nil {
			return nil, nil, err
		}
		open = append(open, closeOne)
		*one.fd = fd
		if err := fd.SetNonblock(true); err != nil {
			return nil, nil, err
		}
		if one.local == nil {
			continue
		}
		if err := fd.Bind(one.local); err != nil {
			return nil, nil, err
		}
		if *one.name, err = fd.GetSockName(); err != nil {
			return nil, nil, err
		}
	}
	if err := s.welcome.Listen(berkeley.SOMAXCONN); err != nil {
		return nil, nil, err
	}
	return s, done, nil
}

// connected waits until the connection that is under way stands.
func (s *idle) connected() error {
	if _, err := berkeley.Poll([]berkeley.PollFD{{FD: s.client, Events: berkeley.POLLOUT}}, sceneTime); err != nil {
		return err
	}
	return s.client.SocketError()
}
