package dns

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"applayer/sockets"
)

// ErrServerClosed is what the Serve methods return after [Server.Shutdown] or
// [Server.Close].
var ErrServerClosed = sockets.ErrServerClosed

// Server answers requests: over UDP, TCP and TLS, or those that a program has
// by other means ([Server.AppendResponse]). The zero value with a Handler is
// usable. Its fields may not change once it is used, and all its methods may be
// called from several goroutines. A server that was shut down stays so.
//
// What is no query it answers by itself: NOTIMP to opcodes other than QUERY;
// FORMERR to what cannot be parsed, to more than one question, to malformed
// options and to OPT, TSIG or TKEY as a question's type; BADVERS to another
// version of EDNS. A query without a question and with a cookie gets a cookie
// (RFC 7873 §5.4). Responses, pieces shorter than a header and datagrams from
// port 0 it never answers.
//
// A client on a connection may send many queries without waiting; answers that
// wait for nothing leave in their order, those of detached queries when they
// are there (RFC 7766 §6.2.1.1).
type Server struct {
	// Handler answers queries; nil refuses them all.
	Handler Handler

	// UDPSize is the longest response over UDP, in octets, whatever a client
	// takes, and what the server says that it takes itself (default
	// [DefaultUDPSize], [MinUDPSize] at least). Clients without EDNS get no
	// more than 512 octets.
	UDPSize int
	// Sockets is how many UDP sockets share an address (default 1), each with
	// a loop of its own; as many as there are CPUs is fastest.
	Sockets int
	// Batch is how many datagrams one system call may read or send (default
	// 1); under load 32 is faster.
	Batch int
	// ReadBuffer is the size asked for each UDP socket's receive buffer, in
	// octets (default 1 MiB, of which the system may grant less). What does not
	// fit there is lost.
	ReadBuffer int
	// Rate bounds the datagrams of one source (default none).
	Rate sockets.PacketRate

	// Limits bounds the connections. The defaults are those of package
	// sockets, but 10 s for IdleTimeout, ReadTimeout and WriteTimeout.
	sockets.Limits
	// MaxInFlight bounds the queries of one connection that wait for their
	// answer (default 128); it is read no further meanwhile.
	MaxInFlight int
	// TLSConfig has the certificate for [Server.ServeTLS]. It is cloned; ALPN
	// offers dot alone (RFC 7858 §3.1).
	TLSConfig *tls.Config

	// NSID is what the server calls itself to those that ask (RFC 5001);
	// nothing by default.
	NSID string
	// NoCookies ignores cookies; else they are made with a secret drawn at
	// random, or with that of [Server.SetCookies].
	NoCookies bool
	// RequireCookies answers clients that send a cookie over UDP, and none that
	// was ours, with BADCOOKIE and a cookie (RFC 7873 §5.2.3).
	RequireCookies bool

	// Logger hears of panics of handlers, errors of sockets and refusals over
	// limits; nil is silent.
	Logger *slog.Logger
	// QueryLog gets a line for each query, with its answer; nil is none.
	QueryLog *slog.Logger

	once    sync.Once
	udp     sockets.PacketServer
	tcp     sockets.Server
	tls     sockets.Server
	limits  sockets.Limits
	open    atomic.Int64 // connections
	cookies atomic.Pointer[CookieSecrets]
	pending pending
	panics  atomic.Int64

	counters [counterShards]serverCounters
}

const (
	defaultMaxInFlight  = 128
	defaultServerConns  = 4096
	defaultConnsTimeout = 10 * time.Second
	defaultReadBuffer   = 1 << 20
	// maxUDPSize is what a datagram of IPv4 carries.
	maxUDPSize = 1<<16 - 1 - 20 - 8
	// maxRequest is the longest datagram taken whole; requests are short.
	maxRequest = 4096
)

// alpnDoT is the protocol's name in a TLS handshake.
const alpnDoT = "dot"

func (s *Server) init() {
	s.once.Do(func() {
		s.limits = s.Limits
		for _, d := range []*time.Duration{&s.limits.IdleTimeout, &s.limits.ReadTimeout, &s.limits.WriteTimeout} {
			if *d == 0 {
				*d = defaultConnsTimeout
			}
		}
		if s.limits.MaxConns == 0 {
			s.limits.MaxConns = defaultServerConns
		}
		s.initCookies()
		u := &s.udp
		u.Handler, u.Logger, u.MaxPacket = (*packetHandler)(s), s.Logger, maxRequest
		u.Sockets, u.Batch, u.ReadBuffer, u.Rate = s.Sockets, s.Batch, cmp.Or(s.ReadBuffer, defaultReadBuffer), s.Rate
		u.Drain = s.pending.wait
		for kind, c := range map[TransportKind]*sockets.Server{TransportTCP: &s.tcp, TransportTLS: &s.tls} {
			c.Limits, c.Logger = s.limits, s.Logger
			c.Handler = sockets.HandlerFunc(func(ctx context.Context, nc *sockets.Conn) { s.serveStream(ctx, nc, kind) })
		}
		s.tls.TLSConfig = new(tls.Config)
		if s.TLSConfig != nil {
			s.tls.TLSConfig = s.TLSConfig.Clone()
		}
		s.tls.TLSConfig.NextProtos = []string{alpnDoT}
	})
}

