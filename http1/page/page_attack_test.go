package page_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/page"
	"applayer/internal/testkit"
	"applayer/sockets/link"
)

// The caller's fields and credentials are for the origin that the caller named:
// where a redirect leads, neither page nor objects get them.
func TestAttackPageRedirected(t *testing.T) {
	for _, test := range []struct {
		name, url string
		header    http1.Header
		auth      string
	}{
		{"a field", "http://127.0.0.1", http1.NewHeader("Authorization", "secret"), "secret"},
		{"user information", "http://u:p@127.0.0.1", http1.Header{}, "Basic dTpw"},
		{"both", "http://u:p@127.0.0.1", http1.NewHeader("Authorization", "secret"), "secret"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			got := map[string]string{}
			h := http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
				mu.Lock()
				got[r.Target.Authority+r.Target.Path] = r.Header.Get("Authorization")
				assert.LessOrEqual(t, len(headerValues(&r.Header, "Authorization")), 1)
				mu.Unlock()
				if r.Target.Path == "/away" {
					w.Header().Set("Location", "http://localhost/there")
					w.WriteHeader(http1.StatusFound)
					return
				}
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, "<img src=/a><img src=http://localhost/b><img src=http://127.0.0.1/c>")
			})
			inSite(t, h, &link.Link{}, func(t *testing.T, c *http1.Client) {
				p := &page.Page{Client: c, Header: test.header}
				_, err := p.Fetch(t.Context(), test.url+"/away")
				require.NoError(t, err)
				assert.Equal(t, map[string]string{"127.0.0.1/away": test.auth, "localhost/there": "", "localhost/a": "",
					"localhost/b": "", "127.0.0.1/c": test.auth}, got)
				clear(got)
				_, err = p.Fetch(t.Context(), test.url+"/")
				require.NoError(t, err)
				assert.Equal(t, map[string]string{"127.0.0.1/": test.auth, "127.0.0.1/a": test.auth,
					"localhost/b": "", "127.0.0.1/c": test.auth}, got)
			})
		})
	}
}

func headerValues(h *http1.Header, name string) (all []string) {
	for v := range h.Values(name) {
		all = append(all, v)
	}
	return all
}

// A server that closes, cuts, stalls, lies and redirects in circles costs a page
// the objects that it spoilt and no other, in every mode.
func TestAttackPageServers(t *testing.T) {
	const n = 30
	var html strings.Builder
	for i := range n {
		fmt.Fprintf(&html, "<img src=/%d><img src=/%d#twice>", i, i)
	}
	html.WriteString("<img src='javascript:alert(1)'><img src='data:image/gif;base64,R0'><img src='http://[::1'><img src='//u:p@127.0.0.1/x'><img src='http://127.0.0.1:bad/'>")
	respond := func(s string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(s), s)
	}
	for _, mode := range []http1.Mode{http1.NonPersistent, http1.Parallel, http1.Persistent, http1.Pipelined} {
		t.Run(mode.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := testkit.NewNetwork()
				ln, err := network.Listen(t.Context(), "tcp", "127.0.0.1:80")
				require.NoError(t, err)
				var serving sync.WaitGroup
				serving.Go(func() {
					for {
						nc, err := ln.Accept()
						if err != nil {
							return
						}
						serving.Go(func() { misbehave(nc, html.String(), respond) })
					}
				})
				c := &http1.Client{Dial: network.Dial, Mode: mode, Timeouts: http1.ClientTimeouts{Read: 5 * time.Second}}
				p := &page.Page{Client: c, MaxOctets: 1 << 20}
				rep, err := p.Fetch(t.Context(), "http://127.0.0.1/")
				require.NoError(t, err)
				require.Len(t, rep.Objects, n+1)
				for i, o := range rep.Objects[1:] {
					assert.Equal(t, i%10 >= 5, o.Err == nil, "%d: %v", i, o.Err)
				}
				_, ok := errors.AsType[*http1.LimitError](rep.Objects[1+4].Err)
				assert.True(t, ok, "%v", rep.Objects[1+4].Err)
				c.CloseIdle()
				assert.Zero(t, c.Stats().Open)
				ln.Close()
				serving.Wait()
			})
		})
	}
}

// misbehave answers /i such that those with i%10 < 5 are spoilt.
func misbehave(nc net.Conn, html string, respond func(string) string) {
	defer nc.Close()
	b := make([]byte, 0, 64<<10)
	for {
		end := strings.Index(string(b), "\r\n\r\n")
		for end < 0 {
			n, err := nc.Read(b[len(b):cap(b)])
			if err != nil {
				return
			}
			b = b[:len(b)+n]
			end = strings.Index(string(b), "\r\n\r\n")
		}
		path, _, _ := strings.Cut(strings.TrimPrefix(string(b[:end]), "GET /"), " ")
		b = b[:copy(b[:cap(b)], b[end+4:])]
		if path == "" {
			_, _ = io.WriteString(nc, respond(html))
			continue
		}
		switch path[len(path)-1] {
		case '0':
			_, _ = io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\ncut")
			return
		case '1':
			_, _ = io.WriteString(nc, "HTTP/1.1 302 Found\r\nLocation: /"+path+"\r\nContent-Length: 0\r\n\r\n")
		case '2':
			_, _ = io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
			return
		case '3':
			_, _ = io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
			time.Sleep(time.Minute)
			return
		case '4':
			_, _ = io.WriteString(nc, respond(strings.Repeat("a", 2<<20)))
		case '5':
			_, _ = io.WriteString(nc, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall")
			return
		case '6':
			_, _ = io.WriteString(nc, respond("good"))
			return
		default:
			_, _ = io.WriteString(nc, respond("good"))
		}
	}
}

// An object that TLS may have cut is not whole.
func TestAttackPageCutByTLS(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<img src=/cut>")
			return
		}
		nc, rw, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 200 OK\r\n\r\nha")
		rw.Flush()
		nc.(interface{ NetConn() net.Conn }).NetConn().Close()
	}))
	defer srv.Close()
	c := &http1.Client{TLS: srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()}
	defer c.CloseIdle()
	u, err := url.Parse(srv.URL)
	require.NoError(t, err)
	rep, err := (&page.Page{Client: c}).Fetch(t.Context(), u.String())
	require.NoError(t, err)
	require.Len(t, rep.Objects, 2)
	assert.ErrorIs(t, rep.Objects[1].Err, io.ErrUnexpectedEOF)
	assert.EqualValues(t, 2, rep.Objects[1].Octets)
}
