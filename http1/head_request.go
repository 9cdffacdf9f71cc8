package http1

import "math"

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
	special        bool // the target has octets of uriSpecial
}

// Parse takes a request head from the front of b and returns how many octets it
// was, [ErrIncomplete] if it is not whole. It checks the grammar of the request
// line, of the target's octets and of each field line; what the fields mean is
// for [Request.Parse]. The other errors are a [*ParseError] or a [*LimitError].
//
// Who gets a head piece by piece calls [FindHead] first, which does not look at
// any octet twice.
func (h *RequestHead) Parse(b []byte, lim *Limits) (n int, err error) {
	if n, err = h.parse(b, lim); err == nil {
		return n, nil
	}
	// It is not whole, or wrong. Which of them is told by where it ends.
	end, _, err := FindHead(b, 0, lim)
	if err != nil {
		return 0, err
	}
	_, err = h.parse(b[:end], lim)
	return 0, err
}

// parse is Parse for a head that is whole. Its error is right only if b ends
// with the head.
func (h *RequestHead) parse(b []byte, lim *Limits) (n int, err error) {
	h.raw = b[:min(len(b), math.MaxInt32)]
	i, _ := emptyLine(b)
	if i == 1 && !h.AllowBareLF {
		return 0, atLine(1, bareLF(0))
	}
	next, perr := h.parseLine(i)
	if perr != nil {
		return 0, atLine(1, perr)
	}
	if next-i > lim.maxStartLine() {
		return 0, &LimitError{"MaxStartLine", int64(lim.maxStartLine()), StatusURITooLong}
	}
	n, err = h.takeFields(next, 1, fieldRules{bareLF: h.AllowBareLF}, lim)
	h.raw = h.raw[:n]
	return n, err
}

// parseLine takes request-line from place i on and returns where the next line
// begins: three parts with exactly one space between them (RFC 9112 §3).
func (h *RequestHead) parseLine(i int) (next int, _ *ParseError) {
	b := h.raw
	at := i
	for at < len(b) && isToken[b[at]] {
		at++
	}
	if at == i || at == len(b) || b[at] != ' ' {
		return 0, malformed(at, "method: no token with a space behind it", "RFC 9112 §3.1")
	}
	h.method = span{uint32(i), uint32(at)}
	i = at + 1
	class := uint8(0)
	for at = i; at < len(b) && uriClass[b[at]] != 0; at++ {
		class |= uriClass[b[at]]
	}
	h.target, h.special = span{uint32(i), uint32(at)}, class&uriSpecial != 0
	switch {
	case at == len(b) || b[at] == '\r' || b[at] == '\n':
		// So does a request of HTTP/0.9 look, which has no version.
		return 0, malformed(at, "request line: no version", "RFC 9112 §3")
	case b[at] != ' ':
		return 0, malformed(at, "request target: octet that no URI has", "RFC 9112 §3.2")
	case at == i:
		return 0, malformed(i, "request target: empty", "RFC 9112 §3.2")
	}
	i = at + 1
	end, next, err := textEnd(b, i, h.AllowBareLF, "version: control character")
	if err != nil {
		return 0, err
	}
	v, ok := parseVersion(b[i:end])
	if !ok {
		return 0, malformed(i, "version: not HTTP/DIGIT.DIGIT", "RFC 9112 §2.3")
	}
	if v.Major() != 1 {
		return 0, unsupported(i)
	}
	h.version = v
	return next, nil
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
