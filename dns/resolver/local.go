package resolver

import (
	"time"

	"applayer/dns"
)

// finding is what the cache knows of a name and type: kind is one of
// [ReplyAnswer], [ReplyAlias], [ReplyNoData], [ReplyNXDomain] and
// [ReplyTooLong], or [ReplySilence] for nothing.
type finding struct {
	kind ReplyKind
	// rrs are the answer, or an alias with the DNAME that it is made from;
	// where there is nothing, the SOA and its company.
	rrs []dns.RR
	// target is where an alias leads.
	target   dns.Name
	stale    bool
	security Security
	// scoped tells that it holds for one network of clients, untold that it is
	// not for those whose network is told.
	scoped, untold bool
}

const (
	// staleTTL is the time to live that stale answers go out with
	// (RFC 8767 §4).
	staleTTL = 30
	// staleRecheck is for how long the servers are left alone that could not
	// refresh one (RFC 8767 §5).
	staleRecheck = 30 * time.Second
)

// look is step 1 of RFC 1034 §5.3.3 for one name. What ended up to stale ago
// counts too.
func (c *Cache) look(now time.Time, q dns.Question, stale time.Duration) finding {
	if stale > 0 {
		// What was learnt last is right. Fresh answers below a name that is
		// said not to exist are another matter: see below.
		if f := c.lookName(now, q, q.Name, stale); f.kind != ReplySilence {
			return f
		}
	}
	if f := c.lookSet(now, q, q.Type, stale); f.kind != ReplySilence {
		return f
	}
	if q.Type != dns.TypeCNAME && q.Type != dns.TypeANY && q.Type != dns.TypeRRSIG {
		if f := c.lookSet(now, q, dns.TypeCNAME, stale); f.kind == ReplyAnswer {
			if d, ok := f.rrs[0].Data.(*dns.CNAME); ok {
				f.kind, f.target = ReplyAlias, d.Target
				return f
			}
		}
	}
	for name := q.Name; name.IsValid(); name = name.Parent() {
		if f := c.lookName(now, q, name, stale); f.kind != ReplySilence {
			return f
		}
		if name.Len() == q.Name.Len() {
			continue
		}
		if f := c.lookDNAME(now, q, name, stale); f.kind != ReplySilence {
			return f
		}
	}
	return finding{}
}

func (c *Cache) lookSet(now time.Time, q dns.Question, t dns.Type, stale time.Duration) finding {
	e, ok := c.get(nil, now, spaceAnswer, q.Name, t, q.Class, stale)
	if !ok {
		return finding{}
	}
	f := e.finding(q.Class)
	if e.negative {
		f.kind = ReplyNoData
	}
	return f
}

// lookName looks whether it is known that a name, and so what is below it, does
// not exist (RFC 8020 §2).
func (c *Cache) lookName(now time.Time, q dns.Question, name dns.Name, stale time.Duration) finding {
	e, ok := c.get(nil, now, spaceName, name, 0, q.Class, stale)
	if !ok {
		return finding{}
	}
	f := e.finding(q.Class)
	f.kind = ReplyNXDomain
	return f
}

// lookDNAME looks for a DNAME at an ancestor (RFC 6672 §3.4).
func (c *Cache) lookDNAME(now time.Time, q dns.Question, owner dns.Name, stale time.Duration) finding {
	e, ok := c.get(nil, now, spaceAnswer, owner, dns.TypeDNAME, q.Class, stale)
	if !ok || e.negative {
		return finding{}
	}
	f := e.finding(q.Class)
	if len(f.rrs) == 0 {
		return finding{}
	}
	alias, err := synthesise(&set{name: owner, ttl: f.rrs[0].TTL, rrs: f.rrs[:1]}, q.Name)
	if err != nil {
		f.kind = ReplyTooLong
		return f
	}
	f.rrs = append(f.rrs, alias.rrs...)
	f.kind, f.target = ReplyAlias, aliasTarget(alias)
	return f
}

func (e *entry) finding(class dns.Class) finding {
	f := finding{kind: ReplyAnswer, stale: e.ttl <= 0, security: e.security, untold: e.untold}
	ttl := uint32(e.ttl)
	if f.stale {
		ttl = staleTTL
	}
	if f.rrs = parseRecords(e.data, class, ttl); len(f.rrs) == 0 && !e.negative && e.space == spaceAnswer {
		f.kind = ReplySilence
	}
	return f
}

// known answers a question from the cache alone, aliases and all; false where
// it cannot.
func (c *Cache) known(now time.Time, q dns.Question, maxAliases int, stale time.Duration) (*Result, bool) {
	r := &Result{Question: q}
	at := dns.Question{Name: q.Name.Canonical(), Type: q.Type, Class: q.Class}
	for links := 0; ; links++ {
		f := c.look(now, at, stale)
		if f.stale {
			r.Stale = true
		}
		if links == 0 || f.security < r.Security {
			r.Security = f.security
		}
		switch f.kind {
		case ReplyAnswer:
			r.Answer = append(r.Answer, f.rrs...)
			return r, true
		case ReplyNoData, ReplyNXDomain:
			r.Authority = f.rrs
			r.RCode = denialCode(f.kind)
			return r, true
		case ReplyTooLong:
			r.Answer = append(r.Answer, f.rrs...)
			r.RCode = dns.RCodeYXDomain
			return r, true
		case ReplyAlias:
			if links == maxAliases {
				return nil, false // a loop too
			}
			r.Answer = append(r.Answer, f.rrs...)
			at.Name = f.target.Canonical()
		default:
			return nil, false
		}
	}
}

func denialCode(k ReplyKind) dns.RCode {
	if k == ReplyNXDomain {
		return dns.RCodeNXDomain
	}
	return dns.RCodeNoError
}
