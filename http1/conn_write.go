package http1

import (
	"io"
	"strconv"
)

// sender is what a Conn knows of what it sends.
type sender struct {
	out     []byte // written, not sent
	err     error  // of the transport: nothing more is sent
	inBody  bool   // a head was written, the message not yet ended
	kind    BodyKind
	left    int64 // octets of a Sized body to come
	drops   bool  // content is dropped: the answer to HEAD
	chunkAt int   // where in out the data of the chunk under way begin
	headAt  int   // where in out the message under way, or the last one, begins
	closing bool  // the next message says that it is the last
}

// CloseAfter makes the next message that is begun the last one of its side: it
// carries "Connection: close" (RFC 9112 §9.6).
func (c *Conn) CloseAfter() {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	c.closing = true
}

// WriteRequest writes a whole request: the head, Body to its end, and Trailer
// if it is chunked. See [Conn.StartRequest].
func (c *Conn) WriteRequest(r *Request) error {
	if err := c.StartRequest(r); err != nil {
		return err
	}
	return c.finishMessage(r.Body, &r.Trailer)
}

// WriteResponse writes a whole response: the head, Body to its end, and Trailer
// if it is chunked. See [Conn.StartResponse]. It does not close Body, and does
// not read it to answer HEAD.
func (c *Conn) WriteResponse(p *Response) error {
	if err := c.StartResponse(p); err != nil {
		return err
	}
	if p.Body == nil {
		return c.EndMessage(&p.Trailer)
	}
	return c.finishMessage(p.Body, &p.Trailer)
}

func (c *Conn) finishMessage(body io.Reader, trailer *Header) error {
	c.wmu.Lock()
	drops := c.drops
	c.wmu.Unlock()
	if body != nil && !drops {
		if _, err := c.ReadFrom(body); err != nil {
			return err
		}
	}
	return c.EndMessage(trailer)
}

// StartRequest writes a request's head. Write, ReadFrom and EndMessage follow,
// whatever Body is.
//
// Host is added where Header has none, and the fields of the framing: a
// positive Length is sent as Content-Length, a Body of unknown length (Length
// is -1, or 0 beside a Body) in chunks, which HTTP/1.0 does not have. A Header
// with Content-Length or Transfer-Encoding has its way. What [Request.Parse]
// would refuse is refused, and nothing is sent then.
func (c *Conn) StartRequest(r *Request) error {
	head, err := c.lockedRequest(r)
	c.trace.head(SideClient, head)
	return err
}

// lockedRequest returns the head it wrote, if somebody wants to hear of it.
func (c *Conn) lockedRequest(r *Request) (head []byte, err error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if err := c.mayBegin(SideClient, EventRequest); err != nil {
		return nil, err
	}
	if err := c.needOut(); err != nil {
		return nil, err
	}
	from := len(c.out)
	if err := c.startRequest(r); err != nil {
		c.out = c.out[:from]
		return nil, fromStart(err, from)
	}
	return c.trace.clone(c.out[from:]), nil
}

func (c *Conn) startRequest(r *Request) error {
	b, err := appendRequestHead(c.out, r)
	if err != nil {
		return err
	}
	closes, _, upgrades := connectionOptions(&r.Header)
	f, b, err := requestBody(b, r)
	if err != nil {
		return err
	}
	if err := checkAsked(r, f, upgrades, len(b)); err != nil {
		return err
	}
	if c.closing && !closes {
		b = append(b, "Connection: close\r\n"...)
	}
	if f.Kind == Chunked {
		if b, err = appendTrailerNames(b, &r.Header, &r.Trailer); err != nil {
			return err
		}
	}
	x, proposes := requestExchange(r, f)
	x.last = x.last || c.closing
	if err := c.order.request(x, proposes, false); err != nil {
		return err
	}
	c.begin(append(b, "\r\n"...), f)
	return nil
}

