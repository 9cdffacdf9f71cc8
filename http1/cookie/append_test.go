package cookie_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

func TestAppendSetCookie(t *testing.T) {
	tests := []struct {
		name string
		in   cookie.SetCookie
		want string
	}{
		{"the lecture's", cookie.SetCookie{Name: "id", Value: "1678"}, "id=1678"},
		{"all attributes", cookie.SetCookie{Name: "id", Value: `"1678"`, Expires: lecture, MaxAge: 604800, Domain: "amazon.com", Path: "/shop", Secure: true, HttpOnly: true, SameSite: cookie.SameSiteNone},
			`id="1678"; Expires=Sun, 26 Sep 2010 20:09:20 GMT; Max-Age=604800; Domain=amazon.com; Path=/shop; Secure; HttpOnly; SameSite=None`},
		{"9110 5.6.7 another zone is written as GMT", cookie.SetCookie{Name: "a", Expires: lecture.In(time.FixedZone("EDT", -4*3600))}, "a=; Expires=Sun, 26 Sep 2010 20:09:20 GMT"},
		{"5.2.2 at once", cookie.SetCookie{Name: "a", Value: "b", MaxAge: -1}, "a=b; Max-Age=0"},
		{"6265bis 4.1.3 prefixes", cookie.SetCookie{Name: "__Host-a", Value: "b", Path: "/", Secure: true, SameSite: cookie.SameSiteStrict}, "__Host-a=b; Path=/; Secure; SameSite=Strict"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cookie.AppendSetCookie([]byte("Set-Cookie: "), &tt.in)
			require.NoError(t, err)
			assert.Equal(t, "Set-Cookie: "+tt.want, string(got))
		})
	}
}

func TestAppendSetCookieRefuses(t *testing.T) {
	ok := cookie.SetCookie{Name: "a", Value: "b"}
	tests := []struct {
		name string
		edit func(*cookie.SetCookie)
		err  error
	}{
		{"4.1.1 no name", func(c *cookie.SetCookie) { c.Name = "" }, nil},
		{"4.1.1 a name that is no token", func(c *cookie.SetCookie) { c.Name = "a b" }, nil},
		{"4.1.1 an equals sign in the name", func(c *cookie.SetCookie) { c.Name = "a=" }, nil},
		{"4.1.1 CR LF in the value", func(c *cookie.SetCookie) { c.Value = "b\r\nX: y" }, nil},
		{"4.1.1 space in the value", func(c *cookie.SetCookie) { c.Value = "b c" }, nil},
		{"4.1.1 semicolon in quotes", func(c *cookie.SetCookie) { c.Value = `"b;"` }, nil},
		{"4.1.1 one quote", func(c *cookie.SetCookie) { c.Value = `"b` }, nil},
		{"4.1.1 octets beyond ASCII", func(c *cookie.SetCookie) { c.Value = "\xc3\xa9" }, nil},
		{"4.1.1 a path with an attribute in it", func(c *cookie.SetCookie) { c.Path = "/; Domain=com" }, nil},
		{"4.1.1 a path with LF", func(c *cookie.SetCookie) { c.Path = "/\n" }, nil},
		{"5.2.4 a path without a slash", func(c *cookie.SetCookie) { c.Path = "x" }, nil},
		{"5.2 a path with a space at its end", func(c *cookie.SetCookie) { c.Path = "/x " }, nil},
		{"6265bis 5.6 a path over 1024 octets", func(c *cookie.SetCookie) { c.Path = "/" + strings.Repeat("x", 1024) }, nil},
		{"4.1.1 a domain with a leading dot", func(c *cookie.SetCookie) { c.Domain = ".example.com" }, nil},
		{"4.1.1 a domain with a dot at its end", func(c *cookie.SetCookie) { c.Domain = "example.com." }, nil},
		{"4.1.1 a domain with an attribute in it", func(c *cookie.SetCookie) { c.Domain = "a; Path=/" }, nil},
		{"4.1.1 a label of 64", func(c *cookie.SetCookie) { c.Domain = strings.Repeat("x", 64) + ".com" }, nil},
		{"5.1.1 a year before 1601", func(c *cookie.SetCookie) { c.Expires = time.Date(1600, 12, 31, 23, 59, 59, 0, time.UTC) }, nil},
		{"5.1.1 a year of five digits", func(c *cookie.SetCookie) { c.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, nil},
		{"6265bis an unknown SameSite", func(c *cookie.SetCookie) { c.SameSite = 9 }, nil},
		{"6265bis 5.7 None without Secure", func(c *cookie.SetCookie) { c.SameSite = cookie.SameSiteNone }, cookie.ErrSameSite},
		{"6265bis 4.1.3 __Secure- without Secure", func(c *cookie.SetCookie) { c.Name = "__Secure-a" }, cookie.ErrPrefix},
		{"6265bis 4.1.3 __Host- without Path", func(c *cookie.SetCookie) { c.Name, c.Secure = "__Host-a", true }, cookie.ErrPrefix},
		{"6265bis 4.1.3 __Host- with Domain, in any case", func(c *cookie.SetCookie) {
			c.Name, c.Secure, c.Path, c.Domain = "__hOSt-a", true, "/", "example.com"
		}, cookie.ErrPrefix},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := ok
			tt.edit(&c)
			got, err := cookie.AppendSetCookie([]byte("kept"), &c)
			_, is := errors.AsType[*cookie.ParseError](err)
			require.True(t, is, "%v", err)
			if tt.err != nil {
				assert.ErrorIs(t, err, tt.err)
			}
			assert.Equal(t, "kept", string(got))
		})
	}
	_, err := cookie.AppendSetCookie(nil, &cookie.SetCookie{Name: "a", Value: strings.Repeat("v", 4096)})
	assert.IsType(t, &cookie.LimitError{}, err)
}

func TestAppendCookie(t *testing.T) {
	got, err := cookie.AppendCookie([]byte("Cookie: "), cookie.Cookie{Name: "id", Value: "1678"}, cookie.Cookie{Name: "lang", Value: `"en"`})
	require.NoError(t, err)
	assert.Equal(t, `Cookie: id=1678; lang="en"`, string(got))

	got, err = cookie.AppendCookie([]byte("kept"), cookie.Cookie{Name: "id", Value: "1678"}, cookie.Cookie{Name: "b", Value: `"x y"`})
	pe, ok := errors.AsType[*cookie.ParseError](err)
	require.True(t, ok)
	assert.Equal(t, int64(2), pe.Offset)
	assert.Equal(t, "cookie: cookie-value at byte 2 (RFC 6265 §4.1.1)", pe.Error())
	assert.Equal(t, "kept", string(got))
}
