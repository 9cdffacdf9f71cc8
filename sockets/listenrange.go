package sockets

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"strconv"
)

// ListenRange listens on a port between lo and hi, both included, picked at
// random: FTP's passive ports come from here, and one that a stranger can
// foretell is one whose connection he can steal (RFC 2577 §8). Each free port
// is equally likely. Ports in use are passed over until each was tried once;
// when all are taken the error wraps EADDRINUSE. Any other error (the port
// needs a privilege, the host is not ours) ends the search at once. The listener
// is a [*LazyListener].
func ListenRange(ctx context.Context, network, host string, lo, hi uint16) (net.Listener, error) {
	return listenRange(ctx, rand.New(cryptoSource{}), listenLazy, network, host, PortRange{lo, hi})
}

func listenLazy(ctx context.Context, network, addr string) (net.Listener, error) {
	l, err := ListenLazy(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// listenFunc is net.ListenConfig's Listen.
type listenFunc func(ctx context.Context, network, addr string) (net.Listener, error)

func listenRange(ctx context.Context, r *rand.Rand, listen listenFunc, network, host string, ports PortRange) (net.Listener, error) {
	if ports.Lo == 0 || ports.Lo > ports.Hi {
		return nil, fmt.Errorf("sockets: listen %s %s: no ports in %d-%d", network, host, ports.Lo, ports.Hi)
	}
	var taken error
	for port := range ports.shuffled(r) {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("sockets: listen %s %s: %w", network, host, err)
		}
		l, err := listen(ctx, network, net.JoinHostPort(host, strconv.Itoa(int(port))))
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, errAddrInUse) {
			return nil, err
		}
		taken = err
	}
	return nil, fmt.Errorf("sockets: listen %s %s: ports %v all taken: %w", network, host, ports, taken)
}

// shuffled yields each port of the range once, all orders equally likely. It is
// the Fisher-Yates shuffle done as far as asked, with only the moved places
// remembered: the usual caller stops at the first port, of up to 65535.
func (r PortRange) shuffled(rnd *rand.Rand) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		n := uint32(r.Hi) - uint32(r.Lo) + 1
		moved := make(map[uint32]uint32)
		at := func(i uint32) uint32 {
			if v, ok := moved[i]; ok {
				return v
			}
			return i
		}
		for i := range n {
			j := i + rnd.Uint32N(n-i)
			pick := at(j)
			moved[j] = at(i)
			delete(moved, i)
			if !yield(r.Lo + uint16(pick)) {
				return
			}
		}
	}
}

// cryptoSource feeds math/rand/v2, whose bounded draws have no bias, from
// crypto/rand, whose octets nobody can foretell.
type cryptoSource struct{}

func (cryptoSource) Uint64() uint64 {
	var b [8]byte
	crand.Read(b[:])
	return binary.NativeEndian.Uint64(b[:])
}
