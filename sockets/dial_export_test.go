package sockets

import (
	"context"
	"iter"
	"math/rand/v2"
	"net"
)

// For tests from outside: the pure parts below the exported calls.
// ErrAddrInUse is what the system says of a port that is taken.
const ErrAddrInUse = errAddrInUse

var ParseEphemeralRange = parseEphemeralRange

func ListenRangeWith(ctx context.Context, src rand.Source, listen func(ctx context.Context, network, addr string) (net.Listener, error), network, host string, lo, hi uint16) (net.Listener, error) {
	return listenRange(ctx, rand.New(src), listen, network, host, PortRange{lo, hi})
}

func (r PortRange) Shuffled(src rand.Source) iter.Seq[uint16] { return r.shuffled(rand.New(src)) }
