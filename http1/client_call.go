package http1

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
	"applayer/sockets"
)

// call is one request and its response. It is the response's Body.
type call struct {
	resp   Response
	fields [8]Field // what resp.Header begins in
	client *Client
	cc     *clientConn
	body   io.ReadCloser // the connection's
	err    error         // what Read returns from now on
	upload *upload       // the body on its way, if another goroutine sends it
	turn   chan struct{} // closed when a call in a pipeline may read
	gone   bool          // stands for one that gave up before its turn
	trips  int
	read   int64 // octets of the body

	r            *Request // the caller's
	cookie       string
	decompresses bool

	release  func() // ends the context's hold of the connection
	answered bool   // octets of the response have come
	ended    bool   // it has come whole
	last     bool   // the connection carries nothing after it
	done     bool
}

// exchange sends a request on a connection and returns the head of its
// response.
func (c *Client) exchange(ctx context.Context, r *Request, cookie string, decompresses bool) (*Response, error) {
	rt, err := c.routeOf(&r.Target)
	if err != nil {
		return nil, err
	}
	x := &call{client: c, r: r, cookie: cookie, decompresses: decompresses}
	if c.Mode == Pipelined && isPipelinable(r) {
		if ok, err := c.pipelined(ctx, rt, x, r); err != nil {
			return nil, err
		} else if ok {
			return x.response(), nil
		}
		x.reset()
	}
	start, replayable := bodyStart(r.Body)
	for fresh := c.Mode == NonPersistent || c.Mode == Parallel; ; fresh = true {
		cc, err := c.get(ctx, rt, fresh)
		if err != nil {
			return nil, err
		}
		again := cc.started > 0
		x.begin(ctx, cc, !again)
		err = x.roundTrip(ctx, r)
		if err == nil {
			return x.response(), nil
		}
		ours := x.upload.failure() != nil
		err = x.fail(ctx, err)
		if ours || !again || x.answered || !replayable || !IsIdempotent(r.Method) || ctx.Err() != nil || !isLost(err) {
			return nil, err
		}
		if r.Body != nil {
			if _, err := r.Body.(io.Seeker).Seek(start, io.SeekStart); err != nil {
				return nil, err
			}
		}
		x.reset()
	}
}

// get returns a connection that no other call has.
func (c *Client) get(ctx context.Context, rt route, fresh bool) (*clientConn, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	cc, err := c.pool.take(ctx, rt.key, limit(c.MaxConnsPerHost, 32), fresh)
	if err != nil || cc != nil {
		return cc, err
	}
	if cc, err = c.connect(ctx, rt); err != nil {
		c.pool.mu.Lock()
		h := c.pool.host(rt.key)
		c.pool.mu.Unlock()
		c.pool.drop(h)
		return nil, err
	}
	return cc, nil
}

// begin gives the call a connection, which ctx governs until the call's end.
func (x *call) begin(ctx context.Context, cc *clientConn, opened bool) {
	x.join(cc, opened)
	x.release = sockets.WithContext(ctx, cc.sc)
}

// join gives the call a connection that others may have as well.
func (x *call) join(cc *clientConn, opened bool) {
	x.cc, x.release = cc, func() {}
	if opened {
		x.trips += cc.trips
	}
}

// reset makes the call ready for another attempt.
func (x *call) reset() {
	*x = call{client: x.client, r: x.r, cookie: x.cookie, decompresses: x.decompresses, trips: x.trips}
}

// isLost tells the end of a connection from what the peer said on it.
func isLost(err error) bool {
	if perr, ok := errors.AsType[*ParseError](err); ok {
		return perr.Err == io.ErrUnexpectedEOF
	}
	if err == io.EOF {
		return true
	}
	_, op := errors.AsType[*net.OpError](err)
	return op && !isTimeout(err) || errors.Is(err, io.ErrClosedPipe) || isReset(err)
}

