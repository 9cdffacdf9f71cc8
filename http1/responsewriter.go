package http1

import (
	"errors"
	"fmt"
	"io"
	"net"
)

// The errors of a [ResponseWriter].
var (
	// ErrHeadSent is what comes too late: the head has gone.
	ErrHeadSent = errors.New("http1: head already sent")
	// ErrHijacked means that the connection has been taken over.
	ErrHijacked = errors.New("http1: connection hijacked")
	// ErrNotSwitching is what Hijack returns where the request asked for no
	// other protocol.
	ErrNotSwitching = errors.New("http1: request asks for no other protocol")
	// ErrBodyUnread is what Hijack returns while the request's content has not
	// been read to its end: it is not the other protocol's.
	ErrBodyUnread = errors.New("http1: request body not read")
	// ErrReturned means that the handler has returned.
	ErrReturned = errors.New("http1: handler has returned")
)

// ResponseWriter makes the response to one request. It is the handler's until
// ServeHTTP returns, and used by one goroutine at a time.
//
// Status and fields may be set until the head is sent: when 4 KiB of content
// are held back and more comes, at [ResponseWriter.Flush], or when the handler
// returns. A response held back whole gets its Content-Length by itself; a
// longer one is chunked, or ends with the connection for an HTTP/1.0 client,
// unless the handler set Content-Length. Then exactly so many octets must be
// written. Date is added where it is missing.
//
// Content of a response to HEAD is counted and dropped, so that a handler may
// answer as it would to GET (RFC 9110 §9.3.2).
type ResponseWriter struct {
	sc   *serverConn
	req  *Request
	resp Response

	body     []byte // content held back
	declared int64  // Content-Length by the handler; -1 is none
	counted  int64  // octets of content that the handler has written
	sent     bool   // the head is with the connection
	hijacked bool
	failed   error // the response can't be completed
}

// maxHeld is how much content is held back before the head is sent.
const maxHeld = 4 << 10

// largestSlice is how much is written under one deadline.
const largestSlice = 128 << 10

// begin makes w ready for the response to r.
func (w *ResponseWriter) begin(sc *serverConn, r *Request) {
	w.sc, w.req, w.hijacked = sc, r, false
	p := &w.resp
	p.Version, p.Reason, p.Length, p.Request = HTTP11, "", 0, r
	w.restart()
}

// restart forgets what the handler made of the response so far.
func (w *ResponseWriter) restart() {
	w.resp.Status = 0
	w.resp.Header.Reset()
	w.resp.Trailer.Reset()
	w.body = w.body[:0]
	w.declared, w.counted, w.sent, w.failed = -1, 0, false, nil
}

// Header returns the fields of the head. Transfer-Encoding is the writer's
// affair and dropped. Changes after the head was sent have no effect.
func (w *ResponseWriter) Header() *Header { return &w.resp.Header }

// Trailer returns the fields that follow the content. Where there are some when
// the head is sent, their names are announced in a Trailer field and the
// response is chunked; values may be set until the handler returns. They are
// dropped where the response is not chunked, as in HTTP/1.0 (RFC 9110 §6.5.1).
func (w *ResponseWriter) Trailer() *Header { return &w.resp.Trailer }

// WriteHeader sets the status code, which is 200 without it. It may be called
// again until the head is sent. A code that no final response has, and 101,
// which is [ResponseWriter.Hijack]'s, makes the response a 500.
func (w *ResponseWriter) WriteHeader(status int) {
	if !w.sent {
		w.resp.Status = status
	}
}

// Status returns the status code that was set, 0 before.
func (w *ResponseWriter) Status() int { return w.resp.Status }

// Sent tells whether the head was sent, so that status and fields are final.
func (w *ResponseWriter) Sent() bool { return w.sent }

// status is the code in force.
func (w *ResponseWriter) status() int {
	if w.resp.Status == 0 {
		return StatusOK
	}
	return w.resp.Status
}

// hasContent tells whether the status can have content (RFC 9110 §6.4.1).
func (w *ResponseWriter) hasContent() bool {
	switch s := w.status(); s {
	case StatusNoContent, StatusResetContent, StatusNotModified:
		return false
	default:
		return s >= 200 && (w.req.Method != MethodConnect || s >= 300)
	}
}

// Write writes content. It returns [ErrNoBody] where there can be none, and
// [ErrBodyLength] for octets beyond the declared length, which are not sent.
func (w *ResponseWriter) Write(b []byte) (int, error) {
	allowed, err := w.admit(len(b))
	if err != nil && allowed == 0 {
		return 0, err
	}
	n, writeErr := w.write(b[:allowed])
	if writeErr != nil {
		return n, writeErr
	}
	return n, err
}

// WriteString is [ResponseWriter.Write] for a string.
func (w *ResponseWriter) WriteString(s string) (int, error) {
	if w.sent || len(s) > maxHeld-len(w.body) {
		return w.Write([]byte(s))
	}
	allowed, err := w.admit(len(s))
	w.makeRoom()
	w.body = append(w.body, s[:allowed]...)
	w.counted += int64(allowed)
	return allowed, err
}

