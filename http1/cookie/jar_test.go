package cookie_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

// clock is a time that moves when the test says so.
type clock struct{ t time.Time }

func (c *clock) now() time.Time       { return c.t }
func (c *clock) wait(d time.Duration) { c.t = c.t.Add(d) }

func newClock() *clock { return &clock{lecture} }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func mustURL(s string) *url.URL { return must(url.Parse(s)) }

func names(all []cookie.Stored) string {
	var s []string
	for _, c := range all {
		s = append(s, c.Name)
	}
	return strings.Join(s, " ")
}

// What a client of HTTP needs of a jar, in standard types alone.
var _, _ interface {
	Cookie(u, top *url.URL, method string) string
	SetCookie(u, top *url.URL, value string) error
} = (*cookie.Jar)(nil), (*cookie.FileJar)(nil)

// What is set at one URL and then asked for at another.
func TestJarMatches(t *testing.T) {
	tests := []struct {
		name, at, set, ask, want string
	}{
		{"host-only: the same host", "http://www.example.com/", "a=b", "http://www.example.com/", "a=b"},
		{"host-only: another port and scheme", "http://www.example.com/", "a=b", "https://www.example.com:8443/", "a=b"},
		{"5.4 host-only: no subdomain", "http://example.com/", "a=b", "http://www.example.com/", ""},
		{"5.4 host-only: no sibling", "http://www.example.com/", "a=b", "http://mail.example.com/", ""},
		{"5.3 step 6 domain: a sibling", "http://www.example.com/", "a=b; Domain=example.com", "http://mail.example.com/", "a=b"},
		{"5.3 step 6 domain: the domain itself", "http://www.example.com/", "a=b; Domain=.EXAMPLE.com", "http://example.com/", "a=b"},
		{"5.3 step 6 domain: below", "http://example.com/", "a=b; Domain=example.com", "http://a.b.example.com/", "a=b"},
		{"5.1.3 domain: no cut in a label", "http://www.example.com/", "a=b; Domain=example.com", "http://badexample.com/", ""},
		{"5.1.2 hosts in any case, with a dot at the end", "http://WWW.Example.Com./", "a=b", "http://www.example.com/", "a=b"},
		{"addresses are host-only", "http://192.0.2.1/", "a=b; Domain=192.0.2.1", "http://192.0.2.1/", "a=b"},
		{"IPv6 in any form", "http://[2001:db8::1]/", "a=b", "http://[2001:0DB8:0::1]:80/", "a=b"},
		{"one label", "http://localhost/", "a=b; Domain=localhost", "http://localhost:8080/", "a=b"},
		{"5.3 step 5 a suffix itself is host-only", "http://github.io/", "a=b; Domain=github.io", "http://github.io/", "a=b"},
		{"5.3 step 5 and not for those below", "http://github.io/", "a=b; Domain=github.io", "http://x.github.io/", ""},
		{"5.1.4 default path", "http://h.example/x/y", "a=b", "http://h.example/x/z", "a=b"},
		{"5.1.4 default path: not above", "http://h.example/x/y", "a=b", "http://h.example/", ""},
		{"5.1.4 path: below", "http://h.example/", "a=b; Path=/x", "http://h.example/x/y", "a=b"},
		{"5.1.4 path: no cut in a part", "http://h.example/", "a=b; Path=/x", "http://h.example/xy", ""},
		{"5.1.4 path: as it is on the wire", "http://h.example/", "a=b; Path=/x%2Fy", "http://h.example/x%2Fy", "a=b"},
		{"the path of a URL without one", "http://h.example", "a=b", "http://h.example", "a=b"},
		{"5.4 Secure over TLS", "https://h.example/", "a=b; Secure", "https://h.example/", "a=b"},
		{"5.4 Secure in the clear", "https://h.example/", "a=b; Secure", "http://h.example/", ""},
		{"5.4 Secure over a WebSocket", "https://h.example/", "a=b; Secure", "wss://h.example/", "a=b"},
		{"5.2 the value comes back as it was", "http://h.example/", `a = "x, y\"=\xc3` + "\t;", "http://h.example/", `a="x, y\"=\xc3`},
		{"5.2.2 ended at once", "http://h.example/", "a=b; Max-Age=0", "http://h.example/", ""},
		{"5.2.1 ended long ago", "http://h.example/", "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://h.example/", ""},
		{"6265bis 4.1.3 __Host-", "https://h.example/", "__Host-a=b; Secure; Path=/", "https://h.example/x", "__Host-a=b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := cookie.NewJar(&cookie.JarOptions{Now: newClock().now})
			require.NoError(t, j.SetCookie(mustURL(tt.at), nil, tt.set))
			assert.Equal(t, tt.want, j.Cookie(mustURL(tt.ask), nil, "GET"))
		})
	}
}

