package http1_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

func proxyFor(t *testing.T, p *http1.Proxies, url string) string {
	t.Helper()
	r, err := http1.NewRequest("GET", url, nil)
	require.NoError(t, err)
	u := p.For(&r.Target)
	if u == nil {
		return ""
	}
	return u.Host
}

func TestProxiesFor(t *testing.T) {
	httpProxy, err := http1.ParseProxy("p.example:3128")
	require.NoError(t, err)
	httpsProxy, err := http1.ParseProxy("https://s.example:3129/")
	require.NoError(t, err)
	for _, test := range []struct{ name, none, url, want string }{
		{"http", "", "http://example.org/", "p.example:3128"},
		{"https", "", "https://example.org/", "s.example:3129"},
		{"all", "*", "http://example.org/", ""},
		{"the name itself", "example.org", "http://example.org/", ""},
		{"below the name", "example.org", "http://www.example.org/", ""},
		{"another name that ends so", "example.org", "http://badexample.org/", "p.example:3128"},
		{"case", "Example.ORG", "http://WWW.example.org/", ""},
		{"a list with spaces", "a.example , example.org,", "http://example.org/", ""},
		{"dot: below", ".example.org", "http://www.example.org/", ""},
		{"dot: not the name itself", ".example.org", "http://example.org/", "p.example:3128"},
		{"star and dot", "*.example.org", "http://www.example.org/", ""},
		{"port that is", "example.org:8080", "http://example.org:8080/", ""},
		{"port that is not", "example.org:8080", "http://example.org/", "p.example:3128"},
		{"port by default", "example.org:80", "http://example.org/", ""},
		{"address", "192.0.2.1", "http://192.0.2.1/", ""},
		{"another address", "192.0.2.1", "http://192.0.2.10/", "p.example:3128"},
		{"prefix", "192.0.2.0/24", "http://192.0.2.77/", ""},
		{"prefix and a name", "0.0.0.0/0", "http://example.org/", "p.example:3128"},
		{"IPv6", "2001:db8::1", "http://[2001:DB8::1]:8080/", ""},
		{"IPv6 with port", "[2001:db8::1]:80", "http://[2001:db8::1]/", ""},
		{"IPv6 prefix", "2001:db8::/32", "http://[2001:db8:1::2]/", ""},
		{"the end of an address is no domain", "2.1", "http://192.0.2.1/", "p.example:3128"},
		{"loopback goes straight", "", "http://127.0.0.2/", ""},
		{"loopback by IPv6", "", "http://[::1]:9/", ""},
		{"localhost", "", "https://a.localhost/", ""},
		{"name with a dot at its end", "example.org", "http://example.org./", ""},
		{"empty entries mean nothing", ",,", "http://example.org/", "p.example:3128"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &http1.Proxies{HTTP: httpProxy, HTTPS: httpsProxy, None: test.none}
			assert.Equal(t, test.want, proxyFor(t, p, test.url))
		})
	}
	assert.Empty(t, proxyFor(t, nil, "http://example.org/"))
	assert.Equal(t, "p.example:3128", proxyFor(t, &http1.Proxies{HTTP: httpProxy, Loopback: true}, "http://localhost/"))
}

func TestProxiesFromEnvironment(t *testing.T) {
	for _, test := range []struct {
		name        string
		env         map[string]string
		http, https string
	}{
		{"none", nil, "", ""},
		{"one", map[string]string{"http_proxy": "http://p:1"}, "p:1", ""},
		{"upper case", map[string]string{"HTTP_PROXY": "p:1", "HTTPS_PROXY": "p:2"}, "p:1", "p:2"},
		{"lower case goes first", map[string]string{"http_proxy": "p:1", "HTTP_PROXY": "p:2"}, "p:1", ""},
		{"for all", map[string]string{"all_proxy": "p:1", "https_proxy": "p:2"}, "p:1", "p:2"},
		{"NO_PROXY", map[string]string{"all_proxy": "p:1", "NO_PROXY": "example.org"}, "", ""},
		{"CVE-2016-5385 in a CGI program", map[string]string{"HTTP_PROXY": "evil:1", "REQUEST_METHOD": "GET"}, "", ""},
		{"in a CGI program by lower case", map[string]string{"http_proxy": "p:1", "REQUEST_METHOD": "GET"}, "p:1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := http1.ProxiesFromEnvironment(func(name string) string { return test.env[name] })
			require.NoError(t, err)
			assert.Equal(t, test.http, proxyFor(t, p, "http://example.org/"))
			assert.Equal(t, test.https, proxyFor(t, p, "https://example.org/"))
		})
	}
	_, err := http1.ProxiesFromEnvironment(func(string) string { return "socks5://secret:word@p:1" })
	require.ErrorIs(t, err, http1.ErrMalformed)
	assert.NotContains(t, err.Error(), "word")
}

func TestParseProxy(t *testing.T) {
	u, err := http1.ParseProxy("http://us%40er:p%3Aw@P.example")
	require.NoError(t, err)
	assert.Equal(t, "p.example", u.Host)
	password, _ := u.User.Password()
	assert.Equal(t, [2]string{"us@er", "p:w"}, [2]string{u.User.Username(), password})
	for _, bad := range []string{"", "ftp://p", "http://p/path", "http://p?q", "http://p q", "http://p\r\n", "http://a%3Ab@p"} {
		_, err := http1.ParseProxy(bad)
		assert.ErrorIs(t, err, http1.ErrMalformed, "%q", bad)
	}
}

// FuzzParseProxy: what is taken is written as a URL that gives the same again.
func FuzzParseProxy(f *testing.F) {
	f.Add("http://user:word@proxy.example:3128")
	f.Add("[::1]:8")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := http1.ParseProxy(s)
		if err != nil {
			return
		}
		assert.True(t, http1.IsHost(u.Host))
		again, err := http1.ParseProxy(u.String())
		require.NoError(t, err, "%q", u.String())
		assert.Equal(t, u.String(), again.String())
	})
}

// FuzzProxiesFor: no list of hosts makes it fail, and "*" always wins.
func FuzzProxiesFor(f *testing.F) {
	f.Add("example.org,10.0.0.0/8,[::1]:80", "http://a.example.org/")
	f.Fuzz(func(t *testing.T, none, url string) {
		r, err := http1.NewRequest("GET", url, nil)
		if err != nil {
			return
		}
		proxy, err := http1.ParseProxy("p:1")
		require.NoError(t, err)
		p := &http1.Proxies{HTTP: proxy, HTTPS: proxy, None: none}
		before := p.For(&r.Target)
		p.None += ",*"
		assert.Nil(t, p.For(&r.Target))
		p.None = none + ",nobody.invalid.example"
		assert.Equal(t, before, p.For(&r.Target))
	})
}
