//go:build !mips && !mipsle && !mips64 && !mips64le

package sockets

import "syscall"

// soReusePort is SO_REUSEPORT; package syscall lacks it on amd64 and 386.
const soReusePort = 15

// reusePort lets a socket share its port with others of the same user.
var reusePort = func(network, address string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1)
	}); e != nil {
		return e
	}
	return err
}