// compose makes the request that goes out: the caller's, and what the client
// and the way to the target add to it.
func (x *call) compose(r *Request) {
	cc := x.cc
	q := &cc.req
	fields := q.Header.fields[:0]
	*q = Request{Method: r.Method, Target: r.Target, Version: r.Version, Body: r.Body, Length: r.Length, Trailer: r.Trailer}
	q.Header.fields = append(fields, r.Header.fields...)
	if q.Method == "" {
		q.Method = MethodGet
	}
	x.client.addFields(q, x.cookie, x.decompresses)
	switch {
	case !cc.proxied:
		// The proxy's credentials are not the origin's business.
		q.Header.Del("Proxy-Authorization")
		if q.Target.Form == AbsoluteForm {
			q.Target.Form = OriginForm
		}
	default:
		if q.Target.Form == OriginForm {
			q.Target.Form = AbsoluteForm
		}
		if cc.auth != "" && !q.Header.Has("Proxy-Authorization") {
			q.Header.Add("Proxy-Authorization", cc.auth)
		}
	}
	if q.Version == HTTP10 && x.client.Mode == Persistent && !q.Header.Has("Connection") {
		q.Header.Add("Connection", "keep-alive")
	}
	if x.client.Mode == NonPersistent || x.client.Mode == Parallel {
		cc.c.CloseAfter()
	}
}

// roundTrip sends the request and takes the response's head.
func (x *call) roundTrip(ctx context.Context, r *Request) error {
	c := x.cc.c
	x.compose(r)
	if err := c.StartRequest(&x.cc.req); err != nil {
		return err
	}
	x.cc.started++
	x.client.stats.requests.Add(1)
	x.client.stats.trips.Add(1)
	x.trips++
	final, err := x.sendBody(ctx, &x.cc.req)
	if final || err != nil {
		return err
	}
	return x.readHead()
}

// readHead reads responses up to the final one, or one that ends HTTP.
func (x *call) readHead() error {
	x.awaitHead()
	defer x.sawHead()
	for interim := 0; ; interim++ {
		final, err := x.readOne()
		if final || err != nil {
			return err
		}
		if interim >= x.client.Limits.maxInterim() {
			return &LimitError{Name: "MaxInterim", Max: int64(x.client.Limits.maxInterim())}
		}
	}
}

// awaitHead sets the deadline for a head, sawHead takes it away. While the body
// is on its way there is none; its end sets it.
func (x *call) awaitHead() {
	if d := x.client.Timeouts.Header; d > 0 && x.upload == nil {
		x.cc.sc.SetReadDeadline(time.Now().Add(d))
	}
}

func (x *call) sawHead() {
	if x.upload != nil {
		x.upload.mu.Lock()
		defer x.upload.mu.Unlock()
		x.upload.answered = true
	} else if x.client.Timeouts.Header <= 0 {
		return
	}
	x.cc.sc.SetReadDeadline(time.Time{})
}

// readOne reads one response.
func (x *call) readOne() (final bool, err error) {
	cc := x.cc
	if err := cc.c.ReadResponse(&cc.resp); err != nil {
		x.answered = x.answered || cc.c.Buffered() > 0
		return false, err
	}
	x.answered = true
	p := &cc.resp
	x.resp = *p
	x.resp.Header.fields = append(x.fields[:0], p.Header.fields...)
	x.resp.head = ResponseHead{head: head{raw: p.head.raw}}
	x.resp.Trailer = Header{}
	switch {
	case isSwitch(x.r.Method, p.Status):
		return true, nil
	case p.Status < 200:
		if x.client.OnInform != nil {
			h := p.Header.Clone()
			x.client.OnInform(x.r, p.Status, &h)
		}
		return false, nil
	}
	cc.proven = p.Version >= HTTP11
	x.last = x.last || p.framing.MustClose || !Persists(p.Version, &p.Header)
	cc.hint(&x.resp.Header)
	x.body = p.Body
	return true, nil
}

