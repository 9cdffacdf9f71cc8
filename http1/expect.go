package http1

import (
	"errors"

	"applayer/internal/ascii"
)

// checkExpect takes the expectations of a request. The only one known is
// 100-continue; any other is refused with 417. A request of HTTP/1.0 has none,
// whatever it says, and nothing is to be continued where there is no body
// (RFC 9110 §10.1.1).
func checkExpect(r *Request) (continues bool, _ error) {
	if r.Version < HTTP11 || !r.Header.Has("Expect") {
		return false, nil
	}
	for m := range r.Header.List("Expect") {
		if !ascii.EqualFold(m, "100-continue") {
			return false, &ParseError{Field: "Expect", What: "expectation: not known", Ref: "RFC 9110 §10.1.1",
				Reply: StatusExpectationFailed, Class: ErrMalformed}
		}
		continues = true
	}
	return continues && r.framing.Kind != NoBody && (r.framing.Kind == Chunked || r.framing.Length > 0), nil
}

// sendContinue sends a 100 to a client that waits for one, unless its content
// is arriving already, or a final response has begun (RFC 9110 §10.1.1).
func (c *Conn) sendContinue() error {
	if c.r < c.w {
		c.expecting.Store(false)
		return nil
	}
	if !c.order.can(SideServer, EventInterimResponse) {
		return nil
	}
	err := c.WriteInterim(StatusContinue, nil)
	if _, begun := errors.AsType[*ProtocolError](err); begun {
		return nil // another goroutine has just begun the final response
	}
	if err != nil {
		return err
	}
	return c.Flush()
}
