package ftp

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"applayer/sockets"
)

// ErrServerClosed is what Serve returns after [Server.Shutdown] or
// [Server.Close].
var ErrServerClosed = sockets.ErrServerClosed

// Server serves files. The zero value with Auth is usable. Its fields may not
// change once it serves. All its methods may be called from several goroutines,
// and Serve for several listeners. A server that was shut down stays so.
//
// There is one goroutine a session, and while a passive data connection is
// waited for, or a transfer takes longer than a moment, one more. Each session
// is a [Session] whose actions are carried out.
type Server struct {
	// Auth decides who may come in. It must be there.
	Auth Authenticator
	// Greeting is the text of the first reply.
	Greeting string

	// Limits bounds what a client can make the server hold.
	Limits Limits
	// Conns bounds the connections. Of its timeouts the server uses
	// WriteTimeout (for one reply) and MaxLifetime; the others are those of
	// Timeouts.
	Conns sockets.Limits
	// Timeouts bounds how long clients may let the server wait.
	Timeouts Timeouts
	// MaxLogins is the number of refused logins that ends a session (default
	// 3, negative for no end).
	MaxLogins int

	// TLSConfig is for AUTH TLS, for [Server.ServeTLS] and for data
	// connections; nil is none of it. It is cloned.
	TLSConfig *tls.Config
	// RequireTLS refuses logins without TLS (530) and transfers without PROT P
	// (522).
	RequireTLS bool
	// TLSReuse says whether TLS of a data connection must go on from the
	// control connection's (default [TLSReusePrefer]).
	TLSReuse TLSReuse
	// AllowCCC lets clients take TLS off the control connection
	// (RFC 4217 §5).
	AllowCCC bool

	// PassivePorts is where passive data connections wait (default any port).
	PassivePorts sockets.PortRange
	// KeepDataPort leaves a passive data port open from one transfer to the
	// session's next, which is faster for many small files. The port can be
	// foretold then by others who are, or seem to be, at the client's address
	// (RFC 2577 §8); those may take its data unless TLSReuse is required.
	KeepDataPort bool
	// PublicIP gives the address that PASV tells a client: that of a NAT
	// before us. Nil, or an invalid address, is the one on which the client
	// reached us.
	PublicIP func(peer net.Addr) netip.Addr
	// AllowForeignData lets data connections come from and go to other hosts
	// than the client's, for files from server to server (FXP). It makes
	// bounce attacks possible (RFC 2577 §3).
	AllowForeignData bool
	// ListenData opens a passive data port; nil is package sockets, within
	// PassivePorts.
	ListenData func(ctx context.Context, network, addr string) (net.Listener, error)
	// DialData makes an active data connection from the address local, whose
	// port is the one below the control connection's (RFC 959 §3.2), and where
	// that cannot be from any port; nil is package sockets.
	DialData func(ctx context.Context, network, local, addr string) (net.Conn, error)

	// Host tells what differs at a virtual host (RFC 7151), nil for an unknown
	// one. Without the function HOST is answered 504.
	Host func(name string) *VirtualHost

	// Wrap is given each accepted connection and returns the one to use, as in
	// [sockets.Server].
	Wrap func(net.Conn) net.Conn
	// Logger hears of logins and transfers, at level Debug of commands, never
	// of passwords. Nil is silent. Keys: peer, user, verb, path, bytes, dur,
	// err.
	Logger *slog.Logger
	// Trace hears of what passes on control connections.
	Trace *Trace
	// Events are called when something has happened.
	Events Events

	once     sync.Once
	plain    sockets.Server
	implicit sockets.Server
	timeouts Timeouts
	tls      *tls.Config
	noLow    lowPort
	open     context.Context // ends when connections are cut
	cut      context.CancelFunc
}

// Timeouts bounds how long a client may let a [Server] wait. Zero is the
// default, negative is none.
type Timeouts struct {
	// Login is from the connection, or from the end of a login, to the next
	// login (default 1 minute).
	Login time.Duration
	// Idle is between two commands (default 5 minutes); a transfer under way
	// is not idle. SITE IDLE changes it up to MaxIdle (default an hour).
	Idle, MaxIdle time.Duration
	// Data is until a data connection stands (default 30 s).
	Data time.Duration
	// Stall is how long no octet may pass on one (default 1 minute).
	Stall time.Duration
	// Handshake bounds a TLS handshake (default 10 s).
	Handshake time.Duration
	// LoginDelay is after how long a login is refused (default 1 s), whatever
	// the reason was and however long it took to find.
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
	fill(&t.Login, time.Minute)
	fill(&t.Idle, 5*time.Minute)
	fill(&t.MaxIdle, time.Hour)
	fill(&t.Data, 30*time.Second)
	fill(&t.Stall, time.Minute)
	fill(&t.Handshake, 10*time.Second)
	if t.LoginDelay == 0 {
		t.LoginDelay = time.Second
	}
	return t
}

// VirtualHost is what differs at a host (RFC 7151). A nil field is the server's.
type VirtualHost struct {
	Greeting  string
	Auth      Authenticator
	TLSConfig *tls.Config
}

// Events is what a program may hear of a [Server]. Nil functions are left out.
// They run in the session's goroutine.
type Events struct {
	// Login is called after each login, with the error of one refused.
	Login func(user string, peer net.Addr, err error)
	// Transfer is called after each transfer.
	Transfer func(TransferEvent)
}

// TransferEvent is a transfer that has ended.
type TransferEvent struct {
	User string
	Peer net.Addr
	Verb Verb
	// Path is absolute, as the client sees it.
	Path string
	// Octets is what passed on the data connection, in Duration.
	Octets   int64
	Duration time.Duration
	// Code is the final reply's.
	Code int
	Err  error
}

func (s *Server) init() {
	s.once.Do(func() {
		s.timeouts = s.Timeouts.inForce()
		s.open, s.cut = context.WithCancel(context.Background())
		if s.TLSConfig != nil {
			s.tls = s.TLSConfig.Clone()
		}
		s.prepare(&s.plain, false)
		s.prepare(&s.implicit, true)
	})
}

// prepare makes a sockets.Server serve sessions.
func (s *Server) prepare(c *sockets.Server, implicit bool) {
	c.Limits = s.Conns
	c.ReadTimeout, c.IdleTimeout = -1, -1 // serverConn has deadlines of its own
	c.Logger, c.Wrap = s.Logger, s.Wrap
	if !implicit {
		c.OverLimit = overLimit
	}
	c.Handler = sockets.HandlerFunc(func(ctx context.Context, nc *sockets.Conn) {
		s.serve(ctx, nc, implicit)
	})
}

// overLimit answers a connection that is one too many.
func overLimit(nc net.Conn) { nc.Write([]byte("421 Too many connections.\r\n")) }

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

// ServeTLS is Serve for connections that begin with TLS: ftps on port 990.
func (s *Server) ServeTLS(l net.Listener) error {
	s.init()
	if s.tls == nil {
		l.Close()
		return errors.New("ftp: no TLSConfig")
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

// Shutdown ends the server gracefully: it stops accepting, lets transfers end,
// tells idle sessions 421, and waits until every session has ended. When ctx
// ends before, it calls Close and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.init()
	err := s.servers().Shutdown(ctx)
	if err != nil {
		s.cut()
	}
	return err
}

// Close closes the listeners and cuts all connections, those of data too. It
// does not wait for sessions; Serve does.
func (s *Server) Close() error {
	s.init()
	s.cut()
	return s.servers().Close()
}

// servers are the one in the clear and the one over TLS.
func (s *Server) servers() sockets.Servers { return sockets.Servers{&s.plain, &s.implicit} }
