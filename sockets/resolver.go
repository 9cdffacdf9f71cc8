package sockets

import (
	"context"
	"net/netip"
)

// Resolver finds the addresses of a host name. *net.Resolver is one, and
// [HostTable] another.
type Resolver interface {
	// LookupNetIP returns the host's addresses, the best first; network is
	// "ip", or "ip4" or "ip6" for the addresses of one family. It must be safe
	// for concurrent use and give up when ctx ends.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}
