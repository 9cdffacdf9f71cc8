//go:build !unix

package http1

import "syscall"

// pending cannot tell here. A connection that has ended shows itself when the
// next request is sent on it.
func pending(syscall.RawConn) bool { return false }
