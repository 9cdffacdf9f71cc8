package http1_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// What a proxy may answer to CONNECT, short of opening the tunnel that TLS
// needs. Nothing of it reaches the caller as if the origin had said it.
func TestAttackProxyAnswers(t *testing.T) {
	for _, test := range []struct {
		name, answer string
		wants        func(error) bool
	}{
		{"9110-15.5.8 407", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 5\r\n\r\nlogin",
			func(err error) bool {
				perr, ok := errors.AsType[*http1.ProxyError](err)
				return ok && perr.Status == 407 && perr.Header.Get("Proxy-Authenticate") == `Basic realm="p"`
			}},
		{"redirect", "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n", func(err error) bool {
			perr, ok := errors.AsType[*http1.ProxyError](err)
			return ok && perr.Status == 302
		}},
		{"9110-9.3.6 octets behind the head", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", func(err error) bool {
			perr, ok := errors.AsType[*http1.ProtocolError](err)
			return ok && perr.Remote
		}},
		{"9110-9.3.6 content that 200 can't have", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", func(err error) bool {
			perr, ok := errors.AsType[*http1.ProtocolError](err)
			return ok && perr.Remote
		}},
		{"101", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", func(err error) bool {
			perr, ok := errors.AsType[*http1.ProxyError](err)
			return ok && perr.Status == 101
		}},
		{"interim responses without an end", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000), func(err error) bool {
			lerr, ok := errors.AsType[*http1.LimitError](err)
			return ok && lerr.Name == "MaxInterim"
		}},
		{"endless head", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 1<<20), func(err error) bool {
			_, ok := errors.AsType[*http1.LimitError](err)
			return ok
		}},
		{"no HTTP", "\x05\x00\x00\x01", func(err error) bool { return err != nil }},
		{"end", "", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	} {
		for _, mode := range []http1.Mode{http1.Persistent, http1.Pipelined} {
			t.Run(test.name+"/"+mode.String(), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.client.Mode = mode
					w.client.MaxConnsPerHost = 1
					w.client.Proxy = &http1.Proxies{HTTPS: &url.URL{Scheme: "http", Host: "127.0.0.1:3128", User: url.UserPassword("u", "secret")}}
					w.serve("3128", func(p *rawPeer, n int) {
						assert.Contains(t, p.head(), "CONNECT a.example:443 HTTP/1.1\r\n")
						p.say(test.answer)
					})
					for range 2 {
						_, err := w.do("GET", "https://a.example/", nil, "Authorization", "for the origin", "Cookie", "a=b")
						require.Error(t, err)
						assert.True(t, test.wants(err), "%T %v", err, err)
						assert.NotContains(t, err.Error(), "secret")
					}
					assert.Equal(t, 2, w.connections("3128"), "its place was given back")
				})
			})
		}
	}
}

// Addresses that a URL can hide things in.
func TestAttackURLs(t *testing.T) {
	for _, raw := range []string{
		"http://[fe80::1%25eth0]/", "http://[::1%25]/", "http://[::1", "http://::1/", "http://a:b/", "http://a:99999/", "http://a:-1/", "http://a:80:80/",
		"http://a b/", "http://a\tb/", "http://a\r\nHost: b/", "http://a/\r\nX: y", "http://a/\x00", "http://a%2eb/", "http://a%00b/",
		"http://b\u00fccher.example/", "http://a\u3002b/", "http://\u212aelvin.example/", "http://a\\@b/", "http://a@b@c/", "http://u%0d%0aX:p@a/",
		"http:///a", "http:a", "http:/a", "//a/", "a", "", "javascript://a/", "HTTPS", "http://?", "http://#", "http://user@/", "file:///etc/passwd",
		"http://<a>/", "http://a\x7f/", "http://[v1.a]/", "http://[V1.a.example]:80/", "http://[::ffff:1.2.3.4.5]/", "http:\\\\a\\", "http://a,b c/",
	} {
		inWorld(t, func(w *world) {
			_, err := w.client.Get(w.ctx, raw)
			assert.Error(t, err, "%q", raw)
			var nerr *net.OpError
			assert.False(t, errors.As(err, &nerr), "%q was dialled: %v", raw, err)
			perr, ok := errors.AsType[*http1.ParseError](err)
			assert.True(t, ok && perr.Ref != "", "%q: %T %v", raw, err, err)
		})
	}
}

// The server closes what is idle at the moment of reuse, on real sockets: a GET
// does not notice, a POST arrives at most once.
func TestAttackCloseAtReuse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var posts atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				p := newPeer(t, nc)
				for range 3 {
					head := p.head()
					if head == "" {
						return
					}
					if strings.HasPrefix(head, "POST") {
						p.body(4)
						posts.Add(1)
					}
					p.say(respond("good"))
				}
			}()
		}
	}()
	c := &http1.Client{}
	url := "http://" + ln.Addr().String() + "/"
	failed, sent := 0, 0
	for i := range 600 {
		if i%3 == 0 {
			time.Sleep(time.Duration(i%7) * 10 * time.Microsecond)
		}
		var resp *http1.Response
		var err error
		if i%2 == 0 {
			resp, err = c.Get(t.Context(), url)
			require.NoError(t, err)
		} else {
			sent++
			if resp, err = c.Post(t.Context(), url, "", strings.NewReader("body")); err != nil {
				failed++
				continue
			}
		}
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "good", string(b))
		resp.Body.Close()
	}
	assert.LessOrEqual(t, posts.Load(), int64(sent))
	assert.GreaterOrEqual(t, posts.Load(), int64(sent-failed))
	c.CloseIdle()
	ln.Close()
	<-done
}