func TestJarRefuses(t *testing.T) {
	tests := []struct {
		name, at, set string
		want          error
	}{
		{"5.3 step 6 a foreign domain", "http://www.example.com/", "a=b; Domain=example.org", cookie.ErrDomain},
		{"5.3 step 6 a domain below", "http://example.com/", "a=b; Domain=www.example.com", cookie.ErrDomain},
		{"5.3 step 6 an address of another", "http://192.0.2.1/", "a=b; Domain=2.1", cookie.ErrDomain},
		{"5.3 step 6 two dots", "http://www.example.com/", "a=b; Domain=..example.com", cookie.ErrDomain},
		{"5.3 step 6 a dot at the end", "http://www.example.com/", "a=b; Domain=example.com.", cookie.ErrDomain},
		{"5.3 step 5 one label", "http://www.example.com/", "a=b; Domain=com", cookie.ErrPublicSuffix},
		{"5.3 step 5 two labels", "http://www.example.co.uk/", "a=b; Domain=co.uk", cookie.ErrPublicSuffix},
		{"5.3 step 5 a wildcard", "http://www.example.ck/", "a=b; Domain=example.ck", cookie.ErrPublicSuffix},
		{"5.3 step 5 hosts of people's pages", "http://me.github.io/", "a=b; Domain=github.io", cookie.ErrPublicSuffix},
		{"6265bis 5.7 Secure in the clear", "http://h.example/", "a=b; Secure", cookie.ErrInsecure},
		{"6265bis 5.7 None without Secure", "https://h.example/", "a=b; SameSite=None", cookie.ErrSameSite},
		{"6265bis 4.1.3 __Secure-", "https://h.example/", "__Secure-a=b", cookie.ErrPrefix},
		{"6265bis 4.1.3 __Host- without Secure", "https://h.example/", "__Host-a=b; Path=/", cookie.ErrPrefix},
		{"6265bis 4.1.3 __Host- without Path", "https://h.example/", "__Host-a=b; Secure", cookie.ErrPrefix},
		{"6265bis 4.1.3 __Host- with Domain", "https://h.example/", "__Host-a=b; Secure; Path=/; Domain=h.example", cookie.ErrPrefix},
		{"6265bis 4.1.3 in any case", "https://h.example/", "__HOST-a=b; Secure; Path=/x", cookie.ErrPrefix},
		{"5.1.2 no host", "file:///x", "a=b", cookie.ErrHost},
		{"5.1.2 letters beyond ASCII", "http://b\u00fccher.example/", "a=b", cookie.ErrHost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := &cookie.Jar{}
			err := j.SetCookie(mustURL(tt.at), nil, tt.set)
			assert.ErrorIs(t, err, tt.want)
			_, ok := errors.AsType[*cookie.PolicyError](err)
			assert.True(t, ok)
			assert.Empty(t, slices.Collect(j.All()))
			assert.Empty(t, j.Cookie(mustURL(tt.at), nil, "GET"))
		})
	}
	j := &cookie.Jar{}
	assert.IsType(t, &cookie.ParseError{}, j.SetCookie(mustURL("http://h.example/"), nil, "a"))
	assert.ErrorIs(t, j.Receive(cookie.Request{}, "a=b"), cookie.ErrHost)
	assert.Equal(t, `cookie: "a" of "h.example": not over a secure connection (6265bis §5.7)`,
		j.SetCookie(mustURL("http://h.example/"), nil, "a=b; Secure").Error())
}

