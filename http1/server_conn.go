package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"applayer/sockets"
)

// drainOctets is how much of a body that the handler left is read, so that the
// connection can go on.
const drainOctets = 256 << 10

// serverConn is a connection of a [Server]: one request after the other.
type serverConn struct {
	srv    *Server
	nc     *sockets.Conn
	c      *Conn
	tls    *tls.ConnectionState
	turn   *turn
	served int // requests so far

	// What stands on reads: see timeouts.go.
	deadline bool
	inHead   bool
	readAt   time.Time
	waited   time.Duration
	// discardBy ends the reading of what a handler left of a body.
	discardBy atomic.Pointer[time.Time]
}

// turn is a request and its response. It is used again, by its own connection
// alone: what a goroutine that a handler left behind does to it late meets no
// other client's.
type turn struct {
	r Request
	w ResponseWriter
}

// serveConn serves a connection to its end.
func (s *Server) serveConn(ctx context.Context, nc *sockets.Conn) {
	sc := &serverConn{srv: s, nc: nc, c: NewConn(nc, &s.opts)}
	sc.c.watch = sc
	sc.tls = stateOf(nc)
	if s.BaseContext != nil {
		ctx = s.BaseContext(ctx, nc)
	}
	sc.tell(ConnNew)
	for more := true; more && sc.await(); {
		more = sc.serveTurn(ctx)
	}
	sc.c.release()
	sc.tell(ConnClosed)
}

// stateOf returns the state of TLS, nil without it. It is large, and the frame
// of a connection that waits should not have room for it.
//
//go:noinline
func stateOf(nc *sockets.Conn) *tls.ConnectionState {
	if state, ok := nc.TLS(); ok {
		return &state
	}
	return nil
}

// tell reports a state.
func (sc *serverConn) tell(state ConnState) {
	if f := sc.srv.ConnState; f != nil {
		f(sc.nc, state)
	}
}

// await waits for the first octet of a request. What it meets else is no
// client's fault that one would tell it of.
func (sc *serverConn) await() bool {
	if sc.c.Buffered() > 0 {
		return true
	}
	sc.rest()
	first := sc.served == 0
	if !first {
		sc.tell(ConnIdle)
	}
	sc.c.idles = true
	if d := sc.srv.timeouts.FirstByte; first && d > 0 {
		sc.setReadDeadline(time.Now().Add(d))
	}
	err := sc.c.Wait()
	sc.c.idles = false
	if errors.Is(err, ErrServerClosed) {
		// A request may have been under way when the end began
		// (RFC 9112 §9.5). One that can be read now is answered.
		sc.setReadDeadline(time.Now().Add(sc.srv.timeouts.Grace))
		err = sc.c.Wait()
	}
	sc.endOfRequest()
	return err == nil
}

// serveTurn reads a request and answers it, and tells whether the next may
// follow.
func (sc *serverConn) serveTurn(ctx context.Context) bool {
	if sc.turn == nil {
		sc.turn = new(turn)
	}
	t := sc.turn
	sc.tell(ConnActive)
	err := sc.c.ReadRequest(&t.r)
	sc.endOfRequest()
	if err != nil {
		sc.refuse(ctx, t, err)
		return false
	}
	sc.served++
	sc.srv.requests.Add(1)
	t.r.RemoteAddr, t.r.TLS = sc.nc.RemoteAddr(), sc.tls
	t.w.begin(sc, &t.r)
	err = sc.answer(ctx, t)
	more := sc.end(ctx, t, err)
	t.forget()
	return more
}

// forget lets go of what is over with the handler.
func (t *turn) forget() {
	t.r.Body = nil
	putBuffer(t.w.body)
	t.w.req, t.w.sc, t.w.body = nil, nil, nil
}

// rest lets go of what an idle connection should not hold: the strings of the
// last request, and room for more fields than most have.
func (sc *serverConn) rest() {
	const many = 32
	t := sc.turn
	switch {
	case t == nil:
	case cap(t.r.Header.fields) > many || cap(t.w.resp.Header.fields) > many || t.r.Trailer.fields != nil || t.w.resp.Trailer.fields != nil:
		sc.turn = nil
	default:
		q := &t.r
		q.Header.Reset()
		q.Method, q.Target, q.Top, q.RemoteAddr, q.TLS = "", Target{}, nil, nil, nil
		clear(q.pathValues)
		q.pathValues, q.head.raw = q.pathValues[:0], nil
		t.w.resp.Header.Reset()
	}
}

