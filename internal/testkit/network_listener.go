package testkit

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// backlog is how many connections wait to be accepted.
const backlog = 128

type listener struct {
	network *Network
	local   endpoint

	mu       sync.Mutex
	cond     *sync.Cond
	waiting  []*conn // accepted by nobody yet
	closed   bool
	deadline deadline
}

func newListener(n *Network, e endpoint) *listener {
	l := &listener{network: n, local: e}
	l.cond = sync.NewCond(&l.mu)
	return l
}

// connect queues one end of a new connection and returns the other. As with
// a kernel, it does not wait for Accept.
func (l *listener) connect(ctx context.Context, from, to endpoint) (*conn, error) {
	stop := context.AfterFunc(ctx, l.wake)
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case len(l.waiting) < backlog:
			client, server := pipe(DefaultBuffer, from.netAddr(), to.netAddr())
			l.waiting = append(l.waiting, server)
			l.cond.Broadcast()
			return client, nil
		}
		l.cond.Wait()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, l.opError("accept", net.ErrClosed)
		case l.deadline.passed():
			return nil, l.opError("accept", os.ErrDeadlineExceeded)
		case len(l.waiting) > 0:
			c := l.waiting[0]
			l.waiting = l.waiting[1:]
			l.cond.Broadcast()
			return c, nil
		}
		l.cond.Wait()
	}
}

// Close stops listening and resets connections that nobody accepted.
func (l *listener) Close() error {
	l.mu.Lock()
	closed, waiting := l.closed, l.waiting
	l.closed, l.waiting = true, nil
	l.deadline.stop()
	l.cond.Broadcast()
	l.mu.Unlock()
	if closed {
		return l.opError("close", net.ErrClosed)
	}
	l.network.mu.Lock()
	delete(l.network.listeners, l.local)
	l.network.mu.Unlock()
	for _, c := range waiting {
		c.SetLinger(0)
		c.Close()
	}
	return nil
}

func (l *listener) Addr() net.Addr { return l.local.netAddr() }

// SetDeadline bounds Accept, as that of *net.TCPListener.
func (l *listener) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return l.opError("set", net.ErrClosed)
	}
	l.deadline.set(t, l.wake)
	l.cond.Broadcast()
	return nil
}

func (l *listener) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cond.Broadcast()
}

func (l *listener) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: l.local.proto, Addr: l.local.netAddr(), Err: err}
}
