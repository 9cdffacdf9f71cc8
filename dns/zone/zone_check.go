package zone

import (
	"strings"

	"applayer/dns"
)

// Check is the function [Check] for a zone that was built, from which a Builder
// has kept away what it refuses: it tells what is wrong with it besides. Names
// that cannot be wrong cost nothing.
func (z *Zone) Check() []Problem {
	c := checker{origin: z.origin}
	c.has = func(n dns.Name, t dns.Type) bool {
		if !n.IsSubdomainOf(z.origin) {
			return false
		}
		var buf [maxKey]byte
		at := z.names.get(appendKey(buf[:0], n.Wire(), z.origin.Len()))
		return at != nil && (t == 0 || at.has(t))
	}
	if !z.apex.has(dns.TypeNS) {
		c.report(z.origin, dns.TypeNS, false, "no name server", "RFC 1034 §4.2.1")
	}
	all := z.apex.has(dns.TypeDNAME)
	below := "\x00" // no key begins so
	z.names.all(position{}, func(e entry) bool {
		is := e.node.sort()
		ends := is.cuts > 0
		inside := strings.HasPrefix(e.key, below)
		if ends && !inside && e.key != "" {
			below = e.key
		}
		if all || ends || inside || is.alias {
			c.name(e.node.owner, e.node.sets)
			e.node.servers(func(host dns.Name) { c.server(e.node.owner, host) })
		}
		return len(c.problems) < MaxProblems
	})
	return c.problems
}

// servers calls f with each name server of a name.
func (n *node) servers(f func(dns.Name)) {
	if ns := n.set(dns.TypeNS); ns != nil {
		ns.records(func(rdata string) bool {
			if host, _, ok := dns.CutName(rdata); ok {
				f(host)
			}
			return true
		})
	}
}
