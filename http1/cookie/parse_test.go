package cookie_test

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

// lecture is the date in the lecture's response.
var lecture = time.Date(2010, 9, 26, 20, 9, 20, 0, time.UTC)

func TestParseSetCookie(t *testing.T) {
	long := strings.Repeat("x", 1025)
	tests := []struct {
		name, in string
		want     cookie.SetCookie
	}{
		{"the lecture's", "id=1678", cookie.SetCookie{Name: "id", Value: "1678"}},
		{"all attributes", "id=1678; Expires=Sun, 26 Sep 2010 20:09:20 GMT; Max-Age=604800; Domain=amazon.com; Path=/shop; Secure; HttpOnly; SameSite=Lax",
			cookie.SetCookie{Name: "id", Value: "1678", Expires: lecture, MaxAge: 604800, Domain: "amazon.com", Path: "/shop", Secure: true, HttpOnly: true, SameSite: cookie.SameSiteLax}},
		{"5.2 no space behind the semicolon, any case", "a=b;SECURE;httponly;PATH=/x;sAmEsItE=sTrIcT",
			cookie.SetCookie{Name: "a", Value: "b", Path: "/x", Secure: true, HttpOnly: true, SameSite: cookie.SameSiteStrict}},
		{"5.2 step 3 the first equals sign divides", "a=b=c==", cookie.SetCookie{Name: "a", Value: "b=c=="}},
		{"5.2 step 4 white space around name and value", " \ta b \t=\t c d \t; Path = /x ", cookie.SetCookie{Name: "a b", Value: "c d", Path: "/x"}},
		{"5.2 the value may be empty", "a=", cookie.SetCookie{Name: "a"}},
		{"5.2 quotes belong to the value", `a="b c"`, cookie.SetCookie{Name: "a", Value: `"b c"`}},
		{"5.2 a semicolon ends the value also in quotes", `a="b; c"`, cookie.SetCookie{Name: "a", Value: `"b`}},
		{"5.2 a comma is a character", "a=b, c=d", cookie.SetCookie{Name: "a", Value: "b, c=d"}},
		{"5.2 octets beyond ASCII", "a=\xc3\xa9\xff", cookie.SetCookie{Name: "a", Value: "\xc3\xa9\xff"}},
		{"5.2 a tab within the value", "a=b\tc", cookie.SetCookie{Name: "a", Value: "b\tc"}},
		{"5.2 unknown and empty attributes", "a=b;;; ; =x; Priority=High; Partitioned; Version=1", cookie.SetCookie{Name: "a", Value: "b"}},
		{"5.2 names of attributes as names of cookies", "Secure=HttpOnly", cookie.SetCookie{Name: "Secure", Value: "HttpOnly"}},
		{"5.2.1 a date that is none is ignored", "a=b; Expires=Sun, 26 Sep 2010 20:09:20 GMT; Expires=never", cookie.SetCookie{Name: "a", Value: "b", Expires: lecture}},
		{"5.2.1 the last date counts", "a=b; Expires=Sun, 26 Sep 2000 20:09:20 GMT; Expires=Sun, 26 Sep 2010 20:09:20 GMT", cookie.SetCookie{Name: "a", Value: "b", Expires: lecture}},
		{"5.2.2 zero is at once", "a=b; Max-Age=0", cookie.SetCookie{Name: "a", Value: "b", MaxAge: -1}},
		{"5.2.2 negative is at once", "a=b; Max-Age=-2592000", cookie.SetCookie{Name: "a", Value: "b", MaxAge: -1}},
		{"5.2.2 too large a number is the largest", "a=b; Max-Age=99999999999999999999999", cookie.SetCookie{Name: "a", Value: "b", MaxAge: math.MaxInt64}},
		{"5.2.2 too small a number is at once", "a=b; Max-Age=-99999999999999999999999", cookie.SetCookie{Name: "a", Value: "b", MaxAge: -1}},
		{"5.2.2 leading zeros", "a=b; Max-Age=0007", cookie.SetCookie{Name: "a", Value: "b", MaxAge: 7}},
		{"5.2.2 a plus sign is no number", "a=b; Max-Age=+7", cookie.SetCookie{Name: "a", Value: "b"}},
		{"5.2.2 letters are no number", "a=b; Max-Age=7d; Max-Age=1e3", cookie.SetCookie{Name: "a", Value: "b"}},
		{"5.2.2 a hyphen or nothing is no number", "a=b; Max-Age=-; Max-Age=; Max-Age", cookie.SetCookie{Name: "a", Value: "b"}},
		{"5.2.2 a wrong number does not undo a right one", "a=b; Max-Age=7; Max-Age=x", cookie.SetCookie{Name: "a", Value: "b", MaxAge: 7}},
		{"5.2.3 one leading dot is dropped", "a=b; Domain=.Example.COM", cookie.SetCookie{Name: "a", Value: "b", Domain: "example.com"}},
		{"5.2.3 only one", "a=b; Domain=..example.com", cookie.SetCookie{Name: "a", Value: "b", Domain: ".example.com"}},
		{"5.2.3 empty is none", "a=b; Domain=example.com; Domain=", cookie.SetCookie{Name: "a", Value: "b"}},
		{"5.2.3 a dot alone is none", "a=b; Domain=.", cookie.SetCookie{Name: "a", Value: "b"}},
		{"5.2.4 no slash at the front is the default", "a=b; Path=x", cookie.SetCookie{Name: "a", Value: "b"}},
		{"5.2.4 also behind another", "a=b; Path=/x; Path", cookie.SetCookie{Name: "a", Value: "b"}},
		{"5.2.4 the last counts", "a=b; Path=/x; Path=/y", cookie.SetCookie{Name: "a", Value: "b", Path: "/y"}},
		{"5.2.5 a value of Secure does not matter", "a=b; Secure=false; HttpOnly=0", cookie.SetCookie{Name: "a", Value: "b", Secure: true, HttpOnly: true}},
		{"6265bis 5.6.7 an unknown value is none", "a=b; SameSite=Strict; SameSite=Sometimes", cookie.SetCookie{Name: "a", Value: "b"}},
		{"6265bis 5.6.7 None", "a=b; Secure; SameSite=none", cookie.SetCookie{Name: "a", Value: "b", Secure: true, SameSite: cookie.SameSiteNone}},
		{"6265bis 5.6 an attribute over 1024 octets is ignored", "a=b; Path=/y; Path=/" + long[:1024], cookie.SetCookie{Name: "a", Value: "b", Path: "/y"}},
		{"6265bis 5.6 one of 1024 is not", "a=b; Path=/" + long[:1023], cookie.SetCookie{Name: "a", Value: "b", Path: "/" + long[:1023]}},
		{"6265bis 5.6 name and value of 4096 octets", "a=" + strings.Repeat("v", 4095), cookie.SetCookie{Name: "a", Value: strings.Repeat("v", 4095)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cookie.ParseSetCookie(tt.in, nil)
			require.NoError(t, err, "%q", tt.in)
			assert.Equal(t, tt.want, got, "%q", tt.in)
		})
	}
}

func TestParseSetCookieRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		offset   int64
	}{
		{"5.2 step 2 no equals sign", "a", 1},
		{"5.2 step 2 one behind the semicolon", "a; b=c", 1},
		{"5.2 step 5 no name", "=b", 0},
		{"5.2 step 5 white space is no name", " \t=b", 0},
		{"5.2 empty", "", 0},
		{"6265bis 5.6 NUL", "a=b\x00c", 3},
		{"6265bis 5.6 CR LF in the value", "a=b\r\nX: y", 3},
		{"6265bis 5.6 LF in an attribute", "a=b; Path=/\nx", 11},
		{"6265bis 5.6 DEL", "a=\x7f", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cookie.ParseSetCookie(tt.in, nil)
			pe, ok := errors.AsType[*cookie.ParseError](err)
			require.True(t, ok, "%q: %v", tt.in, err)
			assert.Equal(t, tt.offset, pe.Offset)
			assert.Equal(t, "RFC 6265 §5.2", pe.Ref)
			assert.Zero(t, got)
		})
	}
	for _, in := range []string{"a=" + strings.Repeat("v", 4096), strings.Repeat("n", 4097) + "="} {
		_, err := cookie.ParseSetCookie(in, nil)
		le, ok := errors.AsType[*cookie.LimitError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, cookie.LimitError{Name: "MaxCookie", Max: 4096}, *le)
		_, err = cookie.ParseSetCookie(in, &cookie.Limits{MaxCookie: -1})
		assert.NoError(t, err, "negative is none")
	}
}

func TestExpiry(t *testing.T) {
	tests := []struct {
		name string
		in   cookie.SetCookie
		want time.Time
	}{
		{"none", cookie.SetCookie{}, time.Time{}},
		{"Expires", cookie.SetCookie{Expires: lecture.Add(time.Hour)}, lecture.Add(time.Hour)},
		{"Max-Age before Expires", cookie.SetCookie{Expires: lecture.Add(time.Hour), MaxAge: 60}, lecture.Add(time.Minute)},
		{"at once", cookie.SetCookie{Expires: lecture.Add(time.Hour), MaxAge: -1}, time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"no time can hold it", cookie.SetCookie{MaxAge: math.MaxInt64}, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.in.Expiry(lecture), tt.name)
		assert.Equal(t, !tt.want.IsZero(), tt.in.Persistent(), tt.name)
	}
}