// admit tells how many of n octets may be written now.
func (w *ResponseWriter) admit(n int) (int, error) {
	switch {
	case w.sc == nil:
		return 0, ErrReturned
	case w.hijacked:
		return 0, ErrHijacked
	case w.failed != nil:
		return 0, w.failed
	case n > 0 && !w.hasContent():
		return 0, ErrNoBody
	}
	if !w.sent {
		if err := w.declare(); err != nil {
			return 0, w.fail(err)
		}
	}
	if left := max(0, w.declared-w.counted); w.declared >= 0 && (int64(n) > left || w.counted > w.declared) {
		return int(left), w.fail(fmt.Errorf("%w: more than %d octets", ErrBodyLength, w.declared))
	}
	return n, nil
}

// makeRoom sees to a buffer for what is held back.
func (w *ResponseWriter) makeRoom() {
	if w.body == nil && w.sc != nil {
		w.body = getBuffer()[:0]
	}
}

// write takes octets that are admitted.
func (w *ResponseWriter) write(b []byte) (int, error) {
	if !w.sent && len(b) <= maxHeld-len(w.body) {
		w.makeRoom()
		w.body = append(w.body, b...)
		w.counted += int64(len(b))
		return len(b), nil
	}
	if err := w.start(false); err != nil {
		return 0, err
	}
	if w.isHead() {
		w.counted += int64(len(b))
		return len(b), nil
	}
	n := 0
	for n < len(b) {
		m, err := w.sc.c.Write(b[n:min(len(b), n+largestSlice)])
		n += m
		w.counted += int64(m)
		if err != nil {
			return n, w.fail(err)
		}
	}
	return n, nil
}

// ReadFrom writes content from r until io.EOF, as [io.ReaderFrom]. Where the
// length is declared, a regular *os.File, or an [io.LimitedReader] of one, goes
// to a plain TCP connection by the kernel (sendfile).
func (w *ResponseWriter) ReadFrom(r io.Reader) (n int64, err error) {
	// What fits beside the head goes out with it in one write.
	for !w.sent {
		if _, err := w.admit(0); err != nil {
			return n, err
		}
		if w.declared >= 0 && w.declared-w.counted > maxHeld {
			break // it will not fit
		}
		m, err := w.hold(r)
		n += m
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if len(w.body) == maxHeld {
			break
		}
	}
	if _, err := w.admit(0); err != nil {
		return n, err
	}
	if !w.hasContent() {
		return n, ErrNoBody
	}
	if err := w.start(false); err != nil {
		return n, err
	}
	if w.isHead() {
		m, err := io.Copy(io.Discard, r)
		w.counted += m
		return n + m, err
	}
	m, err := w.readRest(r)
	return n + m, err
}

// hold reads once into the room that is left for content held back.
func (w *ResponseWriter) hold(r io.Reader) (int64, error) {
	w.makeRoom()
	at := len(w.body)
	m, err := r.Read(w.body[at:maxHeld])
	allowed, refusal := w.admit(m)
	w.body = w.body[:at+allowed]
	w.counted += int64(allowed)
	if refusal != nil {
		return int64(allowed), refusal
	}
	return int64(allowed), err
}

// readRest sends what r has, once the head is sent.
func (w *ResponseWriter) readRest(r io.Reader) (total int64, err error) {
	if w.declared < 0 {
		n, err := w.sc.c.ReadFrom(r)
		w.counted += n
		return n, err
	}
	src, limit := r, w.declared-w.counted
	lr, limited := r.(*io.LimitedReader)
	if limited {
		src, limit = lr.R, min(limit, lr.N)
	}
	for total < limit {
		slice := io.LimitedReader{R: src, N: min(largestSlice, limit-total)}
		n, err := w.sc.c.ReadFrom(&slice)
		total += n
		w.counted += n
		if limited {
			lr.N -= n
		}
		if err != nil || slice.N > 0 {
			return total, err
		}
	}
	return total, w.refuseMore(r)
}

// refuseMore is the error of a source that has more than was declared.
func (w *ResponseWriter) refuseMore(r io.Reader) error {
	if lr, ok := r.(*io.LimitedReader); ok && lr.N <= 0 {
		return nil
	}
	var one [1]byte
	if n, _ := io.ReadFull(r, one[:]); n == 0 {
		return nil
	}
	_, err := w.admit(1)
	return err
}

// Flush sends what was written so far. The head goes out with it.
func (w *ResponseWriter) Flush() error {
	if _, err := w.admit(0); err != nil {
		return err
	}
	if err := w.start(false); err != nil {
		return err
	}
	return w.fail(w.sc.c.Flush())
}

