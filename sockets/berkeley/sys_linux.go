//go:build linux && (amd64 || arm64 || 386)

package berkeley

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

func isInterrupted(err error) bool  { return err == syscall.EINTR }
func isWouldBlock(err error) bool   { return err == syscall.EAGAIN }
func isInProgress(err error) bool   { return err == syscall.EINPROGRESS }
func isBadFD(err error) bool        { return err == syscall.EBADF }
func isNotConnected(err error) bool { return err == syscall.ENOTCONN }

// errnoOf gives the error of an errno read from SO_ERROR.
func errnoOf(n int) error { return syscall.Errno(n) }

// result turns what a call returned into a number and an error.
func result(r uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// storage is sockaddr_storage and its length, which the kernel reads and
// writes.
type storage struct {
	octets [sizeStorage]byte
	len    uint32
}

func newStorage() *storage { return &storage{len: sizeStorage} }

// sockaddr gives what the kernel wrote; nil where it wrote nothing.
func (s *storage) sockaddr() (Sockaddr, error) {
	if s.len == 0 {
		return nil, nil
	}
	return ParseSockaddr(s.octets[:min(s.len, sizeStorage)])
}

func sysSocket(family Family, typ Type, proto Protocol) (FD, error) {
	fd, err := syscall.Socket(int(family), int(typ)|syscall.SOCK_CLOEXEC, int(proto))
	return FD(fd), err
}

func sysBind(fd FD, sa []byte) error {
	_, err := call3(callBind, fd, unsafe.Pointer(unsafe.SliceData(sa)), uintptr(len(sa)))
	return err
}

func sysConnect(fd FD, sa []byte) error {
	_, err := call3(callConnect, fd, unsafe.Pointer(unsafe.SliceData(sa)), uintptr(len(sa)))
	return err
}

func sysListen(fd FD, backlog int) error { return syscall.Listen(int(fd), backlog) }

func sysAccept(fd FD, peer *storage) (FD, error) {
	n, err := callName(callAccept4, fd, peer, syscall.SOCK_CLOEXEC)
	return FD(n), err
}

func sysGetSockName(fd FD, name *storage) error {
	_, err := callName(callGetSockName, fd, name, 0)
	return err
}

func sysGetPeerName(fd FD, name *storage) error {
	_, err := callName(callGetPeerName, fd, name, 0)
	return err
}

func sysSendMsg(fd FD, m *Msg, name []byte, flags Flags) (int, error) {
	h := msghdr(m)
	h.Name, h.Namelen = unsafe.SliceData(name), uint32(len(name))
	n, err := call3(callSendMsg, fd, unsafe.Pointer(h), uintptr(flags))
	runtime.KeepAlive(m)
	return n, err
}

func sysRecvMsg(fd FD, m *Msg, name *storage, flags Flags) (n, control int, err error) {
	h := msghdr(m)
	h.Name, h.Namelen = &name.octets[0], name.len
	n, err = call3(callRecvMsg, fd, unsafe.Pointer(h), uintptr(flags))
	runtime.KeepAlive(m)
	if err != nil {
		return -1, 0, err
	}
	name.len = h.Namelen
	m.Flags = Flags(h.Flags)
	return n, int(h.Controllen), nil
}

// msghdr gives the C struct over m's memory.
func msghdr(m *Msg) *syscall.Msghdr {
	vec := make([]syscall.Iovec, len(m.Buffers))
	for i, b := range m.Buffers {
		vec[i].Base = unsafe.SliceData(b)
		vec[i].SetLen(len(b))
	}
	h := &syscall.Msghdr{Iov: unsafe.SliceData(vec), Control: unsafe.SliceData(m.Control)}
	h.SetControllen(len(m.Control))
	setIovlen(h, len(vec))
	return h
}

func sysShutdown(fd FD, how How) error { return syscall.Shutdown(int(fd), int(how)) }

func sysClose(fd FD) error { return syscall.Close(int(fd)) }

func sysSetSockOpt(fd FD, level, option int, value []byte) error {
	return syscall.SetsockoptString(int(fd), level, option, string(value))
}

func sysSetNonblock(fd FD, on bool) error { return syscall.SetNonblock(int(fd), on) }

// sysDup gives a second descriptor of the same socket.
func sysDup(fd FD) (FD, error) {
	r, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 0)
	n, err := result(r, errno)
	return FD(n), err
}

// pollfd is the C struct.
type pollfd struct {
	fd              int32
	events, revents PollEvents
}

// sysPoll makes ppoll without a signal mask. Linux leaves in the timespec what
// remains of it, so a call after EINTR waits no longer than was asked.
func sysPoll(fds []PollFD, timeout time.Duration) (int, error) {
	c := make([]pollfd, len(fds))
	for i, f := range fds {
		c[i] = pollfd{fd: int32(f.FD), events: f.Events}
	}
	var left *syscall.Timespec
	if timeout >= 0 {
		ts := syscall.NsecToTimespec(int64(timeout))
		left = &ts
	}
	for {
		r, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(c))), uintptr(len(c)),
			uintptr(unsafe.Pointer(left)), 0, 0, 0)
		n, err := result(r, errno)
		if isInterrupted(err) {
			continue
		}
		for i := range c {
			fds[i].Revents = c[i].revents
		}
		return n, err
	}
}