func TestJarOrder(t *testing.T) {
	c := newClock()
	j := cookie.NewJar(&cookie.JarOptions{Now: c.now})
	u := mustURL("http://h.example/x/y/z")
	for _, s := range []string{"root=1; Path=/", "deep=1; Path=/x/y", "mid1=1; Path=/x", "mid2=1; Path=/x", "deep0=1; Path=/x/y/z"} {
		require.NoError(t, j.SetCookie(u, nil, s))
	}
	assert.Equal(t, "deep0=1; deep=1; mid1=1; mid2=1; root=1", j.Cookie(u, nil, "GET"), "5.4 step 2")
	c.wait(time.Hour)
	require.NoError(t, j.SetCookie(u, nil, "mid1=2; Path=/x"))
	assert.Equal(t, "deep0=1; deep=1; mid1=2; mid2=1; root=1", j.Cookie(u, nil, "GET"), "5.3 step 11.3: it keeps its age")
	all := slices.Collect(j.All())
	assert.Equal(t, "root deep mid1 mid2 deep0", names(all))
	assert.Equal(t, lecture, all[2].Created)
	assert.Equal(t, lecture.Add(time.Hour), all[2].Used)
	require.NoError(t, j.SetCookie(u, nil, "mid1=; Path=/x; Max-Age=0"))
	assert.Equal(t, "deep0=1; deep=1; mid2=1; root=1", j.Cookie(u, nil, "GET"))
}

func TestJarExpires(t *testing.T) {
	c := newClock()
	j := cookie.NewJar(&cookie.JarOptions{Now: c.now})
	u := mustURL("http://h.example/")
	for _, s := range []string{"session=1", "week=1; Max-Age=604800", "hour=1; Max-Age=9; Max-Age=3600", "both=1; Max-Age=60; Expires=Fri, 01 Oct 2027 00:00:00 GMT", "years=1; Max-Age=99999999999"} {
		require.NoError(t, j.SetCookie(u, nil, s))
	}
	assert.Equal(t, "session=1; week=1; hour=1; both=1; years=1", j.Cookie(u, nil, ""))
	c.wait(time.Minute - 1)
	assert.Equal(t, "session=1; week=1; hour=1; both=1; years=1", j.Cookie(u, nil, ""))
	c.wait(1)
	assert.Equal(t, "session=1; week=1; hour=1; years=1", j.Cookie(u, nil, ""), "5.2 Max-Age before Expires")
	c.wait(7*24*time.Hour - time.Minute - 1)
	assert.Equal(t, "session=1; week=1; years=1", j.Cookie(u, nil, ""))
	c.wait(1)
	assert.Equal(t, "session=1; years=1", j.Cookie(u, nil, ""))
	c.wait(393*24*time.Hour - 1)
	assert.Equal(t, "session years", names(slices.Collect(j.All())))
	c.wait(1)
	assert.Equal(t, "session", names(slices.Collect(j.All())), "6265bis 5.5: 400 days")
	j.EndSession()
	assert.Empty(t, slices.Collect(j.All()))

	j = cookie.NewJar(&cookie.JarOptions{Now: c.now, Limits: cookie.Limits{MaxAge: -1}})
	require.NoError(t, j.SetCookie(u, nil, "years=1; Max-Age=99999999999"))
	assert.Equal(t, 5180, slices.Collect(j.All())[0].Expires.Year())
}

func TestJarKeepsSecureCookies(t *testing.T) {
	j := &cookie.Jar{}
	secure, clear := mustURL("https://www.example.com/x/"), mustURL("http://www.example.com/x/")
	require.NoError(t, j.SetCookie(secure, nil, "a=good; Secure; Path=/x"))
	for _, set := range []string{"a=bad; Path=/x", "a=bad; Path=/x/y", "a=bad; Domain=example.com; Path=/x", "a=; Max-Age=0; Path=/x"} {
		assert.ErrorIs(t, j.SetCookie(clear, nil, set), cookie.ErrInsecure, set)
	}
	assert.ErrorIs(t, j.SetCookie(mustURL("http://a.www.example.com/x/"), nil, "a=bad; Domain=www.example.com"), cookie.ErrInsecure)
	assert.Equal(t, "a=good", j.Cookie(secure, nil, "GET"))
	for _, set := range []string{"b=1; Path=/x", "a=1; Path=/"} {
		assert.NoError(t, j.SetCookie(clear, nil, set), "6265bis 5.7 step 16: another name or path")
	}
	assert.NoError(t, j.SetCookie(mustURL("http://mail.example.com/x/"), nil, "a=1"), "another host")
	assert.NoError(t, j.SetCookie(secure, nil, "a=new; Path=/x"), "the secure origin may")
}

// A domain cookie and a host-only one of the same name stand side by side.
func TestJarHostOnlyBesideDomain(t *testing.T) {
	j := &cookie.Jar{}
	u := mustURL("http://example.com/")
	require.NoError(t, j.SetCookie(u, nil, "a=domain; Domain=example.com"))
	require.NoError(t, j.SetCookie(u, nil, "a=host"))
	assert.Equal(t, "a=domain; a=host", j.Cookie(u, nil, "GET"))
	assert.Equal(t, "a=domain", j.Cookie(mustURL("http://www.example.com/"), nil, "GET"))
	assert.True(t, j.Remove("example.com", "/", "a"))
	assert.False(t, j.Remove("example.com", "/", "a"))
	assert.Empty(t, j.Cookie(u, nil, "GET"))
}

