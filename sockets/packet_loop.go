package sockets

import (
	"errors"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

// What a programmer's mistake gives.
var (
	errNoPacketHandler = errors.New("sockets: PacketServer without a Handler")
	errGoexit          = errors.New("sockets: a packet handler called runtime.Goexit")
)

// serve runs loops reading loops on each of pcs, and the workers behind them.
func (s *PacketServer) serve(pcs []net.PacketConn, loops int) error {
	sockets := make([]*packetSocket, len(pcs))
	for i, pc := range pcs {
		sockets[i] = newPacketSocket(pc, s)
	}
	closeAll := func() {
		for _, k := range sockets {
			k.close()
		}
	}
	defer closeAll()
	if s.Handler == nil {
		return errNoPacketHandler
	}
	if err := s.begin(sockets); err != nil {
		return err
	}
	defer s.end(sockets)
	defer closeAll() // before end: Shutdown promises closed sockets

	var queue *packetQueue
	var workers, readers sync.WaitGroup
	if s.Workers > 0 {
		queue = newPacketQueue(s)
		for range s.Workers {
			workers.Go(func() { queue.work(s, &workers) })
		}
	}
	errs := make([]error, len(sockets)*loops)
	for i := range errs {
		k := sockets[i/loops]
		readers.Go(func() {
			l := &packetLoop{server: s, socket: k, queue: queue}
			errs[i] = errGoexit
			defer func() {
				if errs[i] != ErrServerClosed {
					closeAll() // one loop that fails for good ends its siblings
				}
			}()
			errs[i] = l.run()
		})
	}
	readers.Wait()
	if queue != nil {
		close(queue.waiting)
		workers.Wait()
	}
	if s.Drain != nil {
		s.Drain()
	}
	if s.isClosing() {
		return ErrServerClosed
	}
	return firstCause(errs)
}

// firstCause prefers the error that ended a loop to the net.ErrClosed of the
// siblings that it took along.
func firstCause(errs []error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return errors.Join(errs...)
}

// packetLoop reads from one socket and serves or queues what comes.
type packetLoop struct {
	server *PacketServer
	socket *packetSocket
	queue  *packetQueue // nil: the loop runs the handler
}

func (l *packetLoop) run() error {
	s := l.server
	ps := make([]*Packet, max(s.Batch, 1))
	for i := range ps {
		ps[i] = newPacket(l.socket)
	}
	r := newPacketReader(l.socket, len(ps), l.queue == nil)
	var delay time.Duration
	for {
		n, err := r.read(ps)
		if err != nil {
			r.flush() // what was read before is answered still
		}
		switch {
		case err == nil:
			delay = 0
			l.take(ps[:n])
		case s.isClosing():
			return ErrServerClosed
		case isICMPError(err):
			s.counters.readErrors.Add(1)
		case isShortage(err):
			s.counters.readErrors.Add(1)
			delay = l.backOff(delay, err)
		default:
			return err
		}
	}
}

// take serves or queues ps. Those that it queues it replaces.
func (l *packetLoop) take(ps []*Packet) {
	s := l.server
	s.counters.countPackets(ps)
	var now time.Duration
	if s.rates != nil {
		now = time.Since(s.rates.start)
	}
	for i, p := range ps {
		switch {
		case s.rates != nil && !s.rates.allow(p.peer.Addr(), now):
			s.counters.rateLimited.Add(1)
		case l.queue != nil:
			ps[i] = l.queue.put(p, l.socket)
		default:
			s.servePacket(p)
		}
	}
}

// backOff waits 5 ms, then twice as long each time, up to a second, and logs
// the first of a row.
func (l *packetLoop) backOff(delay time.Duration, err error) time.Duration {
	if delay == 0 {
		l.server.log().Warn("sockets: reading packets waits", slog.Any("err", err))
	}
	delay = min(max(2*delay, 5*time.Millisecond), time.Second)
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.server.ctx.Done():
	}
	return delay
}

// servePacket runs the handler; a panic ends the packet alone.
func (s *PacketServer) servePacket(p *Packet) {
	defer s.survivePanic(p)
	s.Handler.ServePacket(s.ctx, p)
}

func (s *PacketServer) survivePanic(p *Packet) {
	v := recover()
	if v == nil {
		return
	}
	s.counters.panics.Add(1)
	s.log().Error("sockets: panic in a packet handler", slog.Any("peer", p.SourceAddr()),
		slog.Any("err", v), slog.String("stack", string(debug.Stack())))
}

// isShortage tells errors that pass when the system has memory again.
func isShortage(err error) bool {
	return errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

// isICMPError tells errors that the network reported for an earlier packet;
// the socket is as good as before. RFC 1122 §4.1.3.3 has UDP pass them up.
func isICMPError(err error) bool {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return false
	}
	switch no {
	case syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
		syscall.EHOSTDOWN, syscall.EMSGSIZE, syscall.ENOPROTOOPT:
		return true
	}
	return isSystemICMPError(no)
}
