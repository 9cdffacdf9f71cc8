package http1

import (
	"strconv"

	"applayer/internal/ascii"
)

// AppendText appends the request's head as it is sent: the request line, the
// fields of Header, and the empty line. It is an [encoding.TextAppender].
//
// An empty Method is GET, a Version of 0 is HTTP/1.1, an empty path "/". Where
// Header has no Host, the target's authority is sent as the first field
// (RFC 9110 §7.2). The fields of the framing are sent as they stand in Header;
// Body, Length and Trailer are the connection's affair.
//
// What [Request.Parse] would refuse is not written, nor what a sender must not
// send though a recipient gets along with it: Content-Length twice or beside
// Transfer-Encoding, and Transfer-Encoding in HTTP/1.0. The error is then a
// [*ParseError] whose Offset counts from the start of the head, and dst is
// returned as it was.
func (r *Request) AppendText(dst []byte) ([]byte, error) {
	start := len(dst)
	b, err := appendRequestHead(dst, r)
	if err == nil {
		err = checkSentRequest(r.Version, &r.Header)
	}
	if err != nil {
		return dst, rebase(err, start)
	}
	return append(b, "\r\n"...), nil
}

// AppendText appends the response's head as it is sent: the status line, the
// fields of Header, and the empty line. It is an [encoding.TextAppender].
//
// A Version of 0 is HTTP/1.1; an empty Reason is [StatusText]. It refuses what
// [Request.AppendText] refuses, and the fields of a body where there can be
// none: in a 1xx, a 204, and a 2xx to CONNECT, which Request tells
// (RFC 9112 §6.1, RFC 9110 §8.6). A 304 may have them: they are those that the
// 200 would have had.
func (r *Response) AppendText(dst []byte) ([]byte, error) {
	start := len(dst)
	b, err := appendStatusLine(dst, r.Version, r.Status, r.Reason)
	if err == nil {
		b, err = appendFields(b, &r.Header)
	}
	if err == nil {
		method := ""
		if r.Request != nil {
			method = r.Request.Method
		}
		err = checkSentResponse(method, r.Version, r.Status, &r.Header)
	}
	if err != nil {
		return dst, rebase(err, start)
	}
	return append(b, "\r\n"...), nil
}

// rebase makes the offset of err, which counts from the start of a buffer, one
// from place start on.
func rebase(err *ParseError, start int) error {
	err.Offset = max(0, err.Offset-int64(start))
	return err
}

// refused makes the error of what may not be sent: it would end at place
// offset of the buffer. It has no reply, being our own fault.
func refused(offset int, what, ref string) *ParseError {
	return &ParseError{Offset: int64(offset), What: what, Ref: ref, Class: ErrMalformed}
}

// appendRequestHead appends the request line and the fields, Host among them,
// without the empty line.
func appendRequestHead(dst []byte, r *Request) ([]byte, *ParseError) {
	method := r.Method
	if method == "" {
		method = MethodGet
	}
	b, err := appendRequestLine(dst, method, &r.Target, r.Version)
	if err != nil {
		return dst, err
	}
	hosts := 0
	for i := range r.Header.fields {
		f := &r.Header.fields[i]
		if len(f.Name) != len("Host") || !ascii.EqualFold(f.Name, "Host") {
			continue
		}
		if hosts++; hosts > 1 {
			return dst, inField([]byte(f.Name), refused(len(b), "Host: more than one", "RFC 9112 §3.2"))
		}
		if !IsHost(f.Value) {
			return dst, inField([]byte(f.Name), refused(len(b), "Host: no uri-host [ \":\" port ]", "RFC 9112 §3.2"))
		}
	}
	if hosts == 0 {
		if b, err = appendHost(b, r); err != nil {
			return dst, err
		}
	}
	return appendFields(b, &r.Header)
}

// appendHost appends the field that the target's authority makes.
func appendHost(dst []byte, r *Request) ([]byte, *ParseError) {
	switch {
	case r.Target.Authority != "":
		if !IsHost(r.Target.Authority) {
			return dst, inField([]byte("Host"), refused(len(dst), "Host: no uri-host [ \":\" port ]", "RFC 9112 §3.2"))
		}
	case r.Version == HTTP10:
		return dst, nil
	default:
		return dst, inField([]byte("Host"), refused(len(dst), "Host: none", "RFC 9112 §3.2"))
	}
	dst = append(dst, "Host: "...)
	dst = append(dst, r.Target.Authority...)
	return append(dst, "\r\n"...), nil
}

// appendRequestLine appends request-line with its CRLF (RFC 9112 §3).
func appendRequestLine(dst []byte, method string, t *Target, v Version) ([]byte, *ParseError) {
	if !IsToken(method) {
		return dst, refused(len(dst), "method: no token", "RFC 9112 §3.1")
	}
	b := append(dst, method...)
	b = append(b, ' ')
	if err := t.checkSent(method); err != nil {
		err.Offset += int64(len(b))
		return dst, err
	}
	b = t.append(b)
	switch {
	case v == HTTP11 || v == 0:
		return append(b, " HTTP/1.1\r\n"...), nil
	case v.Major() != 1:
		return dst, refusedVersion(len(b) + 1)
	}
	b = append(b, " HTTP/1."...)
	return append(b, byte('0'+v.Minor()), '\r', '\n'), nil
}

func refusedVersion(offset int) *ParseError {
	err := refused(offset, "version: major number is not 1", "RFC 9112 §2.3")
	err.Class = ErrVersion
	return err
}

