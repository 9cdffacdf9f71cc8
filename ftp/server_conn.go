package ftp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"applayer/sockets"
	"applayer/sockets/telnet"
)

// serverConn is a session of a [Server] on its connections: it carries out what
// [Session] asks for.
type serverConn struct {
	srv      *Server
	ctx      context.Context
	nc       *sockets.Conn
	c        *Conn
	s        *Session
	host     *VirtualHost // what hostName is
	hostName string
	data     dataPort
	waiter   portWaiter
	kept     net.Listener // of KeepDataPort, between two transfers
	id       [16]byte     // binds TLS of data connections to this session

	loginBy time.Time
	idle    time.Duration
	closed  bool

	// Commands that came during a transfer, and what ended the reading.
	queue []queued
	gone  error
}

// queued is a command that waits, or what was wrong with it.
type queued struct {
	cmd Command
	err error
}

// serve serves a connection to its end.
func (s *Server) serve(ctx context.Context, nc *sockets.Conn, implicit bool) {
	sc := &serverConn{srv: s, ctx: ctx, nc: nc, idle: s.timeouts.Idle, loginBy: time.Now().Add(s.timeouts.Login)}
	rand.Read(sc.id[:])
	telnet.PrepareUrgent(nc) // an error means that there is nothing urgent
	sc.c = NewConn(nc, &ConnOptions{Limits: &s.Limits, Trace: s.Trace})
	sc.s = NewSession(&SessionOptions{
		Limits: &s.Limits, Peer: nc.RemoteAddr(), Local: nc.LocalAddr(),
		TLS: s.tlsSupport(), Implicit: implicit,
		RequireTLS: s.RequireTLS, AllowCCC: s.AllowCCC, AllowForeignData: s.AllowForeignData,
		Host: sc.hostFunc(), MaxIdle: s.timeouts.MaxIdle, MaxLogins: s.MaxLogins,
	})
	defer sc.end()
	if implicit {
		sc.perform(sc.startTLS())
	}
	if !sc.closed {
		sc.perform(sc.s.Greeting(s.Greeting))
	}
	for !sc.closed {
		cmd, err := sc.next()
		if err != nil {
			sc.unreadable(err)
			continue
		}
		sc.srv.logger().Debug("command", "peer", nc.RemoteAddr(), "verb", cmd.Verb)
		if cmd.Verb == VerbAUTH && s.tls != nil && (sc.c.Buffered() > 0 || len(sc.queue) > 0) {
			sc.perform(sc.s.Injected())
			continue
		}
		sc.handle(cmd)
	}
}

// handle does what a command asks for. Whoever logs out has as long for the next
// login as for the first.
func (sc *serverConn) handle(cmd Command) {
	in := sc.s.LoggedIn()
	sc.perform(sc.s.Handle(cmd))
	if in && !sc.s.LoggedIn() {
		sc.loginBy = time.Now().Add(sc.srv.timeouts.Login)
	}
}

// end leaves nothing behind.
func (sc *serverConn) end() {
	sc.perform(sc.s.Ended())
	sc.data.close()
	sc.waiter.stop()
	if sc.kept != nil {
		sc.kept.Close()
	}
	if sc.c.Buffered() > 0 || len(sc.queue) > 0 {
		// Octets that are not read would make a reset of the end, behind which
		// the client may lose the last reply.
		sc.c.tls.end()
		sc.nc.CloseLingering(0, lingerTime)
	}
	sc.c.Close()
	sc.c.release()
}

// lingerTime bounds the wait for a client that sent more than was read.
const lingerTime = time.Second

// next returns the next command: of those that came during a transfer, or of
// those to come.
func (sc *serverConn) next() (Command, error) {
	if len(sc.queue) > 0 {
		q := sc.queue[0]
		sc.queue[0] = queued{}
		if sc.queue = sc.queue[1:]; len(sc.queue) == 0 {
			sc.queue = nil
		}
		return q.cmd, q.err
	}
	if sc.gone != nil {
		return Command{}, sc.gone
	}
	by := sc.loginBy
	if sc.s.LoggedIn() {
		by = time.Now().Add(sc.idle)
	}
	sc.nc.SetReadDeadline(by)
	return sc.c.ReadCommand()
}

// recoverable tells whether the next command can be read after err.
func recoverable(err error) bool {
	if _, ok := errors.AsType[*ParseError](err); ok {
		return true
	}
	limit, ok := errors.AsType[*LimitError](err)
	return ok && limit.Reply == 500
}

// unreadable answers what could not be read.
func (sc *serverConn) unreadable(err error) {
	_, isLimit := errors.AsType[*LimitError](err)
	switch {
	case recoverable(err):
		sc.perform(sc.s.Unreadable(err))
	case isLimit:
		sc.perform(sc.s.Unreadable(err))
		sc.nc.CloseLingering(0, 0)
		sc.closed = true
	case errors.Is(err, sockets.ErrServerClosed):
		sc.farewell("The server is shutting down.")
	case isTimeout(err):
		sc.farewell("Idle for too long.")
	default:
		sc.closed = true
	}
}

