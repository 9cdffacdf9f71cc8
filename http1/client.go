package http1

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"sync/atomic"
)

// Doer answers requests: a [Client], or what is put before one.
type Doer interface {
	// Do sends a request and returns the response, whose Body the caller
	// closes. It leaves r as it is but for reading its Body.
	Do(ctx context.Context, r *Request) (*Response, error)
}

// DoerFunc is a function as a [Doer].
type DoerFunc func(ctx context.Context, r *Request) (*Response, error)

// Do calls f.
func (f DoerFunc) Do(ctx context.Context, r *Request) (*Response, error) { return f(ctx, r) }

// Jar keeps cookies for a [Client]. The Jar of package http1/cookie is one.
// Top is the URL of the page that the request is for, nil where u itself is
// going to be the page.
type Jar interface {
	// Cookie returns the value of Cookie for a request to u, "" for none.
	Cookie(u, top *url.URL, method string) string
	// SetCookie takes the value of one Set-Cookie field of the response from
	// u. Its error means that the cookie was refused, and stops nothing.
	SetCookie(u, top *url.URL, value string) error
}

// Client sends requests and keeps the connections for those that follow. The
// zero value is ready to use. Goroutines may share a Client, but its fields must
// not change after the first request. It must not be copied.
//
//	resp, err := client.Get(ctx, "http://www.example.org/")
//	if err != nil {
//		return err
//	}
//	defer resp.Body.Close()
//	_, err = io.Copy(w, resp.Body)
//
// The context of a call governs it until the response's Body is closed or read
// to its end, so do not end it when Do returns. Body must be closed or read to
// its end: else its connection is lost, and under MaxConnsPerHost a place with
// it.
//
// # Other protocols
//
// With Connection: upgrade and Upgrade in the request's Header a server may
// answer 101 (RFC 9110 §7.8). Body is then a net.Conn, with CloseWrite, for what
// both sides speak from there on; Close gives its place back.
//
// # Errors
//
// Do returns a [*RequestError]. Inside it is a [*ParseError] or
// [*ProtocolError] for a response outside the grammar or the order, a
// [*LimitError], a [*RedirectError], a [*ProxyError], a net.Error, or the
// context's. After any error in a response its connection is closed: what
// followed on it would have no known beginning.
//
// # Requests that are sent again
//
// A request whose connection had been used before, and ended before an octet of
// the response came, is sent once more on a new one, if its method is idempotent
// and it has no body or one that is an io.Seeker (RFC 9110 §9.2.2,
// RFC 9112 §9.3.1): the server may have closed it as idle at the same moment.
//
// # Bodies
//
// A request's body is read by another goroutine while the response is awaited
// and read, unless it is in memory and short. It is read no further once the
// response has ended, and not closed. Where the Read of a body that is no
// io.Seeker blocks for ever, that goroutine stays in it after the response has
// ended.
//
// With Expect: 100-continue in the request's Header the body waits for a 100,
// or for Timeouts.Expect. After a final response in its place the body is not
// sent, and the connection is closed (RFC 9110 §10.1.1).
type Client struct {
	// Dial opens connections; nil is that of a [sockets.Dialer], which races
	// a host's addresses.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS configures https; nil is package tls's defaults. It is cloned;
	// ServerName is filled from the URL, and http/1.1 alone is offered by ALPN.
	TLS *tls.Config
	// Jar keeps cookies; nil keeps none.
	Jar Jar
	// Doer, if it is set, answers in place of the connections. Cookies,
	// redirects and decompression stay the Client's. Middleware gets another
	// Client below it.
	Doer Doer
	// Proxy tells which requests go through a proxy; nil is none.
	Proxy *Proxies
	// Redirect tells what to do about redirects; nil follows up to 10.
	Redirect *Redirects
	// Limits bounds what servers make the client hold, Timeouts how long it
	// waits.
	Limits   ClientLimits
	Timeouts ClientTimeouts
	// MaxConnsPerHost bounds the connections to one host by way of one proxy;
	// further requests wait (default 32; negative, none).
	MaxConnsPerHost int
	// Mode is how connections are used.
	Mode Mode
	// Decompress asks for the content codings gzip and deflate and takes them
	// off: Content-Encoding and Content-Length are then gone from the
	// response. Requests with Accept-Encoding or Range are left as they are.
	Decompress bool
	// UserAgent is sent in requests that have no User-Agent; "" sends none.
	UserAgent string
	// OnInform is called with each interim response (1xx) but 101.
	OnInform func(r *Request, status int, h *Header)
	// Trace hears of the messages of all connections, one at a time for each
	// connection and direction; nil is silent.
	Trace *Trace

	pool  pool
	stats clientStats
}

// clientStats are the counters behind [Client.Stats].
type clientStats struct{ connections, requests, trips atomic.Int64 }

// ClientStats counts what a [Client] has done.
type ClientStats struct {
	// Connections counts those opened, Requests those sent, those sent again
	// among them.
	Connections, Requests int64
	// RoundTrips counts the times that something was sent to wait for its
	// answer: the opening of a connection, a TLS handshake (two before TLS 1.3),
	// a CONNECT, and a request, where requests in a pipeline with others
	// before them that are unanswered share one.
	RoundTrips int64
	// Open and Idle count the connections that there are, and those of them
	// that wait for a request.
	Open, Idle int
}

// Stats returns the counters.
func (c *Client) Stats() ClientStats {
	s := ClientStats{Connections: c.stats.connections.Load(), Requests: c.stats.requests.Load(), RoundTrips: c.stats.trips.Load()}
	s.Open, s.Idle = c.pool.count()
	return s
}

// CloseIdle closes the connections that wait for a request. Call it when the
// Client is not needed any more.
func (c *Client) CloseIdle() { c.pool.closeIdle() }

// Get asks for a URL.
func (c *Client) Get(ctx context.Context, url string) (*Response, error) {
	return c.request(ctx, MethodGet, url, "", nil)
}

// Head asks what Get would get, without the content.
func (c *Client) Head(ctx context.Context, url string) (*Response, error) {
	return c.request(ctx, MethodHead, url, "", nil)
}

// Post sends a body of a media type to a URL.
func (c *Client) Post(ctx context.Context, url, mediaType string, body io.Reader) (*Response, error) {
	return c.request(ctx, MethodPost, url, mediaType, body)
}

// Put makes a body the content of a URL.
func (c *Client) Put(ctx context.Context, url, mediaType string, body io.Reader) (*Response, error) {
	return c.request(ctx, MethodPut, url, mediaType, body)
}

func (c *Client) request(ctx context.Context, method, url, mediaType string, body io.Reader) (*Response, error) {
	r, err := NewRequest(method, url, body)
	if err != nil {
		return nil, err
	}
	if mediaType != "" {
		r.Header.Set("Content-Type", mediaType)
	}
	return c.Do(ctx, r)
}

var _ Doer = (*Client)(nil)

// RequestError tells which request of a [Client] failed, and why.
type RequestError struct {
	Method string
	// URL is the target, without user information.
	URL string
	Err error
}

// Error tells the method, the URL and why.
func (e *RequestError) Error() string {
	return "http1: " + e.Method + " " + quoteCut(e.URL) + ": " + trimPrefix(e.Err.Error())
}

// trimPrefix keeps the name of the package from being said twice.
func trimPrefix(s string) string {
	const prefix = "http1: "
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):]
	}
	return s
}

// Unwrap returns Err.
func (e *RequestError) Unwrap() error { return e.Err }

// Timeout tells whether a deadline passed.
func (e *RequestError) Timeout() bool { return isTimeout(e.Err) }