// hint believes a server that says how long it keeps a connection
// (RFC 2068 §19.7.1.1), less a second for the way.
func (cc *clientConn) hint(h *Header) {
	for m := range h.List("Keep-Alive") {
		name, value, _ := strings.Cut(m, "=")
		if !ascii.EqualFold(trimOWS(name), "timeout") {
			continue
		}
		if s, err := strconv.Atoi(trimOWS(value)); err == nil && s >= 0 && s < 1<<20 {
			d := max(time.Duration(s)*time.Second-time.Second, time.Millisecond)
			if cc.idleFor == 0 || d < cc.idleFor {
				cc.idleFor = d
			}
		}
	}
}

// response returns the response, whose body is the call.
func (x *call) response() *Response {
	p := &x.resp
	p.Request, p.RoundTrips = x.r, x.trips
	switch {
	case isSwitch(x.r.Method, p.Status):
		p.Body = x.hijack()
	case x.body == nil || x.body == io.ReadCloser(emptyBody{}):
		raw := bytes.Clone(p.head.raw)
		x.body, p.Body = emptyBody{}, emptyBody{}
		x.end(io.EOF)
		p.head.raw = raw
	default:
		p.Body = x
	}
	return p
}

// Read reads the body.
func (x *call) Read(b []byte) (int, error) {
	if x.err != nil {
		return 0, x.err
	}
	n, err := x.body.Read(b)
	x.read += int64(n)
	if err != nil {
		err = x.end(err)
	}
	return n, err
}

// Close ends the call. What is left of a short body is read and dropped, so
// that the connection can be used again.
func (x *call) Close() error {
	if x.err == nil {
		err := errBodyClosed
		if x.drain() {
			err = io.EOF
		}
		x.end(err)
		x.err = errBodyClosed
	}
	return nil
}

// drainTime bounds the reading of what is left of a closed body: less than a
// new connection may take, and a stream without end does not hold Close.
const drainTime = 200 * time.Millisecond

// drain reads what is left of the body, if it is worth it.
func (x *call) drain() bool {
	most := x.client.Limits.maxDrain()
	if x.last || !x.upload.finished(x.cc) || x.resp.Length-x.read > most {
		return false
	}
	x.cc.sc.SetReadDeadline(time.Now().Add(drainTime))
	defer x.cc.sc.SetReadDeadline(time.Time{})
	return x.cc.c.DiscardBody(most) == nil
}

// end ends the call with what its body ended with, io.EOF for a whole one, and
// returns what Read does.
func (x *call) end(err error) error {
	if x.done {
		return x.err
	}
	x.done = true
	switch {
	case err == io.EOF:
		x.ended = true
		x.resp.Complete = x.resp.framing.Kind != UntilClose || x.cc.end == nil || !x.cc.end.seen
		x.resp.Trailer = x.cc.resp.Trailer.Clone()
	case x.resp.framing.Kind == UntilClose && isPremature(err):
		// TLS ended within a record (RFC 9112 §9.8). So many servers end it
		// without its closing alert that this is told by Complete alone.
		err = io.EOF
		x.ended = true
	}
	x.err = err
	x.resp.head.raw = nil // its buffer goes to others
	x.leave(x.ended)
	return err
}

// isPremature tells the error of a connection that ended before it should.
func isPremature(err error) bool {
	perr, ok := errors.AsType[*ParseError](err)
	return ok && perr.Err == io.ErrUnexpectedEOF
}

// leave gives the connection back, if the call ended well.
func (x *call) leave(ok bool) {
	cc, p := x.cc, &x.client.pool
	ok = x.upload.stop(cc) && ok && !x.last
	x.release()
	if x.turn != nil {
		x.advance(ok)
		return
	}
	if ok && cc.c.Reusable() && cc.c.Buffered() == 0 {
		p.put(cc)
		return
	}
	cc.c.Close()
	p.drop(cc.host)
}

// fail ends a call that has no response, and returns why.
func (x *call) fail(ctx context.Context, err error) error {
	if uerr := x.upload.failure(); uerr != nil {
		err = uerr
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = errors.Join(cause, err)
	}
	x.done = true
	x.cc.c.Close()
	x.leave(false)
	return err
}
