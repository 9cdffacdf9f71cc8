package http1

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

// Parse takes a whole response head, all of b, as [FindHead] finds it. It
// checks the grammar; what the fields mean is for [Response.Parse]. A value
// that goes on in the next line is taken (RFC 9112 §5.2). The error is a
// [*ParseError] or a [*LimitError].
func (h *ResponseHead) Parse(b []byte, lim *Limits) error {
	h.raw = b
	end, next, err := lineEnd(b, 0, h.AllowBareLF)
	if err != nil {
		return atLine(1, err)
	}
	if next > lim.maxStartLine() {
		return &LimitError{"MaxStartLine", int64(lim.maxStartLine()), StatusURITooLong}
	}
	if err := h.parseLine(end); err != nil {
		return atLine(1, err)
	}
	return h.parseFields(next, 1, fieldRules{bareLF: h.AllowBareLF, trimNames: h.TrimNames, folds: true}, lim)
}

// parseLine takes status-line, b[:end]: a version, a code of three digits, and
// a reason phrase that may be empty. The space before an empty phrase is
// required, and often left out (RFC 9112 §4).
func (h *ResponseHead) parseLine(end int) *ParseError {
	const version, code = len("HTTP/1.1"), len("HTTP/1.1 200")
	b := h.raw[:end]
	if end < code || b[version] != ' ' {
		return malformed(min(version, end), "status line: no version and status code", "RFC 9112 §4")
	}
	v, ok := parseVersion(b[:version])
	if !ok {
		return malformed(0, "version: not HTTP/DIGIT.DIGIT", "RFC 9112 §2.3")
	}
	if v.Major() != 1 {
		return unsupported(0)
	}
	h.version = v
	h.status = 0
	for i := version + 1; i < code; i++ {
		if b[i] < '0' || b[i] > '9' {
			return malformed(i, "status code: not three digits", "RFC 9112 §4")
		}
		h.status = h.status*10 + int(b[i]-'0')
	}
	if h.status < 100 {
		return malformed(version+1, "status code: below 100", "RFC 9110 §15")
	}
	if end > code && b[code] != ' ' {
		return malformed(code, "status code: not three digits", "RFC 9112 §4")
	}
	h.reason = span{uint32(min(code+1, end)), uint32(end)}
	if at := findCtl(h.reason.of(b)); at >= 0 {
		return malformed(int(h.reason.from)+at, "reason phrase: control character", "RFC 9112 §4")
	}
	return nil
}

// Version returns the version.
func (h *ResponseHead) Version() Version { return h.version }

// Status returns the status code, 100 to 999; from 600 on it means a server's
// error, 500 (RFC 9110 §15).
func (h *ResponseHead) Status() int { return h.status }

// Reason returns the reason phrase, which may be empty.
func (h *ResponseHead) Reason() []byte { return h.reason.of(h.raw) }
