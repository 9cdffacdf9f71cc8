package sockets

import (
	"context"
	"iter"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// For tests from outside: the pure parts below the exported calls.
// ErrAddrInUse is what the system says of a port that is taken.
const ErrAddrInUse = errAddrInUse

var ParseEphemeralRange = parseEphemeralRange

func ListenRangeWith(ctx context.Context, src rand.Source, listen func(ctx context.Context, network, addr string) (net.Listener, error), network, host string, lo, hi uint16) (net.Listener, error) {
	return listenRange(ctx, rand.New(src), listen, network, host, PortRange{lo, hi})
}

func (r PortRange) Shuffled(src rand.Source) iter.Seq[uint16] { return r.shuffled(rand.New(src)) }

// Race is the engine of Happy Eyeballs.
type Race struct{ r race }

func NewRace(delay time.Duration, firstCount, maxAttempts int) *Race {
	r := &Race{race{attemptDelay: delay, resolutionDelay: defaultResolutionDelay, firstCount: firstCount, maxAttempts: maxAttempts}}
	r.r.asked(ip6, ip4)
	return r
}

func (r *Race) Answered(now time.Time, addrs []netip.Addr) { r.r.answered(now, addrs, ip6, ip4) }

func (r *Race) AnsweredOne(now time.Time, addrs []netip.Addr, six bool) {
	if six {
		r.r.answered(now, addrs, ip6)
	} else {
		r.r.answered(now, addrs, ip4)
	}
}

func (r *Race) Failed(now time.Time)                  { r.r.failed(now) }
func (r *Race) Next(now time.Time) (netip.Addr, bool) { return r.r.next(now) }
func (r *Race) Wake() (time.Time, bool)               { return r.r.wake() }
func (r *Race) Lost() bool                            { return r.r.lost() }
