package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/form"
)

var cookiesScene = Scene{
	Name:  "cookies",
	Title: "a shop knows Susan again, and so does somebody whom she never asked for anything",
	Run: func(ctx context.Context, n *Net) error {
		return errors.Join(playShopping(ctx, n), playTracker(ctx, n), playConsent(ctx, n))
	},
}

const (
	week    = 7 * 24 * time.Hour
	ebay    = "www.ebay.com"
	amazon  = "www.amazon.com"
	theBook = "Computer Networking"
)

// lectureClock is the clock of both sides, which the scene may put forward.
type lectureClock struct {
	mu      sync.Mutex
	forward time.Duration
}

func (c *lectureClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.forward)
}

func (c *lectureClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forward += d
}

// playShopping follows one cookie through its four parts: the field of the
// response, the field of the requests, the file on Susan's host, the database
// of the site.
func playShopping(ctx context.Context, n *Net) (err error) {
	dir, err := os.MkdirTemp("", "lecture")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &shopping{
		n: n, clock: new(lectureClock), wire: new(recorder),
		jarFile: filepath.Join(dir, "cookies.txt"), database: filepath.Join(dir, "sessions"),
	}
	defer func() { err = errors.Join(err, s.closeShop(), s.closeBrowser()) }()
	for _, act := range []func(context.Context) error{
		s.openBrowser, s.visitEbay, s.openShop, s.firstVisit, s.laterVisits, s.lookAtParts, s.weekLater, s.databaseLost,
	} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return nil
}

type shopping struct {
	n                 *Net
	clock             *lectureClock
	wire              *recorder
	jarFile, database string

	jar    *cookie.FileJar // nil while the browser is closed
	client *http1.Client
	shop   *cookieShop // nil while the shop is closed
	issued int         // ids that Amazon has given out
}

func (s *shopping) openBrowser(ctx context.Context) (err error) {
	s.jar, err = cookie.OpenFileJar(ctx, s.jarFile, &cookie.FileJarOptions{JarOptions: cookie.JarOptions{Now: s.clock.now}})
	s.client = &http1.Client{Dial: s.wire.on(s.n.Dial), Jar: s.jar, Mode: http1.NonPersistent}
	return err
}

func (s *shopping) closeBrowser() error {
	if s.jar == nil {
		return nil
	}
	err := s.jar.Close()
	s.jar = nil
	return err
}

// openShop starts Amazon's server on its database, with the scene's own ids.
func (s *shopping) openShop(ctx context.Context) (err error) {
	ids := []string{"1678", "2735"}
	s.shop, err = openCookieShop(ctx, s.n, amazon, s.database, s.clock, func() string {
		s.issued++
		return ids[(s.issued-1)%len(ids)]
	})
	return err
}

func (s *shopping) closeShop() error {
	if s.shop == nil {
		return nil
	}
	err := s.shop.close()
	s.shop = nil
	return err
}

// visit asks a host for a path, as submit does. It returns the response's text, and the cookie
// fields that passed.
func (s *shopping) visit(ctx context.Context, host, path string) (text, brought, given string, err error) {
	s.wire.reset()
	resp, text, err := submit(ctx, s.client, "http://"+host+path)
	if err != nil {
		return "", "", "", err
	}
	sent, _ := s.wire.octets()
	var q http1.Request
	if _, err := q.Parse([]byte(sent), nil); err != nil {
		return "", "", "", err
	}
	return strings.TrimSpace(text), q.Header.Get("Cookie"), resp.Header.Get("Set-Cookie"), nil
}

// visitEbay is from before the story: the cookie that Susan has already.
func (s *shopping) visitEbay(ctx context.Context) error {
	s.n.Printf("Susan has been at eBay before")
	site, err := openCookieShop(ctx, s.n, ebay, "", s.clock, func() string { return "8734" })
	if err != nil {
		return err
	}
	_, _, given, err := s.visit(ctx, ebay, "/")
	if err := errors.Join(err, site.close()); err != nil {
		return err
	}
	s.n.Expect("eBay's cookie", "id=8734", cookiePair(given))
	return s.jar.Save()
}

func (s *shopping) firstVisit(ctx context.Context) error {
	s.n.Printf("her first visit to Amazon")
	text, brought, given, err := s.visit(ctx, amazon, "/")
	if err != nil {
		return err
	}
	s.n.Expect("cookies that her request has: eBay's is not for Amazon", "", brought)
	s.n.Expect("Set-Cookie of the response", "id=1678", cookiePair(given))
	set, err := cookie.ParseSetCookie(given, nil)
	if err != nil {
		return err
	}
	s.n.Expect("it lives for more than a week", true, time.Duration(set.MaxAge)*time.Second > week)
	s.n.Expect("page", "hello, customer 1678, we have not met", text)
	s.n.Expect("entries in the site's database", []string{"1678: visit 1"}, s.shop.entries())
	return nil
}