// ServeUDP answers the datagrams of sockets until Shutdown or Close, and then
// returns [ErrServerClosed]; or until one fails for good. It closes them.
func (s *Server) ServeUDP(pcs ...net.PacketConn) error {
	s.init()
	errs := make([]error, len(pcs))
	var loops sync.WaitGroup
	for i, pc := range pcs {
		loops.Go(func() {
			if errs[i] = s.udp.Serve(pc); errs[i] != ErrServerClosed {
				closeAll(pcs)
			}
		})
	}
	loops.Wait()
	return firstCause(errs)
}

func closeAll(pcs []net.PacketConn) {
	for _, pc := range pcs {
		pc.Close()
	}
}

// firstCause returns the error that ended others by [net.ErrClosed].
func firstCause(errs []error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return errors.Join(errs...)
}

// ServeTCP answers the requests on the connections of l until Shutdown or
// Close, and then returns [ErrServerClosed] when all answers have left. It
// closes l.
func (s *Server) ServeTCP(l net.Listener) error {
	s.init()
	return s.tcp.Serve(l)
}

// ServeTLS is [Server.ServeTCP] with TLS below the messages (RFC 7858). Its
// connections have Limits of their own, beside those of plain TCP.
func (s *Server) ServeTLS(l net.Listener) error {
	s.init()
	return s.tls.Serve(l)
}

// ServeConn answers the requests of one connection that came another way, as if
// over TCP, and returns when it is done with it; see [sockets.Server.ServeConn].
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) error {
	s.init()
	return s.tcp.ServeConn(ctx, nc)
}

// ServeConnTLS is [Server.ServeConn], with a TLS handshake first.
func (s *Server) ServeConnTLS(ctx context.Context, nc net.Conn) error {
	s.init()
	return s.tls.ServeConn(ctx, nc)
}

// ListenAndServe answers on addr, over UDP and TCP, until Shutdown or Close,
// and then returns [ErrServerClosed]; or until one of them fails.
func (s *Server) ListenAndServe(ctx context.Context, addr string) error {
	l, err := Listen(ctx, addr, s.Sockets)
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// Serve answers on l until Shutdown or Close, and then returns
// [ErrServerClosed]; or until one of its sockets fails. It closes l.
func (s *Server) Serve(l *Listener) error {
	var errs [2]error
	var both sync.WaitGroup
	both.Go(func() {
		if errs[0] = s.ServeUDP(l.Packets...); errs[0] != ErrServerClosed {
			l.Close()
		}
	})
	both.Go(func() {
		if errs[1] = s.ServeTCP(l.Streams); errs[1] != ErrServerClosed {
			l.Close()
		}
	})
	both.Wait()
	return firstCause(errs[:])
}

// Shutdown ends the server gracefully: nothing more is read, the handlers'
// context ends, and what was read is answered, detached queries too. Then, or
// when ctx ends, whose error it returns, it closes everything.
func (s *Server) Shutdown(ctx context.Context) error {
	s.init()
	var errs [3]error
	var all sync.WaitGroup
	for i, shutdown := range []func(context.Context) error{s.udp.Shutdown, s.tcp.Shutdown, s.tls.Shutdown} {
		all.Go(func() { errs[i] = shutdown(ctx) })
	}
	all.Wait()
	return firstCause(errs[:])
}

// Close ends the server at once, and cuts its connections. It does not wait for
// handlers; the Serve methods do.
func (s *Server) Close() error {
	s.init()
	return errors.Join(s.udp.Close(), s.tcp.Close(), s.tls.Close())
}

func (s *Server) udpSize() uint16 {
	if s.UDPSize <= 0 {
		return DefaultUDPSize
	}
	return uint16(min(max(s.UDPSize, MinUDPSize), maxUDPSize))
}

// responseLimit returns how long the response to q may be.
func (s *Server) responseLimit(q *Query) int {
	switch {
	case q.origin.Transport != TransportUDP:
		return MaxMessage
	case !q.hasEDNS:
		return MinUDPSize // RFC 1035 §4.2.1
	}
	return int(min(max(q.edns.UDPSize, MinUDPSize), s.udpSize()))
}

func (s *Server) log() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}
