package http1

import (
	"io"
	"math"
)

// LineEnds says which line ends a head may have (RFC 9112 §2.2). In the chunked
// coding it is always CRLF.
type LineEnds uint8

// The line ends.
const (
	// LineEndsDefault is CRLF alone for a server, an LF without CR as well for
	// a client.
	LineEndsDefault LineEnds = iota
	// LineEndsCRLF is CRLF alone.
	LineEndsCRLF
	// LineEndsLF takes an LF without CR as well. On a server it is safe only
	// where no other program reads the same requests.
	LineEndsLF
)

// Receiver turns the octets of one direction of a connection into events:
// requests for a server, responses for a client. It does no I/O and has no
// clock. [Conn] is made of one, so what a Receiver takes or refuses is what a
// Conn does.
//
// It is for one goroutine at a time.
type Receiver struct {
	by        Side // whose messages these are
	order     *order
	lim       Limits
	bareLF    bool
	scheme    string
	stage     stage
	kind      BodyKind
	left      int64 // octets of a Sized body to come
	content   int64 // octets of content so far
	chunks    chunkReader
	scanned   int   // FindHead's next
	offset    int64 // octets used
	most      int   // octets of data in one event
	continues bool  // the request waits for a 100
	err       error

	request  *Request
	response *Response
	data     []byte
}

// stage is what a Receiver expects next.
type stage uint8

const (
	stageHead stage = iota
	stageBody
	stageEnd      // EndOfMessage
	stageTooLarge // the body went beyond MaxBody
)

// NewReceiver returns a receiver for the side that opts names, nil for a
// server.
func NewReceiver(opts *ConnOptions) *Receiver {
	r := new(Receiver)
	r.init(opts, new(order))
	r.request, r.response = new(Request), new(Response)
	return r
}

func (r *Receiver) init(opts *ConnOptions, o *order) {
	var none ConnOptions
	if opts == nil {
		opts = &none
	}
	r.order, r.most = o, math.MaxInt
	r.scheme = opts.Scheme
	if opts.Limits != nil {
		r.lim = *opts.Limits
	}
	r.bareLF = opts.LineEnds == LineEndsLF
	if opts.Client {
		r.by = SideServer
		r.bareLF = opts.LineEnds != LineEndsCRLF
		r.chunks.padded = true
		if r.lim.MaxFieldSection == 0 {
			r.lim.MaxFieldSection = clientMaxFieldSection
		}
	}
	r.chunks.extension = opts.ChunkExtension
}

// clientMaxFieldSection is a client's default of MaxFieldSection.
const clientMaxFieldSection = 256 << 10

// Request returns the request of the last EventRequest. Its Trailer is whole
// at EventEndOfMessage. The next EventRequest overwrites it.
func (r *Receiver) Request() *Request { return r.request }

// Response returns the response of the last EventResponse,
// EventInterimResponse or EventSwitch, as [Receiver.Request] does.
func (r *Receiver) Response() *Response { return r.response }

// Data returns the content of the last EventData: a part of the octets that
// Next was given, chunked coding removed.
func (r *Receiver) Data() []byte { return r.data }

// State returns the state of a side as the receiver knows it.
func (r *Receiver) State(by Side) State {
	r.order.mu.Lock()
	defer r.order.mu.Unlock()
	return r.order.machine.State(by)
}

// SentRequest tells a client's receiver that a whole request was sent: its
// method decides where the response ends.
func (r *Receiver) SentRequest(q *Request) error {
	x, proposes := requestExchange(q, Framing{})
	if err := r.order.request(x, proposes, false); err != nil {
		return err
	}
	return r.order.do(SideClient, EventEndOfMessage, false)
}

// SentResponse tells a server's receiver that a whole response was sent, final
// or not: whether the connection goes on depends on it.
func (r *Receiver) SentResponse(p *Response) error {
	x, _ := r.order.next()
	e := responseEvent(x.method, p.Status)
	if err := r.order.response(e, e == EventResponse && !Persists(p.Version, &p.Header), false); err != nil || e != EventResponse {
		return err
	}
	return r.order.answered(false)
}

