package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"applayer/internal/guess"
	"applayer/sockets"
)

// ErrServerClosed is what Serve returns after [Server.Shutdown] or
// [Server.Close].
var ErrServerClosed = sockets.ErrServerClosed

// Server gives users their mail. The zero value with Backend is usable. Its
// fields may not change once it serves. All its methods may be called from
// several goroutines, and Serve for several listeners. A server that was shut
// down stays so.
type Server struct {
	// Backend has the users and their mail. It must be there. If it is an
	// [APOPBackend] the server has APOP.
	Backend Backend
	// Hostname is the server's name, in the greeting and APOP's timestamp
	// (default "localhost").
	Hostname string
	// Greeting is the text of the first response (default "POP3 server ready").
	Greeting string
	// Implementation is told by CAPA, a word or several (default none).
	Implementation string

	// TLSConfig is for STLS and for [Server.ServeTLS]; nil is neither. It is
	// cloned.
	TLSConfig *tls.Config
	// Auth gives the SASL mechanisms for a connection, each time that one is
	// asked for or told of. Nil is PLAIN by [Backend].Login. Those that carry
	// what opens doors are neither told of nor taken without TLS, as with
	// AllowInsecureAuth: PLAIN, LOGIN, OAUTHBEARER and XOAUTH2.
	Auth func(c *Conn) []SASLServer
	// AllowInsecureAuth takes passwords in the clear from any host. Without it
	// they are taken within TLS, from this host, and by Unix-domain sockets.
	AllowInsecureAuth bool

	// MaxAuthFailuresPerPeer bounds the refused logins of one address, as
	// [sockets.Limits] tells what one is, over all its connections within 10
	// minutes (default 50, negative for none). Beyond it logins are answered
	// [SYS/TEMP] unseen.
	MaxAuthFailuresPerPeer int
	// LoginDelay is how long a user has to wait between two logins (default
	// none, RFC 2449 §6.5).
	LoginDelay time.Duration
	// Expire is told by CAPA. ExpireAtOnce removes what was retrieved when the
	// session ends by QUIT; removing others by age is the Backend's business.
	Expire Expire
	// SendUTF8 sends messages with UTF-8 in their headers to clients that did
	// not ask for it by the command UTF8, as many servers do. Without it they
	// are refused with -ERR [UTF8] (RFC 6856 §5).
	SendUTF8 bool

	// Limits bounds what a client can make the server hold.
	Limits Limits
	// Conns bounds the connections. Of its timeouts the server uses
	// WriteTimeout, MaxLifetime and the rates; the others are those of Timeouts.
	Conns sockets.Limits
	// Timeouts bounds how long clients may let the server wait.
	Timeouts Timeouts

	// Wrap is given each accepted connection and returns the one to use, as in
	// [sockets.Server].
	Wrap func(net.Conn) net.Conn
	// Logger hears of logins and of the ends of sessions, at level Debug of
	// commands, never of passwords. Nil is silent. Keys: peer, user, verb,
	// messages, deleted, err.
	Logger *slog.Logger
	// Trace hears of what passes.
	Trace *Trace

	once     sync.Once
	plain    sockets.Server
	implicit sockets.Server
	timeouts Timeouts
	limits   Limits
	tls      *tls.Config
	guesses  guess.Counter
	logins   logins
}

// Timeouts bounds how long a client may let a [Server] wait. Zero is the
// default, negative is none.
type Timeouts struct {
	// Login is from the connection to the login (default 3 minutes). The ten
	// minutes of RFC 1939 §3 are for those who have something to lose.
	Login time.Duration
	// Idle is between two commands of a user who is logged in (default 10
	// minutes, and no less by RFC 1939 §3). After it the connection is closed
	// and nothing is removed.
	Idle time.Duration
	// Handshake bounds a TLS handshake (default 10 s).
	Handshake time.Duration
	// LoginDelay is after how long the first refused login of a client's address
	// is answered (default 1 s). Each one more doubles it, up to 16 times.
	LoginDelay time.Duration
}

