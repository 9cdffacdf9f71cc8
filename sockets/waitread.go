package sockets

import (
	"errors"
	"syscall"
)

// WaitRead blocks until a Read would return at once, with octets, at the end of
// the stream, or with an error; it takes nothing. The deadlines of a Read stand
// on it too, and end it alike. A server that waits so for the next request can
// give its buffer back meanwhile.
//
// The error is [errors.ErrUnsupported] where octets that have arrived may not
// be looked at: over TLS, on transports that are no sockets, and on systems
// other than Unix.
func (c *Conn) WaitRead() error {
	sc, ok := c.wire.base.(syscall.Conn)
	if !ok || !canPeek || c.tls.Load() != nil {
		return errors.ErrUnsupported
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	return c.wire.waitRead(rc)
}

func (w *wire) waitRead(rc syscall.RawConn) error {
	w.in.begin(w.born, w.now())
	for {
		err := rc.Read(hasArrived)
		switch {
		case err == nil:
			return nil
		case !isTimeout(err):
			return w.fail(err)
		}
		if why, over := w.in.over(w.born, w.now()); over {
			return why.explain(err)
		}
	}
}
