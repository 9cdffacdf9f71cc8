package berkeley

// Socket makes a socket, which has no address yet. The descriptor is closed in
// programs that this one starts (SOCK_CLOEXEC). It returns at once.
func Socket(family Family, typ Type, proto Protocol) (FD, error) {
	fd, err := sysSocket(family, typ, proto)
	if err != nil {
		return -1, &CallError{Call: "socket", FD: -1, Err: err}
	}
	return fd, nil
}

// Bind gives the socket an address of this host. Port 0 lets the kernel choose
// one; [FD.GetSockName] tells which. A client need not bind. It returns at once.
func (fd FD) Bind(sa Sockaddr) error {
	return fd.withAddr("bind", sa, func(b []byte) error {
		return again(func() error { return sysBind(fd, b) })
	})
}

// Listen makes the socket one that only welcomes: up to backlog connections
// wait in it for [FD.Accept], and it carries no data itself. It returns at once.
func (fd FD) Listen(backlog int) error {
	return fd.failed("listen", nil, sysListen(fd, backlog))
}

// Accept waits for a connection and gives a new socket for it, in blocking
// mode, and the address of the client. ECONNABORTED tells that a client went
// away while it waited; others may be accepted then.
func (fd FD) Accept() (FD, Sockaddr, error) {
	var nfd FD
	peer := newStorage()
	err := again(func() (err error) {
		peer = newStorage()
		nfd, err = sysAccept(fd, peer)
		return err
	})
	if err != nil {
		return -1, nil, fd.failed("accept", nil, err)
	}
	sa, err := peer.sockaddr()
	if err != nil {
		nfd.Close()
		return -1, nil, fd.failed("accept", nil, err)
	}
	return nfd, sa, nil
}

// Connect gives the socket its peer. On a stream it waits until the connection
// stands or is refused; in non-blocking mode it gives [ErrInProgress] instead.
// On datagrams it sends nothing and returns at once. A signal that interrupts
// the call does not interrupt the connecting, which is then waited for.
func (fd FD) Connect(sa Sockaddr) error {
	return fd.withAddr("connect", sa, func(b []byte) error {
		for {
			err := sysConnect(fd, b)
			if !isInterrupted(err) {
				return err
			}
			if err := fd.awaitConnect(); !isNotConnected(err) {
				return err
			}
			// Nothing is under way: a Unix-domain socket that waited for room
			// in the backlog gave up its place.
		}
	})
}

// awaitConnect waits until a connection that is under way stands, and gives
// its error. ENOTCONN tells that none was under way.
func (fd FD) awaitConnect() error {
	if _, err := sysPoll([]PollFD{{FD: fd, Events: POLLOUT}}, -1); err != nil {
		return err
	}
	return fd.connected()
}

// connected tells how a connect in non-blocking mode went, ENOTCONN when it is
// not over.
func (fd FD) connected() error {
	if err := fd.pendingError(); err != nil {
		return err
	}
	return sysGetPeerName(fd, newStorage())
}

// Send sends p to the peer of a connected socket, and waits while there is no
// room. It returns how many octets went into the kernel's buffer: all of them
// in blocking mode, as a rule; perhaps fewer in non-blocking mode.
func (fd FD) Send(p []byte, flags Flags) (int, error) {
	n, err := againN(func() (int, error) { return sysSendTo(fd, p, flags, nil) })
	return n, fd.failed("send", nil, err)
}

// Recv waits for octets and puts them into p. It returns how many; on a stream
// 0 is the end (for a p that is not empty). A datagram longer than p is cut.
func (fd FD) Recv(p []byte, flags Flags) (int, error) {
	n, err := againN(func() (int, error) { return sysRecvFrom(fd, p, flags, nil) })
	return n, fd.failed("recv", nil, err)
}

// SendTo sends p as one datagram to an address, and waits while there is no
// room. On a connected socket to may be nil.
func (fd FD) SendTo(p []byte, flags Flags, to Sockaddr) (int, error) {
	n := -1
	err := fd.withAddr("sendto", to, func(b []byte) (err error) {
		n, err = againN(func() (int, error) { return sysSendTo(fd, p, flags, b) })
		return err
	})
	return n, err
}

