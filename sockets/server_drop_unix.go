//go:build unix && !aix

package sockets

import (
	"net"
	"syscall"
)

// maxDropped bounds what is read of a connection only to be dropped.
const maxDropped = 64 << 10

// dropArrived takes out of nc's socket what has arrived, without waiting for
// more.
func dropArrived(nc net.Conn) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		b := make([]byte, 8<<10)
		for range maxDropped / len(b) {
			n, _, err := syscall.Recvfrom(int(fd), b, syscall.MSG_DONTWAIT)
			if err != nil || n <= 0 {
				return
			}
		}
	})
}
