package sockets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Handler speaks a protocol on a server's connections, each in a goroutine of
// its own. When ServeConn returns the connection is closed.
//
// Ctx ends when the connection does (it is closed, or a Read or Write fails
// for good; io.EOF and timeouts are no end), when MaxLifetime is over, and as
// soon as the server begins to shut down; [context.Cause] tells which:
// [ErrServerClosed] for a shutdown. Work that is to be finished during one
// takes [context.WithoutCancel].
type Handler interface {
	ServeConn(ctx context.Context, c *Conn)
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, c *Conn)

// ServeConn calls f.
func (f HandlerFunc) ServeConn(ctx context.Context, c *Conn) { f(ctx, c) }

// Server accepts connections, TCP or Unix-domain, and has a [Handler] serve
// each. The zero value with a Handler is usable. Its fields may not change once
// it serves. All its methods may be called from several goroutines, and Serve
// for several listeners. A server that was shut down stays so.
type Server struct {
	Limits

	// Handler speaks the protocol. It must be there.
	Handler Handler

	// TLSConfig makes every connection begin with a TLS handshake, in the
	// connection's goroutine, before the handler hears of it. It is cloned.
	// For an upgrade in the middle see [Conn.StartTLS].
	TLSConfig *tls.Config

	// KeepAlive is applied to TCP connections where it is not zero; package
	// net's listeners send keep-alive probes each 15 s without it.
	KeepAlive net.KeepAliveConfig

	// Logger hears of accept errors, refusals and panics (nil is silent), and
	// at level Debug of each connection's end. Keys: peer, proto, err, bytes,
	// dur.
	Logger *slog.Logger

	// OverLimit answers a connection that is over MaxConns or MaxConnsPerPeer,
	// before it is closed: FTP and SMTP say 421. It runs in the accept loop,
	// so what it writes is held, up to 4 KiB, and sent in one go when it
	// returns; a Read gives io.EOF. So the peer cannot make it wait; if it
	// waits for something else, a lock or a log, nobody is accepted meanwhile.
	// It is not called under TLSConfig, where a plain answer would be none.
	//
	// A peer that speaks first gets the answer, too, if no more than 64 KiB of
	// what it says have arrived by then, on Unix systems; what it says later
	// meets a reset, behind which some systems lose what was not yet read.
	OverLimit func(net.Conn)

	// Wrap is given each accepted connection and returns the one to use: a
	// tap, a shaped link. It stands below TLS and below deadlines and
	// counters, and hides a TCP connection's sendfile if it does not pass it
	// on. It runs in the connection's goroutine, and bounds what it reads there
	// by itself; Close cuts it. Where it returns nil the connection is closed.
	Wrap func(net.Conn) net.Conn

	once  sync.Once
	opts  ConnOptions
	tls   *tls.Config
	base  context.Context // ends with Shutdown or Close
	end   context.CancelCauseFunc
	stats counters

	mu        sync.Mutex
	draining  bool
	closed    bool
	unclosed  bool // drain has not yet closed the listeners
	listeners map[*listening]struct{}
	conns     map[*Conn]struct{}
	active    int
	peers     map[netip.Prefix]int
	gone      chan struct{} // closed when draining, active is 0 and no listener open
}

// listening is a listener that is served. The map of them is by its address,
// for a listener of somebody else's type need not be comparable.
type listening struct{ net.Listener }

// counters are what [ServerStats] tells.
type counters struct {
	accepted, overTotal, overPeer, acceptErrors, panics atomic.Int64
	read, written                                       atomic.Int64
}

// ServerStats counts what a server did.
type ServerStats struct {
	// Active connections are open at the moment.
	Active int
	// Accepted counts the connections that were served or are.
	Accepted int64
	// RefusedTotal and RefusedPeer count those over MaxConns (or refused for
	// want of descriptors) and over MaxConnsPerPeer.
	RefusedTotal, RefusedPeer int64
	// AcceptErrors counts the temporary errors of Accept.
	AcceptErrors int64
	// Panics counts the connections that a panic ended: of the handler, or of
	// Wrap, OverLimit or PeerPrefix.
	Panics int64
	// BytesRead and BytesWritten sum over the connections that have ended.
	BytesRead, BytesWritten int64
}

