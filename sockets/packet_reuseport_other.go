//go:build !linux || mips || mipsle || mips64 || mips64le

package sockets

import "syscall"

// reusePort is nil: elsewhere the option is missing, or does not spread
// sources over the sockets.
var reusePort func(network, address string, c syscall.RawConn) error
