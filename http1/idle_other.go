//go:build !unix

package http1

import "syscall"

// probe cannot tell here whether something waits to be read. A connection that
// has ended shows itself when the next request is sent on it.
type probe struct{}

func newProbe(syscall.RawConn) *probe { return nil }

func (*probe) pending() bool { return false }
