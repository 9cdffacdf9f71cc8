package http1

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"applayer/sockets"
)

// clientConn is a connection of a Client.
type clientConn struct {
	c       *Conn
	sc      *sockets.Conn
	probe   *probe   // nil where there is no socket
	end     *endMark // nil without TLS
	host    *hostPool
	trips   int    // what it took to open it
	proxied bool   // requests go in absolute-form
	auth    string // what they say in Proxy-Authorization then

	// Of the call that has the connection to itself, or of the one that writes.
	req     Request
	started int // requests begun on it

	// Of the call that reads.
	resp   Response
	proven bool // a response in HTTP/1.1 has come

	// The pool's.
	idle          bool
	idleSince     time.Time
	idleFor       time.Duration // 0 is for ever
	before, after *clientConn

	pipeline
}

// usable tells whether a connection that was idle can take a request: it is
// open, and nothing has come that nobody asked for.
func (cc *clientConn) usable(now time.Time) bool {
	if cc.idleFor > 0 && now.Sub(cc.idleSince) >= cc.idleFor {
		return false
	}
	return cc.c.Reusable() && cc.c.Buffered() == 0 && (cc.probe == nil || !cc.probe.pending()) && (cc.end == nil || cc.quiet())
}

// quiet tells whether package tls holds nothing back: records that came
// together are read from it one by one, and those behind a response are in
// neither the socket nor our buffer.
func (cc *clientConn) quiet() bool {
	if err := cc.sc.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return false // a transport without deadlines: the look would wait
	}
	defer cc.sc.SetReadDeadline(time.Time{})
	return isTimeout(cc.c.Wait())
}

// endMark remembers that the transport below TLS ended. Package tls passes that
// off as the end of TLS, which only its closing alert is (RFC 9112 §9.8).
type endMark struct {
	net.Conn
	seen bool
}

func (e *endMark) Read(b []byte) (int, error) {
	n, err := e.Conn.Read(b)
	if err == io.EOF {
		e.seen = true
	}
	return n, err
}

// ProxyError tells that a proxy did not open a tunnel.
type ProxyError struct {
	// Proxy is host and port of the proxy.
	Proxy string
	// Status is what it answered to CONNECT.
	Status int
	// Header holds the fields of that response, such as Proxy-Authenticate.
	Header Header
}

// Error tells which proxy and its answer.
func (e *ProxyError) Error() string {
	return "http1: proxy " + e.Proxy + ": CONNECT answered with " + strconv.Itoa(e.Status) + " (RFC 9110 §9.3.6)"
}

// route is the way to a request's target.
type route struct {
	key       poolKey
	authority string // of the target
	proxy     *url.URL
}

// routeOf finds the way to a target, and refuses one that has none.
func (c *Client) routeOf(t *Target) (route, error) {
	if t.Scheme != "http" && t.Scheme != "https" {
		return route{}, refused(0, "URL: neither http nor https", "RFC 9110 §4.2")
	}
	authority, err := sentAuthority(t.Scheme, t.Authority, 0)
	if err != nil {
		return route{}, err
	}
	rt := route{key: poolKey{scheme: t.Scheme, authority: authority}, authority: authority, proxy: c.Proxy.For(t)}
	if rt.proxy == nil {
		return rt, nil
	}
	if err := checkProxy(rt.proxy); err != nil {
		return route{}, err
	}
	rt.key.proxy = rt.proxy.String()
	if t.Scheme == "http" {
		rt.key.authority = ""
	}
	return rt, nil
}

// connect opens a connection for a place that take gave.
func (c *Client) connect(ctx context.Context, rt route) (*clientConn, error) {
	if d := timeout(c.Timeouts.Dial, 30*time.Second); d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	cc, err := c.open(ctx, rt)
	if err != nil {
		return nil, err
	}
	c.stats.connections.Add(1)
	c.stats.trips.Add(int64(cc.trips))
	c.pool.mu.Lock()
	cc.host = c.pool.host(rt.key)
	c.pool.maxIdle = c.Limits.maxIdle()
	c.pool.mu.Unlock()
	cc.idleFor = timeout(c.Timeouts.Idle, 90*time.Second)
	cc.pipeline.init()
	return cc, nil
}