// Stats returns the counts up to this moment.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	active := s.active
	s.mu.Unlock()
	return ServerStats{
		Active:       active,
		Accepted:     s.stats.accepted.Load(),
		RefusedTotal: s.stats.overTotal.Load(),
		RefusedPeer:  s.stats.overPeer.Load(),
		AcceptErrors: s.stats.acceptErrors.Load(),
		Panics:       s.stats.panics.Load(),
		BytesRead:    s.stats.read.Load(),
		BytesWritten: s.stats.written.Load(),
	}
}

func (s *Server) init() {
	s.once.Do(func() {
		s.opts = s.Limits.connOptions()
		s.tls = watched(s.TLSConfig)
		s.base, s.end = context.WithCancelCause(context.Background())
		s.listeners = map[*listening]struct{}{}
		s.conns = map[*Conn]struct{}{}
		s.peers = map[netip.Prefix]int{}
		s.gone = make(chan struct{})
	})
}

func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}

// ListenAndServe listens on addr, as in [net.Listen], and serves.
func (s *Server) ListenAndServe(network, addr string) error {
	l, err := net.Listen(network, addr)
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// ServeConn serves one connection that came another way, and returns when its
// handler has: for tests, inetd and in-memory networks. The limits count it as
// if it had been accepted; over them it is answered, closed, and the error is a
// [*LimitError]. The end of ctx cuts the connection; a handler's context has
// its values. Other errors are [ErrServerClosed], that of a TLS handshake, and
// that of a panic; what the handler met is its own affair.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) error {
	s.init()
	peer, err := s.admitOrRefuse(nc)
	if err != nil {
		return err
	}
	return s.serve(ctx, nc, peer)
}

// serve runs the handler on an admitted connection.
func (s *Server) serve(outer context.Context, nc net.Conn, peer netip.Prefix) (err error) {
	defer s.leave(peer)
	defer nc.Close()
	defer s.contain(nc, &err)
	base, err := s.wrap(nc)
	if err != nil {
		return err
	}
	defer base.Close()
	c := newConn(base, &s.opts)
	ctx, cancel := s.connContext(outer, c)
	defer cancel()
	if err := s.track(c); err != nil {
		return err
	}
	defer s.untrack(c)
	s.keepAlive(nc)
	if err := s.secure(ctx, c); err != nil {
		return err
	}
	s.Handler.ServeConn(ctx, c)
	return nil
}

// secure begins TLS where the server has it. It is no part of serve, whose
// frame each connection keeps while it waits.
//
//go:noinline
func (s *Server) secure(ctx context.Context, c *Conn) error {
	if s.tls == nil {
		return nil
	}
	err := c.handshake(ctx, tls.Server(&c.wire, s.tls))
	if err != nil {
		s.logger().Info("TLS handshake", "peer", c.RemoteAddr(), "proto", protocol(c), "err", err)
	}
	return err
}

// errNotWrapped is what ServeConn returns where Wrap turned a connection down.
var errNotWrapped = errors.New("sockets: Wrap gave no connection")

// wrap has Wrap do its work on nc, within the reach of Close.
func (s *Server) wrap(nc net.Conn) (net.Conn, error) {
	if s.Wrap == nil {
		return nc, nil
	}
	bare := newConn(nc, &s.opts)
	if err := s.track(bare); err != nil {
		return nil, err
	}
	defer s.forget(bare)
	if base := s.Wrap(nc); base != nil {
		return base, nil
	}
	s.logger().Info("connection not wrapped", "peer", nc.RemoteAddr(), "proto", protocol(nc), "err", errNotWrapped)
	return nil, errNotWrapped
}

// connContext makes the context of c's handler, which ends as [Handler] says.
func (s *Server) connContext(outer context.Context, c *Conn) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(outer)
	stop := [2]func() bool{func() bool { return true }, func() bool { return true }}
	if outer != s.base {
		stop[0] = context.AfterFunc(s.base, func() { cancel(context.Cause(s.base)) })
		stop[1] = context.AfterFunc(outer, func() { c.cut(context.Cause(outer)) })
	}
	c.withEnd(cancel)
	c.draining = s.base.Done()
	free := func() {
		stop[0]()
		stop[1]()
		cancel(net.ErrClosed)
	}
	if d := s.opts.MaxLifetime; d > 0 {
		limited, cancelLimited := context.WithTimeoutCause(ctx, d, &LimitError{Name: "MaxLifetime", Max: int64(d)})
		return limited, func() { cancelLimited(); free() }
	}
	return ctx, free
}

