package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"time"

	"applayer/internal/sasl"
	"applayer/sockets"
)

// serverConn is a session of a [Server] on its connection: it reads commands,
// carries out what [dialogue] wants, and sends its replies.
type serverConn struct {
	srv *Server
	ctx context.Context
	nc  *sockets.Conn
	c   *Conn
	d   dialogue

	held   *Command // that ended a message in chunks, and is not yet answered
	closed bool
	unread bool // octets of the client's may still come

	message context.Context // of Data, made for the first message
	release func()
}

// serve serves a connection to its end.
func (s *Server) serve(ctx context.Context, nc *sockets.Conn) {
	sc := &serverConn{srv: s, ctx: ctx, nc: nc}
	sc.c = NewConn(nc, &ConnOptions{Limits: &s.Limits, Trace: s.Trace})
	sc.c.host = s.hostname
	sc.d.srv, sc.d.c = s, sc.c
	defer sc.end()
	sc.begin()
	for !sc.closed {
		cmd, err := sc.next(true)
		if err != nil {
			sc.unreadable(err)
			continue
		}
		sc.perform(sc.d.handle(ctx, cmd))
	}
}

// begin greets the client, or turns him away.
func (sc *serverConn) begin() {
	if _, ok := sc.nc.TLS(); ok {
		sc.d.DoSecurity(SecurityEventSTARTTLS)
	}
	if sc.early() {
		sc.farewell(replyEarly)
		return
	}
	session, err := sc.srv.Backend.NewSession(sc.ctx, sc.c)
	if err != nil {
		sc.turnAway(sc.d.refusalOr(replyNotNow, err))
		return
	}
	sc.d.session = session
	sc.write(sc.d.greeting())
}

// turnAway greets a client by a refusal. One of 554 leaves the end to the client:
// all but QUIT is answered 503 meanwhile (RFC 5321 §3.1). Any other is a server's
// that has no service at all.
func (sc *serverConn) turnAway(r Reply) {
	r.Enhanced = EnhancedCode{} // as in any greeting (RFC 2034 §4)
	if r.Code != 554 {
		sc.farewell(r)
		return
	}
	sc.d.Do(EventTurnAway)
	sc.write(r)
}

// early tells whether the client speaks before the greeting, which is held back
// for it (RFC 5321 §3.1).
func (sc *serverConn) early() bool {
	if sc.srv.EarlyTalker <= 0 {
		return false
	}
	sc.nc.SetReadDeadline(time.Now().Add(sc.srv.EarlyTalker))
	n, _ := sc.nc.Read(make([]byte, 1))
	return n > 0
}

// end leaves nothing behind, and lets the last reply arrive.
func (sc *serverConn) end() {
	if sc.d.session != nil {
		sc.d.reset()
		if err := sc.d.session.Close(); err != nil {
			sc.srv.logger().Error("backend", "peer", sc.nc.RemoteAddr(), "err", err)
		}
	}
	if sc.release != nil {
		sc.release()
	}
	if sc.unread || sc.c.Buffered() > 0 {
		// Octets that are not read would make a reset of the end, behind which
		// the client may lose the last reply.
		sc.c.Flush()
		sc.nc.CloseLingering(0, lingerTime)
	} else if len(sc.c.out) > 0 && sc.c.werr == nil {
		sc.nc.WriteMore(sc.c.out) // goes out with the end, as one segment
	}
	sc.c.Close()
	sc.c.release()
}

// release gives the buffers back when nobody reads or writes any more.
func (c *Conn) release() {
	putBuffer(c.in)
	putBuffer(c.out)
	c.in, c.r, c.w, c.out = nil, 0, 0, nil
}

// lingerTime bounds the wait for a client that sent more than was read.
const lingerTime = time.Second

// next returns the next command. Replies are sent before it is waited for, and
// not while a whole one is there (RFC 2920 §3.2). Idle says that no message is
// under way, so that a server that shuts down need not wait.
func (sc *serverConn) next(idle bool) (Command, error) {
	if sc.held != nil {
		cmd := *sc.held
		sc.held = nil
		return cmd, nil
	}
	if idle && sc.draining() {
		return Command{}, ErrServerClosed
	}
	if !sc.c.CommandBuffered() {
		sc.nc.SetReadDeadline(time.Now().Add(sc.srv.timeouts.Command))
	}
	return sc.c.readCommand(idle)
}

// draining tells whether the server begins nothing new.
func (sc *serverConn) draining() bool {
	select {
	case <-sc.nc.Draining():
		return true
	default:
		return false
	}
}

// recoverable tells whether the next command can be read after err.
func recoverable(err error) bool {
	if _, ok := errors.AsType[*ParseError](err); ok {
		return true
	}
	limit, ok := errors.AsType[*LimitError](err)
	return ok && limit.Reply == 500
}