func TestJarSameSite(t *testing.T) {
	page, other := mustURL("https://shop.example/"), mustURL("https://other.example/")
	img := mustURL("https://img.shop.example/x")
	const jars = "strict=1; lax=1; none=1; unset=1"
	j := &cookie.Jar{}
	for _, s := range []string{"strict=1; SameSite=Strict", "lax=1; SameSite=Lax", "none=1; SameSite=None; Secure", "unset=1"} {
		require.NoError(t, j.SetCookie(img, nil, s))
	}
	tests := []struct {
		name string
		r    cookie.Request
		want string
	}{
		{"typed by the user", cookie.Request{URL: img}, jars},
		{"in a page of the site", cookie.Request{URL: img, Top: page}, jars},
		{"a link from a page of the site", cookie.Request{URL: img, Initiator: page, Method: "POST"}, jars},
		{"a link from elsewhere", cookie.Request{URL: img, Initiator: other}, "lax=1; none=1; unset=1"},
		{"a form from elsewhere", cookie.Request{URL: img, Initiator: other, Method: "POST"}, "none=1"},
		{"in a page of another site", cookie.Request{URL: img, Top: other}, "none=1"},
		{"in a page of the site within another", cookie.Request{URL: img, Top: page, Initiator: other}, "none=1"},
		{"in a page of the site in the clear", cookie.Request{URL: img, Top: mustURL("http://shop.example/")}, "none=1"},
		{"in a page without a host", cookie.Request{URL: img, Top: mustURL("about:blank")}, "none=1"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, string(j.AppendCookie(nil, tt.r)), "6265bis 5.8.3 %s", tt.name)
	}

	j = &cookie.Jar{}
	for _, s := range []string{"a=1; SameSite=Strict", "a=1; SameSite=Lax", "a=1"} {
		assert.ErrorIs(t, j.SetCookie(img, other, s), cookie.ErrSameSite, "6265bis 5.7: %s from another site's page", s)
		assert.NoError(t, j.Receive(cookie.Request{URL: img, Initiator: other, Method: "POST"}, s), "a navigation may set any")
	}
	assert.NoError(t, j.SetCookie(img, other, "b=1; SameSite=None; Secure"))
}

// Sites are told apart by the label below the public suffix.
func TestJarSites(t *testing.T) {
	tests := []struct {
		a, b string
		same bool
	}{
		{"https://www.example.com/", "https://img.example.com/", true},
		{"https://example.com/", "https://example.com:8443/", true},
		{"https://a.co.uk/", "https://b.co.uk/", false},
		{"https://x.a.co.uk/", "https://y.a.co.uk/", true},
		{"https://a.github.io/", "https://b.github.io/", false},
		{"https://github.io/", "https://a.github.io/", false},
		{"https://192.0.2.1/", "https://192.0.2.1:81/", true},
		{"https://192.0.2.1/", "https://3.0.2.1/", false},
		{"https://localhost/", "https://localhost:81/", true},
		{"https://www.ck/", "https://x.www.ck/", true},
		{"https://a.ck/", "https://x.a.ck/", false},
	}
	for _, tt := range tests {
		j := &cookie.Jar{}
		require.NoError(t, j.SetCookie(mustURL(tt.a), nil, "a=1; SameSite=Strict"))
		got := j.Cookie(mustURL(tt.a), mustURL(tt.b), "GET")
		assert.Equal(t, tt.same, got != "", "%s in %s", tt.a, tt.b)
	}
}

// The lecture's tracker: a third party in the pages of two sites knows her
// again, until it is blocked.
func TestJarThirdParty(t *testing.T) {
	banner := mustURL("http://lotofbanners.com/ad.gif")
	cia, wiki := mustURL("http://www.cia.gov/"), mustURL("http://www.mediawiki.org/")
	j := cookie.NewJar(&cookie.JarOptions{Unmarked: cookie.SameSiteNone})
	require.NoError(t, j.SetCookie(banner, cia, "id=7"))
	assert.Equal(t, "id=7", j.Cookie(banner, wiki, "GET"), "tracked across sites")

	j = cookie.NewJar(&cookie.JarOptions{Unmarked: cookie.SameSiteNone, BlockThirdParty: true})
	assert.ErrorIs(t, j.SetCookie(banner, cia, "id=7"), cookie.ErrThirdParty)
	require.NoError(t, j.SetCookie(banner, nil, "id=7"), "visited for its own sake it may")
	assert.Empty(t, j.Cookie(banner, wiki, "GET"))
	assert.Equal(t, "id=7", j.Cookie(banner, nil, "GET"))
	require.NoError(t, j.SetCookie(mustURL("http://img.cia.gov/"), cia, "id=8"), "the page's own site may")

	j = &cookie.Jar{}
	assert.ErrorIs(t, j.SetCookie(banner, cia, "id=7"), cookie.ErrSameSite, "the default is Lax")
}