// farewell tells that the session ends by our doing (RFC 959 §5.4).
func (sc *serverConn) farewell(text string) {
	sc.write(Reply{Code: 421, Lines: []string{text}})
	sc.closed = true
}

// perform carries out actions, and those that their outcomes lead to.
func (sc *serverConn) perform(actions []Action) {
	for len(actions) > 0 {
		a := &actions[0]
		actions = actions[1:]
		switch a.Kind {
		case ActionReply:
			sc.write(a.Reply)
		case ActionList:
			sc.writeList(a)
		case ActionAuthenticate:
			actions = sc.authenticate(a.Login)
		case ActionListen:
			addr, err := sc.listen()
			actions = sc.s.Listening(addr, err)
		case ActionConnect:
			sc.dropData()
			sc.data.target = a.Addr
		case ActionDropData:
			sc.dropData()
		case ActionTransfer:
			actions = sc.transfer(a.Transfer)
		case ActionStartTLS:
			actions = sc.startTLS()
		case ActionStopTLS:
			sc.stopTLS()
		case ActionIdle:
			sc.idle = a.Idle
		case ActionClose:
			sc.closed = true
		}
	}
}

// write sends a reply.
func (sc *serverConn) write(r Reply) {
	if err := sc.c.WriteReply(r); err != nil {
		sc.closed = true
	}
}

// writeList sends a reply of many lines as they come. Each begins with a space,
// so that none is taken for the last.
func (sc *serverConn) writeList(a *Action) {
	b := fmt.Appendf(nil, "%d-%s\r\n", a.Reply.Code, a.Reply.Lines[0])
	for line, err := range a.List {
		if err != nil {
			break // what was told was there
		}
		b = append(append(b, ' '), line...)
		if len(b) >= listBatch {
			if sc.c.writeText(b) != nil {
				sc.closed = true
				return
			}
			b = b[:0]
		}
	}
	b = fmt.Appendf(b, "%d %s\r\n", a.Reply.Code, a.Reply.Lines[1])
	if sc.c.writeText(b) != nil {
		sc.closed = true
	}
}

// authenticate asks who a login is. A refusal takes as long as every other.
func (sc *serverConn) authenticate(login Login) []Action {
	auth := sc.srv.Auth
	if host := sc.virtualHost(); host != nil && host.Auth != nil {
		auth = host.Auth
	}
	begun := time.Now()
	ctx, cancel := context.WithDeadline(sc.ctx, sc.loginBy)
	account, err := auth.Authenticate(ctx, login)
	cancel()
	needed := errors.Is(err, ErrAccountNeeded) && login.Account == ""
	if err == nil && (account == nil || account.FS == nil) {
		err = ErrRefused
	}
	if err != nil && !needed {
		sc.pause(time.Until(begun.Add(sc.srv.timeouts.LoginDelay)))
	}
	peer := sc.nc.RemoteAddr()
	switch {
	case needed:
	case err != nil:
		sc.srv.logger().Warn("login refused", "peer", peer, "user", printable(login.User), "err", err)
	default:
		sc.srv.logger().Info("login", "peer", peer, "user", printable(login.User))
	}
	if f := sc.srv.Events.Login; f != nil && !needed {
		f(login.User, peer, err)
	}
	return sc.s.Authenticated(account, err)
}

// pause waits, or until the session is to end.
func (sc *serverConn) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-sc.ctx.Done():
	}
}

// hostFunc answers HOST for the session.
func (sc *serverConn) hostFunc() func(string) (string, bool) {
	if sc.srv.Host == nil {
		return nil
	}
	return func(name string) (string, bool) {
		host := sc.srv.Host(name)
		if host == nil {
			return "", false
		}
		sc.host, sc.hostName = host, name
		return host.Greeting, true
	}
}

// virtualHost is what HOST said, nil without. REIN takes it back.
func (sc *serverConn) virtualHost() *VirtualHost {
	if sc.s.login.Host != sc.hostName {
		return nil
	}
	return sc.host
}

// publicAddr is the address of a listener as the client is to know it.
func (sc *serverConn) publicAddr(l net.Listener) net.Addr {
	host := addrOf(sc.nc.LocalAddr())
	if f := sc.srv.PublicIP; f != nil {
		if public := f(sc.nc.RemoteAddr()); public.IsValid() {
			host = public.Unmap()
		}
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(host, portOf(l.Addr())))
}

// keep makes a command one's own.
func (cmd Command) keep() Command {
	if cmd.Arg != nil {
		cmd.Arg = append([]byte{}, cmd.Arg...)
	}
	return cmd
}
