package link

import (
	"context"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// Defaults of [Link].
const (
	DefaultSegment = 1460      // octets of TCP payload on Ethernet
	DefaultQueue   = 64 << 10  // octets
	DefaultWindow  = 256 << 10 // octets
)

const (
	minRTO     = 200 * time.Millisecond // as Linux; RFC 6298 §2.4 would have 1 s
	maxRetries = 15                     // of a segment, as Linux does; then it passes
	// maxUnderWay bounds the octets of one datagram socket in a direction.
	maxUnderWay = 4 << 20
	// datagramCost is what a datagram counts of it beside its octets, which
	// may be none.
	datagramCost = 128
	minLate      = 10 * time.Millisecond
	// linger bounds how long the last octets of a closed stream wait for a
	// peer that does not read.
	linger = time.Minute
)

// Link describes a link and holds what its connections share. The zero value
// is a perfect link: no delay, no loss, no bound on the rate.
type Link struct {
	// Rate is in bits a second, in each direction; 0 is no bound.
	Rate int64
	// Delay is the propagation delay of one direction: half a round trip.
	Delay time.Duration
	// Jitter spreads the delay evenly over Delay ± Jitter.
	Jitter time.Duration
	// Loss, Duplicate and Reorder are probabilities a packet. Duplicate and
	// Reorder concern datagrams alone. A reordered one is held back by
	// another Delay, at least 10 ms.
	Loss, Duplicate, Reorder float64
	// MTU is the largest segment of a stream (default 1460) and the largest
	// datagram (default no bound); a larger one is dropped, as a router does
	// that may not fragment it.
	MTU int
	// Queue is how many octets may wait for the serialiser, with those that
	// it is sending (default 64 KiB, negative is no bound). One packet always
	// has room.
	Queue int
	// Window is how many octets of one stream may be under way and
	// unread in each direction (default 256 KiB, or twice what fits into the
	// link, if that is more). It stands for TCP's flow control. Datagrams are
	// bounded by 4 MiB, of which each takes 128 octets more than it holds;
	// beyond that they are dropped.
	Window int
	// Seed makes chance repeatable.
	Seed uint64

	once     sync.Once
	up, down way

	mu      sync.Mutex
	cond    *sync.Cond
	conns   uint64 // created so far
	closing int    // closed, with something still to deliver
}

// Counters is what passed in one direction.
type Counters struct {
	// Octets and Packets count what the serialiser took, with what was lost
	// after it, sent twice and sent again.
	Octets, Packets int64
	// Drops counts packets that were lost, too large or found no room.
	Drops int64
	// Duplicates counts datagrams that were sent twice.
	Duplicates int64
	// Busy is how long the serialiser has been sending until now.
	Busy time.Duration
}

// Utilisation is the part of a time in which the serialiser was sending: the
// traffic intensity La/R where nothing waits at its end.
func (c Counters) Utilisation(over time.Duration) float64 {
	if over <= 0 {
		return 0
	}
	return float64(c.Busy) / float64(over)
}

// Counters tells what went up (was written to the shaped connections) and
// down (was read from what they wrap).
func (l *Link) Counters() (up, down Counters) {
	l.init()
	return l.up.counters(), l.down.counters()
}

// Conn shapes both directions of nc and takes it over: Close closes it, once
// what was written has arrived. A connection of datagrams (*net.UDPConn with
// a peer, say) stays one. The result has CloseWrite if nc has.
func (l *Link) Conn(nc net.Conn) net.Conn {
	i := l.number()
	if datagrams(nc) {
		return l.newPacketConn(i, nil, nc)
	}
	return l.newConn(i, nc, time.Now())
}

// PacketConn shapes both directions of pc and takes it over: Close closes
// it, once the datagrams under way have left. An error of pc's WriteTo is
// that of the next WriteTo here.
func (l *Link) PacketConn(pc net.PacketConn) net.PacketConn {
	return l.newPacketConn(l.number(), pc, nil)
}

// Flush waits until everything that was written to connections that are
// closed by now has arrived, or ctx ends.
func (l *Link) Flush(ctx context.Context) error {
	l.init()
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.cond.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.closing > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.cond.Wait()
	}
	return nil
}

func (l *Link) addClosing(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing += n
	l.cond.Broadcast()
}

func (l *Link) init() {
	l.once.Do(func() {
		l.cond = sync.NewCond(&l.mu)
		l.up.link, l.down.link = l, l
	})
}

// number gives each connection its own, from which its chances follow.
func (l *Link) number() uint64 {
	l.init()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns++
	return l.conns
}

// What a connection's generators are for.
const (
	chanceUp = iota
	chanceDown
	chanceHandshake
	chances
)

func (l *Link) chance(number, use uint64) *rand.Rand {
	return rand.New(rand.NewPCG(l.Seed, number*chances+use))
}

// fate is what happens to one packet.
type fate struct {
	lost, twice, late bool
	jitter            [2]float64 // of the packet and its double, in [-1, 1)
}

// draw takes the same number of values whatever the Link says, so that one
// field's change leaves the others' chances as they were.
func (l *Link) draw(r *rand.Rand) fate {
	return fate{
		lost:   r.Float64() < l.Loss,
		twice:  r.Float64() < l.Duplicate,
		late:   r.Float64() < l.Reorder,
		jitter: [2]float64{2*r.Float64() - 1, 2*r.Float64() - 1},
	}
}

func (l *Link) propagation(jitter float64) time.Duration {
	return max(0, l.Delay+time.Duration(jitter*float64(l.Jitter)))
}

func (l *Link) rto() time.Duration { return max(2*l.Delay, minRTO) }

func (l *Link) segment() int {
	if l.MTU > 0 {
		return l.MTU
	}
	return DefaultSegment
}

func (l *Link) queue() int {
	if l.Queue == 0 {
		return DefaultQueue
	}
	return l.Queue
}

func (l *Link) window() int {
	if l.Window > 0 {
		return l.Window
	}
	inside := float64(l.Rate) / 8 * (l.Delay + l.Jitter).Seconds()
	return max(DefaultWindow, int(min(2*inside, 1<<30)))
}

// datagrams tells whether a connection has borders that must stay.
func datagrams(nc net.Conn) bool {
	a := nc.LocalAddr()
	return a != nil && !stream(a.Network())
}

func stream(network string) bool {
	return !strings.HasPrefix(network, "udp") && !strings.HasPrefix(network, "ip") && network != "unixgram"
}
