package http1_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// rawPeer is a connection of a server written by hand.
type rawPeer struct {
	net.Conn
	in *bufio.Reader
	t  *testing.T
}

func newPeer(t *testing.T, nc net.Conn) *rawPeer {
	return &rawPeer{Conn: nc, in: bufio.NewReader(nc), t: t}
}

// head reads a request's head; "" means that the client has closed.
func (p *rawPeer) head() string {
	var b strings.Builder
	for {
		line, err := p.in.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			return ""
		}
		if line == "\r\n" {
			return b.String()
		}
	}
}

// body reads n octets.
func (p *rawPeer) body(n int) string {
	b := make([]byte, n)
	n, _ = io.ReadFull(p.in, b)
	return string(b[:n])
}

// say writes; a client that has gone is none of its worries.
func (p *rawPeer) say(s string) { _, _ = io.WriteString(p, s) }

// answer reads heads and answers each with what say makes of it, until the
// client closes or say returns "".
func (p *rawPeer) answer(say func(head string) string) {
	for {
		head := p.head()
		if head == "" {
			return
		}
		s := say(head)
		if s == "" {
			return
		}
		p.say(s)
	}
}

// world is a network in a bubble with servers and a client.
type world struct {
	*testing.T
	net    *testkit.Network
	client *http1.Client
	ctx    context.Context

	mu       sync.Mutex
	accepted map[string]int
	servers  sync.WaitGroup
	ends     []io.Closer
}

// inWorld runs f in a bubble. At its end all connections close, and every
// goroutine must have ended.
func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, net: testkit.NewNetwork(), ctx: t.Context(), accepted: map[string]int{}}
		w.client = &http1.Client{Dial: w.net.Dial}
		f(w)
		w.client.CloseIdle()
		w.mu.Lock()
		ends := w.ends
		w.mu.Unlock()
		for _, c := range ends {
			c.Close()
		}
		w.servers.Wait()
		open, idle := w.client.Stats().Open, w.client.Stats().Idle
		assert.Zero(t, idle, "idle connections")
		assert.Zero(t, open, "open connections")
	})
}

// serve listens on 127.0.0.1 at the port and gives each connection to handle
// with its number, counted from 0.
func (w *world) serve(port string, handle func(p *rawPeer, n int)) {
	addr := "127.0.0.1:" + port
	l, err := w.net.Listen(w.ctx, "tcp", addr)
	require.NoError(w, err)
	w.mu.Lock()
	w.ends = append(w.ends, l)
	w.mu.Unlock()
	w.servers.Go(func() {
		for n := 0; ; n++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			w.accepted[port]++
			w.ends = append(w.ends, nc)
			w.mu.Unlock()
			w.servers.Go(func() {
				defer nc.Close()
				handle(newPeer(w.T, nc), n)
			})
		}
	})
}

// connections returns how many the server at the port has accepted.
func (w *world) connections(port string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accepted[port]
}

// fetch gets a URL and reads the body.
func (w *world) fetch(url string) (string, error) {
	resp, err := w.client.Get(w.ctx, url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// do sends a request made of parts.
func (w *world) do(method, url string, body io.Reader, fields ...string) (*http1.Response, error) {
	r, err := http1.NewRequest(method, url, body)
	require.NoError(w, err)
	for name, value := range headerOf(fields...).All() {
		r.Header.Add(name, value)
	}
	return w.client.Do(w.ctx, r)
}

func headerOf(fields ...string) *http1.Header {
	h := http1.NewHeader(fields...)
	return &h
}

// respond makes a 200 with the content.
func respond(content string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: " + itoa(len(content)) + "\r\n\r\n" + content
}

func itoa(n int) string { return strconv.Itoa(n) }
