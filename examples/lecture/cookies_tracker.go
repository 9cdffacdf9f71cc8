package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/page"
)

const tracker = "www.lotofbanners.com"

// bannerPages are those that have the tracker's banner in them.
var bannerPages = []string{"http://www.cia.gov/", "http://www.mediawiki.org/"}

// playTracker has Susan look at pages of two sites that embed the banner of a
// third, with three browsers: one that lets every page of every site carry
// cookies along, as RFC 6265 has it; one that blocks third parties; and one as
// browsers are today, which takes a cookie without SameSite for Lax.
func playTracker(ctx context.Context, n *Net) error {
	banners := new(bannerServer)
	stop, err := serveWeb(ctx, n, &http1.Server{Handler: banners}, tracker+":80")
	if err != nil {
		return err
	}
	defer stop()
	for _, at := range bannerPages {
		u, err := url.Parse(at)
		if err != nil {
			return err
		}
		stop, err := serveWeb(ctx, n, &http1.Server{Handler: http1.HandlerFunc(pageWithBanner)}, u.Host+":80")
		if err != nil {
			return err
		}
		defer stop()
	}
	for _, tt := range []struct {
		browser string
		options cookie.JarOptions
		want    map[string][]string
		kept    int
	}{
		{"any page carries any cookie", cookie.JarOptions{Unmarked: cookie.SameSiteNone},
			map[string][]string{"7493": bannerPages}, 1},
		{"third parties are blocked", cookie.JarOptions{Unmarked: cookie.SameSiteNone, BlockThirdParty: true},
			map[string][]string{"7494": bannerPages[:1], "7495": bannerPages[1:]}, 0},
		{"a cookie without SameSite is Lax", cookie.JarOptions{},
			map[string][]string{"7496": bannerPages[:1], "7497": bannerPages[1:]}, 0},
	} {
		n.Printf("a browser where %s", tt.browser)
		jar := cookie.NewJar(&tt.options)
		client := &http1.Client{Dial: n.Dial, Jar: jar, Mode: http1.NonPersistent}
		for _, at := range bannerPages {
			if err := browse(ctx, client, at); err != nil {
				return err
			}
		}
		n.Expect("what the tracker knows of its visitors", tt.want, banners.forget())
		n.Expect("cookies in the browser", tt.kept, len(slices.Collect(jar.All())))
	}
	return nil
}

// browse fetches a page and the images in it, as a browser does: each request
// for an image says which page it is for.
func browse(ctx context.Context, client *http1.Client, at string) error {
	u, err := url.Parse(at)
	if err != nil {
		return err
	}
	_, text, err := fetchURL(ctx, client, at)
	if err != nil {
		return err
	}
	found := 0
	for ref, err := range page.References(strings.NewReader(text), u) {
		if err != nil {
			return err
		}
		q, err := http1.NewRequest(http1.MethodGet, ref.URL.String(), nil)
		if err != nil {
			return err
		}
		q.Top = u
		q.Header.Set("Referer", at)
		if _, _, err := fetch(ctx, client, q); err != nil {
			return err
		}
		found++
	}
	if found != 1 {
		return fmt.Errorf("%s: %d images in the page, not one", at, found)
	}
	return nil
}

// pageWithBanner is a page of a site that earns with advertising.
func pageWithBanner(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<html><body>%s <img src=\"http://%s/banner.gif\"></body></html>\n", r.Target.Authority, tracker)
}

// bannerServer gives out images, and cookies with them, and notes in which
// pages they are shown to whom.
type bannerServer struct {
	mu     sync.Mutex
	issued int
	seen   map[string][]string
}

// ServeHTTP notes the page that the image is for.
func (s *bannerServer) ServeHTTP(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	id, err := s.visitor(w, r)
	if err != nil {
		w.Error(http1.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string][]string{}
	}
	s.seen[id] = append(s.seen[id], r.Header.Get("Referer"))
	w.Header().Set("Content-Type", "image/gif")
	w.WriteString("GIF89a\x01\x00\x01\x00\x00\x00\x00;")
}

// visitor is the id that came along, or a new one.
func (s *bannerServer) visitor(w *http1.ResponseWriter, r *http1.Request) (id string, err error) {
	cookies, err := cookie.ParseCookie(nil, r.Header.Get("Cookie"), nil)
	if err != nil {
		return "", err
	}
	if len(cookies) > 0 {
		return cookies[0].Value, nil
	}
	s.mu.Lock()
	s.issued++
	id = strconv.Itoa(7492 + s.issued)
	s.mu.Unlock()
	field, err := cookie.AppendSetCookie(nil, &cookie.SetCookie{Name: "id", Value: id, MaxAge: int64(week.Seconds())})
	w.Header().Add("Set-Cookie", string(field))
	return id, err
}

// forget returns which pages were seen by whom, and forgets it.
func (s *bannerServer) forget() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}
