//go:build unix

package sockets

import (
	"os"
	"strings"
	"syscall"
)

// reuseAddr lets a local port be used again while an earlier connection from
// it lies in TIME_WAIT: FTP's data port, 20, is one port for all transfers. A
// port that another socket listens on stays refused. Datagram sockets are left
// alone: there it would let two sockets share a port.
func reuseAddr(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var err error
	ctl := c.Control(func(fd uintptr) {
		err = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	})
	if ctl != nil {
		return ctl
	}
	return err
}