// statusLines are the status lines of HTTP/1.1 with the reason phrases of
// [StatusText], built once.
var statusLines = func() (lines [len(statusTexts)]string) {
	for status, text := range statusTexts {
		if text != "" {
			lines[status] = "HTTP/1.1 " + strconv.Itoa(status) + " " + text + "\r\n"
		}
	}
	return lines
}()

// appendStatusLine appends status-line with its CRLF (RFC 9112 §4). An empty
// reason is that of [StatusText].
func appendStatusLine(dst []byte, v Version, status int, reason string) ([]byte, *ParseError) {
	if reason == "" && (v == HTTP11 || v == 0) && uint(status) < uint(len(statusLines)) && statusLines[status] != "" {
		return append(dst, statusLines[status]...), nil
	}
	if v == 0 {
		v = HTTP11
	}
	if v.Major() != 1 {
		return dst, refusedVersion(len(dst))
	}
	if status < 100 || status > 999 {
		return dst, refused(len(dst)+len("HTTP/1.1 "), "status code: not of 100 to 999", "RFC 9110 §15")
	}
	if reason == "" {
		reason = StatusText(status)
	}
	b := append(dst, "HTTP/1."...)
	b = append(b, byte('0'+v.Minor()), ' ')
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	from := len(b)
	b = append(b, reason...)
	if at := findCtl(b, from); at < len(b) {
		return dst, refused(at, "reason phrase: control character", "RFC 9112 §4")
	}
	return append(b, "\r\n"...), nil
}

// appendFields appends the field lines of h, without the empty line. It knows
// no field's meaning.
func appendFields(dst []byte, h *Header) ([]byte, *ParseError) {
	b := dst
	for i := range h.fields {
		var err *ParseError
		if b, err = appendField(b, h.fields[i].Name, h.fields[i].Value); err != nil {
			return dst, err
		}
	}
	return b, nil
}

// appendField appends a field line with its CRLF (RFC 9112 §5). The value must
// not begin or end with white space, which a recipient would take away.
func appendField(dst []byte, name, value string) ([]byte, *ParseError) {
	if !IsToken(name) {
		return dst, inField([]byte(name), refused(len(dst), "field name: no token", "RFC 9110 §5.1"))
	}
	b := append(dst, name...)
	b = append(b, ": "...)
	from := len(b)
	b = append(b, value...)
	// The octets are looked at where they went, eight at a time.
	if at := findCtl(b, from); at < len(b) {
		return dst, inField([]byte(name), refused(at, "field value: control character", "RFC 9110 §5.5"))
	}
	if len(trimOWS(value)) != len(value) {
		return dst, inField([]byte(name), refused(from, "field value: white space at its ends", "RFC 9110 §5.5"))
	}
	return append(b, "\r\n"...), nil
}

// checkSentRequest checks the fields of the framing in a request to be sent.
func checkSentRequest(v Version, h *Header) *ParseError {
	_, chunked, err := sentBodyFields(h)
	if err == nil && chunked && v == HTTP10 {
		err = missent("Transfer-Encoding", "transfer coding: in HTTP/1.0", "RFC 9112 §6.1")
	}
	return err
}

// checkSentResponse does so for a response. The method is that of the request,
// "" where it is not known.
func checkSentResponse(method string, v Version, status int, h *Header) *ParseError {
	length, chunked, err := sentBodyFields(h)
	switch {
	case err != nil:
		return err
	case !chunked && length < 0:
		return nil
	case status < 200 || status == StatusNoContent || method == MethodConnect && status < 300:
		// A recipient that believed them would take the next response for a
		// body.
		name, ref := "Content-Length", "RFC 9110 §8.6"
		if chunked {
			name, ref = "Transfer-Encoding", "RFC 9112 §6.1"
		}
		return missent(name, "body length: in a response that has no body", ref)
	case chunked && v == HTTP10:
		return missent("Transfer-Encoding", "transfer coding: in HTTP/1.0", "RFC 9112 §6.1")
	}
	return nil
}

// sentBodyFields takes Content-Length, -1 without one, and whether the message
// is chunked, as a sender may state them: one of the two, once, and with no
// list (RFC 9110 §8.6, RFC 9112 §6.2).
func sentBodyFields(h *Header) (length int64, chunked bool, _ *ParseError) {
	length = -1
	for i := range h.fields {
		f := &h.fields[i]
		switch len(f.Name) {
		case len("Content-Length"):
			if !ascii.EqualFold(f.Name, "Content-Length") {
				continue
			}
			n, ok := parseLength(f.Value)
			if !ok || length >= 0 {
				return 0, false, missent("Content-Length", "body length: not one decimal number below 2^63", "RFC 9110 §8.6")
			}
			length = n
		case len("Transfer-Encoding"):
			if !ascii.EqualFold(f.Name, "Transfer-Encoding") {
				continue
			}
			if chunked || !ascii.EqualFold(f.Value, "chunked") {
				return 0, false, missent("Transfer-Encoding", "transfer coding: not chunked, once", "RFC 9112 §6.1")
			}
			chunked = true
		}
	}
	if chunked && length >= 0 {
		return 0, false, missent("Content-Length", "body length: beside Transfer-Encoding", "RFC 9112 §6.2")
	}
	return length, chunked, nil
}

// missent is misframed for what we would send: there is nothing to reply.
func missent(field, what, ref string) *ParseError {
	err := misframed(field, what, ref)
	err.Reply = 0
	return err
}
