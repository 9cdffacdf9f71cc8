package http1

import "io"

// Response is a response, received or to be sent (RFC 9112 §4). Its strings
// are cut from one string of the head and valid for ever.
type Response struct {
	// Version is that of the message.
	Version Version
	// Status is the status code, 100 to 999 (RFC 9110 §15).
	Status int
	// Reason is the reason phrase; it means nothing to a program.
	Reason string
	// Header holds the fields.
	Header Header
	// Body is the content; a client's is never nil and must be closed. It ends
	// with io.EOF, after which Trailer is complete, or with an error that wraps
	// io.ErrUnexpectedEOF.
	Body io.ReadCloser
	// Length counts the octets of Body, -1 if they are not known before.
	Length int64
	// Trailer holds the fields behind a chunked body (RFC 9112 §7.1.2).
	Trailer Header
	// Request is the one that a client's response answers.
	Request *Request
	// Complete tells, once a client's Body has been read to its end, that
	// nothing is missing. It is false where the end of the connection delimits
	// the body and TLS ended without its closing alert: somebody on the way may
	// have cut it (RFC 9112 §9.8).
	Complete bool
	// RoundTrips counts those that a [Client] needed for it: see
	// [ClientStats].
	RoundTrips int

	head    ResponseHead
	framing Framing
}

// Parse takes the head of a response to a request of that method from the
// front of b and returns how many octets it was, [ErrIncomplete] if it is not
// whole. It reuses r's memory; besides that it allocates one string. Body,
// Trailer and Request are emptied.
//
// Values that go on in the next line have spaces in place of the line end
// (RFC 9112 §5.2). Beyond the grammar it checks the fields that tell where the
// message ends (RFC 9112 §6.3).
func (r *Response) Parse(b []byte, method string, lim *Limits) (n int, err error) {
	if n, err = r.head.Parse(b, lim); err != nil {
		return 0, err
	}
	return n, r.takeHead(method)
}

// takeHead makes the response of its head.
func (r *Response) takeHead(method string) error {
	h := &r.head
	b := h.raw
	if h.folded {
		b = h.unfold()
	}
	s := string(b)
	r.Version, r.Status = h.version, h.status
	r.Reason = s[h.reason.from:h.reason.to]
	h.fill(&r.Header, s)
	r.Body, r.Request = nil, nil
	r.Trailer.Reset()
	var err error
	if r.framing, err = ResponseFraming(method, r.Version, r.Status, &r.Header); err != nil {
		return h.locate(err)
	}
	switch r.framing.Kind {
	case Chunked, UntilClose:
		r.Length = -1
	default:
		r.Length = r.framing.Length
	}
	return nil
}

// Raw returns the head's octets as they were received, nil in a response to be
// sent. They are valid until the body is closed or has been read to its end.
func (r *Response) Raw() []byte { return r.head.raw }
