package dns

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"applayer/sockets"
)

// Transport carries one query to a server and brings its answer, over UDP, TCP
// or TLS. The zero value is ready; it is for any number of goroutines. Its
// fields may not change once it is used. [Transport.Close] ends the connections
// that it keeps.
type Transport struct {
	// Dialer opens sockets and connections; nil is the zero [sockets.Dialer].
	// Its Map sends addresses elsewhere, and with its Connect everything. A
	// socket for UDP gets a random port of its own, from 1024 to 65535 or in
	// the Dialer's LocalPorts, unless Connect makes it (RFC 5452 §9.2).
	Dialer *sockets.Dialer
	// TLSConfig is for the network "tls"; nil is the zero one. A ServerName
	// that it lacks is the server's address; NextProtos that it lacks is "dot"
	// (RFC 7858).
	TLSConfig *tls.Config

	// MaxMismatches is how many messages that do not answer the query may come
	// from the server's address, over UDP, before [ErrForgery] ends the wait:
	// somebody is guessing (RFC 5452 §9.3). The default is 8; negative is no
	// limit.
	MaxMismatches int
	// MaxPipelined is how many queries may be under way on one connection
	// (default 64).
	MaxPipelined int
	// MaxConns is how many connections there may be to one server by one
	// network (default 2; RFC 7766 §6.2.2 asks for few). A query that finds
	// all of them full waits.
	MaxConns int
	// MaxIdle is how many connections, of all, may be kept without a query under
	// way (default 256; negative is no limit).
	MaxIdle int
	// IdleTimeout is how long a connection without a query under way is kept
	// (default 10 s; negative, not at all). A server may ask for less
	// (RFC 7828 §3.4).
	IdleTimeout time.Duration

	mu      sync.Mutex
	peers   map[peerKey]*peer
	resting int // streams that are kept with nobody waiting
	closed  bool
	cache   tls.ClientSessionCache
	wg      sync.WaitGroup
}

// The networks of a [Transport].
const (
	NetworkUDP = "udp"
	NetworkTCP = "tcp" // RFC 7766
	NetworkTLS = "tls" // RFC 7858
)

// ErrForgery means that too many messages came from the server's address that
// do not answer the query: ask over a stream (RFC 5452 §9.3).
var ErrForgery = errors.New("dns: too many messages that answer no query of ours")

// Exchange sends a query to a server and returns the first message that accept
// takes; [Matcher.Accept] is meant. Others are ignored, until ctx ends: a
// message that was forged must not end the wait (RFC 5452 §9.1). But for two:
// over UDP, a [*MismatchError] that says AskStream ends it, and so do too many
// messages, with [ErrForgery].
//
// Accept gets octets that it may not keep. Over TCP and TLS, connections are
// kept and shared: several queries are under way on one, each with an ID of
// its own, and answers come in any order (RFC 7766 §6.2.1). One that the server
// closed before it answered is opened again, once.
//
// An address that cannot be reached, or that refuses, is an error at once.
func (t *Transport) Exchange(ctx context.Context, network string, server netip.AddrPort, query []byte, accept func(reply []byte) error) ([]byte, error) {
	if len(query) < HeaderSize {
		return nil, &ParseError{Offset: int64(len(query)), What: "header", Ref: "RFC 1035 §4.1.1", Err: errUnexpectedEOF}
	}
	id := uint16(query[0])<<8 | uint16(query[1])
	return t.exchange(ctx, network, server, id, func(netip.Addr) ([]byte, func([]byte) error, error) {
		return query, accept, nil
	})
}

// makeQuery makes a query, with an ID that was chosen before, once it is known
// from which address it will be sent.
type makeQuery func(local netip.Addr) (query []byte, accept func([]byte) error, err error)

func (t *Transport) exchange(ctx context.Context, network string, server netip.AddrPort, id uint16, query makeQuery) (reply []byte, err error) {
	switch network {
	case NetworkUDP:
		reply, err = t.exchangeUDP(ctx, server, query)
	case NetworkTCP, NetworkTLS:
		reply, err = t.exchangeStream(ctx, peerKey{network, server}, id, query)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		if over := contextError(ctx); over != nil {
			err = over
		}
	}
	return reply, err
}

// contextError tells why ctx has ended, or that its deadline has passed: a
// socket's may be noticed first.
func contextError(ctx context.Context) error {
	if at, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return context.Cause(ctx)
}

// queryPorts are those that a query over UDP may come from: all but the system
// ports (RFC 5452 §9.2).
var queryPorts = sockets.PortRange{Lo: 1024, Hi: 65535}

func (t *Transport) dialer() sockets.Dialer {
	if t.Dialer == nil {
		return sockets.Dialer{}
	}
	return *t.Dialer
}

func (t *Transport) dial(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	d := t.dialer()
	switch network {
	case NetworkUDP:
		if d.LocalPorts.IsZero() {
			d.LocalPorts = queryPorts
		}
		return d.Dial(ctx, "udp", server.String())
	case NetworkTLS:
		config := t.TLSConfig.Clone()
		if config == nil {
			config = &tls.Config{}
		}
		if config.NextProtos == nil {
			config.NextProtos = []string{"dot"}
		}
		if config.ClientSessionCache == nil {
			config.ClientSessionCache = t.sessions()
		}
		return d.DialTLS(ctx, "tcp", server.String(), config)
	}
	return d.Dial(ctx, "tcp", server.String())
}

// sessions lets a connection that is opened again go on with the keys of the one
// before (RFC 7858 §3.4).
func (t *Transport) sessions() tls.ClientSessionCache {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cache == nil {
		t.cache = tls.NewLRUClientSessionCache(0)
	}
	return t.cache
}

// localAddr returns the address from which a connection sends; the zero one
// where it has none.
func localAddr(nc net.Conn) netip.Addr {
	switch a := nc.LocalAddr().(type) {
	case *net.UDPAddr:
		return a.AddrPort().Addr().Unmap()
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
