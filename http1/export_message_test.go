package http1

// NewLenientResponse returns a response that is parsed as clients of such
// options do.
func NewLenientResponse(bareLF, trimNames bool) *Response {
	return &Response{head: ResponseHead{AllowBareLF: bareLF, TrimNames: trimNames}}
}