// laterVisits has the uses of cookies: a session, a cart, recommendations,
// authorisation.
func (s *shopping) laterVisits(ctx context.Context) error {
	for _, tt := range []struct{ what, path, want string }{
		{"session", "/", "welcome back, customer 1678, this is visit 2"},
		{"cart", "/cart?add=" + strings.ReplaceAll(theBook, " ", "+"), "in your cart: " + theBook},
		{"recommendations", "/", "welcome back, customer 1678, this is visit 4; who took " + theBook + " also took a cable"},
		{"authorisation, before", "/account", "403: who are you?"},
		{"authorisation", "/login?name=susan&password=secret", "logged in as susan"},
		{"authorisation, after", "/account", "the account of susan"},
	} {
		text, brought, given, err := s.visit(ctx, amazon, tt.path)
		if err != nil {
			return err
		}
		s.n.Expect("Cookie of the request", "id=1678", brought)
		s.n.Expect(tt.what+": what is done for this cookie", tt.want, text)
		s.n.Expect("no new cookie", "", given)
	}
	return nil
}

// lookAtParts looks at the two parts of the four that are no fields.
func (s *shopping) lookAtParts(context.Context) error {
	if err := s.jar.Save(); err != nil {
		return err
	}
	s.n.Printf("the cookie file on Susan's host, and the site's database:")
	text, err := os.ReadFile(s.jarFile)
	if err != nil {
		return err
	}
	stored, damaged := cookie.ParseNetscape(string(text), nil)
	rows := [][]string{{"domain", "path", "name", "value"}}
	values := map[string]string{}
	for _, c := range stored {
		rows = append(rows, []string{c.Domain, c.Path, c.Name, c.Value})
		values[c.Domain] = c.Value
	}
	s.n.Table(rows...)
	s.n.Expect("damaged lines in the file", 0, len(damaged))
	s.n.Expect("the cookie file on Susan's host", map[string]string{ebay: "8734", amazon: "1678"}, values)
	s.n.Expect("the site's database", []string{"1678: visit 7, susan, " + theBook}, s.shop.entries())
	return nil
}

// weekLater comes after both sides have ended and begun again.
func (s *shopping) weekLater(ctx context.Context) error {
	s.n.Printf("both end; one week later both begin again")
	if err := errors.Join(s.closeShop(), s.closeBrowser()); err != nil {
		return err
	}
	s.clock.pass(week)
	if err := errors.Join(s.openShop(ctx), s.openBrowser(ctx)); err != nil {
		return err
	}
	text, brought, given, err := s.visit(ctx, amazon, "/cart")
	if err != nil {
		return err
	}
	s.n.Expect("Cookie of the request, one week later", "id=1678", brought)
	s.n.Expect("page", "in your cart: "+theBook, text)
	s.n.Expect("no new cookie", "", given)
	return nil
}

// databaseLost shows that an id is worth what the site knows of it.
func (s *shopping) databaseLost(ctx context.Context) error {
	s.n.Printf("the site loses its database")
	if err := s.closeShop(); err != nil {
		return err
	}
	if err := os.Remove(s.database); err != nil {
		return err
	}
	if err := s.openShop(ctx); err != nil {
		return err
	}
	text, brought, given, err := s.visit(ctx, amazon, "/account")
	if err != nil {
		return err
	}
	s.n.Expect("Cookie of the request", "id=1678", brought)
	s.n.Expect("1678 is not known and not trusted", "403: who are you?", text)
	s.n.Expect("Set-Cookie with a new id", "id=2735", cookiePair(given))
	if _, brought, _, err = s.visit(ctx, amazon, "/"); err != nil {
		return err
	}
	s.n.Expect("Cookie of the next request", "id=2735", brought)
	s.n.Expect("the site's database", []string{"2735: visit 2"}, s.shop.entries())
	return nil
}

// cookiePair is the name and value of a Set-Cookie field.
func cookiePair(given string) string {
	pair, _, _ := strings.Cut(given, ";")
	return pair
}

// submit gets a URL, or posts what stands behind its question mark as a form:
// it changes something, and is no affair of logs.
func submit(ctx context.Context, client *http1.Client, url string) (*http1.Response, string, error) {
	url, input, ok := strings.Cut(url, "?")
	if !ok {
		return fetchURL(ctx, client, url)
	}
	fields, err := form.ParseURLEncoded(input, nil)
	if err != nil {
		return nil, "", err
	}
	q, err := form.NewRequest(url, fields, nil)
	if err != nil {
		return nil, "", err
	}
	return fetch(ctx, client, q)
}

// formInput is what a request posts, nothing for those of other methods.
func formInput(r *http1.Request) (form.Fields, error) {
	if r.Method != http1.MethodPost {
		return nil, nil
	}
	f, err := form.ReadRequest(r, nil)
	if err != nil {
		return nil, err
	}
	return f.Fields, f.Close()
}
