package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"applayer/internal/guess"
	"applayer/sockets"
)

// ErrServerClosed is what Serve returns after [Server.Shutdown] or
// [Server.Close].
var ErrServerClosed = sockets.ErrServerClosed

// Server receives mail. The zero value with Backend is usable. Its fields may
// not change once it serves. All its methods may be called from several
// goroutines, and Serve for several listeners. A server that was shut down stays
// so.
//
// There is one goroutine a connection, and the [Session]'s methods run in it.
type Server struct {
	// Hostname is the server's name in its greeting (default the system's).
	Hostname string
	// Greeting is what stands behind the name there (default "ESMTP", or
	// "LMTP").
	Greeting string
	// Backend takes the mail. It must be there.
	Backend Backend

	// LMTP makes it a server of RFC 2033, which is for delivery on one host or
	// between hosts that trust each other, never on port 25 (§5).
	LMTP bool
	// Submission makes it a server of RFC 6409: nobody sends who is not logged
	// in (530 5.7.0).
	Submission bool
	// SenderAllowed tells in submission whether who is logged in may send from
	// an address; nil is yes. Otherwise MAIL is answered 550 5.7.1
	// (RFC 6409 §6.1).
	SenderAllowed func(identity string, from Path) bool

	// Auth gives the mechanisms for a connection, the best first; nil is none.
	// It is asked for each EHLO and AUTH, so what it may give depends on
	// [Conn.TLS].
	Auth func(*Conn) []SASLServer
	// AllowInsecureAuth lets clients that are not on this host send passwords in
	// the clear: PLAIN, LOGIN and OAUTHBEARER without TLS.
	AllowInsecureAuth bool
	// TLSConfig is for STARTTLS and [Server.ServeTLS]; nil is neither. It is
	// cloned.
	TLSConfig *tls.Config
	// RequireTLS answers MAIL, VRFY and AUTH 530 5.7.0 before STARTTLS
	// (RFC 3207 §4). It is not for port 25 of the public Internet.
	RequireTLS bool
	// Without names extensions that are not to be offered, such as "CHUNKING",
	// "SMTPUTF8" or "DSN". What is not offered is refused.
	Without []string

	// BareNewline says what becomes of messages with a CR or LF that is no part
	// of a CRLF. Nothing but CRLF.CRLF ends a message, whatever it says.
	BareNewline Policy
	// EarlyTalker is how long the greeting is held back, to find clients that
	// speak before it, which programs that only send junk do (default not at
	// all). They are answered 554 5.5.1.
	EarlyTalker time.Duration
	// MaxAuthFailuresPerPeer bounds the refused logins of one address, as
	// [sockets.Limits] tells what one is, over all its connections within 10
	// minutes (default 50, negative for none). Beyond it AUTH is answered
	// 454 4.7.0 unseen.
	MaxAuthFailuresPerPeer int

	// Limits bounds what a client can make the server hold.
	Limits Limits
	// Conns bounds the connections. Of its timeouts the server uses
	// WriteTimeout and MaxLifetime; the others are those of Timeouts.
	Conns sockets.Limits
	// Timeouts bounds how long clients may let the server wait.
	Timeouts Timeouts

	// Wrap is given each accepted connection and returns the one to use, as in
	// [sockets.Server].
	Wrap func(net.Conn) net.Conn
	// Logger hears of each transaction and login, in one line. Nil is silent.
	// Keys: peer, from, rcpts, bytes, dur, reply, user, err.
	Logger *slog.Logger
	// Trace hears of what passes.
	Trace *Trace

	once     sync.Once
	plain    sockets.Server
	implicit sockets.Server
	hostname string
	limits   Limits
	timeouts Timeouts
	tls      *tls.Config
	offered  extensionSet
	guesses  guess.Counter
	open     context.Context // ends when connections are cut
	cut      context.CancelFunc
}

