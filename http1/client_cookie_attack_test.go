package http1_test

import (
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/page"
)

// names makes every host the server at 127.0.0.1:80.
func (w *world) names() {
	w.client.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return w.net.Dial(ctx, network, "127.0.0.1:80")
	}
}

// field returns the value of a field of a head, "" for none.
func field(head, name string) string {
	_, rest, _ := strings.Cut(head, "\r\n"+name+": ")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// Cookies along a chain of redirects through three sites: each host gets what it
// may have and no more, and none of them what the caller sent to the first.
func TestAttackCookiesOfRedirects(t *testing.T) {
	inWorld(t, func(w *world) {
		w.names()
		jar := cookie.NewJar(nil)
		w.client.Jar = jar
		var mu sync.Mutex
		var got []string
		chain := map[string]string{
			"shop.example/":      "http://evil.example/a",
			"evil.example/a":     "http://www.shop.example/b",
			"www.shop.example/b": "http://shop.example/c",
		}
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(head string) string {
				at := field(head, "Host") + "/" + pathOf(head)
				mu.Lock()
				got = append(got, at+" "+field(head, "Cookie"))
				mu.Unlock()
				set := "Set-Cookie: at=" + strings.ReplaceAll(at, "/", "_") + "\r\n" +
					"Set-Cookie: stolen=1; Domain=shop.example\r\nSet-Cookie: all=1; Domain=example\r\nSet-Cookie: s=1; Secure\r\n" +
					"Set-Cookie: __Host-a=1; Path=/\r\n"
				if to := chain[at]; to != "" {
					return "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\n" + set + "\r\n"
				}
				return respond("end")
			})
		})
		resp, err := w.do("GET", "http://shop.example/", nil, "Cookie", "own=1")
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, []string{
			"shop.example/ own=1",
			"evil.example/a ",
			"www.shop.example/b stolen=1",
			"shop.example/c at=shop.example_; stolen=1",
		}, got)
	})
}

// A tracker in a page is told apart from the page in every mode, and blocked
// where the jar is asked to.
func TestAttackTracker(t *testing.T) {
	for _, mode := range []http1.Mode{http1.NonPersistent, http1.Parallel, http1.Persistent, http1.Pipelined} {
		for _, blocked := range []bool{false, true} {
			t.Run(mode.String(), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.names()
					w.client.Mode = mode
					w.client.Jar = cookie.NewJar(&cookie.JarOptions{BlockThirdParty: blocked, Unmarked: cookie.SameSiteNone})
					var mu sync.Mutex
					seen := map[string]bool{}
					w.serve("80", func(p *rawPeer, n int) {
						p.answer(func(head string) string {
							host := field(head, "Host")
							mu.Lock()
							seen[host+" "+field(head, "Cookie")] = true
							mu.Unlock()
							content := "<img src=http://tracker.example/pixel><img src=/own>"
							return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: id=" + host +
								"\r\nContent-Length: " + itoa(len(content)) + "\r\n\r\n" + content
						})
					})
					p := &page.Page{Client: w.client}
					for _, base := range []string{"http://news.example/", "http://shop.example/"} {
						_, err := p.Fetch(w.ctx, base)
						require.NoError(t, err)
					}
					assert.True(t, seen["news.example id=news.example"])
					assert.True(t, seen["shop.example id=shop.example"])
					assert.Equal(t, !blocked, seen["tracker.example id=tracker.example"])
				})
			})
		}
	}
}

var _ http1.Jar = (*hostileJar)(nil)

// hostileJar holds what no Cookie field may.
type hostileJar struct{ value string }

func (j *hostileJar) Cookie(_, _ *url.URL, _ string) string       { return j.value }
func (j *hostileJar) SetCookie(_, _ *url.URL, value string) error { return nil }

// What a jar or an option of the caller's holds cannot begin another field.
func TestAttackInjectionByOptions(t *testing.T) {
	for _, set := range []func(c *http1.Client){
		func(c *http1.Client) { c.Jar = &hostileJar{"a=b\r\nX: y"} },
		func(c *http1.Client) { c.Jar = &hostileJar{"a=b\nX: y"} },
		func(c *http1.Client) { c.Jar = &hostileJar{"a=\x00"} },
		func(c *http1.Client) { c.UserAgent = "a\r\nX: y" },
		func(c *http1.Client) {
			c.Proxy = &http1.Proxies{HTTP: &url.URL{Scheme: "http", Host: "127.0.0.1", User: url.UserPassword("u\r\nX", "y")}, Loopback: true}
		},
		func(c *http1.Client) {
			c.Proxy = &http1.Proxies{HTTP: &url.URL{Scheme: "http", Host: "127.0.0.1\r\nX: y"}, Loopback: true}
		},
	} {
		for _, mode := range []http1.Mode{http1.Persistent, http1.Pipelined} {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					p.answer(func(head string) string { t.Errorf("sent %q", head); return "" })
				})
				w.client.Mode = mode
				set(w.client)
				for range 2 {
					_, err := w.fetch("http://127.0.0.1/")
					assert.ErrorIs(t, err, http1.ErrMalformed)
				}
			})
		}
	}
}
