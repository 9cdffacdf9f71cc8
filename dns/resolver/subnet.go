package resolver

import (
	"hash/maphash"
	"net/netip"
	"time"

	"applayer/dns"
)

// How much of a client's address is told at most (RFC 7871 §11.1).
const (
	subnetBits4 = 24
	subnetBits6 = 56
)

// taskKey is a question with what makes it another one: the network of who
// asks, where that is told, and that a forwarder need not check.
type taskKey struct {
	dns.Question
	subnet    netip.Prefix
	unchecked bool
}

// clientSubnet returns so much of a client's network as may be told: nothing
// unless it is asked for by [EngineOptions.Subnets].
func (e *Engine) clientSubnet(p netip.Prefix) netip.Prefix {
	if !e.opts.Subnets || !p.IsValid() || p.Bits() == 0 {
		return netip.Prefix{}
	}
	bits := subnetBits6
	if p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()); p.Addr().Is4() {
		bits = subnetBits4
	}
	return netip.PrefixFrom(p.Addr(), min(p.Bits(), bits)).Masked()
}

// subnetFor tells which network goes with a question to a zone: with the whole
// question alone, and never to the root (RFC 7871 §12.1).
func (t *task) subnetFor(name dns.Name, typ dns.Type) netip.Prefix {
	if name != t.name || typ != t.q.Type || t.cut.zone.IsRoot() {
		return netip.Prefix{}
	}
	return t.subnet
}

// scope tells for how many bits of the client's network the reply holds
// (RFC 7871 §7.3).
func (q *query) scope(r *reply) int {
	if s, ok := r.edns.Subnet(); ok && q.told {
		return int(s.Scope)
	}
	return 0
}

// subnetBuckets is how many networks the answers to one question are kept for:
// a client that makes up networks pushes out those of this question, and no
// others.
const subnetBuckets = 64

// subnetKey is where the answer for a network is kept.
func (c *Cache) subnetKey(dst []byte, name dns.Name, t dns.Type, class dns.Class, p []byte) []byte {
	var lower [dns.MaxName]byte
	dst = appendKey(dst, spaceSubnet, t, class, name.AppendCanonical(lower[:0]))
	return append(dst, byte(maphash.Bytes(c.seed, p)%subnetBuckets))
}

// putSubnet keeps a set for one network: behind the network's own octets, since
// others may want the same place.
func (c *Cache) putSubnet(now time.Time, m meta, s *set, class dns.Class, p netip.Prefix, ttl int64) {
	own, err := p.MarshalBinary()
	if err != nil {
		return
	}
	m.space = spaceSubnet
	var buf [maxKey]byte
	data := append([]byte{byte(len(own))}, own...)
	c.putKey(now.Unix(), m, c.subnetKey(buf[:0], s.name, s.typ, class, own), ttl, appendRecords(data, s.all(nil)))
}

// lookSubnet looks for an answer or an alias that was given for a network.
func (c *Cache) lookSubnet(now time.Time, q dns.Question, p netip.Prefix) finding {
	own, err := p.MarshalBinary()
	if err != nil || !p.IsValid() {
		return finding{}
	}
	for _, t := range [...]dns.Type{q.Type, dns.TypeCNAME} {
		var buf [maxKey]byte
		e, ok := c.getKey(nil, now.Unix(), c.subnetKey(buf[:0], q.Name, t, q.Class, own), 0)
		if !ok || len(e.data) <= len(own) || string(e.data[1:1+len(own)]) != string(own) {
			continue
		}
		e.data = e.data[1+len(own):]
		f := e.finding(q.Class)
		if len(f.rrs) == 0 {
			continue
		}
		f.scoped = true
		if target, ok := aliasOf(f.rrs, q.Type); ok {
			f.kind, f.target = ReplyAlias, target
		}
		return f
	}
	return finding{}
}