func TestJarAccept(t *testing.T) {
	consent := false
	j := cookie.NewJar(&cookie.JarOptions{Accept: func(r cookie.Request, c cookie.SetCookie) bool {
		return consent && c.Name == "id" && r.URL.Host == "h.example"
	}})
	u := mustURL("http://h.example/")
	assert.ErrorIs(t, j.SetCookie(u, nil, "id=1678"), cookie.ErrRefused)
	consent = true
	assert.NoError(t, j.SetCookie(u, nil, "id=1678"))
	assert.Equal(t, "id=1678", j.Cookie(u, nil, "GET"))
}

func TestJarClear(t *testing.T) {
	j := &cookie.Jar{}
	for _, h := range []string{"a.example.com", "example.com", "example.org", "192.0.2.1"} {
		require.NoError(t, j.SetCookie(mustURL("http://"+h+"/"), nil, h+"=1"))
	}
	j.Clear("no host")
	j.Clear(".Example.com")
	assert.Equal(t, "example.org 192.0.2.1", names(slices.Collect(j.All())))
	j.Clear("")
	assert.Empty(t, slices.Collect(j.All()))
}

func TestJarConcurrent(t *testing.T) {
	j := &cookie.Jar{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			u := mustURL(fmt.Sprintf("http://h%d.example.com/", i%4))
			for k := range 200 {
				assert.NoError(t, j.SetCookie(u, nil, fmt.Sprintf("a%d=1; Domain=example.com; Max-Age=100", k%60)))
				assert.NotEmpty(t, j.Cookie(u, nil, "GET"))
				for range j.All() {
					j.EndSession()
					assert.NoError(t, j.SetCookie(u, nil, "x=1"))
					break
				}
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, len(slices.Collect(j.All())), 50+4)
}

// peerSuffixes gives net/http's jar our list.
type peerSuffixes struct{ *cookie.SuffixList }

func (peerSuffixes) String() string { return "ours" }

// With well-behaved cookies over TLS, our jar and net/http's send the same in
// the same order.
func TestJarAgreesWithNetHTTP(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(s ...string) string { return s[rng.IntN(len(s))] }
	for range 300 {
		ours := &cookie.Jar{}
		theirs := must(cookiejar.New(&cookiejar.Options{PublicSuffixList: peerSuffixes{cookie.ShortSuffixes()}}))
		for range 12 {
			u := mustURL("https://" + pick("www.example.com", "a.b.example.com", "x.example.co.uk", "192.0.2.7", "[::1]", "host") +
				pick("", "/", "/x", "/x/", "/x/y", "/x/y/z"))
			set := pick("a", "b", "c") + "=" + pick("1", "2", "3") +
				pick("", "", "; Path=/", "; Path=/x", "; Path=/x/", "; Path=y") +
				pick("", "", "; Domain=example.com", "; Domain=b.example.com", "; Domain=.example.co.uk", "; Domain=co.uk", "; Domain=com", "; Domain=2.7") +
				pick("", "", "; Secure", "; Max-Age=0", "; Max-Age=100", "; HttpOnly", "; SameSite=Strict")
			_ = ours.SetCookie(u, nil, set)
			theirs.SetCookies(u, []*http.Cookie{must(http.ParseSetCookie(set))})

			ask := mustURL("https://" + pick("www.example.com", "a.b.example.com", "x.example.co.uk", "192.0.2.7", "[::1]", "host") +
				pick("", "/", "/x", "/x/", "/x/y", "/x/y/z"))
			var want []string
			for _, c := range theirs.Cookies(ask) {
				want = append(want, c.Name+"="+c.Value)
			}
			require.Equal(t, strings.Join(want, "; "), ours.Cookie(ask, nil, "GET"), "set %q at %s, asked at %s", set, u, ask)
		}
	}
}
