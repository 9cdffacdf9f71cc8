package link

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A packet of the handshake is sent again after 1 s (RFC 6298 §2.1), doubled
// each time, 6 times as Linux does it.
const (
	handshakeRTO     = time.Second
	handshakeRetries = 6
)

// leg is how long one packet of a handshake takes; ok is false if it never
// arrives.
func (l *Link) leg(rng *rand.Rand) (d time.Duration, ok bool) {
	rto := handshakeRTO
	for range handshakeRetries + 1 {
		chance := l.draw(rng)
		if !chance.lost {
			return d + l.propagation(chance.jitter[0]), true
		}
		d, rto = d+rto, 2*rto
	}
	return d, false
}

// Dialer wraps a dial function (nil is that of package net): a stream takes a
// round trip to open, and a refusal as long to arrive; the result is shaped
// as [Link.Conn] does.
func (l *Link) Dialer(dial func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, network, addr string) (net.Conn, error) {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if stream(network) {
			return l.dial(ctx, network, addr, dial)
		}
		nc, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return l.Conn(nc), nil
	}
}

func (l *Link) dial(ctx context.Context, network, addr string, dial func(ctx context.Context, network, addr string) (net.Conn, error)) (net.Conn, error) {
	number := l.number()
	rng := l.chance(number, chanceHandshake)
	if err := l.travel(ctx, rng); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	nc, err := dial(ctx, network, addr)
	if err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) && l.travel(ctx, rng) != nil {
			err = &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		}
		return nil, err
	}
	if err := l.travel(ctx, rng); err != nil {
		nc.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Addr: nc.RemoteAddr(), Err: err}
	}
	// The server's process sees the connection when our acknowledgment is
	// there.
	return l.newConn(number, nc, time.Now().Add(l.Delay)), nil
}

// travel waits while a packet of the handshake is under way.
func (l *Link) travel(ctx context.Context, rng *rand.Rand) error {
	d, ok := l.leg(rng)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !ok {
		return os.NewSyscallError("connect", syscall.ETIMEDOUT)
	}
	return nil
}

// pending is how many connections wait in a listener.
const pending = 128

// Listener shapes the connections that inner accepts. Accept gives each when
// its handshake is over, one and a half round trips after inner had it.
func (l *Link) Listener(inner net.Listener) net.Listener {
	l.init()
	s := &listener{link: l, inner: inner}
	s.cond = sync.NewCond(&s.mu)
	s.alarm.ring = s.wake
	return s
}

type listener struct {
	link  *Link
	inner net.Listener
	wg    sync.WaitGroup

	mu        sync.Mutex
	cond      *sync.Cond
	queue     []accepted
	accepting bool // a goroutine waits in inner.Accept
	closed    bool
	alarm     alarm
}

type accepted struct {
	conn *conn
	err  error
	at   time.Time // Accept returns it from then on
}

func (s *listener) Accept() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		now := time.Now()
		if len(s.queue) > 0 && !s.queue[0].at.After(now) {
			a := s.queue[0]
			s.queue = s.queue[1:]
			s.cond.Broadcast()
			if a.err != nil {
				return nil, a.err
			}
			return a.conn, nil
		}
		if s.closed {
			return nil, &net.OpError{Op: "accept", Net: s.Addr().Network(), Addr: s.Addr(), Err: net.ErrClosed}
		}
		if len(s.queue) > 0 {
			s.alarm.set(s.queue[0].at)
		} else if !s.accepting {
			s.accepting = true
			s.wg.Go(s.acceptAll)
		}
		s.cond.Wait()
	}
}

// acceptAll queues what inner accepts until it gives an error; Accept starts
// it again once that one was told.
func (s *listener) acceptAll() {
	for {
		nc, err := s.inner.Accept()
		a := accepted{err: err, at: time.Now()}
		if err == nil {
			a = s.shape(nc)
		}
		s.mu.Lock()
		for len(s.queue) >= pending && !s.closed {
			s.cond.Wait()
		}
		if s.closed && a.conn != nil {
			s.mu.Unlock()
			a.conn.abort()
			continue
		}
		s.queue = append(s.queue, a)
		s.accepting = err == nil
		s.cond.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// shape lets the handshake take its time: the client's first octets leave
// after a round trip, the server learns of it half a round trip later.
func (s *listener) shape(nc net.Conn) accepted {
	number := s.link.number()
	rng := s.link.chance(number, chanceHandshake)
	at := time.Now()
	for range 2 {
		d, _ := s.link.leg(rng)
		at = at.Add(d)
	}
	return accepted{conn: s.link.newConn(number, nc, at), at: at.Add(s.link.Delay)}
}

// Close closes inner and the connections that nobody accepted.
func (s *listener) Close() error {
	s.mu.Lock()
	queue := s.queue
	s.closed, s.queue = true, nil
	s.alarm.stop()
	s.cond.Broadcast()
	s.mu.Unlock()
	err := s.inner.Close()
	for _, a := range queue {
		if a.conn != nil {
			a.conn.abort()
		}
	}
	s.wg.Wait()
	return err
}

func (s *listener) Addr() net.Addr { return s.inner.Addr() }

func (s *listener) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cond.Broadcast()
}

// abort closes without delivering anything.
func (c *conn) abort() {
	c.nc.Close()
	c.Close()
}
