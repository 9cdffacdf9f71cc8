package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cloudwego/hertz/pkg/app"
	hertzserver "github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/hertz/pkg/network/standard"
	"github.com/valyala/fasthttp"

	"applayer/http1"
)

// greeting is the content of every response, as text.
const (
	greeting     = "Hello, world!\n"
	greetingType = "text/plain; charset=utf-8"
)

// serveHTTP serves l until stop is called. All its implementations are the zero
// values of their packages' servers, with the same small response.
type serveHTTP func(l net.Listener) (stop func() error)

// httpServers are those that are set beside one another.
var httpServers = []struct {
	name  string
	serve serveHTTP
}{
	{"applayer", serveOurs}, {"fasthttp", serveFastHTTP}, {"net/http", serveNetHTTP}, {"hertz", serveHertz},
}

func serveOurs(l net.Listener) (stop func() error) {
	return serveHandler(l, http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
		w.Header().Add("Content-Type", greetingType)
		w.WriteString(greeting)
	}))
}

func serveHandler(l net.Listener, h http1.Handler) (stop func() error) {
	s := &http1.Server{Handler: h}
	return serveUntil(l, s.Serve, s.Close, http1.ErrServerClosed)
}

func serveNetHTTP(l net.Listener) (stop func() error) {
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", greetingType)
		io.WriteString(w, greeting)
	})}
	return serveUntil(l, s.Serve, s.Close, http.ErrServerClosed)
}

func serveFastHTTP(l net.Listener) (stop func() error) {
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType(greetingType)
		ctx.WriteString(greeting)
	}}
	return serveUntil(l, s.Serve, s.Shutdown, nil)
}

// serveHertz has Hertz use package net: its other transport takes no listener.
func serveHertz(l net.Listener) (stop func() error) {
	hlog.SetOutput(io.Discard)
	h := hertzserver.New(hertzserver.WithListener(l), hertzserver.WithTransport(standard.NewTransporter))
	h.NoRoute() // sets up the engine's handlers
	h.GET("/*path", func(_ context.Context, ctx *app.RequestContext) {
		ctx.SetContentType(greetingType)
		ctx.SetBodyString(greeting)
	})
	return serveUntil(l, func(net.Listener) error { return h.Run() }, func() error {
		if err := h.Close(); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return nil // it gives its connections no time to end
	}, nil)
}

// serveUntil runs serve, and stops it by close; closed is the error that tells
// that it did.
func serveUntil(l net.Listener, serve func(net.Listener) error, close func() error, closed error) (stop func() error) {
	ended := make(chan error, 1)
	go func() { ended <- serve(l) }()
	return func() error {
		err := close()
		if serveErr := <-ended; closed != nil && !errors.Is(serveErr, closed) {
			return serveErr
		}
		return err
	}
}

// overTCP serves on a free port.
func overTCP(serve serveHTTP) func() (*server, error) {
	return func() (*server, error) {
		l, err := net.Listen("tcp", loopback)
		if err != nil {
			return nil, err
		}
		return &server{l.Addr().String(), serve(l)}, nil
	}
}

// httpOverTCP are the servers, each on a port.
func httpOverTCP() []implementation {
	impls := make([]implementation, len(httpServers))
	for i, s := range httpServers {
		impls[i] = implementation{name: s.name, start: overTCP(s.serve)}
	}
	return impls
}

// httpInMemory are the servers, each asked over a connection in memory.
func httpInMemory() []implementation {
	impls := make([]implementation, len(httpServers))
	for i, s := range httpServers {
		impls[i] = implementation{name: s.name, bench: func(b *testing.B) error { return exchange(b, s.serve) }}
	}
	return impls
}

// exchange does b.N requests over one connection without a socket, each of
// which comes when the one before was answered.
func exchange(b *testing.B, serve serveHTTP) error {
	c := newAsking(b.N)
	l := &oneConn{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conns <- c
	b.ResetTimer()
	stop := serve(l)
	<-c.done
	b.StopTimer()
	if err := stop(); err != nil {
		return err
	}
	if c.answers != b.N {
		return fmt.Errorf("%d answers to %d requests", c.answers, b.N)
	}
	return nil
}

// asking is a connection from which a request comes as soon as the one before
// is answered, and behind the last one the end.
type asking struct {
	endless
	done chan struct{} // closed when all is answered

	mu      sync.Mutex
	changed sync.Cond // on mu
	rest    []byte    // of the request under way
	left    int       // requests to come
	waits   bool      // for an answer
	answers int
	closed  bool
}

func newAsking(requests int) *asking {
	c := &asking{left: requests, done: make(chan struct{})}
	c.changed.L = &c.mu
	return c
}

func (c *asking) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.waits && len(c.rest) == 0 && !c.closed {
		c.changed.Wait()
	}
	if len(c.rest) == 0 {
		if c.left == 0 || c.closed {
			return 0, io.EOF
		}
		c.left--
		c.rest, c.waits = lectureRequest, true
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *asking) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if bytes.HasPrefix(p, []byte("HTTP/1.1 200 OK\r\n")) {
		c.answers++
	}
	if bytes.HasSuffix(p, []byte(greeting)) {
		if c.waits = false; c.left == 0 {
			close(c.done)
		}
		c.changed.Signal()
	}
	return len(p), nil
}

func (c *asking) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.changed.Signal()
	return nil
}

// oneConn is a listener with one connection.
type oneConn struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return memAddr{} }

// httpConns is how many connections ask at once over TCP.
const httpConns = 64

// keepAlive asks b.N times over 64 connections, each of which waits for its
// answer.
func keepAlive(b *testing.B, addr string) error { return askInBatches(b, addr, 1) }

// pipelineDepth is how many requests are sent together.
const pipelineDepth = 16

// pipelined is keepAlive with 16 requests in one write.
func pipelined(b *testing.B, addr string) error { return askInBatches(b, addr, pipelineDepth) }

func askInBatches(b *testing.B, addr string, depth int) error {
	batch := bytes.Repeat(lectureRequest, depth)
	askers := make([]*asker, httpConns)
	for i := range askers {
		a, err := newAsker(addr, depth)
		if err != nil {
			return err
		}
		defer a.conn.Close()
		askers[i] = a
	}
	var left atomic.Int64
	left.Store(int64((b.N + depth - 1) / depth))
	errs := make([]error, len(askers))
	var wg sync.WaitGroup
	b.ResetTimer()
	b.StartTimer()
	for i, a := range askers {
		wg.Go(func() {
			for left.Add(-1) >= 0 && errs[i] == nil {
				errs[i] = a.ask(batch)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	return errors.Join(errs...)
}

// asker is a client that knows how long the answers are.
type asker struct {
	conn   net.Conn
	answer []byte // a batch of them
}

// newAsker connects and learns an answer.
func newAsker(addr string, depth int) (*asker, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if _, err := c.Write(lectureRequest); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	buf := make([]byte, 4096)
	n := 0
	for !bytes.HasSuffix(buf[:n], []byte(greeting)) {
		m, err := c.Read(buf[n:])
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		n += m
	}
	return &asker{c, make([]byte, n*depth)}, nil
}

func (a *asker) ask(batch []byte) error {
	if _, err := a.conn.Write(batch); err != nil {
		return err
	}
	if _, err := io.ReadFull(a.conn, a.answer); err != nil {
		return err
	}
	if !bytes.HasSuffix(a.answer, []byte(greeting)) {
		return fmt.Errorf("answer ends with %q", a.answer[len(a.answer)-len(greeting):])
	}
	return nil
}
