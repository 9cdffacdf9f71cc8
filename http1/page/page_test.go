package page_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

// site serves paths with their contents; those that end with .html are HTML.
type site map[string]string

func (s site) ServeHTTP(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	content, ok := s[r.Target.Path]
	if !ok {
		w.WriteHeader(http1.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	if strings.HasSuffix(r.Target.Path, ".html") {
		w.Header().Set("Content-Type", "text/HTML; charset=utf-8")
	}
	_, _ = io.WriteString(w, content)
}

// album is the lecture's page: a base file and ten images of 1 KiB.
func album() site {
	s := site{}
	var b strings.Builder
	for i := range 10 {
		path := fmt.Sprintf("/images/%d.jpg", i)
		fmt.Fprintf(&b, "<img src='%s'>\n", path)
		s[path] = strings.Repeat("x", 1024)
	}
	s["/home.html"] = b.String() + strings.Repeat(" ", 1024-b.Len())
	return s
}

// inSite serves h at 127.0.0.1:80 in a bubble, behind a link.
func inSite(t *testing.T, h http1.Handler, l *link.Link, f func(t *testing.T, c *http1.Client)) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		ln, err := network.Listen(t.Context(), "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		s := &http1.Server{Handler: h, Logger: slog.New(slog.DiscardHandler)}
		var serving sync.WaitGroup
		serving.Go(func() { assert.ErrorIs(t, s.Serve(ln), http1.ErrServerClosed) })
		c := &http1.Client{Dial: l.Dialer(network.Dial)}
		f(t, c)
		c.CloseIdle()
		require.NoError(t, s.Shutdown(t.Context()))
		serving.Wait()
	})
}

// The lecture's figures: 22, 4, 12 and 3 round trips with 11, 11, 1 and 1
// connections, counted, and measured on a link whose round trip is 100 ms.
func TestPageModes(t *testing.T) {
	for _, test := range []struct {
		mode        http1.Mode
		atOnce      int
		connections int
		trips       int
	}{
		{http1.NonPersistent, 0, 11, 22},
		{http1.Parallel, 10, 11, 4},
		{http1.Parallel, 5, 11, 6},
		{http1.Parallel, 3, 11, 10},
		{http1.Persistent, 0, 1, 12},
		{http1.Pipelined, 0, 1, 3},
	} {
		t.Run(fmt.Sprint(test.mode, " ", test.atOnce), func(t *testing.T) {
			inSite(t, album(), &link.Link{Delay: 50 * time.Millisecond}, func(t *testing.T, c *http1.Client) {
				c.Mode = test.mode
				p := &page.Page{Client: c, AtOnce: test.atOnce}
				rep, err := p.Fetch(t.Context(), "http://127.0.0.1/home.html")
				require.NoError(t, err)
				require.Len(t, rep.Objects, 11)
				for _, o := range rep.Objects {
					assert.NoError(t, o.Err)
					assert.Equal(t, 200, o.Status)
					assert.EqualValues(t, 1024, o.Octets)
				}
				assert.Equal(t, test.connections, rep.Connections)
				assert.Equal(t, 11, rep.Requests)
				assert.Equal(t, test.trips, rep.RoundTrips, "counted")
				assert.Equal(t, time.Duration(test.trips)*100*time.Millisecond, rep.Time, "measured")
				assert.EqualValues(t, 11*1024, rep.Octets)
			})
		})
	}
}

func TestPageObjects(t *testing.T) {
	s := site{
		"/a/index.html": `<link rel=stylesheet href="/style.css"> <img src=x.jpg> <img src='x.jpg#again'> <a href=/next.html>next</a>
			<script src="missing.js"></script> <img src="data:,x"> <iframe src=/inner.html></iframe> <img src="http://127.0.0.1:9/closed">`,
		"/a/x.jpg": "12345", "/style.css": "123", "/inner.html": "<img src=/not-looked-at.jpg>",
	}
	inSite(t, s, &link.Link{}, func(t *testing.T, c *http1.Client) {
		var mu sync.Mutex
		saved := map[string]string{}
		p := &page.Page{Client: c, Save: func(u *url.URL, resp *http1.Response, content io.Reader) error {
			b, err := io.ReadAll(content)
			mu.Lock()
			defer mu.Unlock()
			saved[u.Path] = string(b)
			return err
		}}
		rep, err := p.Fetch(t.Context(), "http://127.0.0.1/a/index.html")
		require.NoError(t, err)
		var got []string
		for _, o := range rep.Objects {
			got = append(got, fmt.Sprintf("%s %s %d %d %t", o.Element, o.URL, o.Status, o.Octets, o.Err != nil))
		}
		assert.Equal(t, []string{
			fmt.Sprintf(" http://127.0.0.1/a/index.html 200 %d false", len(s["/a/index.html"])),
			"link http://127.0.0.1/style.css 200 3 false",
			"img http://127.0.0.1/a/x.jpg 200 5 false",
			"script http://127.0.0.1/a/missing.js 404 0 false",
			"iframe http://127.0.0.1/inner.html 200 28 false",
			"img http://127.0.0.1:9/closed 0 0 true",
		}, got)
		assert.Equal(t, s["/a/index.html"], saved["/a/index.html"])
		assert.Equal(t, "12345", saved["/a/x.jpg"])
	})
}

