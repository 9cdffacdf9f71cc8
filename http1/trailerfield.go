package http1

import "applayer/internal/ascii"

// headFields are the fields that mean nothing behind a body, because whoever
// read it had to know them before (RFC 9110 §6.5.1).
var headFields = [...]string{
	// The message's end and the connection.
	"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
	// Routing.
	"Forwarded", "Host", "Max-Forwards", "Via",
	// Controls and conditions of a request.
	"Cache-Control", "Expect", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since",
	"Pragma", "Range",
	// Authentication, which cookies are used for as well.
	"Authorization", "Cookie", "Proxy-Authenticate", "Proxy-Authorization", "Set-Cookie", "WWW-Authenticate",
	// Control data of a response.
	"Age", "Date", "Expires", "Location", "Retry-After", "Vary", "Warning",
	// How to take the content.
	"Content-Encoding", "Content-Range", "Content-Type",
}

// IsTrailerField tells whether a field of that name may be sent in a trailer
// section. It may not if the message's framing, its routing, controls and
// conditions, authentication, or the way to take its content depend on it
// (RFC 9110 §6.5.1).
func IsTrailerField(name string) bool {
	for _, head := range headFields {
		if len(head) == len(name) && ascii.EqualFold(head, name) {
			return false
		}
	}
	return IsToken(name)
}
