package sockets

import "os"

// reserve is a descriptor held for the moment when there is no other: closed,
// it leaves room to accept one connection and refuse it.
type reserve struct {
	f *os.File
}

// open takes the descriptor if it is not held. Without one to have, it is had
// when Accept works again.
func (r *reserve) open() {
	if r.f == nil {
		r.f, _ = os.Open(os.DevNull) // nil on error
	}
}

// close gives it up and reports whether it was held.
func (r *reserve) close() bool {
	if r.f == nil {
		return false
	}
	r.f.Close()
	r.f = nil
	return true
}
