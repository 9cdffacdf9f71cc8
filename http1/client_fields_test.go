package http1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/sockets"
)

var _ http1.Jar = (*cookie.Jar)(nil)

// Cookies come back to where they are from, are chosen anew at each redirect,
// and join those of the caller.
func TestClientJar(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Jar = new(cookie.Jar)
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(head string) string {
				switch {
				case strings.HasPrefix(head, "GET /login "):
					return "HTTP/1.1 302 Found\r\nLocation: /login?again\r\nSet-Cookie: id=1678\r\nSet-Cookie: =;bad\r\nContent-Length: 0\r\n\r\n"
				case strings.HasPrefix(head, "GET /self ") && !strings.Contains(head, "self=1"):
					return "HTTP/1.1 302 Found\r\nLocation: /self\r\nSet-Cookie: self=1; Path=/self\r\nContent-Length: 0\r\n\r\n"
				case strings.HasPrefix(head, "GET /away "):
					return "HTTP/1.1 302 Found\r\nLocation: http://localhost:81/\r\nContent-Length: 0\r\n\r\n"
				}
				return respond(head)
			})
		})
		w.serve("81", func(p *rawPeer, n int) { p.answer(respond) })
		got, err := w.fetch("http://127.0.0.1/login")
		require.NoError(t, err)
		assert.Equal(t, "GET /login?again HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: id=1678\r\n\r\n", got)
		got, err = w.fetch("http://127.0.0.1/self")
		require.NoError(t, err, "a redirect to itself that sets a cookie is no loop")
		assert.Contains(t, got, "self=1")
		got, err = w.fetch("http://127.0.0.1/away")
		require.NoError(t, err)
		assert.NotContains(t, got, "Cookie")
		resp, err := w.do("GET", "http://127.0.0.1/", nil, "Cookie", "own=2")
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Contains(t, string(b), "Cookie: own=2; id=1678\r\n")
	})
}

// Middleware: cookies and redirects are the outer client's.
func TestClientDoer(t *testing.T) {
	inWorld(t, func(w *world) {
		w.redirects("80", map[string]string{"GET /a": "302 X\r\nLocation: /b"})
		inner := w.client
		var seen []string
		broken := errors.New("broken")
		outer := &http1.Client{UserAgent: "me", Doer: http1.DoerFunc(func(ctx context.Context, r *http1.Request) (*http1.Response, error) {
			seen = append(seen, r.Target.Path+" "+r.Header.Get("User-Agent"))
			switch r.Target.Path {
			case "/broken":
				return nil, broken
			case "/made-up":
				return &http1.Response{Status: 200}, nil
			}
			return inner.Do(ctx, r)
		})}
		inner.Redirect = &http1.Redirects{Off: true}
		resp, err := outer.Get(w.ctx, "http://127.0.0.1/a")
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Contains(t, string(b), "GET /b ")
		assert.Equal(t, []string{"/a me", "/b me"}, seen)
		_, err = outer.Get(w.ctx, "http://127.0.0.1/broken")
		assert.ErrorIs(t, err, broken)
		resp, err = outer.Get(w.ctx, "http://127.0.0.1/made-up")
		require.NoError(t, err)
		assert.NoError(t, resp.Body.Close())
		r, err := http1.NewRequest("GET", "http://127.0.0.1/a", nil)
		require.NoError(t, err)
		resp, err = outer.Do(w.ctx, r)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Zero(t, r.Header.Len(), "the caller's request stays as it is")
	})
}

// A response that trickles.
func TestClientRate(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Timeouts.Rate = sockets.Rate{Octets: 1000, Window: 10 * time.Second}
		w.serve("80", func(p *rawPeer, n int) {
			p.head()
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
			for range 1000 {
				time.Sleep(time.Second)
				if _, err := p.Write([]byte("a")); err != nil {
					return
				}
			}
		})
		began := time.Now()
		_, err := w.fetch("http://127.0.0.1/")
		limit, ok := errors.AsType[*sockets.LimitError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "MinReadRate", limit.Name)
		assert.Less(t, time.Since(began), 21*time.Second)
	})
}

// CONNECT by hand: the response's body is the tunnel.
func TestClientConnect(t *testing.T) {
	inWorld(t, func(w *world) {
		proxy, err := http1.ParseProxy("127.0.0.1:3128")
		require.NoError(t, err)
		w.client.Proxy = &http1.Proxies{HTTP: proxy}
		w.serve("3128", func(p *rawPeer, n int) {
			assert.Equal(t, "CONNECT far.example:25 HTTP/1.1\r\nHost: far.example:25\r\n\r\n", p.head())
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n220 hello")
		})
		r := &http1.Request{Method: "CONNECT", Target: http1.Target{Form: http1.AuthorityForm, Scheme: "http", Authority: "far.example:25"}}
		resp, err := w.client.Do(w.ctx, r)
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body.(net.Conn))
		require.NoError(t, err)
		assert.Equal(t, "220 hello", string(b), "a 2xx to CONNECT has no body, whatever its fields say (RFC 9110 §9.3.6)")
		require.NoError(t, resp.Body.Close())
	})
}

func TestClientTrace(t *testing.T) {
	inWorld(t, func(w *world) {
		var lines []string
		w.client.Trace = &http1.Trace{Line: func(by http1.Side, line []byte) { lines = append(lines, by.String()+" "+string(line)) }}
		w.serve("80", func(p *rawPeer, n int) { p.answer(func(string) string { return respond("a") }) })
		resp, err := w.do("GET", "http://u:p@127.0.0.1/", nil)
		require.NoError(t, err)
		resp.Body.Close()
		all := strings.Join(lines, "\n")
		assert.Contains(t, all, "GET / HTTP/1.1")
		assert.Contains(t, all, "Authorization: ***")
		assert.NotContains(t, all, "dTpw")
	})
}

// What Raw shows is not written over by the next response.
func TestClientRaw(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(head string) string { return "HTTP/1.1 204 No Content\r\nX: " + pathOf(head) + "\r\n\r\n" })
		})
		first, err := w.client.Get(w.ctx, "http://127.0.0.1/1")
		require.NoError(t, err)
		_, err = w.client.Get(w.ctx, "http://127.0.0.1/2")
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", string(first.Raw()))
		assert.Equal(t, "1", first.Header.Get("X"))
	})
}

func TestProxyNeedsGoodCredentials(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("3128", func(p *rawPeer, n int) { p.head() })
		w.client.Proxy = &http1.Proxies{HTTP: &url.URL{Scheme: "http", Host: "127.0.0.1:3128", User: url.UserPassword("a:b", "c")}}
		_, err := w.fetch("http://a.example/")
		assert.ErrorIs(t, err, http1.ErrMalformed)
	})
}