func (c *Client) open(ctx context.Context, rt route) (_ *clientConn, err error) {
	dial := c.Dial
	if dial == nil {
		dial = new(sockets.Dialer).Dial
	}
	addr := dialAddr(rt.key.scheme, rt.authority)
	if rt.proxy != nil {
		addr = dialAddr(rt.proxy.Scheme, rt.proxy.Host)
	}
	nc, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	end := &endMark{Conn: nc}
	sc, trips := sockets.NewConn(end, c.Timeouts.conn()), 1
	if rt.key.scheme == "http" && (rt.proxy == nil || rt.proxy.Scheme == "http") {
		sc, end = sockets.NewConn(nc, c.Timeouts.conn()), nil
	}
	defer func() {
		if err != nil {
			sc.Close()
		}
	}()
	auth := ""
	if rt.proxy != nil {
		if auth, err = proxyAuthorization(rt.proxy); err != nil {
			return nil, err
		}
		if rt.proxy.Scheme == "https" {
			if err = c.startTLS(ctx, sc, rt.proxy.Host, &trips); err != nil {
				return nil, err
			}
		}
	}
	if rt.proxy != nil && rt.key.scheme == "https" {
		if err = c.tunnel(ctx, sc, rt, auth); err != nil {
			return nil, err
		}
		trips++
		if rt.proxy.Scheme == "https" {
			end = &endMark{Conn: sc} // TLS within TLS
			sc = sockets.NewConn(end, c.Timeouts.conn())
		}
	}
	if rt.key.scheme == "https" {
		if err = c.startTLS(ctx, sc, rt.authority, &trips); err != nil {
			return nil, err
		}
	}
	cc := &clientConn{c: c.newConn(sc), sc: sc, end: end, trips: trips}
	cc.proxied = rt.proxy != nil && rt.key.scheme == "http"
	if cc.proxied {
		cc.auth = auth
	}
	if s, ok := nc.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			cc.probe = newProbe(raw)
		}
	}
	return cc, nil
}

func (c *Client) newConn(nc net.Conn) *Conn {
	return NewConn(nc, &ConnOptions{Client: true, Limits: c.Limits.message(), Trace: c.Trace})
}

// startTLS shakes hands with the server of that authority.
func (c *Client) startTLS(ctx context.Context, sc *sockets.Conn, authority string, trips *int) error {
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	config.NextProtos = []string{"http/1.1"}
	if config.ServerName == "" {
		host, _, _ := splitHostPort(authority)
		config.ServerName = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	}
	if err := sc.StartTLS(ctx, config, sockets.SideClient, 0); err != nil {
		return err
	}
	state, _ := sc.TLS()
	*trips++
	if state.Version < tls.VersionTLS13 && !state.DidResume {
		*trips++
	}
	return nil
}

// tunnel asks the proxy for a way to the target (RFC 9110 §9.3.6).
func (c *Client) tunnel(ctx context.Context, sc *sockets.Conn, rt route, auth string) error {
	defer sockets.WithContext(ctx, sc)()
	authority := dialAddr(rt.key.scheme, rt.authority)
	r := &Request{Method: MethodConnect, Target: Target{Form: AuthorityForm, Authority: authority}, Version: HTTP11}
	if auth != "" {
		r.Header.Add("Proxy-Authorization", auth)
	}
	if c.UserAgent != "" {
		r.Header.Add("User-Agent", c.UserAgent)
	}
	conn := c.newConn(sc)
	if err := conn.WriteRequest(r); err != nil {
		return err
	}
	var resp Response
	for interim := 0; ; interim++ {
		if interim > c.Limits.maxInterim() {
			return &LimitError{Name: "MaxInterim", Max: int64(c.Limits.maxInterim())}
		}
		if err := conn.ReadResponse(&resp); err != nil {
			return err
		}
		if resp.Status >= 200 || resp.Status == StatusSwitchingProtocols {
			break
		}
	}
	if resp.Status/100 != 2 {
		return &ProxyError{Proxy: rt.proxy.Host, Status: resp.Status, Header: resp.Header}
	}
	_, early, err := conn.Hijack()
	if err == nil && len(early) > 0 {
		// The origin speaks after we do, in TLS; whoever spoke before is
		// somebody else.
		err = &ProtocolError{Remote: true, State: StateSwitched.String(), Event: EventData.String(), Ref: "RFC 9110 §9.3.6"}
	}
	return err
}

// dialAddr returns the address to dial for an authority, with a port always.
func dialAddr(scheme, authority string) string {
	host, port, _ := splitHostPort(authority)
	if port == "" {
		port = defaultPort(scheme)
	}
	return host + ":" + port
}
