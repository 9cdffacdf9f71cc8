//go:build unix

package sockets

import (
	"os"
	"syscall"
)

const canReadReady = true

// readOnce reads from a socket that does not block; again tells that there is
// nothing yet.
func readOnce(fd uintptr, b []byte) (n int, again bool, err error) {
	for {
		n, err = syscall.Read(int(fd), b)
		switch err {
		case nil:
			return n, false, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, true, nil
		default:
			return 0, false, os.NewSyscallError("read", err)
		}
	}
}
