//go:build !unix || aix

package sockets

import "net"

// dropArrived does nothing: package syscall has no read here that does not wait.
func dropArrived(net.Conn) {}
