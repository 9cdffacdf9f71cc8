package zone

import (
	"context"
	"encoding/binary"
	"net/netip"

	"applayer/dns"
)

// A Policy chooses the addresses that a client gets of those that a name has:
// near ones, or those of hosts with little load. It is asked for each answer
// that has a set of the type that was asked for, A or AAAA; so it must be quick,
// and several goroutines use it at once. It is not asked where the answer has
// signatures, which are for the whole set (RFC 4034 §3.1.8.1).
type Policy interface {
	// Choose returns what to answer to q with, of set or in its place. Client is
	// where the question came from: the prefix that a resolver told (RFC 7871),
	// else the whole address of who asks, which is not valid if not known. Q is
	// only lent.
	Choose(ctx context.Context, q *dns.Query, client netip.Prefix, set Set) Choice
}

// Choice is what a [Policy] chose. The zero Choice leaves the set as it is, for
// everybody.
type Choice struct {
	// Addrs are the addresses to answer with, in this order; those that are of
	// the other family are left out. None is the set as it is.
	Addrs []netip.Addr
	// TTL is for how long the answer may be kept, in seconds. 0 is as long as
	// the set, or any set that the answer was chosen for, may be.
	TTL uint32
	// Scope is how many bits of the client's prefix the choice depends on, which
	// the answer tells resolvers that told the prefix (RFC 7871 §7.2.1): 0 means
	// that all clients may have it.
	Scope int
}

// chooser returns the choice for a query, and notes its scope.
func (h *Handler) chooser(ctx context.Context, w *dns.Responder, q *dns.Query) func(Set) *rrset {
	addr := q.Peer().Addr().Unmap()
	client, _ := addr.Prefix(addr.BitLen())
	told := 0
	if e := q.EDNS(); e != nil {
		if s, ok := e.Subnet(); ok {
			w.SetSubnetScope(0)
			// A prefix of no bits asks that none be used (RFC 7871 §7.1.2).
			if told = max(s.Prefix.Bits(), 0); told > 0 {
				client = s.Prefix
			}
		}
	}
	return func(s Set) *rrset {
		c := h.Policy.Choose(ctx, q, client, s)
		if told > 0 {
			w.SetSubnetScope(min(max(c.Scope, 0), client.Addr().BitLen()))
		}
		return c.of(s.set)
	}
}

// of returns the set that was chosen; nil for the whole.
func (c *Choice) of(s *rrset) *rrset {
	ttl := c.TTL
	if ttl == 0 {
		ttl = s.ttl()
	}
	chosen := rrset{typ: s.typ}
	var w []byte
	for _, a := range c.Addrs {
		a = a.Unmap()
		if a.Is4() != (s.typ == dns.TypeA) || !a.IsValid() || len(w) > dns.MaxMessage {
			continue
		}
		w = append(w, s.wire[:ownerSize+4]...)
		w = binary.BigEndian.AppendUint32(w, min(ttl, dns.MaxTTL))
		w = binary.BigEndian.AppendUint16(w, uint16(a.BitLen()/8))
		w = append(w, a.AsSlice()...)
		chosen.n++
	}
	if chosen.n == 0 {
		return nil
	}
	chosen.wire = string(w)
	return &chosen
}