// requestBody decides how a request to be sent is framed, and appends the
// fields that Header lacks for that.
func requestBody(dst []byte, r *Request) (Framing, []byte, *ParseError) {
	length, chunked, err := sentBodyFields(&r.Header)
	if err == nil && chunked && r.Version == HTTP10 {
		err = missent("Transfer-Encoding", "transfer coding: in HTTP/1.0", "RFC 9112 §6.1")
	}
	switch {
	case err != nil:
		return Framing{}, dst, err
	case chunked:
		return Framing{Kind: Chunked}, dst, nil
	case length >= 0:
		return Framing{Kind: Sized, Length: length}, dst, nil
	case r.Length > 0:
		return Framing{Kind: Sized, Length: r.Length}, appendLength(dst, r.Length), nil
	case r.Length == 0 && r.Body == nil:
		if anticipatesContent(r.Method) {
			dst = appendLength(dst, 0)
		}
		return Framing{Kind: NoBody}, dst, nil
	case r.Version == HTTP10:
		return Framing{}, dst, missent("Content-Length", "body length: not known, in HTTP/1.0", "RFC 9112 §6.1")
	}
	return Framing{Kind: Chunked}, append(dst, "Transfer-Encoding: chunked\r\n"...), nil
}

// anticipatesContent tells the methods whose request says Content-Length: 0
// where it has no content (RFC 9110 §8.6).
func anticipatesContent(method string) bool {
	return method == MethodPost || method == MethodPut || method == MethodPatch
}

// WriteInterim writes an interim response: a status of 100 to 199 and fields.
// A 101 ends HTTP on the connection; see [Conn.Hijack]. A client of HTTP/1.0 is
// sent nothing, for it knows none (RFC 9110 §15.2).
func (c *Conn) WriteInterim(status int, h *Header) error {
	if status < 100 || status > 199 {
		return refused(0, "status code: not of 100 to 199", "RFC 9110 §15.2")
	}
	if h == nil {
		h = new(Header)
	}
	return c.StartResponse(&Response{Status: status, Header: *h})
}

// StartResponse writes a response's head. Unless it is an interim one, Write,
// ReadFrom and EndMessage follow, whatever Body is.
//
// The fields of the framing and Connection are added where Header has none: a
// Length of 0 or more is sent as Content-Length; one of -1 in chunks, or to a
// peer of HTTP/1.0 up to the end of the connection. To HEAD a Length of 0 is
// not told. A Header with Content-Length or Transfer-Encoding has its way.
// What [Response.Parse] would refuse is refused, and nothing is sent then.
//
// The response says close where the request did, where it can't be told where
// either of them ends, and where it is begun before a client that waits for a
// 100 got one: that client may send its content or not (RFC 9110 §10.1.1).
func (c *Conn) StartResponse(p *Response) error {
	head, err := c.lockedResponse(p)
	c.trace.head(SideServer, head)
	return err
}

// lockedResponse returns the head it wrote, if somebody wants to hear of it.
func (c *Conn) lockedResponse(p *Response) (head []byte, err error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	x, asked := c.order.next()
	e := responseEvent(x.method, p.Status)
	if err := c.mayBegin(SideServer, e); err != nil {
		return nil, err
	}
	if e == EventInterimResponse && asked && x.version < HTTP11 {
		return nil, nil // it would not know what it is (RFC 9110 §15.2)
	}
	if err := c.needOut(); err != nil {
		return nil, err
	}
	from := len(c.out)
	if err := c.startResponse(p, x, e); err != nil {
		c.out = c.out[:from]
		return nil, fromStart(err, from)
	}
	c.headAt = from
	return c.trace.clone(c.out[from:]), nil
}

func (c *Conn) startResponse(p *Response, x exchange, e Event) error {
	b := c.out
	if e == EventSwitch && c.expecting.Load() {
		b = append(b, "HTTP/1.1 100 Continue\r\n\r\n"...) // RFC 9110 §7.8
	}
	b, err := appendStatusLine(b, p.Version, p.Status, p.Reason)
	if err == nil {
		b, err = appendFields(b, &p.Header)
	}
	if err == nil {
		err = checkSentResponse(x.method, p.Version, p.Status, &p.Header)
	}
	if err != nil {
		return err
	}
	if e != EventResponse {
		if err := c.order.response(e, false, false); err != nil {
			return err
		}
		if e == EventSwitch || p.Status == StatusContinue {
			c.expecting.Store(false)
		}
		c.out = append(b, "\r\n"...)
		return nil
	}
	f, b, err := responseBody(b, p, x)
	if err != nil {
		return err
	}
	b, last := c.appendPersistence(b, p, x, f)
	if f.Kind == Chunked {
		if b, err = appendTrailerNames(b, &p.Header, &p.Trailer); err != nil {
			return err
		}
	}
	if err := c.order.response(e, last, false); err != nil {
		return err
	}
	c.begin(append(b, "\r\n"...), f)
	c.drops = x.method == MethodHead
	return nil
}

