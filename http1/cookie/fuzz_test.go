package cookie_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

// isCtl is %x00-08 / %x0A-1F / %x7F.
func isCtl(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }

// What is parsed is what the steps of RFC 6265 §5.2 give when they are done one
// after the other on whole strings; what can be written again parses to the
// same, and net/http reads it so too.
func FuzzParseSetCookie(f *testing.F) {
	for _, s := range []string{
		browserCookie, "id=1678", `a="b c"; Max-Age=-1`, "a=b;;Path;Domain=.X.y;secure",
		"=b", "a", "a=b\r\nSet-Cookie: c=d", " a\t=\tb ; Expires=26 Sep 70 20:09:20", "a=b; SameSite=None; Secure; Path=/;Path=x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := cookie.ParseSetCookie(s, &cookie.Limits{MaxCookie: 100, MaxAttribute: 50})
		pair, rest, _ := strings.Cut(s, ";")
		name, value, equals := strings.Cut(pair, "=")
		name, value = strings.Trim(name, " \t"), strings.Trim(value, " \t")
		if strings.ContainsFunc(s, isCtl) || !equals || name == "" || len(name+value) > 100 {
			require.Error(t, err)
			require.Zero(t, got)
			return
		}
		require.NoError(t, err)
		want := map[string]string{}
		for av := range strings.SplitSeq(rest, ";") {
			k, v, _ := strings.Cut(av, "=")
			if v = strings.Trim(v, " \t"); len(v) <= 50 {
				want[asciiLower(strings.Trim(k, " \t"))] = v
			}
		}
		require.Equal(t, name, got.Name)
		require.Equal(t, value, got.Value)
		require.Equal(t, asciiLower(strings.TrimPrefix(want["domain"], ".")), got.Domain)
		path := want["path"]
		if !strings.HasPrefix(path, "/") {
			path = ""
		}
		require.Equal(t, path, got.Path)
		_, secure := want["secure"]
		require.Equal(t, secure, got.Secure)
		_, httpOnly := want["httponly"]
		require.Equal(t, httpOnly, got.HttpOnly)

		text, err := cookie.AppendSetCookie(nil, &got)
		if err != nil {
			return
		}
		again, err := cookie.ParseSetCookie(string(text), nil)
		require.NoError(t, err, "%q", text)
		require.Equal(t, got, again, "%q", text)
		// net/http knows no quotes and backslashes in paths.
		if !strings.ContainsAny(got.Path, "\"\\") {
			peer, err := http.ParseSetCookie(string(text))
			require.NoError(t, err, "%q", text)
			assertLikePeer(t, peer, got)
		}
	})
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 32
		}
	}
	return string(b)
}

// What net/http takes we take, with the same result where no white space stands
// behind "=", which it keeps; the pairs that are strict can be written again.
func FuzzParseCookie(f *testing.F) {
	for _, s := range []string{"id=1678", "a=1; b=2;c=3", `a="x y"`, "a;=b;c=", "a=1\x00", strings.Repeat("a=b;", 600)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := cookie.ParseCookie(nil, s, nil)
		if strings.ContainsFunc(s, isCtl) {
			require.Error(t, err)
			return
		}
		if err != nil {
			require.IsType(t, &cookie.LimitError{}, err)
			require.Greater(t, strings.Count(s, "="), 512)
			return
		}
		require.LessOrEqual(t, len(got), 512)
		if peer, err := http.ParseCookie(s); err == nil && !strings.Contains(s, "= ") && !strings.Contains(s, "\t") {
			require.Len(t, got, len(peer), "%q", s)
			for i := range got {
				require.Equal(t, peer[i].Name, got[i].Name)
				require.Equal(t, peer[i].Value, got[i].Unquoted())
			}
		}
		if text, err := cookie.AppendCookie(nil, got...); err == nil {
			again, err := cookie.ParseCookie(nil, string(text), nil)
			require.NoError(t, err)
			require.Equal(t, got, again)
		}
	})
}

// A date that is taken is in the calendar and in the range, and its canonical
// form is taken as the same; what net/http writes is taken.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"Sun, 26 Sep 2010 20:09:20 GMT", "Sunday, 26-Sep-10 20:09:20 GMT", "20:09:20 2010 26 Sep", "29 Feb 2012 0:0:0", "31 Sep 2010 20:09:60"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := cookie.ParseDate(s)
		if peer, err2 := time.Parse(http.TimeFormat, s); err2 == nil && peer.Year() >= 1601 {
			require.NoError(t, err)
			require.True(t, peer.Equal(got))
		}
		if err != nil {
			require.Zero(t, got)
			return
		}
		require.GreaterOrEqual(t, got.Year(), 1601)
		require.LessOrEqual(t, got.Year(), 9999)
		again, err := cookie.ParseDate(got.Format(http.TimeFormat))
		require.NoError(t, err)
		assert.Equal(t, got, again)
		shuffled, err := cookie.ParseDate("x " + got.Format("15:04:05;02/Jan/2006"))
		require.NoError(t, err)
		assert.Equal(t, got, shuffled)
	})
}

// Whatever is set anywhere: a jar stays within its limits and gives a request
// only what is its own, by the words of RFC 6265 §5.4.
func FuzzJar(f *testing.F) {
	f.Add("http://www.example.com/x/y", "a=b; Domain=example.com", "https://example.com/x/", "c=d; Path=/; Secure", "http://example.com")
	f.Add("https://192.0.2.1/", "a=b; Domain=2.1", "http://[::1]/", "a=b; Domain=::1; Max-Age=5", "http://[::1]:80/z")
	f.Add("https://a.co.uk/", "__Host-a=b; Path=/; Secure", "http://b.co.uk/", "a=b; Domain=co.uk", "https://a.co.uk/")
	f.Fuzz(func(t *testing.T, at1, set1, at2, set2, ask string) {
		j := cookie.NewJar(&cookie.JarOptions{Limits: cookie.Limits{MaxPerDomain: 2, MaxCookies: 3}})
		for _, at := range []string{at1, at2, ask} {
			for _, set := range []string{set1, set2, "x=1", "y=2"} {
				if u, err := url.Parse(at); err == nil {
					_ = j.SetCookie(u, nil, set)
				}
			}
		}
		perDomain := map[string]int{}
		n := 0
		for c := range j.All() {
			perDomain[c.Domain]++
			n++
			require.LessOrEqual(t, perDomain[c.Domain], 2)
			require.False(t, strings.ContainsFunc(c.Name+c.Value, isCtl))
			require.True(t, c.HostOnly || strings.Contains(c.Domain, "."), "%+v", c)
		}
		require.LessOrEqual(t, n, 3)

		u, err := url.Parse(ask)
		if err != nil {
			return
		}
		var want []string
		host := strings.TrimSuffix(asciiLower(u.Hostname()), ".")
		if a, err := netip.ParseAddr(host); err == nil {
			host = a.String()
		}
		path := u.EscapedPath()
		if !strings.HasPrefix(path, "/") {
			path = "/"
		}
		for c := range j.All() {
			if (host == c.Domain || !c.HostOnly && strings.HasSuffix(host, "."+c.Domain)) &&
				(!c.Secure || u.Scheme == "https" || u.Scheme == "wss") &&
				(path == c.Path || strings.HasPrefix(path, strings.TrimSuffix(c.Path, "/")+"/")) {
				want = append(want, c.Name+"="+c.Value)
			}
		}
		var got []string
		if field := j.Cookie(u, nil, ""); field != "" {
			got = strings.Split(field, "; ")
		}
		require.ElementsMatch(t, want, got, "at %q", ask)
	})
}
