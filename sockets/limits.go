package sockets

import (
	"net"
	"net/netip"
	"time"
)

// Limits bounds what peers can make a server hold. Every server of this
// module embeds it. The zero value of a field means its default; a negative
// value, no limit.
type Limits struct {
	// MaxConns bounds the connections open at once (default 4096). It keeps a
	// flood from taking all descriptors and memory.
	MaxConns int
	// MaxConnsPerPeer bounds the connections of one peer (default 256), so
	// that one host cannot take all of MaxConns.
	MaxConnsPerPeer int
	// PeerPrefix tells what counts as one peer: connections with equal
	// prefixes share MaxConnsPerPeer. The default is [DefaultPeerPrefix]. An
	// invalid prefix is not limited (Unix-domain peers); bits beyond its length
	// do not count.
	PeerPrefix func(net.Addr) netip.Prefix
	// IdleTimeout bounds the time that a connection may be marked idle
	// (default 2 minutes). It ends the Read that waits then.
	IdleTimeout time.Duration
	// ReadTimeout bounds one Read (default 5 minutes): a peer that sends
	// nothing for so long is gone.
	ReadTimeout time.Duration
	// WriteTimeout bounds one Write of at most 1 MiB (default 5 minutes);
	// longer writes go in slices with a deadline each, so that a slow but
	// living peer is not cut.
	WriteTimeout time.Duration
	// HandshakeTimeout bounds a TLS handshake (default 10 s), of which a
	// silent peer would otherwise make a connection without a handler.
	HandshakeTimeout time.Duration
	// MaxLifetime bounds a connection's whole life (default none).
	MaxLifetime time.Duration
	// MinReadRate and MinWriteRate end the connections of peers slower than
	// that while a Read or Write is under way (default none). They answer
	// peers that send or take one octet just before each timeout.
	MinReadRate, MinWriteRate Rate
}

// Rate is a least rate: Octets over each Window. The zero value is no demand.
type Rate struct {
	// Octets is the number of octets that must pass in each Window.
	Octets int64
	// Window is the time over which they are counted (default 10 s).
	Window time.Duration
}

// The defaults of [Limits].
const (
	defaultMaxConns         = 4096
	defaultMaxConnsPerPeer  = 256
	defaultIdleTimeout      = 2 * time.Minute
	defaultReadTimeout      = 5 * time.Minute
	defaultWriteTimeout     = 5 * time.Minute
	defaultHandshakeTimeout = 10 * time.Second
	defaultRateWindow       = 10 * time.Second
)

// orDefault gives def for zero and 0, which means none, for a negative v.
func orDefault[T ~int | ~int64](v, def T) T {
	switch {
	case v == 0:
		return def
	case v < 0:
		return 0
	}
	return v
}

// connOptions are the limits that stand on each connection of a server.
func (l *Limits) connOptions() ConnOptions {
	return ConnOptions{
		IdleTimeout:      orDefault(l.IdleTimeout, defaultIdleTimeout),
		ReadTimeout:      orDefault(l.ReadTimeout, defaultReadTimeout),
		WriteTimeout:     orDefault(l.WriteTimeout, defaultWriteTimeout),
		HandshakeTimeout: orDefault(l.HandshakeTimeout, defaultHandshakeTimeout),
		MaxLifetime:      l.MaxLifetime,
		MinReadRate:      l.MinReadRate,
		MinWriteRate:     l.MinWriteRate,
	}
}

// DefaultPeerPrefix is the address for IPv4, the /64 for IPv6, which is what
// one customer commonly holds (RFC 6177 §2), and the whole address for IPv6
// link-local peers, which all share one /64. It is invalid for addresses
// without IP, such as those of Unix-domain sockets.
func DefaultPeerPrefix(a net.Addr) netip.Prefix {
	ip := ipOf(a)
	bits := ip.BitLen()
	if ip.Is6() && !ip.IsLinkLocalUnicast() {
		bits = 64
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// ipOf finds the address in a, with IPv4 as itself where IPv6 carries it.
func ipOf(a net.Addr) netip.Addr {
	switch a := a.(type) {
	case nil:
		return netip.Addr{}
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	case *net.UDPAddr:
		return a.AddrPort().Addr().Unmap()
	case *net.UnixAddr:
		return netip.Addr{} // a client may bind to a path that reads as an address
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