// responseBody decides how a final response to be sent is framed, and appends
// the fields that Header lacks for that.
func responseBody(dst []byte, p *Response, x exchange) (Framing, []byte, *ParseError) {
	length, chunked, err := sentBodyFields(&p.Header)
	old := x.version < HTTP11 || p.Version == HTTP10
	switch {
	case err != nil:
		return Framing{}, dst, err
	case chunked && old:
		return Framing{}, dst, missent("Transfer-Encoding", "transfer coding: to a peer of HTTP/1.0", "RFC 9112 §6.1")
	case !hasBody(x.method, p.Status):
		if x.method == MethodHead && !chunked && length < 0 && p.Length > 0 {
			dst = appendLength(dst, p.Length)
		}
		return Framing{Kind: NoBody}, dst, nil
	case chunked:
		return Framing{Kind: Chunked}, dst, nil
	case length >= 0:
		return Framing{Kind: Sized, Length: length}, dst, nil
	case p.Length >= 0:
		return Framing{Kind: Sized, Length: p.Length}, appendLength(dst, p.Length), nil
	case old:
		return Framing{Kind: UntilClose, MustClose: true}, dst, nil
	}
	return Framing{Kind: Chunked}, append(dst, "Transfer-Encoding: chunked\r\n"...), nil
}

// appendPersistence decides whether the response is the last one, and appends
// the Connection field that says so where Header does not.
func (c *Conn) appendPersistence(dst []byte, p *Response, x exchange, f Framing) (_ []byte, last bool) {
	closes, keeps, _ := connectionOptions(&p.Header)
	last = closes || x.last || f.MustClose || c.closing || c.expecting.Load()
	switch {
	case last && !closes:
		dst = append(dst, "Connection: close\r\n"...)
	case !last && (x.version < HTTP11 || p.Version == HTTP10):
		if !keeps {
			dst = append(dst, "Connection: keep-alive\r\n"...)
		}
		if !p.Header.Has("Keep-Alive") {
			dst = c.keepAlive.append(dst)
		}
	}
	return dst, last
}

// appendTrailerNames announces the fields behind the body (RFC 9110 §6.6.2).
func appendTrailerNames(dst []byte, h, trailer *Header) ([]byte, *ParseError) {
	if trailer.Len() == 0 || h.Has("Trailer") {
		return dst, nil
	}
	dst = append(dst, "Trailer: "...)
	for i, f := range trailer.fields {
		if !IsTrailerField(f.Name) {
			return dst, refusedTrailer(f.Name)
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, f.Name...)
	}
	return append(dst, "\r\n"...), nil
}

func refusedTrailer(name string) *ParseError {
	return inField([]byte(name), refused(0, "trailer field: not allowed behind a body", "RFC 9110 §6.5.1"))
}

// fromStart makes the offset of err count from the start of its message, which
// is at place from of the buffer.
func fromStart(err error, from int) error {
	if perr, ok := err.(*ParseError); ok {
		return rebase(perr, from)
	}
	return err
}

// mayBegin checks that no message is under way. Whether the machine allows the
// next is seen when its head is made.
func (c *Conn) mayBegin(by Side, e Event) error {
	if c.err != nil {
		return c.err
	}
	if c.by != by || c.inBody {
		state := c.State(by)
		return &ProtocolError{State: state.String(), Event: e.String(), Ref: refusal(state, e)}
	}
	return nil
}

// begin makes b, which ends with a head, what was written, and its body what
// comes next.
func (c *Conn) begin(b []byte, f Framing) {
	c.out = b
	c.inBody = true
	c.kind, c.left = f.Kind, f.Length
	c.drops = false
	c.chunkAt = noChunk
}

// appendLength appends a Content-Length.
func appendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}

// headRoom is how much room there is at least in the buffer where a head is
// begun. One that is longer makes it grow.
const headRoom = 1 << 10

// needOut sees to a buffer with room for a head.
func (c *Conn) needOut() error {
	c.haveOut()
	if cap(c.out)-len(c.out) < headRoom {
		return c.send(nil)
	}
	return nil
}

// haveOut sees to a buffer: Wait may have given it back.
func (c *Conn) haveOut() {
	if c.out == nil {
		c.out = getBuffer()[:0]
	}
}