func TestPageLimits(t *testing.T) {
	inSite(t, album(), &link.Link{}, func(t *testing.T, c *http1.Client) {
		p := &page.Page{Client: c, MaxObjects: 4}
		rep, err := p.Fetch(t.Context(), "http://127.0.0.1/home.html")
		require.NoError(t, err)
		assert.Len(t, rep.Objects, 4)
		assert.Equal(t, 7, rep.LeftOut)

		p.MaxOctets = 1000
		_, err = p.Fetch(t.Context(), "http://127.0.0.1/home.html")
		limit, ok := errors.AsType[*http1.LimitError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "MaxOctets", limit.Name)

		p.MaxOctets = 0
		broken := errors.New("disk full")
		p.Save = func(u *url.URL, _ *http1.Response, _ io.Reader) error {
			if u.Path == "/home.html" {
				return nil // reads nothing; the search does
			}
			return broken
		}
		rep, err = p.Fetch(t.Context(), "http://127.0.0.1/home.html")
		require.NoError(t, err)
		require.Len(t, rep.Objects, 4)
		assert.ErrorIs(t, rep.Objects[1].Err, broken)
	})
}

// What is fetched for a page says so: by Referer, and to the jar.
func TestPageTellsWhoAsks(t *testing.T) {
	var mu sync.Mutex
	referers := map[string]string{}
	h := http1.HandlerFunc(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
		mu.Lock()
		referers[r.Target.Path] = r.Header.Get("Referer") + r.Header.Get("X")
		mu.Unlock()
		album().ServeHTTP(ctx, w, r)
	})
	inSite(t, h, &link.Link{}, func(t *testing.T, c *http1.Client) {
		jar := &tops{}
		c.Jar = jar
		p := &page.Page{Client: c, MaxObjects: 2, Header: http1.NewHeader("X", "y")}
		_, err := p.Fetch(t.Context(), "http://127.0.0.1/home.html")
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"/home.html": "y", "/images/0.jpg": "http://127.0.0.1/home.htmly"}, referers)
		assert.Equal(t, []string{"/home.html in <nil>", "/images/0.jpg in http://127.0.0.1/home.html"}, jar.asked)
	})
}

// tops is a Jar that remembers what it was asked.
type tops struct{ asked []string }

func (j *tops) Cookie(u, top *url.URL, _ string) string {
	j.asked = append(j.asked, fmt.Sprintf("%s in %v", u.Path, top))
	return ""
}

func (j *tops) SetCookie(_, _ *url.URL, _ string) error { return nil }

// Another origin does not get what the caller sends with the page.
func TestPageHeaderStaysHome(t *testing.T) {
	var mu sync.Mutex
	got := map[string]string{}
	h := http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		mu.Lock()
		got[r.Target.Authority+r.Target.Path] = r.Header.Get("Authorization")
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<img src=/a><img src=http://localhost/b>")
	})
	inSite(t, h, &link.Link{}, func(t *testing.T, c *http1.Client) {
		p := &page.Page{Client: c, Header: http1.NewHeader("Authorization", "secret")}
		_, err := p.Fetch(t.Context(), "http://127.0.0.1/")
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"127.0.0.1/": "secret", "127.0.0.1/a": "secret", "localhost/b": ""}, got)
	})
}

func TestPageBaseFails(t *testing.T) {
	inSite(t, site{}, &link.Link{}, func(t *testing.T, c *http1.Client) {
		p := &page.Page{Client: c}
		_, err := p.Fetch(t.Context(), "http://127.0.0.1:9/")
		assert.Error(t, err)
		_, err = p.Fetch(t.Context(), "127.0.0.1")
		assert.ErrorIs(t, err, http1.ErrMalformed)
		rep, err := p.Fetch(t.Context(), "http://127.0.0.1/missing.html")
		require.NoError(t, err)
		assert.Equal(t, 404, rep.Objects[0].Status)
	})
}
