package http1

import "context"

// Handler answers requests.
//
// Ctx is the connection's: it has the values of [Server].BaseContext and ends
// when the connection does and as soon as the server begins to shut down. No
// goroutine watches the connection while a handler runs, so that a client that
// has gone is noticed when the body is read or the response written, not
// before. Work that is to be finished during a shutdown takes
// [context.WithoutCancel].
//
// W, r and r.Body end with ServeHTTP: nothing may use them after it returned.
// W and r are used again for the next request of the same connection; until
// that comes, late calls of w give [ErrReturned].
// The strings in r are valid for ever. One goroutine at a time may use each;
// r.Body may be read beside the writing of w.
//
// The response is complete when ServeHTTP returns. A panic is logged and
// answered with 500 where nothing was sent; otherwise the connection is cut, so
// that what was sent does not pass for the whole.
type Handler interface {
	ServeHTTP(ctx context.Context, w *ResponseWriter, r *Request)
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, w *ResponseWriter, r *Request)

// ServeHTTP calls f.
func (f HandlerFunc) ServeHTTP(ctx context.Context, w *ResponseWriter, r *Request) { f(ctx, w, r) }