// answer has the handler make the response, and completes it.
func (sc *serverConn) answer(ctx context.Context, t *turn) error {
	if status, err := sc.srv.refusal(&t.r); err != nil {
		sc.srv.refused.Add(1)
		sc.explain(ctx, &t.w, &t.r, status, err)
		return t.w.finish()
	}
	if err := sc.call(ctx, t); err != nil {
		return err
	}
	if err := sc.c.readFault(); err != nil && !t.w.sent && t.w.resp.Status == 0 && t.w.counted == 0 {
		// The body broke, and the handler had nothing to say about it.
		status := replyOf(err)
		if status == 0 {
			return err // nobody is there
		}
		sc.explain(ctx, &t.w, &t.r, status, err)
	}
	return t.w.finish()
}

// call calls the handler. A panic is its error.
func (sc *serverConn) call(ctx context.Context, t *turn) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = sc.panicked(v)
		}
	}()
	sc.srv.Handler.ServeHTTP(ctx, &t.w, &t.r)
	return nil
}

// panicked makes an error of a handler's panic.
func (sc *serverConn) panicked(v any) error {
	if v == ErrAbort {
		return ErrAbort
	}
	sc.srv.panics.Add(1)
	err := fmt.Errorf("http1: handler panicked: %v", v)
	sc.srv.logger().Error("panic in a handler", "peer", sc.nc.RemoteAddr(), "proto", "http", "err", err, "stack", string(debug.Stack()))
	return err
}

// refusal tells the requests that the server does not hand to its handler.
func (s *Server) refusal(r *Request) (int, error) {
	if s.RequireLength && r.Length < 0 {
		return StatusLengthRequired, &ParseError{Field: "Content-Length", What: "body length: required",
			Ref: "RFC 9110 §15.5.12", Reply: StatusLengthRequired, Class: ErrFraming}
	}
	if len(s.Hosts) > 0 && !s.answersFor(r.Target.Authority) {
		return StatusMisdirectedRequest, &ParseError{Field: "Host", What: "host: not answered for",
			Ref: "RFC 9110 §15.5.20", Reply: StatusMisdirectedRequest, Class: ErrMalformed}
	}
	return 0, nil
}

