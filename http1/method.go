package http1

// The methods of RFC 9110 §9.3 and RFC 5789 §2. A method is a token whose case
// has a meaning; others than these may be sent and received as well.
const (
	MethodGet     = "GET"
	MethodHead    = "HEAD"
	MethodPost    = "POST"
	MethodPut     = "PUT"
	MethodDelete  = "DELETE"
	MethodConnect = "CONNECT"
	MethodOptions = "OPTIONS"
	MethodTrace   = "TRACE"
	MethodPatch   = "PATCH"
)

// IsSafe tells whether the method asks for nothing to be changed
// (RFC 9110 §9.2.1).
func IsSafe(method string) bool {
	switch method {
	case MethodGet, MethodHead, MethodOptions, MethodTrace:
		return true
	}
	return false
}

// IsIdempotent tells whether doing it twice is as doing it once, so that a
// request may be sent again when its response was lost (RFC 9110 §9.2.2).
func IsIdempotent(method string) bool {
	return IsSafe(method) || method == MethodPut || method == MethodDelete
}