// Inform sends an interim response: 103 with the links that the client may
// fetch already (RFC 8297), or 102. It goes out at once. A client of HTTP/1.0
// is not sent any (RFC 9110 §15.2), which is no error.
func (w *ResponseWriter) Inform(status int, h *Header) error {
	switch {
	case w.sc == nil:
		return ErrReturned
	case w.hijacked:
		return ErrHijacked
	case w.sent:
		return ErrHeadSent
	case status < 100 || status > 199 || status == StatusSwitchingProtocols:
		return refused(0, "status code: of no interim response", "RFC 9110 §15.2")
	case w.req.Version == HTTP10, w.sc.srv.HTTP10:
		return nil
	}
	if h == nil {
		h = new(Header)
	}
	if err := w.sc.c.WriteInterim(status, h); err != nil {
		return w.fail(err)
	}
	return w.fail(w.sc.c.Flush())
}

// Hijack sends the head, 101 or for CONNECT 200 unless another 2xx was set, and
// gives the connection to the handler, with the octets that were received
// already and not read. The request must have asked for it by Upgrade
// (RFC 9110 §7.8) or CONNECT (RFC 9110 §9.3.6): else it returns
// [ErrNotSwitching] and nothing has happened. So it is with [ErrBodyUnread]
// until r.Body was read to its end, behind which alone the other protocol can
// begin. The handler names the protocol in an Upgrade field of a 101.
//
// The connection's timeouts for requests no longer stand. It is closed when the
// handler returns.
func (w *ResponseWriter) Hijack() (net.Conn, []byte, error) {
	switch {
	case w.sc == nil:
		return nil, nil, ErrReturned
	case w.hijacked:
		return nil, nil, ErrHijacked
	case w.sent:
		return nil, nil, ErrHeadSent
	case w.sc.c.body.Load() != nil || w.sc.c.readFault() != nil:
		return nil, nil, ErrBodyUnread
	}
	switch {
	case w.req.Method == MethodConnect:
		if s := w.status(); s < 200 || s > 299 {
			return nil, nil, ErrNotSwitching
		}
		w.resp.Status = w.status()
	case w.sc.c.State(SideServer) == StateMightSwitch:
		if w.resp.Status != 0 && w.resp.Status != StatusSwitchingProtocols {
			return nil, nil, ErrNotSwitching
		}
		w.resp.Status = StatusSwitchingProtocols
	default:
		return nil, nil, ErrNotSwitching
	}
	w.body = w.body[:0]
	w.dropFraming()
	if err := w.sendHead(false); err != nil {
		return nil, nil, err
	}
	nc, buffered, err := w.sc.c.Hijack()
	if err != nil {
		return nil, nil, w.fail(err)
	}
	w.hijacked = true
	w.sc.handOver()
	return nc, buffered, nil
}

// Error makes the response one of that status with a short text, in place of
// what was held back. The fields that told of other content are dropped
// (RFC 9110 §8). Where the head was sent already it does nothing.
func (w *ResponseWriter) Error(status int, text string) {
	if w.sent || w.hijacked || w.sc == nil {
		return
	}
	h := &w.resp.Header
	for _, name := range contentFields {
		h.Del(name)
	}
	w.resp.Trailer.Reset()
	w.body, w.counted, w.declared, w.failed = w.body[:0], 0, -1, nil
	w.resp.Status = status
	if !w.hasContent() {
		return
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteString(text)
	w.WriteString("\n")
}

// contentFields tell of the content and validate it: none of them holds for
// another one.
var contentFields = [...]string{
	"Content-Length", "Content-Type", "Content-Encoding", "Content-Language", "Content-Range",
	"Content-Disposition", "Content-Location", "ETag", "Last-Modified", "Cache-Control", "Expires",
}

// isHead tells whether the content is to be dropped.
func (w *ResponseWriter) isHead() bool { return w.req.Method == MethodHead }

// fail keeps the first error.
func (w *ResponseWriter) fail(err error) error {
	if err != nil && w.failed == nil {
		w.failed = err
	}
	return err
}

// declare takes the Content-Length that the handler set.
func (w *ResponseWriter) declare() error {
	w.declared = -1
	if !w.resp.Header.Has("Content-Length") || !w.hasContent() {
		return nil
	}
	n, err := contentLength(w.resp.Header.Get("Content-Length"), -1)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrBodyLength, clip(w.resp.Header.Get("Content-Length")))
	}
	w.declared = n
	return nil
}

// clip cuts text that goes into an error.
func clip(s string) string { return s[:min(len(s), 100)] }

// finish completes the response when the handler has returned. Where it fails
// the connection must be cut, unless nothing was sent yet.
func (w *ResponseWriter) finish() error {
	if w.hijacked {
		return nil
	}
	if _, err := w.admit(0); err != nil {
		return err
	}
	if w.declared > w.counted && !w.isHead() && w.hasContent() {
		return w.fail(fmt.Errorf("%w: %d of %d octets", ErrBodyLength, w.counted, w.declared))
	}
	if err := w.start(true); err != nil {
		return err
	}
	return w.fail(w.sc.c.EndMessage(&w.resp.Trailer))
}