// Next takes the next event from the front of b, which holds what was received
// and not yet used, and returns how many octets it was; eof tells that nothing
// follows b. Where b does not hold an event, the error is [ErrIncomplete], and
// n octets were used all the same.
//
// The other errors are final: *[ParseError], *[LimitError], and *[ProtocolError]
// for what may not come at this place. One is not, a ProtocolError that is not
// Remote: the request before asks for another protocol, and what stands behind
// it can be read only when it was refused. Behind the last message octets are
// not looked at: that is EventConnectionClosed.
func (r *Receiver) Next(b []byte, eof bool) (e Event, n int, err error) {
	if r.err != nil {
		return 0, 0, r.err
	}
	switch r.stage {
	case stageHead:
		e, n, err = r.head(b, eof)
	case stageBody:
		e, n, err = r.body(b, eof)
	case stageTooLarge:
		err = r.tooLarge()
	default:
		e, err = EventEndOfMessage, r.end()
	}
	if err != nil && err != ErrIncomplete {
		err = r.fail(err)
	}
	r.offset += int64(n)
	return e, n, err
}

// fail makes err the end of what is received.
func (r *Receiver) fail(err error) error {
	if perr, ok := err.(*ProtocolError); ok && !perr.Remote {
		return err
	}
	if perr, ok := err.(*ParseError); ok {
		perr.Offset += r.offset
	}
	r.err = err
	r.order.fail(r.by)
	return err
}

// head takes a message's head, or the end of the connection.
func (r *Receiver) head(b []byte, eof bool) (e Event, n int, err error) {
	switch state := r.State(r.by); {
	case state == StateMustClose || state == StateClosed || eof && r.isEnd(b, state):
		if err := r.order.do(r.by, EventConnectionClosed, true); err != nil {
			return 0, 0, premature(0)
		}
		return EventConnectionClosed, len(b), nil
	case state == StateMightSwitch && r.by == SideClient, state == StateSwitched:
		return 0, 0, &ProtocolError{State: state.String(), Event: EventRequest.String(), Ref: "RFC 9110 §7.8"}
	case state == StateIdle && r.by == SideServer:
		return r.unasked(b)
	}
	if n, err = r.parseHead(b, eof); err != nil {
		return 0, n, err
	}
	if r.by == SideClient {
		return EventRequest, n, r.requestHead()
	}
	e, err = r.responseHead()
	return e, n, err
}

// parseHead parses the head at the front of b. Mostly it is whole at once; only
// if that fails is its end looked for, once for each octet.
func (r *Receiver) parseHead(b []byte, eof bool) (n int, err error) {
	if r.scanned == 0 && len(b) >= len("GET / HTTP/1.0\r\n\r\n") {
		if n, err = r.parseWhole(b); err == nil {
			return n, nil
		}
	}
	n, next, err := FindHead(b, r.scanned, &r.lim)
	r.scanned = next
	if err == ErrIncomplete && eof {
		err = premature(len(b))
	}
	if err != nil {
		return 0, err
	}
	r.scanned = 0
	_, err = r.parseWhole(b[:n])
	return n, err
}

func (r *Receiver) parseWhole(b []byte) (n int, err error) {
	if r.by == SideServer {
		h := &r.response.head
		h.AllowBareLF = r.bareLF
		return h.parse(b, &r.lim)
	}
	h := &r.request.head
	h.AllowBareLF = r.bareLF
	return h.parse(b, &r.lim)
}

// isEnd tells whether the connection may end with b between messages: it is
// nothing, or line ends that are ignored (RFC 9112 §2.2).
func (r *Receiver) isEnd(b []byte, state State) bool {
	switch n, _ := emptyLine(b); {
	case len(b) == 0:
		return true
	case r.by == SideServer:
		return state == StateIdle && lineEndsLen(b) == len(b)
	default:
		return n == len(b) && (n == 2 || r.bareLF)
	}
}

// lineEndsLen counts the octets of line ends at the front of b.
func lineEndsLen(b []byte) (n int) {
	for n < len(b) && (b[n] == '\r' || b[n] == '\n') {
		n++
	}
	return n
}

// unasked takes what a server sends where no request is owed a response. Line
// ends are dropped; whose answer anything else is, nobody can say
// (RFC 9112 §9.2).
func (r *Receiver) unasked(b []byte) (e Event, n int, err error) {
	if n = lineEndsLen(b); n == len(b) {
		return 0, n, ErrIncomplete
	}
	return 0, n, r.order.do(SideServer, EventResponse, true)
}

// requestHead takes the request head that was parsed.
func (r *Receiver) requestHead() error {
	q := r.request
	err := q.takeHead()
	if err != nil {
		return err
	}
	if q.Target.Scheme == "" {
		q.Target.Scheme = r.scheme
	}
	if r.continues, err = checkExpect(q); err != nil {
		return err
	}
	if err := r.begin(q.framing); err != nil {
		return err
	}
	x, proposes := requestExchange(q, q.framing)
	return r.order.request(x, proposes, true)
}

