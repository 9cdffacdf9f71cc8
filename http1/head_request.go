package http1

import "bytes"

// RequestHead is a request's head as places in the octets that it was parsed
// from: what a parser needs that allocates nothing. It is valid as long as they
// are. [Request] holds the same as strings. The zero value is ready to use, and
// may be used again and again by one goroutine at a time.
type RequestHead struct {
	// AllowBareLF lets an LF without CR end a line (RFC 9112 §2.2 permits it).
	// Leave it off where others read the same connection: what they take for
	// one message could be two here.
	AllowBareLF bool

	head
	method, target span
	version        Version
}

// Parse takes a whole request head, all of b, as [FindHead] finds it. It
// checks the grammar of the request line, of the target's octets and of each
// field line; what the fields mean is for [Request.Parse]. The error is a
// [*ParseError] or a [*LimitError].
func (h *RequestHead) Parse(b []byte, lim *Limits) error {
	h.raw = b
	i, _ := emptyLine(b)
	if i == 1 && !h.AllowBareLF {
		return atLine(1, malformed(0, "line: LF without CR", "RFC 9112 §2.2"))
	}
	end, next, err := lineEnd(b, i, h.AllowBareLF)
	if err != nil {
		return atLine(1, err)
	}
	if next-i > lim.maxStartLine() {
		return &LimitError{"MaxStartLine", int64(lim.maxStartLine()), StatusURITooLong}
	}
	if err := h.parseLine(i, end); err != nil {
		return atLine(1, err)
	}
	return h.parseFields(next, 1, fieldRules{bareLF: h.AllowBareLF}, lim)
}

// parseLine takes request-line, b[i:end]: three parts with exactly one space
// between them (RFC 9112 §3).
func (h *RequestHead) parseLine(i, end int) *ParseError {
	b := h.raw[:end]
	at := i
	for at < end && isToken[b[at]] {
		at++
	}
	if at == i || at == end || b[at] != ' ' {
		return malformed(at, "method: no token with a space behind it", "RFC 9112 §3.1")
	}
	h.method = span{uint32(i), uint32(at)}
	i = at + 1
	n := bytes.IndexByte(b[i:], ' ')
	if n < 0 {
		// So does a request of HTTP/0.9 look, which has no version.
		return malformed(end, "request line: no version", "RFC 9112 §3")
	}
	at = i + n
	h.target = span{uint32(i), uint32(at)}
	if n == 0 {
		return malformed(i, "request target: empty", "RFC 9112 §3.2")
	}
	for j := i; j < at; j++ {
		if !isURI[b[j]] {
			return malformed(j, "request target: octet that no URI has", "RFC 9112 §3.2")
		}
	}
	v, ok := parseVersion(b[at+1:])
	if !ok {
		return malformed(at+1, "version: not HTTP/DIGIT.DIGIT", "RFC 9112 §2.3")
	}
	if v.Major() != 1 {
		return unsupported(at + 1)
	}
	h.version = v
	return nil
}

// unsupported is the error of a major version that is not ours.
func unsupported(offset int) *ParseError {
	return &ParseError{Offset: int64(offset), What: "version: major number is not 1", Ref: "RFC 9110 §15.6.6",
		Reply: StatusVersionNotSupported, Class: ErrVersion}
}

// Method returns the method, whose case has a meaning.
func (h *RequestHead) Method() []byte { return h.method.of(h.raw) }

// Target returns the request target as it came.
func (h *RequestHead) Target() []byte { return h.target.of(h.raw) }

// Version returns the version.
func (h *RequestHead) Version() Version { return h.version }
