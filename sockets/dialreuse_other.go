//go:build !unix

package sockets

import "syscall"

// reuseAddr does nothing: on Windows SO_REUSEADDR would let us take a port from
// another process.
func reuseAddr(string, string, syscall.RawConn) error { return nil }
