//go:build unix

package http1

import "syscall"

// probe looks whether octets, or the end of the connection, wait to be read: on
// a connection without a request neither belongs to anything. It is made once a
// connection, since each use would cost three allocations otherwise.
type probe struct {
	raw   syscall.RawConn
	look  func(fd uintptr)
	one   [1]byte
	found bool
}

func newProbe(raw syscall.RawConn) *probe {
	p := &probe{raw: raw}
	p.look = func(fd uintptr) {
		for {
			_, _, err := syscall.Recvfrom(int(fd), p.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			if err != syscall.EINTR {
				p.found = err != syscall.EAGAIN && err != syscall.EWOULDBLOCK
				return
			}
		}
	}
	return p
}

// pending tells whether something waits.
func (p *probe) pending() bool {
	err := p.raw.Control(p.look)
	return p.found || err != nil
}