// contain is deferred around code of the server's user: a panic costs nc alone,
// is logged, and becomes the error.
func (s *Server) contain(nc net.Conn, err *error) {
	v := recover()
	if v == nil {
		return
	}
	s.stats.panics.Add(1)
	*err = fmt.Errorf("sockets: handler panicked: %v", v)
	s.logger().Error("panic in a handler", "peer", nc.RemoteAddr(), "proto", protocol(nc), "err", *err, "stack", string(debug.Stack()))
}

// keepAlive applies the field of that name.
func (s *Server) keepAlive(nc net.Conn) {
	if s.KeepAlive == (net.KeepAliveConfig{}) {
		return
	}
	if k, ok := nc.(interface {
		SetKeepAliveConfig(net.KeepAliveConfig) error
	}); ok {
		k.SetKeepAliveConfig(s.KeepAlive)
	}
}

// track makes Shutdown and Close reach c.
func (s *Server) track(c *Conn) error {
	s.mu.Lock()
	draining, closed := s.draining, s.closed
	if !closed {
		s.conns[c] = struct{}{}
	}
	s.mu.Unlock()
	switch {
	case closed:
		return ErrServerClosed
	case draining:
		c.drain()
	}
	return nil
}

// untrack ends c after its handler. Close can still cut c while the alert of
// TLS waits for a peer that takes nothing.
func (s *Server) untrack(c *Conn) {
	defer s.forget(c)
	if !c.closed.Load() {
		c.Close()
	}
	s.stats.read.Add(c.BytesRead())
	s.stats.written.Add(c.BytesWritten())
	if log := s.logger(); log.Enabled(context.Background(), slog.LevelDebug) {
		log.Debug("connection ended", "peer", c.RemoteAddr(), "proto", protocol(c),
			"bytes", c.BytesRead()+c.BytesWritten(), "dur", time.Since(c.wire.born))
	}
}

// forget undoes track.
func (s *Server) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// Shutdown stops accepting, tells the handlers by their contexts and by
// [Conn.Draining], ends the Reads of idle connections, and waits until every
// handler has returned. When ctx ends before, it calls [Server.Close] and
// returns ctx's error. A handler must not call it, for it would wait for
// itself.
func (s *Server) Shutdown(ctx context.Context) error {
	s.drain()
	if ended(ctx, s.gone) {
		return nil
	}
	s.Close()
	return context.Cause(ctx)
}

// ended waits for gone, or for ctx where gone does not come before. What is
// over by then is over, however late ctx is.
func ended(ctx context.Context, gone <-chan struct{}) bool {
	select {
	case <-gone:
		return true
	case <-ctx.Done():
	}
	select {
	case <-gone:
		return true
	default:
		return false
	}
}

// drain begins the end: no listener, no idle connection. What it calls may be
// code of the server's user, so it holds no lock over it.
func (s *Server) drain() error {
	s.init()
	s.mu.Lock()
	if s.draining {
		s.mu.Unlock()
		return nil
	}
	s.draining, s.unclosed = true, true
	listeners := slices.Collect(maps.Keys(s.listeners))
	conns := slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	defer s.listenersClosed()
	s.end(ErrServerClosed)
	for _, c := range conns {
		c.drain()
	}
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

func (s *Server) listenersClosed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unclosed = false
	s.settle()
}

// settle tells those who wait when nothing is left. The caller holds mu and
// has just taken away what was left.
func (s *Server) settle() {
	if s.draining && !s.unclosed && s.active == 0 {
		close(s.gone)
	}
}

// Close closes the listeners and cuts all connections. It does not wait for
// their handlers; Serve does.
func (s *Server) Close() error {
	err := s.drain()
	s.mu.Lock()
	s.closed = true
	conns := slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	for _, c := range conns {
		c.cut(ErrServerClosed)
	}
	return err
}

func protocol(c net.Conn) string {
	if a := c.LocalAddr(); a != nil {
		return a.Network()
	}
	return ""
}
