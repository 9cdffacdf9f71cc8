package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/form"
)

// playConsent asks before it keeps anything on the visitor's host: the
// ePrivacy directive, Article 5(3).
func playConsent(ctx context.Context, n *Net) error {
	const host = "www.news.example"
	sessions, err := cookie.NewSessions(&cookie.SessionOptions{NewID: func() string { return "4711" }})
	if err != nil {
		return err
	}
	site := &consentSite{sessions: sessions}
	stop, err := serveWeb(ctx, n, &http1.Server{Handler: site}, host+":80")
	if err != nil {
		return errors.Join(err, sessions.Close())
	}
	defer func() { stop(); sessions.Close() }()
	n.Printf("a site that asks before it sets a cookie")
	jar := new(cookie.Jar)
	client := &http1.Client{Dial: n.Dial, Jar: jar, Mode: http1.NonPersistent}
	for _, tt := range []struct{ what, path, page, given string }{
		{"before the answer", "/", "may we set a cookie?", ""},
		{"refused", "/consent?cookies=no", "we set none", ""},
		{"after the refusal", "/", "may we set a cookie?", ""},
		{"accepted", "/consent?cookies=yes", "thank you, visitor 4711", "id=4711"},
		{"after the consent", "/", "welcome back", ""},
	} {
		resp, text, err := submit(ctx, client, "http://"+host+tt.path)
		if err != nil {
			return err
		}
		n.Expect(tt.what, tt.page, strings.TrimSpace(text))
		n.Expect("its Set-Cookie", tt.given, cookiePair(resp.Header.Get("Set-Cookie")))
		kept := 0
		if tt.what == "accepted" || tt.what == "after the consent" {
			kept = 1
		}
		n.Expect("cookies in the browser, entries at the site", []int{kept, kept}, []int{len(slices.Collect(jar.All())), site.entries()})
	}
	return nil
}

// consentSite keeps nothing of a visitor who has not agreed.
type consentSite struct{ sessions *cookie.Sessions }

func (s *consentSite) entries() (count int) {
	for range s.sessions.All() {
		count++
	}
	return count
}

// ServeHTTP sets a cookie in the answer to the consent alone.
func (s *consentSite) ServeHTTP(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	input, err := formInput(r)
	if err != nil {
		w.Error(form.Status(err), err.Error())
		return
	}
	_, err = s.sessions.Find(r.Header.Get("Cookie"))
	switch {
	case err == nil:
		w.WriteString("welcome back\n")
	case !errors.Is(err, cookie.ErrNoSession):
		w.Error(http1.StatusInternalServerError, err.Error())
	case r.Target.Path != "/consent":
		w.WriteString("may we set a cookie?\n")
	case input.Get("cookies") != "yes":
		w.WriteString("we set none\n")
	default:
		x, err := s.sessions.Create(nil)
		if err != nil {
			w.Error(http1.StatusInternalServerError, err.Error())
			return
		}
		w.Header().Add("Set-Cookie", s.sessions.SetCookie(x))
		fmt.Fprintf(w, "thank you, visitor %s\n", x.ID)
	}
}
