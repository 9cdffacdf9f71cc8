package sockets

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// PacketServer serves datagrams: UDP, Unix-domain datagrams, or any other
// net.PacketConn. Its zero value with a Handler is ready to use. Its fields
// must not change after the first call of Serve or ListenAndServe.
//
// The handler runs in the loop that reads, one packet at a time for each
// socket, unless Workers says otherwise: right for answers that take
// microseconds, wrong for those that wait.
type PacketServer struct {
	// Handler serves each packet.
	Handler PacketHandler
	// Logger gets panics of handlers and errors of sockets; nil is silent.
	Logger *slog.Logger
	// MaxPacket is the largest datagram taken whole, in octets (default
	// 65535, all that UDP can carry). Longer ones come Truncated.
	MaxPacket int
	// Sockets is how many sockets ListenAndServe binds to the one address
	// (default 1). The kernel spreads sources over them (SO_REUSEPORT), and
	// each has a loop of its own. Where a system cannot, so many loops read
	// from one socket.
	Sockets int
	// ReadBuffer is the size asked for the kernel's receive buffer of each
	// socket (default the system's). What does not fit there is lost.
	ReadBuffer int
	// Workers is the number of goroutines that run the handler for one call
	// of Serve or ListenAndServe (default 0: the reading loops run it).
	Workers int
	// Queue is how many packets may wait for a worker (default 256). Each
	// place may come to hold MaxPacket octets.
	Queue int
	// WhenFull tells what becomes of a packet that finds the queue full
	// (default [DropNewest]).
	WhenFull FullPolicy

	// Batch is how many datagrams one system call may read (recvmmsg), and
	// how many replies one may send (sendmmsg); each holds MaxPacket octets.
	// The default is 1. Under load 32 is faster; without load a batch holds
	// one packet. Replies leave when nothing more waits to be read, or when
	// Batch of them do. It works for UDP on Linux (amd64 and arm64) and changes
	// nothing elsewhere.
	Batch int
	// Rate bounds the packets of one source (default none).
	Rate PacketRate
	// Drain is called by Serve when nothing more is read and the last handler
	// has returned, before the socket is closed: it waits for replies to
	// packets that were cloned. Nil waits for none.
	Drain func()

	mu      sync.Mutex
	closing bool
	serving int
	sockets map[*packetSocket]struct{}
	// ctx is the handlers' context, ended by Shutdown and Close.
	ctx    context.Context
	cancel context.CancelFunc
	// idle is closed when closing and no call of Serve is left.
	idle chan struct{}
	// closed is closed by Close: what waits in queues is dropped.
	closed chan struct{}
	rates  *rateTable

	counters packetCounters
}

// Serve reads packets from pc and has them served until [PacketServer.Shutdown]
// or [PacketServer.Close], and then returns [ErrServerClosed], or until reading
// fails for good, and returns that error. It closes pc, and returns after the
// last handler has. Several calls may serve several sockets at once.
//
// Errors that ICMP brings to a socket do not end it. A reply leaves from the
// address on which the packet came, also where pc is a *net.UDPConn that
// listens on all addresses (on Linux; elsewhere the system chooses).
func (s *PacketServer) Serve(pc net.PacketConn) error {
	return s.serve([]net.PacketConn{pc}, 1)
}

// ListenAndServe binds to addr on network ("udp", "udp4", "udp6" or
// "unixgram"), with as many sockets as Sockets says, and serves them as Serve
// does. The path of a Unix-domain socket is removed at the end.
func (s *PacketServer) ListenAndServe(network, addr string) error {
	n := max(s.Sockets, 1)
	pcs, err := ListenPackets(context.Background(), network, addr, n)
	if err != nil {
		return err
	}
	return s.serve(pcs, max(n/len(pcs), 1))
}

// Shutdown ends the server gracefully: it stops reading, ends the handlers'
// context, waits until the packets that were read are served, and closes the
// sockets. When ctx ends first, it does as [PacketServer.Close] does and
// returns ctx.Err().
func (s *PacketServer) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	idle := s.startClosing()
	sockets := slices.Collect(maps.Keys(s.sockets))
	s.mu.Unlock()
	for _, k := range sockets {
		k.stopReading()
	}
	if ended(ctx, idle) {
		return nil
	}
	return errors.Join(ctx.Err(), s.Close())
}

// Close ends the server at once: it closes the sockets, ends the handlers'
// context and drops the packets that wait for a worker. It does not wait for
// handlers; Serve does.
func (s *PacketServer) Close() error {
	s.mu.Lock()
	s.startClosing()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	sockets := slices.Collect(maps.Keys(s.sockets))
	s.mu.Unlock()
	var err error
	for _, k := range sockets {
		err = errors.Join(err, k.close())
	}
	return err
}

// startClosing is called with mu held. It returns the channel that is closed
// when nothing is served any more.
func (s *PacketServer) startClosing() <-chan struct{} {
	s.init()
	if !s.closing {
		s.closing = true
		s.cancel()
		if s.serving == 0 {
			close(s.idle)
		}
	}
	return s.idle
}

// init is called with mu held.
func (s *PacketServer) init() {
	if s.sockets != nil {
		return
	}
	s.sockets = make(map[*packetSocket]struct{})
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.idle = make(chan struct{})
	s.closed = make(chan struct{})
	s.rates = newRateTable(s.Rate)
}

// begin registers the sockets of one call of serve.
func (s *PacketServer) begin(sockets []*packetSocket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return ErrServerClosed
	}
	s.init()
	s.serving++
	for _, k := range sockets {
		s.sockets[k] = struct{}{}
	}
	return nil
}

// end undoes begin after the sockets are closed.
func (s *PacketServer) end(sockets []*packetSocket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range sockets {
		delete(s.sockets, k)
	}
	s.serving--
	if s.closing && s.serving == 0 {
		close(s.idle)
	}
}

func (s *PacketServer) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

func (s *PacketServer) log() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}

func (s *PacketServer) maxPacket() int {
	if s.MaxPacket <= 0 {
		return 65535
	}
	return s.MaxPacket
}

// longAgo is a deadline that wakes whoever waits.
var longAgo = time.Unix(1, 0)
