//go:build unix

package http1

import "syscall"

// pending tells whether octets, or the end of the connection, wait to be read:
// on a connection without a request neither belongs to anything.
func pending(raw syscall.RawConn) bool {
	found := false
	err := raw.Control(func(fd uintptr) {
		var one [1]byte
		for {
			_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			if err == syscall.EINTR {
				continue
			}
			found = err != syscall.EAGAIN && err != syscall.EWOULDBLOCK
			return
		}
	})
	return found || err != nil
}