// requestExchange is what the answer to q depends on, and whether q asks for
// another protocol.
func requestExchange(q *Request, f Framing) (x exchange, proposes bool) {
	version := q.Version
	if version == 0 {
		version = HTTP11
	}
	closes, keeps, upgrades := connectionOptions(&q.Header)
	return exchange{method: q.Method, version: version, keeps: keeps,
		last: f.MustClose || closes || version < HTTP11 && !keeps}, proposesSwitch(q, upgrades)
}

// responseHead takes the response head that was parsed.
func (r *Receiver) responseHead() (Event, error) {
	p := r.response
	x, _ := r.order.next()
	if err := p.takeHead(x.method); err != nil {
		return 0, err
	}
	e := responseEvent(x.method, p.Status)
	if e == EventResponse {
		if err := r.begin(p.framing); err != nil {
			return 0, err
		}
		return e, r.order.response(e, p.framing.MustClose || !Persists(p.Version, &p.Header), true)
	}
	return e, r.order.response(e, false, true)
}

// responseEvent is the event of a response of that status to a request of that
// method.
func responseEvent(method string, status int) Event {
	switch {
	case isSwitch(method, status):
		return EventSwitch
	case status < 200:
		return EventInterimResponse
	}
	return EventResponse
}

// begin makes the receiver stand behind a head, before the body that f tells.
func (r *Receiver) begin(f Framing) error {
	r.kind, r.left, r.content = f.Kind, f.Length, 0
	r.stage = stageBody
	switch {
	case f.Kind == Sized && r.lim.MaxBody > 0 && f.Length > r.lim.MaxBody:
		return r.tooLarge()
	case f.Kind == Chunked:
		r.chunks.reset()
	case f.Kind == NoBody, f.Kind == Sized && f.Length == 0:
		r.stage = stageEnd
	}
	return nil
}

func (r *Receiver) tooLarge() error {
	return &LimitError{"MaxBody", r.lim.MaxBody, StatusContentTooLarge}
}

// body takes data, or the end of the body.
func (r *Receiver) body(b []byte, eof bool) (e Event, n int, err error) {
	r.data = nil
	switch r.kind {
	case Chunked:
		r.data, n, err = r.chunks.next(b, r.most, r.trailer(), &r.lim)
	case Sized:
		n = int(min(r.left, int64(len(b)), int64(r.most)))
		r.data = b[:n]
	default:
		n = min(len(b), r.most)
		r.data = b[:n]
	}
	switch {
	case err == io.EOF:
		return r.trailers(n)
	case err == ErrIncomplete && eof:
		err = premature(len(b))
	case err != nil:
	case n > 0:
		return EventData, n, r.took(int64(len(r.data)))
	case !eof:
		err = ErrIncomplete
	case r.kind == UntilClose:
		return EventEndOfMessage, 0, r.end()
	default:
		err = premature(len(b))
	}
	return 0, n, err
}

// took counts octets of content. Those beyond MaxBody are cut from data.
func (r *Receiver) took(n int64) error {
	if r.content += n; r.lim.MaxBody > 0 && r.content > r.lim.MaxBody {
		over := min(r.content-r.lim.MaxBody, n)
		r.data = r.data[:n-over]
		r.stage = stageTooLarge
		if over == n {
			return r.tooLarge()
		}
		return nil
	}
	if r.kind == Sized {
		if r.left -= n; r.left == 0 {
			r.stage = stageEnd
		}
	}
	return nil
}

// trailers ends a chunked body, whose trailer section was n octets of what came
// last.
func (r *Receiver) trailers(n int) (Event, int, error) {
	r.stage = stageEnd
	t := r.trailer()
	dropForbidden(t)
	if t.Len() > 0 {
		return EventTrailers, n, r.order.do(r.by, EventTrailers, true)
	}
	return EventEndOfMessage, n, r.end()
}

// trailer is where the fields behind a chunked body go.
func (r *Receiver) trailer() *Header {
	if r.by == SideClient {
		return &r.request.Trailer
	}
	return &r.response.Trailer
}

// end takes the step of a message's end.
func (r *Receiver) end() error {
	r.stage = stageHead
	r.continues = false
	if r.by == SideClient {
		return r.order.do(SideClient, EventEndOfMessage, true)
	}
	return r.order.answered(true)
}

// premature makes the error of a connection that ended inside a message, n
// octets behind what was used (RFC 9112 §8).
func premature(n int) error {
	return &ParseError{Offset: int64(n), What: "message: connection closed before its end", Ref: "RFC 9112 §8",
		Reply: StatusBadRequest, Class: ErrFraming, Err: io.ErrUnexpectedEOF}
}
