package http1

import (
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

// ErrServerClosed is what Serve returns after [Server.Shutdown] or
// [Server.Close].
var ErrServerClosed = sockets.ErrServerClosed

// ErrAbort is a value for panic by which a handler has its connection cut, so
// that what was sent does not pass for the whole. It is not logged.
var ErrAbort = errors.New("http1: handler aborted the response")

// Server answers requests by a [Handler]. The zero value with a Handler is
// usable. Its fields may not change once it serves. All its methods may be
// called from several goroutines, and Serve for several listeners. A server
// that was shut down stays so.
//
// There is one goroutine a connection. Requests that come together (pipelining)
// are answered one after the other, and their responses sent together; no more
// than a buffer of what follows is read ahead.
type Server struct {
	// Handler answers the requests. It must be there.
	Handler Handler
	// Limits bounds what a request may make the server hold.
	Limits Limits
	// Conns bounds the connections. Other than in package sockets, a
	// MaxConnsPerPeer of 0 means none: whole networks come by one proxy. Of
	// its timeouts the server uses HandshakeTimeout and MaxLifetime; the
	// others are those of Timeouts.
	Conns sockets.Limits
	// Timeouts bounds how long clients may let the server wait.
	Timeouts Timeouts
	// MaxRequests bounds the requests of one connection (default none). The
	// response to the last one says close.
	MaxRequests int

	// TLSConfig makes connections begin with TLS. It is cloned; ALPN offers
	// http/1.1 alone (RFC 7301 §3.2).
	TLSConfig *tls.Config
	// Hosts are the hosts that the server answers for, without ports; requests
	// for others get 421 (RFC 9110 §15.5.20). Empty is any host.
	Hosts []string
	// RequireLength refuses bodies of unknown length with 411
	// (RFC 9110 §15.5.12).
	RequireLength bool
	// HTTP10 makes the server one of HTTP/1.0: it answers in that version and
	// closes the connection after each response, as RFC 1945 §1.3 has it.
	HTTP10 bool

	// ErrorHandler answers where no handler does: requests that are refused,
	// with the error that tells why, and handlers that failed before their
	// head was sent. R has what was understood of the request, nothing at all
	// where its head was broken. Nil is a line of text.
	ErrorHandler func(ctx context.Context, w *ResponseWriter, r *Request, status int, err error)
	// BaseContext makes the context of a connection's handlers from ctx, which
	// ends with the connection and must be its parent. Nil is ctx itself.
	BaseContext func(ctx context.Context, nc net.Conn) context.Context
	// ConnState hears of each change of a connection's state. Nil is silent.
	ConnState func(nc net.Conn, state ConnState)
	// Wrap is given each accepted connection and returns the one to use, as in
	// [sockets.Server].
	Wrap func(net.Conn) net.Conn

	// Logger hears of panics, of refusals over limits, and of handlers that
	// broke their response; at level Debug of refused requests. Nil is silent.
	Logger *slog.Logger
	// AccessLog gets a line for each response; nil for none.
	AccessLog *AccessLog
	// Trace hears of the messages, as -v prints them.
	Trace *Trace

	once     sync.Once
	conns    sockets.Server
	opts     ConnOptions
	timeouts Timeouts

	requests, refused, panics atomic.Int64
}

// ConnState is what a server's connection is at.
type ConnState uint8

// The states of a connection.
const (
	ConnNew      ConnState = iota // it was accepted
	ConnActive                    // a request has begun
	ConnIdle                      // it waits for the next request
	ConnHijacked                  // a handler has it
	ConnClosed                    // it is closed, or about to be
)

// String returns the state's name.
func (s ConnState) String() string {
	names := [...]string{"new", "active", "idle", "hijacked", "closed"}
	if int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}

// ServerStats counts what a [Server] did.
type ServerStats struct {
	// Conns counts its connections.
	Conns sockets.ServerStats
	// Requests counts the requests whose head was understood.
	Requests int64
	// Refused counts those that no handler saw.
	Refused int64
	// Panics counts the handlers that panicked.
	Panics int64
}

// Stats returns the counts up to this moment.
func (s *Server) Stats() ServerStats {
	s.init()
	return ServerStats{
		Conns:    s.conns.Stats(),
		Requests: s.requests.Load(),
		Refused:  s.refused.Load(),
		Panics:   s.panics.Load(),
	}
}

func (s *Server) init() {
	s.once.Do(func() {
		s.timeouts = s.Timeouts.whole()
		s.opts = ConnOptions{
			Limits:    &s.Limits,
			Scheme:    "http",
			KeepAlive: KeepAlive{Timeout: s.timeouts.Idle, Max: max(s.MaxRequests, 0)},
			Trace:     s.Trace,
		}
		c := &s.conns
		c.Limits = s.Conns
		if c.MaxConnsPerPeer == 0 {
			c.MaxConnsPerPeer = -1
		}
		c.ReadTimeout = -1 // serverConn has deadlines of its own for reads
		c.IdleTimeout, c.WriteTimeout = orNegative(s.timeouts.Idle), orNegative(s.timeouts.Write)
		c.Handler = sockets.HandlerFunc(s.serveConn)
		c.Logger, c.Wrap, c.OverLimit = s.Logger, s.Wrap, overLimit
		if s.TLSConfig != nil {
			c.TLSConfig = s.TLSConfig.Clone()
			c.TLSConfig.NextProtos = []string{"http/1.1"}
			s.opts.Scheme = "https"
		}
	})
}

// orNegative writes "no limit" as package sockets does.
func orNegative(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// overLimit answers a connection that is one too many.
func overLimit(nc net.Conn) {
	const body = "too many connections\n"
	nc.Write([]byte("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\n" + body))
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
// contexts, lets requests that are under way be answered with
// "Connection: close", closes idle connections after Timeouts.Grace, and waits
// until every handler has returned. When ctx ends before, it calls Close and
// returns ctx's error. A handler must not call it.
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
