package http1_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// redirects serves 127.0.0.1:port: heads that begin with a request line of the
// map get its response, others "end" and what was asked.
func (w *world) redirects(port string, to map[string]string) {
	w.serve(port, func(p *rawPeer, n int) {
		p.answer(func(head string) string {
			line, _, _ := strings.Cut(head, " HTTP/1.1\r\n")
			body := ""
			if strings.Contains(head, "Content-Length: 4\r\n") {
				body = p.body(4)
			}
			if location, ok := to[line]; ok {
				return "HTTP/1.1 " + location + "\r\nContent-Length: 2\r\n\r\n->"
			}
			return respond(port + " " + head + body)
		})
	})
}

func TestRedirectMethods(t *testing.T) {
	for _, test := range []struct {
		name, method, status, want string
	}{
		{"9110-15.4.2 301 GET", "GET", "301", "GET"},
		{"9110-15.4.2 301 POST becomes GET", "POST", "301", "GET"},
		{"9110-15.4.3 302 POST becomes GET", "POST", "302", "GET"},
		{"9110-15.4.3 302 PUT stays", "PUT", "302", "PUT"},
		{"9110-15.4.4 303 PUT becomes GET", "PUT", "303", "GET"},
		{"9110-15.4.4 303 HEAD stays", "HEAD", "303", "HEAD"},
		{"9110-15.4.8 307 POST stays", "POST", "307", "POST"},
		{"9110-15.4.9 308 POST stays", "POST", "308", "POST"},
		{"9110-15.4.9 308 DELETE stays", "DELETE", "308", "DELETE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.redirects("80", map[string]string{test.method + " /a": test.status + " X\r\nLocation: /b"})
				var body io.Reader
				if test.method == "POST" || test.method == "PUT" {
					body = strings.NewReader("body")
				}
				resp, err := w.do(test.method, "http://127.0.0.1/a", body, "Content-Type", "text/plain", "X", "y")
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				assert.Equal(t, test.want, resp.Request.Method)
				assert.Equal(t, "/b", resp.Request.Target.Path)
				if test.want == "HEAD" {
					return
				}
				assert.True(t, strings.HasPrefix(string(b), "80 "+test.want+" /b HTTP/1.1\r\n"), "%q", b)
				assert.Contains(t, string(b), "X: y\r\n")
				kept := body != nil && test.want == test.method
				assert.Equal(t, kept, strings.HasSuffix(string(b), "body"), "%q", b)
				assert.Equal(t, kept || test.want == test.method, strings.Contains(string(b), "Content-Type"))
				assert.Equal(t, 1, w.connections("80"))
			})
		})
	}
}

func TestRedirectReferences(t *testing.T) {
	for _, test := range []struct{ name, location, want string }{
		{"path", "/c", "http://127.0.0.1/c"},
		{"relative", "c", "http://127.0.0.1/a/c"},
		{"dots", "../../c", "http://127.0.0.1/c"},
		{"query alone", "?c", "http://127.0.0.1/a/b?c"},
		{"scheme-relative", "//127.0.0.1:81/c", "http://127.0.0.1:81/c"},
		{"whole, in capitals", "HTTP://127.0.0.1:81/c#d", "http://127.0.0.1:81/c"},
		{"letters beyond ASCII in the path", "/ü b", "http://127.0.0.1/%C3%BC%20b"},
		{"user information is nothing of the server's to give", "http://u:p@127.0.0.1:81/c", "http://127.0.0.1:81/c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.redirects("80", map[string]string{"GET /a/b": "302 X\r\nLocation: " + test.location})
				w.redirects("81", nil)
				resp, err := w.client.Get(w.ctx, "http://127.0.0.1/a/b")
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				assert.Equal(t, test.want, resp.Request.Target.URL().String())
				assert.NotContains(t, string(b), "Authorization")
			})
		})
	}
}