// RecvFrom waits for a datagram, puts it into p and gives the address of its
// sender, nil where the sender has none. A datagram longer than p is cut; with
// [MSG_TRUNC] the whole length is returned all the same.
func (fd FD) RecvFrom(p []byte, flags Flags) (int, Sockaddr, error) {
	var from *storage
	n, err := againN(func() (int, error) {
		from = newStorage()
		return sysRecvFrom(fd, p, flags, from)
	})
	if err != nil {
		return -1, nil, fd.failed("recvfrom", nil, err)
	}
	sa, err := from.sockaddr()
	if err != nil {
		return -1, nil, fd.failed("recvfrom", nil, err)
	}
	return n, sa, nil
}

// SendMsg sends the buffers of m as one piece, with control data, to m.Name or
// to the peer.
func (fd FD) SendMsg(m *Msg, flags Flags) (int, error) {
	n := -1
	err := fd.withAddr("sendmsg", m.Name, func(b []byte) (err error) {
		n, err = againN(func() (int, error) { return sysSendMsg(fd, m, b, flags) })
		return err
	})
	return n, err
}

// RecvMsg fills the buffers of m, sets m.Name and m.Flags, and cuts m.Control
// to what came. Descriptors that come as control data are closed in programs
// that this one starts if [MSG_CMSG_CLOEXEC] is given.
func (fd FD) RecvMsg(m *Msg, flags Flags) (int, error) {
	var from *storage
	var control int
	n, err := againN(func() (n int, err error) {
		from = newStorage()
		n, control, err = sysRecvMsg(fd, m, from, flags)
		return n, err
	})
	if err != nil {
		return -1, fd.failed("recvmsg", nil, err)
	}
	m.Control = m.Control[:control]
	m.Name, err = from.sockaddr()
	if err != nil {
		return -1, fd.failed("recvmsg", nil, err)
	}
	return n, nil
}

// Shutdown ends one direction or both, for every descriptor of the socket: after
// [SHUT_WR] the peer reads what is left and then the end. It wakes those who
// wait in Recv or Accept.
func (fd FD) Shutdown(how How) error {
	return fd.failed("shutdown", nil, sysShutdown(fd, how))
}

// Close gives the descriptor back. It is not made again after EINTR: Linux has
// released the descriptor by then, and another thread may have got the number.
func (fd FD) Close() error {
	return fd.failed("close", nil, sysClose(fd))
}

// GetSockName gives the socket's own address.
func (fd FD) GetSockName() (Sockaddr, error) {
	return fd.name("getsockname", sysGetSockName)
}

// GetPeerName gives the address of the peer of a connected socket.
func (fd FD) GetPeerName() (Sockaddr, error) {
	return fd.name("getpeername", sysGetPeerName)
}

func (fd FD) name(call string, ask func(FD, *storage) error) (Sockaddr, error) {
	name := newStorage()
	if err := ask(fd, name); err != nil {
		return nil, fd.failed(call, nil, err)
	}
	sa, err := name.sockaddr()
	return sa, fd.failed(call, nil, err)
}

// SetNonblock turns non-blocking mode on or off, for every descriptor of the
// socket. In that mode a call that would wait gives [ErrWouldBlock].
func (fd FD) SetNonblock(on bool) error {
	return fd.failed("fcntl", nil, sysSetNonblock(fd, on))
}

// withAddr makes a call that takes an address.
func (fd FD) withAddr(call string, sa Sockaddr, do func([]byte) error) error {
	if sa == nil {
		return fd.failed(call, nil, do(nil))
	}
	b, err := sa.Marshal()
	if err != nil {
		return fd.failed(call, sa, err)
	}
	return fd.failed(call, sa, do(b))
}

// failed names the call in an error; nil stays nil.
func (fd FD) failed(call string, sa Sockaddr, err error) error {
	if err == nil {
		return nil
	}
	return &CallError{Call: call, FD: fd, Addr: sa, Err: err}
}

// again makes a call until no signal interrupts it.
func again(call func() error) error {
	for {
		if err := call(); !isInterrupted(err) {
			return err
		}
	}
}

// againN is again for a call that returns a number.
func againN(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !isInterrupted(err) {
			return n, err
		}
	}
}
