package sockets

import (
	"os"
	"syscall"
)

const canWriteMore = true

// sendMore sends to a socket that does not block; again tells that it takes
// nothing yet.
func sendMore(fd uintptr, b []byte) (n int, again bool, err error) {
	for {
		n, err = syscall.SendmsgN(int(fd), b, nil, nil, syscall.MSG_MORE|syscall.MSG_NOSIGNAL)
		switch err {
		case nil:
			return n, false, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, true, nil
		default:
			return 0, false, os.NewSyscallError("sendmsg", err)
		}
	}
}