func TestRedirectRefused(t *testing.T) {
	limit := &http1.LimitError{Name: "MaxRedirects", Max: 10}
	for _, test := range []struct {
		name  string
		to    map[string]string
		set   func(c *http1.Client)
		check func(t *testing.T, err error)
	}{
		{"to itself", map[string]string{"GET /a": "302 X\r\nLocation: /a"}, nil,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, http1.ErrRedirectLoop) }},
		{"in a circle", map[string]string{"GET /a": "302 X\r\nLocation: /b", "GET /b": "302 X\r\nLocation: /a"}, nil,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, http1.ErrRedirectLoop) }},
		{"more than ten", redirectSteps(11), nil, func(t *testing.T, err error) {
			assert.ErrorIs(t, err, http1.ErrTooLarge)
			got, _ := errors.AsType[*http1.LimitError](err)
			assert.Equal(t, limit, got)
		}},
		{"two that differ", map[string]string{"GET /a": "302 X\r\nLocation: /b\r\nLocation: /c"}, nil,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, http1.ErrFraming) }},
		{"another scheme", map[string]string{"GET /a": "302 X\r\nLocation: file:///etc/passwd"}, nil,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, http1.ErrMalformed) }},
		{"no URI", map[string]string{"GET /a": "302 X\r\nLocation: http://[::1"}, nil,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, http1.ErrMalformed) }},
		{"host beyond ASCII", map[string]string{"GET /a": "302 X\r\nLocation: http://b\xc3\xbccher.example/"}, nil,
			func(t *testing.T, err error) { assert.ErrorIs(t, err, http1.ErrMalformed) }},
		{"by Check", map[string]string{"GET /a": "302 X\r\nLocation: /b"}, func(c *http1.Client) {
			c.Redirect = &http1.Redirects{Check: func(next *http1.Request, resp *http1.Response) error {
				return errors.New(next.Target.Path + " after " + itoa(resp.Status))
			}}
		}, func(t *testing.T, err error) { assert.ErrorContains(t, err, "/b after 302") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.redirects("80", test.to)
				if test.set != nil {
					test.set(w.client)
				}
				_, err := w.fetch("http://127.0.0.1/a")
				rerr, ok := errors.AsType[*http1.RedirectError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, 302, rerr.Status)
				test.check(t, err)
			})
		})
	}
	t.Run("ten are followed", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.redirects("80", redirectSteps(10))
			_, err := w.fetch("http://127.0.0.1/a")
			assert.NoError(t, err)
		})
	})
	t.Run("Off", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.redirects("80", redirectSteps(1))
			w.client.Redirect = &http1.Redirects{Off: true}
			got, err := w.fetch("http://127.0.0.1/a")
			require.NoError(t, err)
			assert.Equal(t, "->", got)
		})
	})
	t.Run("body that cannot be sent again", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.serve("80", func(p *rawPeer, n int) {
				p.head()
				p.body(len("4\r\nbody\r\n0\r\n\r\n"))
				p.say("HTTP/1.1 307 X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
			})
			_, err := w.client.Post(w.ctx, "http://127.0.0.1/a", "", io.MultiReader(strings.NewReader("body")))
			assert.ErrorIs(t, err, http1.ErrNotReplayable)
		})
	})
}

// redirectSteps is n redirects that begin at /a.
func redirectSteps(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m["GET /"+strings.Repeat("a", i+1)] = "302 X\r\nLocation: /" + strings.Repeat("a", i+2)
	}
	return m
}

// What is dropped when the origin changes stays so when the chain returns.
// CVE-2024-45336, CVE-2025-4673.
func TestRedirectDropsCredentials(t *testing.T) {
	secrets := []string{"Authorization", "Basic YTpi", "Cookie", "own=1", "Proxy-Authorization", "Basic YTpi", "X-Api-Key", "key", "X-Other", "o"}
	for _, test := range []struct {
		name string
		to   map[string]map[string]string
		kept bool
	}{
		{"within the origin", map[string]map[string]string{"80": {"GET /a": "302 X\r\nLocation: /b"}}, true},
		{"to another port", map[string]map[string]string{"80": {"GET /a": "302 X\r\nLocation: http://127.0.0.1:81/b"}}, false},
		{"to another host", map[string]map[string]string{"80": {"GET /a": "302 X\r\nLocation: http://localhost/b"}}, false},
		{"there and back", map[string]map[string]string{
			"80": {"GET /a": "302 X\r\nLocation: http://127.0.0.1:81/b"},
			"81": {"GET /b": "302 X\r\nLocation: http://127.0.0.1/c"}}, false},
		{"there, on, and back", map[string]map[string]string{
			"80": {"GET /a": "302 X\r\nLocation: http://127.0.0.1:81/b", "GET /c": "302 X\r\nLocation: /d"},
			"81": {"GET /b": "302 X\r\nLocation: http://127.0.0.1/c"}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				for _, port := range []string{"80", "81"} {
					w.redirects(port, test.to[port])
				}
				w.client.Redirect = &http1.Redirects{Sensitive: []string{"x-api-key"}}
				resp, err := w.do("GET", "http://127.0.0.1/a", nil, secrets...)
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				for _, name := range []string{"Authorization: ", "\r\nCookie", "X-Api-Key"} {
					assert.Equal(t, test.kept, strings.Contains(string(b), name), "%s in %q", name, b)
				}
				assert.NotContains(t, string(b), "Proxy-Authorization")
				assert.Contains(t, string(b), "X-Other: o\r\n")
			})
		})
	}
}

func TestReferer(t *testing.T) {
	for _, test := range []struct{ name, referer, want string }{
		{"9110-10.1.3 user information and fragment", "http://u:p@a.example/b?c#d", "http://a.example/b?c"},
		{"9110-10.1.3 secure to insecure", "https://a.example/", ""},
		{"relative", "/a#b", "/a"},
		{"at sign in the path", "http://a.example/@b", "http://a.example/@b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.redirects("80", map[string]string{})
				resp, err := w.do("GET", "http://127.0.0.1/a", nil, "Referer", test.referer)
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				if test.want == "" {
					assert.NotContains(t, string(b), "Referer")
					return
				}
				assert.Contains(t, string(b), "\r\nReferer: "+test.want+"\r\n")
			})
		})
	}
}
