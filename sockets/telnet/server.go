package telnet

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"applayer/sockets"
)

// ErrServerClosed is what Serve returns after [Server.Shutdown] or
// [Server.Close].
var ErrServerClosed = sockets.ErrServerClosed

// Handler has a dialogue with a user who has logged in. When ServeTelnet
// returns the connection is closed; ctx ends with the connection and as soon as
// the server begins to shut down.
type Handler interface {
	ServeTelnet(ctx context.Context, s *Session)
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, s *Session)

// ServeTelnet calls f.
func (f HandlerFunc) ServeTelnet(ctx context.Context, s *Session) { f(ctx, s) }

// Authenticator tells whether a user has a password. It should take as long for
// a user who is not there, and compare in constant time. The error is for the
// log; the user hears no more than that he is refused.
type Authenticator interface {
	Authenticate(ctx context.Context, user, password string) (bool, error)
}

// AuthenticatorFunc is a function as an [Authenticator].
type AuthenticatorFunc func(ctx context.Context, user, password string) (bool, error)

// Authenticate calls f.
func (f AuthenticatorFunc) Authenticate(ctx context.Context, user, password string) (bool, error) {
	return f(ctx, user, password)
}

// Server has users log in and a [Handler] talk with them. The zero value with a
// Handler is usable. Its fields may not change once it serves. All its methods
// may be called from several goroutines, and Serve for several listeners. A
// server that was shut down stays so.
//
// It starts no process, and nothing that a client says about its user's name or
// environment is used for a login: a name is what is typed at the prompt
// (CVE-2026-24061).
type Server struct {
	// Limits bounds the connections. Other than in package sockets an
	// IdleTimeout of 0 means 15 minutes: it is a person who thinks.
	sockets.Limits

	// Handler talks with the users. It must be there.
	Handler Handler
	// Authenticator checks who logs in. Nil has everybody come in unasked.
	Authenticator Authenticator
	// Banner is shown before the login; a line ends in LF.
	Banner string

	// LoginTimeout bounds the time until a user has logged in (default 60 s,
	// negative for no limit).
	LoginTimeout time.Duration
	// FailureDelay is how long after a wrong password the next may be tried
	// (default 1 s, negative for none). It is the same for users who are not
	// there.
	FailureDelay time.Duration
	// MaxAttempts is how many names and passwords a connection may try (default
	// 3, negative for no limit).
	MaxAttempts int
	// MaxLine bounds a line that is typed, in octets (default 1024, negative
	// for no limit). What is typed beyond it is dropped.
	MaxLine int

	// TLSConfig makes connections begin with TLS (telnets). It is cloned.
	TLSConfig *tls.Config
	// Wrap is given each accepted connection and returns the one to use, as in
	// [sockets.Server].
	Wrap func(net.Conn) net.Conn
	// Logger hears of failed logins, of refusals and panics. Nil is silent.
	Logger *slog.Logger
	// Trace makes what hears of a connection's dialogue: commands as they come,
	// what users type as lines, passwords blanked unless Trace.Secrets says
	// otherwise; echoes are left out. It may be nil, and return nil.
	Trace func(nc net.Conn) *Trace

	once  sync.Once
	conns sockets.Server
}

func (s *Server) init() {
	s.once.Do(func() {
		c := &s.conns
		c.Limits = s.Limits
		if c.IdleTimeout == 0 {
			c.IdleTimeout = 15 * time.Minute
		}
		c.Handler = sockets.HandlerFunc(s.serveConn)
		c.Logger, c.Wrap, c.TLSConfig = s.Logger, s.Wrap, s.TLSConfig
		c.OverLimit = func(nc net.Conn) { io.WriteString(nc, "Too many connections\r\n") }
	})
}

func (s *Server) loginTimeout() time.Duration {
	switch {
	case s.LoginTimeout == 0:
		return time.Minute
	case s.LoginTimeout < 0:
		return 1<<63 - 1
	}
	return s.LoginTimeout
}

func (s *Server) failureDelay() time.Duration {
	if s.FailureDelay == 0 {
		return time.Second
	}
	return s.FailureDelay
}

// logger is Logger, or silence.
func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return silent
	}
	return s.Logger
}

var silent = slog.New(slog.DiscardHandler)

// serveConn is one connection. It offers to echo and asks for the terminal's
// kind and size: a server says first which mode it wants (RFC 1123 §3.3.4).
func (s *Server) serveConn(ctx context.Context, nc *sockets.Conn) {
	trace := &Trace{}
	if s.Trace != nil {
		if t := s.Trace(nc); t != nil {
			trace = t
		}
	}
	conn := NewConn(nc, &ConnOptions{
		Local:   Options(OptionBinary, OptionEcho, OptionSGA, OptionStatus, OptionEOR),
		Remote:  Options(OptionBinary, OptionSGA, OptionTerminalType, OptionNAWS, OptionEOR),
		Offer:   []Option{OptionSGA, OptionEcho},
		Request: []Option{OptionTerminalType, OptionNAWS},
		Trace:   withoutData(trace),
	})
	session := &Session{conn: conn, nc: nc, trace: trace, lines: LineDiscipline{MaxLine: s.MaxLine}, out: lineEnds{w: conn}}
	// A last line is to arrive, though the user may have typed ahead.
	defer nc.CloseLingering(0, 0)
	if _, err := io.WriteString(session, s.Banner); err != nil {
		return
	}
	if s.Authenticator != nil {
		ok, err := session.login(ctx, s)
		if !ok {
			if errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, ErrServerClosed) {
				io.WriteString(session, "\nLogin timed out\n")
			}
			s.logger().Debug("no login", "peer", nc.RemoteAddr(), "err", err)
			return
		}
	}
	s.Handler.ServeTelnet(ctx, session)
}

// withoutData is what a connection tells of its own: data is told by the
// session, which knows what is secret and what an echo.
func withoutData(t *Trace) *Trace {
	but := func(f func(Event)) func(Event) {
		if f == nil {
			return nil
		}
		return func(ev Event) {
			if ev.Kind != EventData {
				f(ev)
			}
		}
	}
	return &Trace{Received: but(t.Received), Sent: but(t.Sent), Malformed: t.Malformed}
}

// ListenAndServe listens on addr, as [net.Listen] does, and serves.
func (s *Server) ListenAndServe(network, addr string) error {
	s.init()
	return s.conns.ListenAndServe(network, addr)
}

// Serve accepts connections on l until Shutdown or Close, and then returns
// [ErrServerClosed] once every handler has returned. It closes l.
func (s *Server) Serve(l net.Listener) error {
	s.init()
	return s.conns.Serve(l)
}

// ServeConn serves one connection that came another way, and returns when it is
// done with it: for tests, inetd and in-memory networks. The end of ctx cuts
// the connection.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) error {
	s.init()
	return s.conns.ServeConn(ctx, nc)
}

// Shutdown ends the server gracefully: it stops accepting, ends the handlers'
// contexts and the lines that are waited for, and waits until every handler has
// returned. When ctx ends before, it calls Close and returns ctx's error. A
// handler must not call it.
func (s *Server) Shutdown(ctx context.Context) error {
	s.init()
	return s.conns.Shutdown(ctx)
}

// Close closes the listeners and cuts all connections. It does not wait for
// their handlers; Serve does.
func (s *Server) Close() error {
	s.init()
	return s.conns.Close()
}

// Stats returns the counts up to this moment.
func (s *Server) Stats() sockets.ServerStats {
	s.init()
	return s.conns.Stats()
}
