//go:build linux || darwin

package telnet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"unsafe"
)

var errNoUrgent = fmt.Errorf("telnet: urgent data: %w", errors.ErrUnsupported)

func rawOf(c *net.TCPConn) (syscall.RawConn, error) { return c.SyscallConn() }

func prepareUrgent(raw syscall.RawConn) error {
	return control(raw, func(fd uintptr) error {
		return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1))
	})
}

func sendUrgent(raw syscall.RawConn, b []byte) (n int, err error) {
	waited := raw.Write(func(fd uintptr) bool {
		for n < len(b) {
			m, errno := syscall.SendmsgN(int(fd), b[n:], nil, nil, syscall.MSG_OOB|noSignal)
			switch errno {
			case nil:
				n += m
			case syscall.EINTR:
			case syscall.EAGAIN:
				return false
			default:
				err = os.NewSyscallError("sendmsg", errno)
				return true
			}
		}
		return true
	})
	if waited != nil {
		err = waited
	}
	return n, err
}

func atMark(raw syscall.RawConn) (at bool, err error) {
	err = control(raw, func(fd uintptr) error {
		var mark int32
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.SIOCATMARK, uintptr(unsafe.Pointer(&mark)))
		if errno != 0 {
			return os.NewSyscallError("ioctl", errno)
		}
		at = mark != 0
		return nil
	})
	return at, err
}

// pollFD is struct pollfd.
type pollFD struct {
	fd              int32
	events, revents int16
}

// pollPri is POLLPRI, which Linux and macOS number alike.
const pollPri = 2

func urgentPending(raw syscall.RawConn) (pending bool, err error) {
	err = control(raw, func(fd uintptr) error {
		p := pollFD{fd: int32(fd), events: pollPri}
		if errno := pollNow(&p); errno != 0 && errno != syscall.EINTR {
			return os.NewSyscallError("poll", errno)
		}
		pending = p.revents&pollPri != 0
		return nil
	})
	return pending, err
}

// control runs f on the descriptor.
func control(raw syscall.RawConn, f func(fd uintptr) error) error {
	var err error
	if closed := raw.Control(func(fd uintptr) { err = f(fd) }); closed != nil {
		return closed
	}
	return err
}
