package resolver

import (
	"net/netip"
	"slices"

	"applayer/dns"
)

// dropPrivate takes away records with addresses of networks that no public name
// may have: by them a page of a stranger comes to talk to what is within our own
// network (DNS rebinding).
func (e *Engine) dropPrivate(r *reply) {
	if len(e.opts.Private) == 0 {
		return
	}
	for _, sets := range [...]*[]*set{&r.answer, &r.additional} {
		for _, s := range *sets {
			s.rrs = slices.DeleteFunc(s.rrs, e.isPrivate)
		}
		*sets = sound(*sets)
	}
}

// isPrivate tells whether a record has such an address, or hints at one, which
// browsers take before they ask for addresses (RFC 9460 §7.3).
func (e *Engine) isPrivate(rr dns.RR) bool {
	private := func(a netip.Addr) bool {
		return slices.ContainsFunc(e.opts.Private, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
	}
	switch d := rr.Data.(type) {
	case *dns.SVCB:
		return slices.ContainsFunc(hintsOf(d.Params), private)
	case *dns.HTTPS:
		return slices.ContainsFunc(hintsOf(d.Params), private)
	}
	a, ok := addressOf(rr)
	return ok && private(a)
}

// hintsOf returns the addresses that the parameters of a service hint at.
func hintsOf(params []dns.SvcParam) (addrs []netip.Addr) {
	for _, p := range params {
		size := 0
		switch p.Key {
		case dns.SvcIPv4Hint:
			size = 4
		case dns.SvcIPv6Hint:
			size = 16
		default:
			continue
		}
		for b := range slices.Chunk(p.Value, size) {
			if a, ok := netip.AddrFromSlice(b); ok {
				addrs = append(addrs, a)
			}
		}
	}
	return addrs
}
