package zone

import "applayer/dns"

// kind is what a zone has for a name (RFC 1034 §4.3.2 step 3, RFC 4592 §3.3).
type kind uint8

const (
	// kindMissing: there is no such name, nor a wildcard for it.
	kindMissing kind = iota
	// kindExact: the name has data.
	kindExact
	// kindEmpty: the name has none, but there are names below it
	// (RFC 4592 §2.2.2).
	kindEmpty
	// kindWildcard: a wildcard stands for the name.
	kindWildcard
	// kindEmptyWildcard: one does, and has no data.
	kindEmptyWildcard
	// kindCut: the name is at or below one that is delegated.
	kindCut
	// kindDNAME: the name is below one that is redirected (RFC 6672 §2.2).
	kindDNAME
)

// match is what was found for a name.
type match struct {
	kind kind
	// node is the name's own, the wildcard's, the cut's or the DNAME's; nil
	// for names without data.
	node *node
	// encloser is how long the key of the closest encloser is: of the deepest
	// name on the way that exists. It is the whole key of a name that does.
	encloser int
	// at is where the name stands, or would, among the others.
	at position
}

// find looks a key up.
func (z *Zone) find(key []byte) match {
	m := match{encloser: len(key)}
	var exists bool
	if m.at, exists = z.names.search(key); exists {
		m.kind, m.node = kindExact, z.names.pages[m.at.page].entries[m.at.entry].node
	} else {
		m.kind, m.encloser = z.encloser(key, m.at)
	}
	if z.cuts > 0 || len(key) > 0 && z.apex.has(dns.TypeDNAME) {
		if cut, ok := z.cut(key, &m); ok {
			return cut
		}
	}
	if m.kind == kindMissing {
		z.wildcard(key, &m)
	}
	return m
}

// encloser tells of a key without an entry of its own whether it is an empty
// name, and how long the key of its closest encloser is. Its neighbours know:
// one of them shares most of the way.
func (z *Zone) encloser(key []byte, at position) (kind, int) {
	n := 0
	if next, ok := z.names.at(at); ok {
		if isBelow(next.key, key) {
			return kindEmpty, len(key)
		}
		n = sharedAncestor(key, next.key)
	}
	if p, ok := z.names.before(at); ok {
		n = max(n, sharedAncestor(key, z.names.pages[p.page].entries[p.entry].key))
	}
	return kindMissing, n
}

// cut looks for the first name on the way from the apex where the zone's data
// ends. Only names that exist can be one, so that a long name of which nothing
// exists costs no more than a short one.
func (z *Zone) cut(key []byte, m *match) (match, bool) {
	if len(key) > 0 && z.apex.has(dns.TypeDNAME) {
		return match{kind: kindDNAME, node: z.apex, at: m.at}, true
	}
	for i := 0; i < m.encloser; i++ {
		if key[i] != 0 {
			continue
		}
		end := i + 1
		n := m.node
		if end < len(key) || m.kind != kindExact {
			n = z.names.get(key[:end])
		}
		switch {
		case n == nil:
		case n.has(dns.TypeNS):
			return match{kind: kindCut, node: n, encloser: end, at: m.at}, true
		case end < len(key) && n.has(dns.TypeDNAME):
			return match{kind: kindDNAME, node: n, encloser: end, at: m.at}, true
		}
	}
	return match{}, false
}

// wildcard looks for the source of synthesis of a name that does not exist: the
// asterisk below its closest encloser, and nowhere else (RFC 4592 §3.3.1).
func (z *Zone) wildcard(key []byte, m *match) {
	var buf [maxKey + 2]byte
	source := append(append(buf[:0], key[:m.encloser]...), '*', 0)
	p, exists := z.names.search(source)
	if exists {
		m.kind, m.node = kindWildcard, z.names.pages[p.page].entries[p.entry].node
		return
	}
	if next, ok := z.names.at(p); ok && isBelow(next.key, source) {
		m.kind = kindEmptyWildcard
	}
}
