package berkeley

import (
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// Polled makes the calls on a descriptor that the runtime's poller watches: a
// call that has to wait parks its goroutine and holds no thread. It is for a
// server with many sockets that wants the calls by name.
//
// Deadlines work as in package net: a call that is late gives
// [os.ErrDeadlineExceeded]. Close wakes those who wait, with [net.ErrClosed].
// A Polled may be shared among goroutines.
type Polled struct {
	raw  syscall.RawConn
	conn interface{ SetDeadline(time.Time) error }
	// file is ours to close; nil when the connection belongs to the caller.
	file   *os.File
	closed atomic.Bool
}

// NewPolled makes the calls available on a connection of package net, or on
// another thing that has a descriptor on the poller. The connection stays the
// caller's, who closes it. A listener of package net is used by a second
// descriptor, since its own does not let others accept: close the Polled too.
func NewPolled(c syscall.Conn) (*Polled, error) {
	if l, ok := c.(interface {
		net.Listener
		File() (*os.File, error)
	}); ok {
		f, err := l.File()
		if err != nil {
			return nil, err
		}
		return polledFile(f)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	p := &Polled{raw: raw}
	p.conn, _ = c.(interface{ SetDeadline(time.Time) error })
	return p, nil
}

// Polled hands the socket over to the poller and puts it into non-blocking
// mode. The descriptor is the Polled's from then on; on an error it stays open
// and is still the caller's.
func (fd FD) Polled() (*Polled, error) {
	if err := fd.SetNonblock(true); err != nil {
		return nil, err
	}
	return polledFile(os.NewFile(uintptr(fd), "socket"))
}

func polledFile(f *os.File) (*Polled, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Polled{raw: raw, conn: f, file: f}, nil
}

// SetDeadline bounds the calls under way and those to come; the zero time
// bounds none.
func (p *Polled) SetDeadline(t time.Time) error {
	if p.conn == nil {
		return os.ErrNoDeadline
	}
	return p.conn.SetDeadline(t)
}

// Close closes the descriptor if it is the Polled's own.
func (p *Polled) Close() error {
	if p.file == nil {
		return nil
	}
	p.closed.Store(true)
	if err := p.file.Close(); err != nil {
		return net.ErrClosed
	}
	return nil
}

// woken gives the error with which the poller ended a wait. That of a file
// that was closed has no exported name.
func (p *Polled) woken(err error) error {
	if p.closed.Load() {
		return net.ErrClosed
	}
	return err
}

// Control gives do the descriptor for a call that does not wait, such as
// [FD.GetSockName] or [FD.SetNoDelay], and returns do's error.
func (p *Polled) Control(do func(FD) error) error {
	var err error
	if cerr := p.raw.Control(func(fd uintptr) { err = do(FD(fd)) }); cerr != nil {
		return p.woken(cerr)
	}
	return err
}

// Recv is [FD.Recv], waiting on the poller.
func (p *Polled) Recv(b []byte, flags Flags) (n int, err error) {
	err = p.read(func(fd FD) error {
		n, err = fd.Recv(b, flags)
		return err
	})
	return failedN(n, err), err
}

// RecvFrom is [FD.RecvFrom], waiting on the poller.
func (p *Polled) RecvFrom(b []byte, flags Flags) (n int, from Sockaddr, err error) {
	err = p.read(func(fd FD) error {
		n, from, err = fd.RecvFrom(b, flags)
		return err
	})
	return failedN(n, err), from, err
}

// RecvMsg is [FD.RecvMsg], waiting on the poller.
func (p *Polled) RecvMsg(m *Msg, flags Flags) (n int, err error) {
	err = p.read(func(fd FD) error {
		n, err = fd.RecvMsg(m, flags)
		return err
	})
	return failedN(n, err), err
}

// Accept is [FD.Accept], waiting on the poller. The new socket is in blocking
// mode; [FD.Polled] or [FileConn] puts it on the poller as well.
func (p *Polled) Accept() (nfd FD, peer Sockaddr, err error) {
	err = p.read(func(fd FD) error {
		nfd, peer, err = fd.Accept()
		return err
	})
	if err != nil {
		return -1, nil, err
	}
	return nfd, peer, nil
}

// Send is [FD.Send], waiting on the poller. It returns when some octets went
// out, perhaps not all.
func (p *Polled) Send(b []byte, flags Flags) (n int, err error) {
	err = p.write(func(fd FD) error {
		n, err = fd.Send(b, flags)
		return err
	})
	return failedN(n, err), err
}

// SendTo is [FD.SendTo], waiting on the poller.
func (p *Polled) SendTo(b []byte, flags Flags, to Sockaddr) (n int, err error) {
	err = p.write(func(fd FD) error {
		n, err = fd.SendTo(b, flags, to)
		return err
	})
	return failedN(n, err), err
}

// SendMsg is [FD.SendMsg], waiting on the poller.
func (p *Polled) SendMsg(m *Msg, flags Flags) (n int, err error) {
	err = p.write(func(fd FD) error {
		n, err = fd.SendMsg(m, flags)
		return err
	})
	return failedN(n, err), err
}

// Connect is [FD.Connect], waiting on the poller. Where a Unix-domain listener
// has no room in its backlog it gives [ErrWouldBlock], since Linux does not
// tell when there is room.
func (p *Polled) Connect(sa Sockaddr) error {
	begun := false
	var cerr error
	err := p.raw.Write(func(s uintptr) bool {
		fd := FD(s)
		if !begun {
			begun = true
			cerr = fd.Connect(sa)
			return !isInProgress(causeOf(cerr))
		}
		err := fd.connected()
		if isNotConnected(err) {
			// A wake-up left over from before the call.
			return false
		}
		cerr = fd.failed("connect", sa, err)
		return true
	})
	if err != nil {
		return p.woken(err)
	}
	return cerr
}

// read makes a call, again each time that the poller says it need not wait.
func (p *Polled) read(call func(FD) error) error { return p.park(p.raw.Read, call) }

func (p *Polled) write(call func(FD) error) error { return p.park(p.raw.Write, call) }

func (p *Polled) park(wait func(func(uintptr) bool) error, call func(FD) error) error {
	var err error
	werr := wait(func(fd uintptr) bool {
		err = call(FD(fd))
		return !isWouldBlock(causeOf(err))
	})
	if werr != nil {
		return p.woken(werr)
	}
	return err
}

// causeOf gives what a *CallError wraps.
func causeOf(err error) error {
	if ce, ok := err.(*CallError); ok {
		return ce.Err
	}
	return err
}

// failedN is the number of a call: −1 with an error.
func failedN(n int, err error) int {
	if err != nil {
		return -1
	}
	return n
}
