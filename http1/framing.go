package http1

import (
	"math"

	"applayer/internal/ascii"
)

// BodyKind is a way in which a message's body is delimited (RFC 9112 §6.3).
type BodyKind uint8

// The ways.
const (
	NoBody     BodyKind = iota // the message ends with its head
	Sized                      // Content-Length counts the octets
	Chunked                    // the last chunk ends it (RFC 9112 §7.1)
	UntilClose                 // the end of the connection ends it; responses alone
)

// String names the kind.
func (k BodyKind) String() string {
	return [...]string{"no body", "sized", "chunked", "until close"}[k&3]
}

// Framing tells where a message ends.
type Framing struct {
	Kind BodyKind
	// Length counts the octets of a Sized body.
	Length int64
	// MustClose tells that after this message the connection may not be used
	// again: somebody on the way may have seen its end elsewhere.
	MustClose bool
}

// RequestFraming decides where a request ends (RFC 9112 §6.3). The error is a
// [*ParseError] of class [ErrFraming], with reply 400, or 501 for a transfer
// coding that is not known.
//
// A request with both Transfer-Encoding and Content-Length, or with
// Transfer-Encoding in HTTP/1.0, is framed by its chunks and MustClose. A
// proxy should refuse it instead.
func RequestFraming(v Version, h *Header) (Framing, error) {
	length, chunked, err := bodyFields(h)
	switch {
	case err != nil:
		return Framing{}, err
	case chunked:
		return Framing{Kind: Chunked, MustClose: length >= 0 || v < HTTP11}, nil
	case length >= 0:
		return Framing{Kind: Sized, Length: length}, nil
	}
	return Framing{Kind: NoBody}, nil
}

// ResponseFraming decides where the response to a request of that method ends
// (RFC 9112 §6.3). The error is a [*ParseError] of class [ErrFraming].
//
// A response with both Transfer-Encoding and Content-Length, or with
// Transfer-Encoding in HTTP/1.0, is framed by its chunks and MustClose.
func ResponseFraming(method string, v Version, status int, h *Header) (Framing, error) {
	if !hasBody(method, status) {
		return Framing{Kind: NoBody}, nil
	}
	length, chunked, err := bodyFields(h)
	switch {
	case err != nil:
		return Framing{}, err
	case chunked:
		return Framing{Kind: Chunked, MustClose: length >= 0 || v < HTTP11}, nil
	case length >= 0:
		return Framing{Kind: Sized, Length: length}, nil
	}
	return Framing{Kind: UntilClose, MustClose: true}, nil
}

// hasBody tells whether a response of that status to a request of that method
// has a body, whatever its fields say (RFC 9112 §6.3, items 1 and 2).
func hasBody(method string, status int) bool {
	return method != MethodHead && status >= 200 && status != StatusNoContent && status != StatusNotModified &&
		(method != MethodConnect || status >= 300)
}

// bodyFields takes Content-Length, -1 without one, and whether there is a
// Transfer-Encoding, which can be chunked alone.
func bodyFields(h *Header) (length int64, chunked bool, err error) {
	length = -1
	for i := range h.fields {
		f := &h.fields[i]
		switch {
		case len(f.Name) == len("Content-Length") && ascii.EqualFold(f.Name, "Content-Length"):
			length, err = contentLength(f.Value, length)
			if err != nil {
				return 0, false, err
			}
		case len(f.Name) == len("Transfer-Encoding") && ascii.EqualFold(f.Name, "Transfer-Encoding"):
			chunked = true
		}
	}
	if chunked {
		err = checkTransferEncoding(h)
	}
	return length, chunked, err
}

// contentLength takes the value of one Content-Length field: digits. A list of
// the same number, which careless joining of fields makes, counts as that
// number once; before is that of the fields before, or -1 (RFC 9110 §8.6).
func contentLength(value string, before int64) (int64, error) {
	empty := true
	for m := range Members(value) {
		v, ok := parseLength(m)
		if !ok {
			return 0, misframed("Content-Length", "body length: no decimal number below 2^63", "RFC 9110 §8.6")
		}
		if before >= 0 && v != before {
			return 0, misframed("Content-Length", "body length: two that differ", "RFC 9112 §6.3")
		}
		before, empty = v, false
	}
	if empty {
		return 0, misframed("Content-Length", "body length: empty", "RFC 9110 §8.6")
	}
	return before, nil
}

// parseLength takes 1*DIGIT, all of s.
func parseLength(s string) (n int64, ok bool) {
	v, digits, err := ascii.Decimal(s, math.MaxInt64)
	return int64(v), err == nil && digits == len(s)
}

// checkTransferEncoding lets chunked pass, once and alone. Where it is not the
// last coding, nobody can tell where a request ends: 400. Before it there may
// be codings that we do not know: 501 (RFC 9112 §6.1, RFC 9112 §6.3).
func checkTransferEncoding(h *Header) error {
	const field, ref = "Transfer-Encoding", "RFC 9112 §6.3"
	unknown, chunked := false, 0
	last := ""
	for m := range h.List(field) {
		if last = m; ascii.EqualFold(m, "chunked") {
			chunked++
		} else {
			unknown = true
		}
	}
	switch {
	case !ascii.EqualFold(last, "chunked"):
		return misframed(field, "transfer codings: the last is not chunked", ref)
	case chunked > 1:
		return misframed(field, "transfer codings: chunked twice", "RFC 9112 §6.1")
	case unknown:
		err := misframed(field, "transfer coding: not known", "RFC 9112 §6.1")
		err.Reply = StatusNotImplemented
		return err
	}
	return nil
}
