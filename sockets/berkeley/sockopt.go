package berkeley

import (
	"encoding/binary"
	"io"
)

// Levels and options of [FD.SetSockOpt] and [FD.GetSockOpt], with Linux's
// numbers; TCP_NODELAY is of level [IPPROTO_TCP], IPV6_V6ONLY of [IPPROTO_IPV6].
const (
	SOL_SOCKET = 1

	SO_REUSEADDR  = 2
	SO_TYPE       = 3
	SO_ERROR      = 4
	SO_BROADCAST  = 6
	SO_SNDBUF     = 7
	SO_RCVBUF     = 8
	SO_LINGER     = 13
	SO_REUSEPORT  = 15
	SO_RCVTIMEO   = 20
	SO_SNDTIMEO   = 21
	SO_ACCEPTCONN = 30

	TCP_NODELAY = 1
	IPV6_V6ONLY = 26
)

// Linger is what [FD.Close] does with octets that were not sent yet. Off, it
// returns at once and the kernel goes on sending; on, it waits up to that many
// seconds, and with 0 seconds throws them away and resets the connection.
type Linger struct {
	On      bool
	Seconds int
}

// SetSockOpt sets an option to the octets of its C type.
func (fd FD) SetSockOpt(level, option int, value []byte) error {
	return fd.failed("setsockopt", nil, sysSetSockOpt(fd, level, option, value))
}

// GetSockOpt puts an option's value into value and returns its length.
func (fd FD) GetSockOpt(level, option int, value []byte) (int, error) {
	n, err := sysGetSockOpt(fd, level, option, value)
	return n, fd.failed("getsockopt", nil, err)
}

// SetReuseAddr lets Bind take an address whose old connections linger in
// TIME-WAIT.
func (fd FD) SetReuseAddr(on bool) error { return fd.setBool(SOL_SOCKET, SO_REUSEADDR, on) }

// ReuseAddr gives what SetReuseAddr set.
func (fd FD) ReuseAddr() (bool, error) { return fd.bool(SOL_SOCKET, SO_REUSEADDR) }

// SetReusePort lets several sockets, which all ask for it, bind to one address;
// the kernel shares out what comes.
func (fd FD) SetReusePort(on bool) error { return fd.setBool(SOL_SOCKET, SO_REUSEPORT, on) }

// ReusePort gives what SetReusePort set.
func (fd FD) ReusePort() (bool, error) { return fd.bool(SOL_SOCKET, SO_REUSEPORT) }

// SetBroadcast lets datagrams go to broadcast addresses.
func (fd FD) SetBroadcast(on bool) error { return fd.setBool(SOL_SOCKET, SO_BROADCAST, on) }

// Broadcast gives what SetBroadcast set.
func (fd FD) Broadcast() (bool, error) { return fd.bool(SOL_SOCKET, SO_BROADCAST) }

// SetNoDelay turns off Nagle's algorithm, which holds small segments back
// (RFC 9293 §3.7.4).
func (fd FD) SetNoDelay(on bool) error { return fd.setBool(int(IPPROTO_TCP), TCP_NODELAY, on) }

// NoDelay gives what SetNoDelay set.
func (fd FD) NoDelay() (bool, error) { return fd.bool(int(IPPROTO_TCP), TCP_NODELAY) }

// SetV6Only keeps an IPv6 socket from taking IPv4 as well (RFC 3493 §5.3). It
// must come before Bind.
func (fd FD) SetV6Only(on bool) error { return fd.setBool(int(IPPROTO_IPV6), IPV6_V6ONLY, on) }

// V6Only gives what SetV6Only set.
func (fd FD) V6Only() (bool, error) { return fd.bool(int(IPPROTO_IPV6), IPV6_V6ONLY) }

// SetRecvBuffer asks for a receive buffer of so many octets. Linux doubles the
// number, for its own book-keeping, and cuts it to net.core.rmem_max.
func (fd FD) SetRecvBuffer(octets int) error { return fd.setInt(SOL_SOCKET, SO_RCVBUF, octets) }

// RecvBuffer gives the size of the receive buffer as Linux counts it.
func (fd FD) RecvBuffer() (int, error) { return fd.int(SOL_SOCKET, SO_RCVBUF) }

// SetSendBuffer asks for a send buffer of so many octets, as [FD.SetRecvBuffer]
// does for the other direction.
func (fd FD) SetSendBuffer(octets int) error { return fd.setInt(SOL_SOCKET, SO_SNDBUF, octets) }

// SendBuffer gives the size of the send buffer as Linux counts it.
func (fd FD) SendBuffer() (int, error) { return fd.int(SOL_SOCKET, SO_SNDBUF) }

// SetLinger sets what Close does with octets that were not sent yet.
func (fd FD) SetLinger(l Linger) error {
	b := binary.NativeEndian.AppendUint32(nil, uint32(oneIf(l.On)))
	b = binary.NativeEndian.AppendUint32(b, uint32(l.Seconds))
	return fd.SetSockOpt(SOL_SOCKET, SO_LINGER, b)
}

// Linger gives what SetLinger set.
func (fd FD) Linger() (Linger, error) {
	var b [8]byte
	if err := fd.getWhole(SOL_SOCKET, SO_LINGER, b[:]); err != nil {
		return Linger{}, err
	}
	on := binary.NativeEndian.Uint32(b[:]) != 0
	return Linger{On: on, Seconds: int(binary.NativeEndian.Uint32(b[4:]))}, nil
}

// SocketError reads SO_ERROR: the error that waits for this socket, such as
// that of a connect in non-blocking mode or an ICMP message, nil where none
// does. Reading clears it. Where even asking fails, that is the error.
func (fd FD) SocketError() error {
	return fd.failed("getsockopt SO_ERROR", nil, fd.pendingError())
}

// pendingError is SocketError without the name of the call.
func (fd FD) pendingError() error {
	var b [4]byte
	if _, err := sysGetSockOpt(fd, SOL_SOCKET, SO_ERROR, b[:]); err != nil {
		return err
	}
	if n := int(binary.NativeEndian.Uint32(b[:])); n != 0 {
		return errnoOf(n)
	}
	return nil
}

func (fd FD) setBool(level, option int, on bool) error {
	return fd.setInt(level, option, oneIf(on))
}

func (fd FD) bool(level, option int) (bool, error) {
	n, err := fd.int(level, option)
	return err == nil && n != 0, err
}

func (fd FD) setInt(level, option, n int) error {
	return fd.SetSockOpt(level, option, binary.NativeEndian.AppendUint32(nil, uint32(n)))
}

func (fd FD) int(level, option int) (int, error) {
	var b [4]byte
	if err := fd.getWhole(level, option, b[:]); err != nil {
		return -1, err
	}
	return int(int32(binary.NativeEndian.Uint32(b[:]))), nil
}

// getWhole gets an option whose C type has the length of value.
func (fd FD) getWhole(level, option int, value []byte) error {
	n, err := fd.GetSockOpt(level, option, value)
	if err == nil && n != len(value) {
		err = fd.failed("getsockopt", nil, io.ErrUnexpectedEOF)
	}
	return err
}

func oneIf(on bool) int {
	if on {
		return 1
	}
	return 0
}
