package http1

import "math"

// ResponseHead is a response's head as places in the octets that it was parsed
// from; see [RequestHead]. [Response] holds the same as strings.
type ResponseHead struct {
	// AllowBareLF lets an LF without CR end a line (RFC 9112 §2.2), as some
	// scripts behind servers send it.
	AllowBareLF bool
	// TrimNames removes white space between a field's name and the colon, as a
	// proxy must (RFC 9112 §5.1). Without it such a head is refused.
	TrimNames bool

	head
	reason  span
	status  int
	version Version
}

// Parse takes a response head from the front of b and returns how many octets
// it was, [ErrIncomplete] if it is not whole. It checks the grammar; what the
// fields mean is for [Response.Parse]. A value that goes on in the next line is
// taken (RFC 9112 §5.2). The other errors are a [*ParseError] or a
// [*LimitError]. See [RequestHead.Parse] for heads that come in pieces.
func (h *ResponseHead) Parse(b []byte, lim *Limits) (n int, err error) {
	if n, err = h.parse(b, lim); err == nil {
		return n, nil
	}
	end, _, err := FindHead(b, 0, lim)
	if err != nil {
		return 0, err
	}
	_, err = h.parse(b[:end], lim)
	return 0, err
}

// parse is Parse for a head that is whole. Its error is right only if b ends
// with the head.
func (h *ResponseHead) parse(b []byte, lim *Limits) (n int, err error) {
	h.raw = b[:min(len(b), math.MaxInt32)]
	next, perr := h.parseLine()
	if perr != nil {
		return 0, atLine(1, perr)
	}
	if next > lim.maxStartLine() {
		return 0, &LimitError{"MaxStartLine", int64(lim.maxStartLine()), StatusURITooLong}
	}
	n, err = h.takeFields(next, 1, fieldRules{bareLF: h.AllowBareLF, trimNames: h.TrimNames, folds: true}, lim)
	h.raw = h.raw[:n]
	return n, err
}

// parseLine takes status-line and returns where the next line begins: a
// version, a code of three digits, and a reason phrase that may be empty. The
// space before an empty phrase is required, and often left out (RFC 9112 §4).
func (h *ResponseHead) parseLine() (next int, _ *ParseError) {
	const version, code = len("HTTP/1.1"), len("HTTP/1.1 200")
	end, next, err := textEnd(h.raw, 0, h.AllowBareLF, "status line: control character")
	if err != nil {
		return 0, err
	}
	b := h.raw[:end]
	if end < code || b[version] != ' ' {
		return 0, malformed(min(version, end), "status line: no version and status code", "RFC 9112 §4")
	}
	v, ok := parseVersion(b[:version])
	if !ok {
		return 0, malformed(0, "version: not HTTP/DIGIT.DIGIT", "RFC 9112 §2.3")
	}
	if v.Major() != 1 {
		return 0, unsupported(0)
	}
	h.version = v
	h.status = 0
	for i := version + 1; i < code; i++ {
		if b[i] < '0' || b[i] > '9' {
			return 0, malformed(i, "status code: not three digits", "RFC 9112 §4")
		}
		h.status = h.status*10 + int(b[i]-'0')
	}
	if h.status < 100 {
		return 0, malformed(version+1, "status code: below 100", "RFC 9110 §15")
	}
	if end > code && b[code] != ' ' {
		return 0, malformed(code, "status code: not three digits", "RFC 9112 §4")
	}
	h.reason = span{uint32(min(code+1, end)), uint32(end)}
	return next, nil
}

// Version returns the version.
func (h *ResponseHead) Version() Version { return h.version }

// Status returns the status code, 100 to 999; from 600 on it means a server's
// error, 500 (RFC 9110 §15).
func (h *ResponseHead) Status() int { return h.status }

// Reason returns the reason phrase, which may be empty.
func (h *ResponseHead) Reason() []byte { return h.reason.of(h.raw) }