func (s *Server) answersFor(authority string) bool {
	host, _, _ := splitHostPort(authority)
	for _, h := range s.Hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// isLast tells whether the response about to be sent is the connection's last.
// Whole says that the handler has returned.
func (sc *serverConn) isLast(r *Request, whole bool) bool {
	if sc.srv.HTTP10 || sc.c.readFault() != nil || sc.srv.MaxRequests > 0 && sc.served >= sc.srv.MaxRequests {
		return true
	}
	if whole && sc.c.body.Load() != nil && r.Length > drainOctets {
		return true // what the handler leaves will not be read
	}
	select {
	case <-sc.nc.Draining():
		return true
	default:
		return false
	}
}

// end is what follows a response, whole or broken. It tells whether the
// connection goes on.
func (sc *serverConn) end(ctx context.Context, t *turn, err error) bool {
	w := &t.w
	if w.hijacked {
		sc.log(&t.r, w)
		return false
	}
	if err != nil {
		return sc.endBroken(ctx, t, err)
	}
	sc.log(&t.r, w)
	unread := sc.c.body.Load() != nil
	if unread && sc.c.Flush() == nil {
		by := time.Now().Add(sc.srv.timeouts.Linger)
		sc.discardBy.Store(&by) // a read left behind by the handler may look
		unread = sc.c.DiscardBody(drainOctets) != nil
		sc.discardBy.Store(nil)
		sc.endOfRequest()
	}
	if !unread && sc.c.Reusable() {
		return true
	}
	if unread || sc.c.Buffered() > 0 || Persists(t.r.Version, &t.r.Header) {
		// The client may be sending more.
		sc.c.CloseLingering(0, sc.srv.timeouts.Linger)
		return false
	}
	sc.c.Flush()
	sc.c.Close()
	return false
}

// endBroken answers 500 where nothing was sent, and else cuts the connection.
func (sc *serverConn) endBroken(ctx context.Context, t *turn, err error) bool {
	w := &t.w
	if _, isNet := errors.AsType[net.Error](err); !isNet && err != ErrAbort {
		sc.srv.logger().Warn("response not completed", "peer", sc.nc.RemoteAddr(), "proto", "http", "err", err)
	}
	if !w.sent && err != ErrAbort {
		w.restart()
		sc.c.CloseAfter()
		sc.explain(ctx, w, &t.r, StatusInternalServerError, err)
		err = w.finish()
		sc.log(&t.r, w)
		if err == nil {
			sc.c.CloseLingering(0, sc.srv.timeouts.Linger)
			return false
		}
	} else {
		sc.log(&t.r, w)
	}
	sc.cut()
	return false
}

// cut ends the connection such that the client can't take what it got for the
// whole: by a reset, and without TLS's closing alert (RFC 9112 §9.8). The
// responses before it are sent: their requests came together with this one.
func (sc *serverConn) cut() {
	sc.c.sendAnswered()
	nc := sc.nc.NetConn()
	if l, ok := nc.(interface{ SetLinger(sec int) error }); ok {
		l.SetLinger(0)
	}
	nc.Close()
	sc.c.Close()
}

// refuse answers what could not be read as a request, and ends the connection:
// nothing that follows on it is ever read as one.
func (sc *serverConn) refuse(ctx context.Context, t *turn, err error) {
	status := replyOf(err)
	if status == 0 {
		sc.c.Close()
		return
	}
	sc.srv.refused.Add(1)
	sc.srv.logger().Debug("request refused", "peer", sc.nc.RemoteAddr(), "proto", "http", "err", err)
	broken := &Request{Version: HTTP11, Body: emptyBody{}, RemoteAddr: sc.nc.RemoteAddr(), TLS: sc.tls}
	t.w.begin(sc, broken)
	defer t.forget()
	sc.c.CloseAfter()
	sc.explain(ctx, &t.w, broken, status, err)
	if t.w.finish() != nil {
		sc.cut()
		return
	}
	sc.log(nil, &t.w)
	sc.c.CloseLingering(0, sc.srv.timeouts.Linger)
}

// replyOf returns the status that answers an error of reading, 0 where there is
// nobody to answer.
func replyOf(err error) int {
	if perr, ok := errors.AsType[*ParseError](err); ok {
		return perr.Reply
	}
	if lerr, ok := errors.AsType[*LimitError](err); ok {
		return lerr.Reply
	}
	if perr, ok := errors.AsType[*ProtocolError](err); ok {
		return perr.Reply
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return StatusRequestTimeout
	}
	return 0
}

// explain makes the response to what no handler answers. The text tells a
// client no more than what it did itself.
func (sc *serverConn) explain(ctx context.Context, w *ResponseWriter, r *Request, status int, err error) {
	if status == 0 {
		status = StatusInternalServerError
	}
	if f := sc.srv.ErrorHandler; f != nil {
		w.WriteHeader(status)
		if sc.callErrorHandler(ctx, f, w, r, status, err) == nil {
			return
		}
	}
	text := StatusText(status)
	if perr, ok := errors.AsType[*ParseError](err); ok && perr.Reply == status {
		text = fmt.Sprintf("%d %s: %s (%s)", status, text, perr.What, perr.Ref)
	}
	w.Error(status, text)
}

func (sc *serverConn) callErrorHandler(ctx context.Context, f func(context.Context, *ResponseWriter, *Request, int, error), w *ResponseWriter, r *Request, status int, err error) (failed error) {
	defer func() {
		if v := recover(); v != nil {
			failed = sc.panicked(v)
		}
	}()
	f(ctx, w, r, status, err)
	return nil
}

// log writes the line of the access log.
func (sc *serverConn) log(r *Request, w *ResponseWriter) {
	if l := sc.srv.AccessLog; l != nil {
		octets := w.counted
		if w.isHead() {
			octets = 0
		}
		l.add(sc.nc.RemoteAddr(), time.Now(), r, w.status(), octets)
	}
}

// complete adds what every response of the server has.
func (sc *serverConn) complete(p *Response, r *Request, whole bool) {
	if !p.Header.Has("Date") {
		p.Header.Add("Date", dates.text(time.Now())) // RFC 9110 §6.6.1
	}
	if sc.srv.HTTP10 {
		p.Version = HTTP10
	}
	if sc.isLast(r, whole) {
		sc.c.CloseAfter()
	}
}

// dates is the Date field of this second.
var dates dateCache

// handOver lifts what stands on a connection that a handler has taken.
func (sc *serverConn) handOver() {
	sc.nc.SetReadTimeout(0)
	sc.nc.SetWriteTimeout(0)
	sc.setReadDeadline(time.Time{})
	sc.tell(ConnHijacked)
}
