package sockets

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// HostTable is a [Resolver] that knows a fixed set of names, as a hosts file
// does; for tests and for the lecture's scenes, where nothing may leave the
// machine. Case and a dot at the end of a name make no difference
// (RFC 4343 §2). The addresses of a name are answered in the order given.
type HostTable map[string][]netip.Addr

// LookupNetIP returns the addresses of the host; network is "ip", or "ip4" or
// "ip6" for one family. A name that is not in the table, or has no address of
// the family, gives a *net.DNSError with IsNotFound set. A numeric host is its
// own answer.
func (t HostTable) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	addrs := t.find(host)
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = []netip.Addr{a}
	}
	kept := slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return !ofNetwork(a, network) })
	if len(kept) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return kept, nil
}

func (t HostTable) find(host string) []netip.Addr {
	name := canonicalName(host)
	if addrs, ok := t[name]; ok {
		return addrs
	}
	for key, addrs := range t {
		if canonicalName(key) == name {
			return addrs
		}
	}
	return nil
}

// canonicalName makes names that are equal by RFC 4343 §2 equal as strings.
func canonicalName(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// ofNetwork tells whether package net would use the address for a network
// whose name ends in 4 or 6 for one family.
func ofNetwork(a netip.Addr, network string) bool {
	switch {
	case !a.IsValid():
		return false
	case strings.HasSuffix(network, "4"):
		return a.Unmap().Is4()
	case strings.HasSuffix(network, "6"):
		return !a.Unmap().Is4()
	}
	return true
}
