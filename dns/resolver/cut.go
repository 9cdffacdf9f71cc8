package resolver

import (
	"iter"
	"math"
	"net/netip"
	"time"

	"applayer/dns"
)

// cut is a zone and its servers, as one question sees them.
type cut struct {
	zone    dns.Name
	hosts   []*host
	direct  []netip.AddrPort // forwarders, in place of hosts
	fetched int
	// tries counts the messages that came to nothing, by server.
	tries map[netip.AddrPort]int
}

// host is a name server of a zone.
type host struct {
	name  dns.Name
	addrs []netip.Addr
	// looked tells that the cache was asked for its addresses, and fetched that
	// servers were.
	looked, fetched bool
}

// newCut makes a cut of the NS records of a zone and of the addresses of their
// hosts, at most so many of either.
func newCut(zone dns.Name, rrs []dns.RR, most int) *cut {
	c := &cut{zone: zone.Canonical(), tries: make(map[netip.AddrPort]int)}
	byName := make(map[dns.Name]*host)
	for _, rr := range rrs {
		if d, ok := rr.Data.(*dns.NS); ok {
			name := d.Host.Canonical()
			if byName[name] == nil && len(c.hosts) < most {
				byName[name] = &host{name: name}
				c.hosts = append(c.hosts, byName[name])
			}
		}
	}
	addrs := 0
	for _, rr := range rrs {
		if h := byName[rr.Name.Canonical()]; h != nil && addrs < most {
			addrs += h.add(rr)
		}
	}
	return c
}

// add takes the address that a record has, and tells how many it has: 0 or 1.
func (h *host) add(rr dns.RR) int {
	a, ok := addressOf(rr)
	if !ok {
		return 0
	}
	h.addrs = append(h.addrs, a)
	return 1
}

// addressOf returns the address that a record has, if it has one.
func addressOf(rr dns.RR) (a netip.Addr, ok bool) {
	switch d := rr.Data.(type) {
	case *dns.A:
		return d.Addr, true
	case *dns.AAAA:
		return d.Addr.Unmap(), true
	}
	return a, false
}

// useful tells whether a server can be at an address. That of a zone of the
// world is not on this host's loopback: who says so wants us to ask ourselves,
// or what listens there.
func (e *Engine) useful(a netip.Addr) bool {
	switch {
	case a.IsLoopback() && !e.loopback:
		return false
	case a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case a.Is4():
		return !e.opts.NoIPv4
	}
	return !e.opts.NoIPv6
}

// bestCut returns the closest zone above name whose servers are known; nil where
// not even the root's are.
func (e *Engine) bestCut(now time.Time, q dns.Question) *cut {
	name := q.Name
	if q.Type == dns.TypeDS && !name.IsRoot() {
		name = name.Parent() // the parent has it (RFC 4035 §3.1.4.1)
	}
	for ; name.IsValid(); name = name.Parent() {
		ent, ok := e.cache.get(nil, now, spaceDelegation, name, dns.TypeNS, q.Class, 0)
		if !ok {
			continue
		}
		if c := newCut(name, parseRecords(ent.data, q.Class, uint32(ent.ttl)), e.limits.MaxPerZone); len(c.hosts) > 0 {
			if name.IsRoot() && ent.ttl < (ent.ttl+ent.age)/10 {
				e.prime(now) // before it ends (RFC 9609 §3.1)
			}
			return c
		}
	}
	return nil
}

// remaining is for how many seconds a zone's own delegation is still good. What
// the zone delegates is kept no longer: else a domain that its parent has taken
// back lives on in a zone of its own making (CVE-2022-30698).
func (e *Engine) remaining(now time.Time, zone dns.Name) uint32 {
	if zone.IsRoot() {
		return dns.MaxTTL
	}
	ent, ok := e.cache.get(nil, now, spaceDelegation, zone, dns.TypeNS, dns.ClassIN, 0)
	if !ok {
		return 0
	}
	return uint32(min(ent.ttl, dns.MaxTTL))
}

// keepDelegation remembers what a referral says, for as long as all of it is
// good, and limit seconds at most.
func (e *Engine) keepDelegation(now time.Time, d *delegation, limit uint32) {
	ttl := min(d.ns.ttl, limit)
	rrs := append([]dns.RR(nil), d.ns.rrs...)
	for _, g := range d.glue {
		ttl = min(ttl, g.ttl)
		rrs = append(rrs, g.rrs...)
	}
	m := meta{space: spaceDelegation, rank: rankAuthoritative}
	e.cache.put(now, m, d.zone, dns.TypeNS, dns.ClassIN, e.capTTL(ttl, e.limits.MaxTTL), appendRecords(nil, rrs))
}

func (e *Engine) capTTL(ttl uint32, limit time.Duration) int64 {
	return min(int64(ttl), int64(limit/time.Second))
}

// addresses goes through the addresses of the cut's servers.
func (c *cut) addresses(e *Engine) iter.Seq[netip.AddrPort] {
	return func(yield func(netip.AddrPort) bool) {
		for _, a := range c.direct {
			if !yield(a) {
				return
			}
		}
		for _, h := range c.hosts {
			for _, a := range h.addrs {
				if e.useful(a) && !yield(netip.AddrPortFrom(a, e.opts.Port)) {
					return
				}
			}
		}
	}
}

// chooseServer returns the best server of the cut that is not used up: of those
// with the fewest tries the one with the shortest round trip. Busy tells that
// there are some, with as many questions as they may have.
func (e *Engine) chooseServer(now time.Time, c *cut, typ dns.Type) (best *server, busy bool) {
	bestTries := math.MaxInt
	for addr := range c.addresses(e) {
		tries := c.tries[addr]
		if tries >= e.limits.MaxTries || e.servers.isLame(now, addr, c.zone, typ) {
			continue
		}
		s := e.serverAt(now, addr)
		if s.inFlight >= e.limits.MaxPerServer {
			busy = true
		} else if tries < bestTries || tries == bestTries && s.srtt < best.srtt {
			best, bestTries = s, tries
		}
	}
	if best != nil {
		for addr := range c.addresses(e) {
			if s := e.servers.byAddr[addr]; s != nil && s != best {
				s.passedOver()
			}
		}
	}
	return best, busy
}

// serverAt returns the memory of a server. One never met is as good as one at
// less than 32 ms.
func (e *Engine) serverAt(now time.Time, addr netip.AddrPort) *server {
	return e.servers.at(now, addr, func() time.Duration {
		return time.Duration(e.random16()%32) * time.Millisecond
	})
}
