package http1

// NewLenientResponse returns a response that is parsed as clients of such
// options do.
func NewLenientResponse(bareLF, trimNames bool) *Response {
	return &Response{head: ResponseHead{AllowBareLF: bareLF, TrimNames: trimNames}}
}

// FindCtl finds control characters.
func FindCtl(b []byte, i int) int { return findCtl(b, i) }

// TokenEnd finds the end of a token.
func TokenEnd(b []byte, i int) int { return tokenEnd(b, i) }
