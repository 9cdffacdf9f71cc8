package dns

import (
	"context"
	"crypto/tls"
	"net/netip"
)

// Handler answers queries.
type Handler interface {
	// ServeDNS answers q by what it writes to w, which is sent when ServeDNS
	// returns: at first NOERROR without records. It runs in the loop that
	// reads, so one that waits for something calls [Query.Detach]. Neither q
	// nor w may be used after its return, unless detached. ctx ends when the
	// server shuts down, and with the connection on which the query came.
	//
	// Goroutines of several sockets and connections call it at once.
	ServeDNS(ctx context.Context, w *Responder, q *Query)
}

// HandlerFunc makes a [Handler] of a function.
type HandlerFunc func(ctx context.Context, w *Responder, q *Query)

// ServeDNS calls f.
func (f HandlerFunc) ServeDNS(ctx context.Context, w *Responder, q *Query) { f(ctx, w, q) }

// TransportKind is what a message travels on.
type TransportKind uint8

// The transports.
const (
	TransportUDP TransportKind = iota // RFC 1035 §4.2.1
	TransportTCP                      // RFC 1035 §4.2.2, RFC 7766
	TransportTLS                      // RFC 7858
)

// String returns the name in small letters: "udp", "tcp", "tls".
func (t TransportKind) String() string {
	switch t {
	case TransportTCP:
		return "tcp"
	case TransportTLS:
		return "tls"
	}
	return "udp"
}

// Origin is whence a request came, and how.
type Origin struct {
	// Peer is who sent it, Local the address that it was sent to. One that is
	// not valid is not known; a peer's port 0 is never answered.
	Peer, Local netip.AddrPort
	Transport   TransportKind
	// TLS is the connection's state over TLS.
	TLS *tls.ConnectionState
}
