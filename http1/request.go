package http1

import (
	"crypto/tls"
	"io"
	"net"
	"net/url"

	"applayer/internal/ascii"
)

// Request is a request, received or to be sent (RFC 9112 §3).
//
// Its strings are cut from one string of the head and valid for ever. A
// server's Request itself, its Body and what Raw returns end with the handler:
// keep the strings, or a [Header.Clone].
type Request struct {
	// Method is a token whose case has a meaning, such as [MethodGet].
	Method string
	// Target tells what is asked for. In a request received its scheme and
	// authority are those of the target URI, found as RFC 9110 §7.1 says, in
	// every form.
	Target Target
	// Version is that of the message. A client sends [HTTP11] unless it is
	// [HTTP10].
	Version Version
	// Header holds the fields. A client adds Host and those of the framing.
	Header Header
	// Body is the content. A server's is never nil; it ends with io.EOF, after
	// which Trailer is complete, or with an error that wraps
	// io.ErrUnexpectedEOF. A client's is nil where there is none; one that is
	// an io.Seeker can be sent again.
	Body io.Reader
	// Length counts the octets of Body, -1 if they are not known before:
	// chunked. For a client 0 with a Body means not known as well.
	Length int64
	// Trailer holds the fields behind a chunked body (RFC 9112 §7.1.2). They
	// are never merged into Header.
	Trailer Header
	// Top is the URL of the page that a client's request is for: an image's
	// is that of the page it stands in. A Jar is told. Nil means that what is
	// asked for is going to be the page itself.
	Top *url.URL
	// RemoteAddr is the client's address, in a request that a [Server] received.
	RemoteAddr net.Addr
	// TLS is the state of the connection that a [Server] received the request
	// on, nil without TLS.
	TLS *tls.ConnectionState

	head       RequestHead
	framing    Framing
	pathValues []Field // what the names of a Mux's pattern matched
}

// Parse takes a request's head from the front of b and returns how many octets
// it was, [ErrIncomplete] if it is not whole. It reuses r's memory; besides
// that it allocates one string. Body and Trailer are emptied: they are the
// connection's affair.
//
// Beyond the grammar it checks what a server must before it may answer: the
// target's form (RFC 9112 §3.2), Host (RFC 9112 §3.2), and the fields that tell
// where the message ends (RFC 9112 §6.3).
func (r *Request) Parse(b []byte, lim *Limits) (n int, err error) {
	if n, err = r.head.Parse(b, lim); err != nil {
		return 0, err
	}
	return n, r.takeHead()
}

// takeHead makes the request of its head.
func (r *Request) takeHead() error {
	h := &r.head
	s := string(h.raw)
	r.Method = s[h.method.from:h.method.to]
	r.Version = h.version
	h.fill(&r.Header, s)
	r.Body, r.Length = nil, 0
	r.Trailer.Reset()
	r.pathValues = r.pathValues[:0] // those of another request, perhaps another client's

	target := s[h.target.from:h.target.to]
	if !h.special && target[0] == '/' && r.Method != MethodConnect {
		r.Target = Target{Path: target}
	} else {
		var perr *ParseError
		if r.Target, perr = parseTarget(r.Method, target); perr != nil {
			perr.Offset += int64(h.target.from)
			return atLine(1, perr)
		}
	}
	if err := r.checkHost(); err != nil {
		return h.locate(err)
	}
	var err error
	if r.framing, err = RequestFraming(r.Version, &r.Header); err != nil {
		return h.locate(err)
	}
	if r.Length = r.framing.Length; r.framing.Kind == Chunked {
		r.Length = -1
	}
	return nil
}

// checkHost checks the Host field and takes it as the target's authority: one
// in HTTP/1.1, at most one before. A target in absolute-form or authority-form
// overrides its value (RFC 9112 §3.2).
func (r *Request) checkHost() error {
	host, hosts := "", 0
	for i := range r.Header.fields {
		if f := &r.Header.fields[i]; len(f.Name) == len("Host") && ascii.EqualFold(f.Name, "Host") {
			host = f.Value
			hosts++
		}
	}
	switch {
	case hosts > 1:
		return inField([]byte("Host"), malformed(0, "Host: more than one", "RFC 9112 §3.2"))
	case hosts == 0 && r.Version >= HTTP11:
		return inField([]byte("Host"), malformed(0, "Host: none", "RFC 9112 §3.2"))
	case !IsHost(host):
		return inField([]byte("Host"), malformed(0, "Host: no uri-host [ \":\" port ]", "RFC 9112 §3.2"))
	}
	if r.Target.Form == OriginForm || r.Target.Form == AsteriskForm {
		r.Target.Authority = host
	}
	return nil
}

// Raw returns the head's octets as they were received, nil in a request to be
// sent. They are valid until the handler returns.
func (r *Request) Raw() []byte { return r.head.raw }
