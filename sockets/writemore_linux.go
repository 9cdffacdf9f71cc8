package sockets

import (
	"os"
	"syscall"
)

const canWriteMore = true

// sendMore is sendNow, and says that more follows.
func sendMore(fd uintptr, b []byte) (n int, again bool, err error) {
	return sendNow(fd, b, syscall.MSG_MORE)
}

// sendNow sends to a socket that does not block; again tells that it takes
// nothing yet.
func sendNow(fd uintptr, b []byte, flags int) (n int, again bool, err error) {
	for {
		n, err = syscall.SendmsgN(int(fd), b, nil, nil, flags|syscall.MSG_NOSIGNAL)
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
