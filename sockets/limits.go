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
	// prefixes share MaxConnsPerPeer. The default is the address for IPv4 and
	// the /64 for IPv6. An invalid prefix is not limited (Unix-domain peers).
	PeerPrefix func(net.Addr) netip.Prefix
	// IdleTimeout bounds the time that a connection may be marked idle
	// (default 2 minutes).
	IdleTimeout time.Duration
	// ReadTimeout bounds one Read (default 5 minutes): a peer that sends
	// nothing for so long is gone.
	ReadTimeout time.Duration
	// WriteTimeout bounds one Write of at most 1 MiB (default 5 minutes);
	// longer writes go in slices with a deadline each, so that a slow but
	// living peer is not cut.
	WriteTimeout time.Duration
	// MaxLifetime bounds a connection's whole life (default none).
	MaxLifetime time.Duration
	// MinReadRate and MinWriteRate end the connections of peers slower than
	// that while a Read or Write is under way (default none).
	MinReadRate, MinWriteRate Rate
}

// Rate is a least rate: Octets over each Window. The zero value is no demand.
type Rate struct {
	// Octets is the number of octets that must pass in each Window.
	Octets int64
	// Window is the time over which they are counted (default 10 s).
	Window time.Duration
}