// Timeouts bounds how long a client may let a [Server] wait. Zero is the
// default, negative is none.
type Timeouts struct {
	// Command is until a command, or a line of AUTH, is there whole (default 5
	// minutes, RFC 5321 §4.5.3.2.7).
	Command time.Duration
	// DataBlock is how long nothing of a message may come (default 3 minutes,
	// §4.5.3.2.5).
	DataBlock time.Duration
	// Data is how long a whole message may take (default 30 minutes), which
	// ends a client that sends an octet now and then. See also
	// [sockets.Limits.MinReadRate].
	Data time.Duration
	// Handshake bounds a TLS handshake (default 1 minute).
	Handshake time.Duration
	// LoginDelay is how long the reply to a refused login takes (default 1
	// second). It doubles with each refusal of the peer, up to 16 times.
	LoginDelay time.Duration
}

// inForce returns the timeouts with defaults filled in, and none as a long time.
func (t Timeouts) inForce() Timeouts {
	fill := func(v *time.Duration, byDefault time.Duration) {
		switch {
		case *v == 0:
			*v = byDefault
		case *v < 0:
			*v = forever
		}
	}
	fill(&t.Command, 5*time.Minute)
	fill(&t.DataBlock, 3*time.Minute)
	fill(&t.Data, 30*time.Minute)
	fill(&t.Handshake, time.Minute)
	if t.LoginDelay == 0 {
		t.LoginDelay = time.Second
	}
	return t
}

// forever is longer than any connection lasts.
const forever time.Duration = 1 << 60

func (s *Server) init() {
	s.once.Do(func() {
		if s.hostname = s.Hostname; s.hostname == "" {
			s.hostname = systemName()
		}
		s.limits, s.timeouts = s.Limits.inForce(), s.Timeouts.inForce()
		s.open, s.cut = context.WithCancel(context.Background())
		s.tls = serverTLS(s.TLSConfig)
		s.offered = offeredBut(s.Without)
		s.guesses.Max, s.guesses.Delay = s.MaxAuthFailuresPerPeer, s.timeouts.LoginDelay
		s.prepare(&s.plain)
		s.prepare(&s.implicit)
		s.plain.OverLimit = s.overLimit
		s.implicit.TLSConfig = s.tls
	})
}

// systemName is the host's name, or what every host is called.
func systemName() string {
	if name, err := os.Hostname(); err == nil {
		if _, err := ParseHello([]byte(name)); err == nil {
			return name
		}
	}
	return "localhost"
}

// serverTLS is the configuration in use. TLS that was begun for another protocol,
// as a browser's is that was led here to take our replies for a page, fails
// where the client tells its protocol (ALPACA, RFC 7301 §3.2).
func serverTLS(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	if c = c.Clone(); len(c.NextProtos) == 0 {
		c.NextProtos = []string{"smtp"}
	}
	return c
}

// prepare makes a sockets.Server serve sessions.
func (s *Server) prepare(c *sockets.Server) {
	c.Limits = s.Conns
	c.ReadTimeout, c.IdleTimeout = -1, -1 // serverConn has deadlines of its own
	c.HandshakeTimeout = s.timeouts.Handshake
	c.Logger, c.Wrap = s.Logger, s.Wrap
	c.Handler = sockets.HandlerFunc(s.serve)
}

// overLimit answers a connection that is one too many.
func (s *Server) overLimit(nc net.Conn) {
	nc.Write([]byte("421 " + s.hostname + " too many connections\r\n"))
}

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

// ServeTLS is Serve for connections that begin with TLS: submissions on port 465
// (RFC 8314 §3.3).
func (s *Server) ServeTLS(l net.Listener) error {
	s.init()
	if s.tls == nil {
		l.Close()
		return errors.New("smtp: no TLSConfig")
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

// Shutdown ends the server gracefully: it stops accepting, lets messages under
// way end, tells sessions that wait for a command 421 4.3.2, and waits until
// every session has ended. When ctx ends before, it calls Close and returns
// ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.init()
	err := s.servers().Shutdown(ctx)
	if err != nil {
		s.cut()
	}
	return err
}

// Close closes the listeners and cuts all connections. It does not wait for
// sessions; Serve does.
func (s *Server) Close() error {
	s.init()
	s.cut()
	return s.servers().Close()
}

// servers are the one in the clear and the one over TLS.
func (s *Server) servers() sockets.Servers { return sockets.Servers{&s.plain, &s.implicit} }
