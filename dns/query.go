package dns

import (
	"crypto/tls"
	"net/netip"

	"applayer/internal/ascii"
)

// Query is a request as a [Handler] sees it: a view of the octets that came,
// which costs no allocation. It has one question, and sections that can be
// parsed. It is valid until ServeDNS returns; see [Query.Detach].
type Query struct {
	// Header is the request's.
	Header Header
	// Type and Class are the question's.
	Type  Type
	Class Class

	x         *serving
	raw       []byte
	origin    Origin
	nameLen   int // octets of the question's name, which stands at HeaderSize
	canonical [MaxName]byte
	lowered   bool
	name      Name

	edns          EDNS
	hasEDNS       bool
	optAt, optLen int // the data of the OPT record
	hasCookie     bool
	verdict       CookieVerdict
}

// WireName returns the question's name as it came: uncompressed, in its case.
// It is a view of the request.
func (q *Query) WireName() []byte {
	return q.raw[HeaderSize : HeaderSize+q.nameLen : HeaderSize+q.nameLen]
}

// CanonicalName returns the question's name uncompressed and in lower case
// (RFC 4034 §6.2), to look it up: m[string(q.CanonicalName())] does not
// allocate. It is a view of q.
func (q *Query) CanonicalName() []byte {
	if !q.lowered {
		for i, c := range q.WireName() {
			q.canonical[i] = ascii.Lower(c)
		}
		q.lowered = true
	}
	return q.canonical[:q.nameLen:q.nameLen]
}

// Name returns the question's name, to be kept. The first call allocates.
func (q *Query) Name() Name {
	if !q.name.IsValid() {
		q.name = Name{string(q.WireName())}
	}
	return q.name
}

// Question returns the question, to be kept. It allocates as [Query.Name] does.
func (q *Query) Question() Question { return Question{q.Name(), q.Type, q.Class} }

// EDNS returns what the request's OPT record says, nil without one. It and its
// options are views, as q is.
func (q *Query) EDNS() *EDNS {
	if !q.hasEDNS {
		return nil
	}
	return &q.edns
}

// DNSSECOK tells whether the request asks for the records of DNSSEC
// (RFC 3225 §3).
func (q *Query) DNSSECOK() bool { return q.hasEDNS && q.edns.DNSSECOK }

// Subnet returns for which of its clients a resolver asks (RFC 7871 §6); false
// where it does not say.
func (q *Query) Subnet() (netip.Prefix, bool) {
	if !q.hasEDNS {
		return netip.Prefix{}, false
	}
	s, ok := q.edns.Subnet()
	return s.Prefix, ok
}

// Raw returns the request's octets.
func (q *Query) Raw() []byte { return q.raw }

// Peer returns who asks. A source address of a datagram may be forged.
func (q *Query) Peer() netip.AddrPort { return q.origin.Peer }

// Local returns the address that was asked.
func (q *Query) Local() netip.AddrPort { return q.origin.Local }

// Transport returns what the request came on.
func (q *Query) Transport() TransportKind { return q.origin.Transport }

// TLS returns the state of the connection, nil without TLS.
func (q *Query) TLS() *tls.ConnectionState { return q.origin.TLS }

// Detach lets the handler answer after ServeDNS has returned, from any
// goroutine: q and the Responder of the call, which it returns, are the
// handler's own from then on, with octets of their own. It then calls
// [Responder.Send] once, whatever happens: the server counts the query as under
// way until then, and waits for it when it shuts down. On a connection answers
// may leave in any order (RFC 7766 §6.2.1.1).
//
// Detach is called before ServeDNS returns.
func (q *Query) Detach() (*Query, *Responder) {
	q.x.detach()
	return q, &q.x.responder
}