func TestParseCookie(t *testing.T) {
	type cs = []cookie.Cookie
	tests := []struct {
		name, in string
		want     cs
	}{
		{"the lecture's", "id=1678", cs{{"id", "1678"}}},
		{"several, in order, also twice", "a=1; b=2; a=3", cs{{"a", "1"}, {"b", "2"}, {"a", "3"}}},
		{"white space or none", "a=1;b=2 ;\tc = 3", cs{{"a", "1"}, {"b", "2"}, {"c", "3"}}},
		{"quotes belong to the value", `a="1"`, cs{{"a", `"1"`}}},
		{"without a name or a value", "a; =b; ; c=", cs{{"c", ""}}},
		{"a comma does not divide", "a=1, b=2", cs{{"a", "1, b=2"}}},
		{"empty", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cookie.ParseCookie(nil, tt.in, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	kept := cs{{"kept", "1"}}
	got, err := cookie.ParseCookie(kept, "a=1\x00", nil)
	pe, ok := errors.AsType[*cookie.ParseError](err)
	require.True(t, ok)
	assert.Equal(t, int64(3), pe.Offset)
	assert.Equal(t, 400, pe.Reply)
	assert.Equal(t, kept, got)

	got, err = cookie.ParseCookie(kept, strings.Repeat("a=1;", 513), nil)
	le, ok := errors.AsType[*cookie.LimitError](err)
	require.True(t, ok)
	assert.Equal(t, cookie.LimitError{Name: "MaxPairs", Max: 512, Reply: 431}, *le)
	assert.Equal(t, kept, got)
	got, err = cookie.ParseCookie(nil, strings.Repeat("a=1;", 512), nil)
	require.NoError(t, err)
	assert.Len(t, got, 512)
}

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{`"a"`: "a", `""`: "", `"`: "", `a`: "", `"a`: "", `a"`: ""} {
		c, s := cookie.Cookie{Value: in}, cookie.SetCookie{Value: in}
		isQuoted := len(in) >= 2 && in[0] == '"' && in[len(in)-1] == '"'
		assert.Equal(t, isQuoted, c.Quoted(), in)
		assert.Equal(t, isQuoted, s.Quoted(), in)
		if !isQuoted {
			want = in
		}
		assert.Equal(t, want, c.Unquoted())
		assert.Equal(t, want, s.Unquoted())
	}
}

// Where net/http and RFC 6265 §5.2 agree on what may be in a cookie, they agree
// on what it means.
func TestParseSetCookieAgreesWithNetHTTP(t *testing.T) {
	for _, in := range []string{
		"id=1678",
		"a=b; Path=/x; Domain=.example.com; Max-Age=60; Secure; HttpOnly; SameSite=Strict",
		`a="b"; Expires=Sun, 26 Sep 2010 20:09:20 GMT`,
		"a=b; Expires=Sun, 26-Sep-2010 20:09:20 GMT; Max-Age=0",
		"a=b;path=/; domain=EXAMPLE.com;;unknown=x",
	} {
		peer, err := http.ParseSetCookie(in)
		require.NoError(t, err, in)
		got, err := cookie.ParseSetCookie(in, nil)
		require.NoError(t, err, in)
		assertLikePeer(t, peer, got)
	}
}

func assertLikePeer(t *testing.T, peer *http.Cookie, got cookie.SetCookie) {
	t.Helper()
	assert.Equal(t, peer.Name, got.Name)
	assert.Equal(t, peer.Value, got.Unquoted())
	assert.Equal(t, peer.Quoted, got.Quoted())
	assert.Equal(t, peer.Path, got.Path)
	assert.Equal(t, strings.ToLower(strings.TrimPrefix(peer.Domain, ".")), got.Domain)
	assert.Equal(t, int64(peer.MaxAge), got.MaxAge)
	assert.True(t, peer.Expires.Equal(got.Expires), "%v %v", peer.Expires, got.Expires)
	assert.Equal(t, peer.Secure, got.Secure)
	assert.Equal(t, peer.HttpOnly, got.HttpOnly)
}

const browserCookie = "__Host-session=Zm9vYmFyYmF6cXV4; Expires=Wed, 21 Oct 2035 07:28:00 GMT; Max-Age=604800; Path=/; Secure; HttpOnly; SameSite=Lax"

func TestParseSetCookieAllocs(t *testing.T) {
	for _, in := range []string{browserCookie, "id=1678; Domain=.Amazon.COM; Path=/"} {
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := cookie.ParseSetCookie(in, nil); err != nil {
				t.Fatal(err)
			}
		})
		assert.LessOrEqual(t, allocs, 3.0, in)
	}
}
