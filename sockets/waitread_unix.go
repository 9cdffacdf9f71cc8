//go:build unix

package sockets

import "syscall"

const canPeek = true

// hasArrived tells whether a recv on the socket would not block.
func hasArrived(fd uintptr) bool {
	var b [1]byte
	for {
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return false
		}
		return true
	}
}