// unreadable answers what could not be read, or ends the session.
func (sc *serverConn) unreadable(err error) {
	_, isLimit := errors.AsType[*LimitError](err)
	switch {
	case recoverable(err):
		sc.perform(sc.d.unreadable(err))
	case errors.Is(err, sockets.ErrServerClosed):
		sc.farewell(replyShutdown)
	case errors.Is(err, os.ErrDeadlineExceeded):
		sc.farewell(replyTimeout)
	case isLimit:
		sc.farewell(sc.d.refusalReply(err))
	default:
		sc.closed = true
	}
}

// farewell tells that the session ends by our doing.
func (sc *serverConn) farewell(r Reply) {
	sc.write(r)
	sc.closed, sc.unread = true, true
}

// write puts a reply behind those to be sent.
func (sc *serverConn) write(r Reply) {
	if !sc.srv.offered.has(extENHANCEDSTATUSCODES) {
		r.Enhanced = EnhancedCode{}
	}
	if err := sc.c.WriteReply(r); err != nil {
		sc.closed = true
	}
}

// perform carries out a turn.
func (sc *serverConn) perform(t turn) {
	switch t.next {
	case nextChunk:
		sc.chunks(t.chunk)
		return
	case nextDiscard:
		if !sc.discard(t.chunk.size) {
			sc.farewell(t.reply)
			return
		}
	case nextLogin:
		sc.login(t)
		return
	}
	sc.write(t.reply)
	switch t.next {
	case nextData:
		sc.data()
	case nextTLS:
		sc.startTLS()
	case nextClose:
		sc.closed, sc.unread = true, t.reply.Code >= 400
	}
}

// startTLS shakes hands. Nobody knows what a stream holds in which that failed.
func (sc *serverConn) startTLS() {
	ctx, cancel := context.WithTimeout(sc.ctx, sc.srv.timeouts.Handshake)
	defer cancel()
	sc.nc.SetReadDeadline(time.Time{}) // that of the command
	if err := sc.c.StartTLS(ctx, sc.srv.tls); err != nil {
		sc.srv.logger().Info("TLS handshake", "peer", sc.nc.RemoteAddr(), "err", err)
		sc.closed = true
		return
	}
	sc.d.secured()
}

// login does an exchange of AUTH.
func (sc *serverConn) login(t turn) {
	identity, err := sc.exchange(t.login, t.first)
	peer := sc.nc.RemoteAddr()
	switch {
	case err == nil:
		sc.srv.logger().Info("login", "peer", peer, "user", identity)
		sc.perform(sc.d.loggedIn(identity))
		return
	case isConnectionEnd(err):
		sc.unreadable(err)
		return
	}
	sc.srv.logger().Warn("login refused", "peer", peer, "user", sasl.RefusedUser(err), "mechanism", t.login.Mechanism(), "err", err)
	if errors.Is(err, ErrAuthRefused) {
		wait, tooMany := sc.srv.guesses.Refused(sc.srv.guesser(peer))
		if tooMany {
			err = errGuesses
		}
		sc.pause(wait)
	}
	sc.perform(sc.d.notLoggedIn(err))
}

// connectionError is an error of reading or writing within an exchange.
type connectionError struct{ error }

func (e connectionError) Unwrap() error { return e.error }

func isConnectionEnd(err error) bool {
	_, ok := errors.AsType[connectionError](err)
	return ok
}

// exchange steps a mechanism to its end (RFC 4954 §4).
func (sc *serverConn) exchange(m SASLServer, response []byte) (identity string, err error) {
	for {
		challenge, identity, err := m.Step(sc.ctx, response)
		if identity != "" && sc.srv.guesses.TooMany(sc.srv.guesser(sc.nc.RemoteAddr())) {
			// Others that came at the same time were refused meanwhile, and a
			// challenge would tell already that this one was right.
			return "", errGuesses
		}
		if err != nil || identity != "" && challenge == nil {
			return identity, err
		}
		if response, err = sc.ask(challenge); err != nil {
			return "", err
		}
		if identity != "" {
			if len(response) > 0 {
				return "", ErrAuthSyntax
			}
			return identity, nil
		}
	}
}

// ask sends a challenge and waits for the response.
func (sc *serverConn) ask(challenge []byte) ([]byte, error) {
	sc.write(one(334, EnhancedCode{}, base64.StdEncoding.EncodeToString(challenge)))
	sc.nc.SetReadDeadline(time.Now().Add(sc.srv.timeouts.Command))
	line, err := sc.c.ReadAuthLine()
	switch {
	case err != nil && recoverable(err):
		if _, ok := errors.AsType[*LimitError](err); ok {
			return nil, errAuthLong
		}
		return nil, errNotBase64
	case err != nil:
		return nil, connectionError{err}
	}
	return decodeResponse(line)
}

// pause waits, or until the session is to end. What is answered already is sent
// before.
func (sc *serverConn) pause(d time.Duration) {
	if d <= 0 || sc.c.Flush() != nil {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-sc.ctx.Done():
	}
}