// inForce returns the timeouts with defaults filled in, and none as a long time.
func (t Timeouts) inForce() Timeouts {
	fill := func(v *time.Duration, byDefault time.Duration) {
		switch {
		case *v == 0:
			*v = byDefault
		case *v < 0:
			*v = 1 << 60
		}
	}
	fill(&t.Login, 3*time.Minute)
	fill(&t.Idle, 10*time.Minute)
	fill(&t.Handshake, 10*time.Second)
	if t.LoginDelay == 0 {
		t.LoginDelay = time.Second
	}
	return t
}

func (s *Server) init() {
	s.once.Do(func() {
		s.timeouts, s.limits = s.Timeouts.inForce(), s.Limits.inForce()
		s.guesses.Max, s.guesses.Delay = s.MaxAuthFailuresPerPeer, s.timeouts.LoginDelay
		s.logins.delay = s.LoginDelay
		if s.TLSConfig != nil {
			s.tls = s.TLSConfig.Clone()
			if len(s.tls.NextProtos) == 0 {
				s.tls.NextProtos = protocols
			}
		}
		s.prepare(&s.plain, nil)
		s.prepare(&s.implicit, s.tls)
	})
}

// protocols are what TLS may be meant for where a client says it (RFC 7301 §6).
// A browser that was led here takes its way for HTTP, and would take what a
// response repeats for a page of a web server with the same certificate (ALPACA,
// CVE-2021-3618).
var protocols = []string{"pop3"}

// prepare makes a sockets.Server serve sessions.
func (s *Server) prepare(c *sockets.Server, implicit *tls.Config) {
	c.Limits = s.Conns
	c.ReadTimeout, c.IdleTimeout = -1, -1 // session has deadlines of its own
	c.HandshakeTimeout = s.timeouts.Handshake
	c.Logger, c.Wrap, c.TLSConfig = s.Logger, s.Wrap, implicit
	if implicit == nil {
		c.OverLimit = overLimit
	}
	c.Handler = sockets.HandlerFunc(s.serve)
}

// overLimit answers a connection that is one too many.
func overLimit(nc net.Conn) { nc.Write([]byte("-ERR [SYS/TEMP] Too many connections.\r\n")) }

// logger is Logger, or silence.
func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return silent
	}
	return s.Logger
}

var silent = slog.New(slog.DiscardHandler)

// ListenAndServe listens on addr, as [net.Listen] does, and serves.
func (s *Server) ListenAndServe(network, addr string) error {
	s.init()
	return s.plain.ListenAndServe(network, addr)
}

// Serve accepts connections on l until Shutdown or Close, and then returns
// [ErrServerClosed] once every session has ended. It closes l.
func (s *Server) Serve(l net.Listener) error {
	s.init()
	return s.plain.Serve(l)
}

// ServeTLS is Serve for connections that begin with TLS: pop3s on port 995
// (RFC 8314 §3.2).
func (s *Server) ServeTLS(l net.Listener) error {
	s.init()
	if s.tls == nil {
		l.Close()
		return errors.New("pop3: no TLSConfig")
	}
	return s.implicit.Serve(l)
}

// ServeConn serves one connection that came another way, and returns when it is
// done with it: for tests, inetd and in-memory networks. The end of ctx cuts the
// connection.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) error {
	s.init()
	return s.plain.ServeConn(ctx, nc)
}

// Shutdown ends the server gracefully: it stops accepting, lets commands under
// way end, closes idle sessions, and waits until every session has ended. When
// ctx ends before, it calls Close and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.init()
	return s.servers().Shutdown(ctx)
}

// Close closes the listeners and cuts all connections. It does not wait for
// sessions; Serve does.
func (s *Server) Close() error {
	s.init()
	return s.servers().Close()
}

// servers are the one in the clear and the one over TLS.
func (s *Server) servers() sockets.Servers { return sockets.Servers{&s.plain, &s.implicit} }
