package cookie_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

func TestCanonicalHost(t *testing.T) {
	long := strings.Repeat(strings.Repeat("x", 61)+".", 4)
	for in, want := range map[string]string{
		"WWW.Example.COM":             "www.example.com",
		"example.com.":                "example.com",
		"localhost":                   "localhost",
		"a_b.example":                 "a_b.example",
		"192.0.2.1":                   "192.0.2.1",
		"::1":                         "::1",
		"2001:DB8:0::1":               "2001:db8::1",
		"[::1]":                       "",
		"::1]":                        "",
		"":                            "",
		".":                           "",
		"a..b":                        "",
		".a":                          "",
		"a b":                         "",
		"b\u00fccher.example":         "",
		"xn--bcher-kva.example":       "xn--bcher-kva.example",
		"fe80::1%eth0":                "",
		"a;b":                         "",
		"a\tb":                        "",
		strings.Repeat("x", 64):       "",
		strings.Repeat("x", 63):       strings.Repeat("x", 63),
		long + "12345":                long + "12345",
		long + "123456":               "",
		"1.2.3.4.":                    "1.2.3.4",
		"#HttpOnly_example.com":       "",
		"example.com:80":              "",
		"2001:db8::1.":                "",
		"http://example.com":          "",
		"example.com\x00.example.org": "",
	} {
		assert.Equal(t, want, cookie.CanonicalHost(in), "%q", in)
	}
}

func TestDomainMatch(t *testing.T) {
	tests := []struct {
		name, host, domain string
		want               bool
	}{
		{"identical", "example.com", "example.com", true},
		{"a subdomain", "www.example.com", "example.com", true},
		{"deeper", "a.b.example.com", "example.com", true},
		{"not across a label", "notexample.com", "example.com", false},
		{"not upwards", "example.com", "www.example.com", false},
		{"addresses are equal or not", "192.0.2.1", "192.0.2.1", true},
		{"addresses have no suffixes", "192.0.2.1", "2.1", false},
		{"IPv6", "2001:db8::1", "2001:db8::1", true},
		{"IPv4 in fewer parts", "a.127.1", "127.1", false},
		{"IPv4 in hexadecimal", "127.0x1", "0x1", false},
		{"IPv4 in hexadecimal, bare", "127.0x", "0x", false},
		{"a name that starts as hexadecimal", "a.0xyz", "0xyz", true},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, cookie.DomainMatch(tt.host, tt.domain), tt.name)
	}
}

func TestPaths(t *testing.T) {
	for in, want := range map[string]string{
		"": "/", "x": "/", "/": "/", "/x": "/", "/x/": "/x", "/x/y": "/x", "/x/y/": "/x/y", "//": "/", "/x//y": "/x/",
	} {
		assert.Equal(t, want, cookie.DefaultPath(in), "5.1.4 default-path of %q", in)
	}
	tests := []struct {
		path, cookiePath string
		want             bool
	}{
		{"/", "/", true},
		{"/x", "/", true},
		{"/x", "/x", true},
		{"/x/", "/x", true},
		{"/x/y", "/x", true},
		{"/x/y", "/x/", true},
		{"/x", "/x/", false},
		{"/xy", "/x", false},
		{"/X", "/x", false},
		{"/", "/x", false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, cookie.PathMatch(tt.path, tt.cookiePath), "5.1.4 %q with %q", tt.path, tt.cookiePath)
	}
	for in, want := range map[string]string{
		"http://h": "/", "http://h?q": "/", "http://h/a%2Fb/c?q#f": "/a%2Fb/c", "mailto:x": "/", "http://h/\u00e9": "/%C3%A9",
	} {
		u, err := url.Parse(in)
		require.NoError(t, err)
		assert.Equal(t, want, cookie.RequestPath(u), in)
	}
	assert.True(t, cookie.SecureScheme("https"))
	assert.False(t, cookie.SecureScheme("http"))
}
