package http1_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

func TestNewRequest(t *testing.T) {
	for _, test := range []struct {
		name, url string
		line      string // the request line and Host as sent
	}{
		{"plain", "http://www.example.org/dir/page.html", "GET /dir/page.html HTTP/1.1\r\nHost: www.example.org\r\n"},
		{"9110-4.2.3 empty path is a slash", "http://example.org", "GET / HTTP/1.1\r\nHost: example.org\r\n"},
		{"9110-4.2.3 empty path before a query", "http://example.org?a=b", "GET /?a=b HTTP/1.1\r\nHost: example.org\r\n"},
		{"9110-4.2.3 the scheme's port goes", "http://example.org:80/", "GET / HTTP/1.1\r\nHost: example.org\r\n"},
		{"9110-4.2.3 empty port goes", "https://example.org:/", "GET / HTTP/1.1\r\nHost: example.org\r\n"},
		{"9110-4.2.3 another port stays", "https://example.org:80/", "GET / HTTP/1.1\r\nHost: example.org:80\r\n"},
		{"3986-6.2.2.1 host in lower case", "HTTP://EXAMPLE.org/A", "GET /A HTTP/1.1\r\nHost: example.org\r\n"},
		{"9110-7.1 fragment goes", "http://example.org/a#b?c", "GET /a HTTP/1.1\r\nHost: example.org\r\n"},
		{"IPv6", "http://[2001:DB8::1]:8080/", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n"},
		{"space and umlaut are encoded", "http://example.org/a b/ü?q=ß", "GET /a%20b/%C3%BC?q=%C3%9F HTTP/1.1\r\nHost: example.org\r\n"},
		{"what is encoded stays", "http://example.org/%7ea%2Fb?c%20d", "GET /%7ea%2Fb?c%20d HTTP/1.1\r\nHost: example.org\r\n"},
		{"backslash is no slash", `http://example.org/a\b`, "GET /a%5Cb HTTP/1.1\r\nHost: example.org\r\n"},
		{"empty query stays", "http://example.org/a?", "GET /a? HTTP/1.1\r\nHost: example.org\r\n"},
		{"brackets are encoded", "http://example.org/a[1]?b[]=2", "GET /a%5B1%5D?b%5B%5D=2 HTTP/1.1\r\nHost: example.org\r\n"},
		{"9110-4.2.4 user information is not sent", "http://u:p@example.org/",
			"GET / HTTP/1.1\r\nHost: example.org\r\nAuthorization: Basic dTpw\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := http1.NewRequest("", test.url, nil)
			require.NoError(t, err)
			b, err := r.AppendText(nil)
			require.NoError(t, err)
			assert.Equal(t, test.line+"\r\n", string(b))
		})
	}
}

func TestNewRequestRefuses(t *testing.T) {
	for _, test := range []struct{ name, method, url string }{
		{"no scheme", "GET", "example.org/"},
		{"another scheme", "GET", "ftp://example.org/"},
		{"no host", "GET", "http:///path"},
		{"no host but user information", "GET", "http://u@/path"},
		{"line end in the host", "GET", "http://example.org\r\nX: y/"},
		{"line end in the path", "GET", "http://example.org/ HTTP/1.1\r\nX: y"},
		{"NUL", "GET", "http://example.org/\x00"},
		{"DEL", "GET", "http://example.org/\x7f"},
		{"HTAB", "GET", "http://example.org/\t"},
		{"space in the host", "GET", "http://example.org evil/"},
		{"slash backwards in the host", "GET", `http://example.org\@evil.example/`},
		{"5890-2.3.2.1 host beyond ASCII", "GET", "http://bücher.example/"},
		{"host with a percent sign", "GET", "http://ex%61mple.org/"},
		{"3986-3.2.1 second @", "GET", "http://u:p@a@example.org/"},
		{"port too large", "GET", "http://example.org:65536/"},
		{"port with letters", "GET", "http://example.org:http/"},
		{"IPv6 zone", "GET", "http://[fe80::1%25eth0]/"},
		{"bracket without end", "GET", "http://[::1/"},
		{"percent sign alone", "GET", "http://example.org/100%"},
		{"method that is no token", "GET /evil HTTP/1.1\r\n", "http://example.org/"},
		{"user with an encoded colon", "GET", "http://a%3Ab:c@example.org/"},
		{"user with an encoded line end", "GET", "http://a%0d%0ab:c@example.org/"},
		{"user with a broken escape", "GET", "http://a%zz@example.org/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := http1.NewRequest(test.method, test.url, nil)
			assert.ErrorIs(t, err, http1.ErrMalformed)
		})
	}
}

func TestNewRequestBody(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString("12345678")
	require.NoError(t, err)
	_, err = file.Seek(3, io.SeekStart)
	require.NoError(t, err)
	read := strings.NewReader("123456")
	_, err = read.ReadByte()
	require.NoError(t, err)
	for _, test := range []struct {
		name string
		body io.Reader
		want int64
	}{
		{"none", nil, 0},
		{"strings.Reader that was read from", read, 5},
		{"bytes.Buffer", bytes.NewBufferString("123"), 3},
		{"empty", bytes.NewReader(nil), 0},
		{"file, from where it stands", file, 5},
		{"not known", io.MultiReader(strings.NewReader("1")), -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := http1.NewRequest("PUT", "http://example.org/", test.body)
			require.NoError(t, err)
			assert.Equal(t, test.want, r.Length)
			assert.Equal(t, test.want == 0, r.Body == nil)
		})
	}
}

func TestTargetURL(t *testing.T) {
	r, err := http1.NewRequest("GET", "https://example.org:8443/a%2Fb/c?d=e%20f", nil)
	require.NoError(t, err)
	u := r.Target.URL()
	assert.Equal(t, "https://example.org:8443/a%2Fb/c?d=e%20f", u.String())
	assert.Equal(t, "/a/b/c", u.Path)
	r, err = http1.NewRequest("GET", "http://example.org/?", nil)
	require.NoError(t, err)
	assert.Equal(t, "http://example.org/?", r.Target.URL().String())
}

// FuzzNewRequest: what NewRequest takes is written as a request that our parser
// takes as the same, with one Host; and the URL that it stands for gives the
// same again.
func FuzzNewRequest(f *testing.F) {
	for _, s := range []string{"http://example.org/a?b", "https://u:p@[::1]:8/%41 ü#x", "http://a\r\nb", "http://a/%", "http://[v1.x]/"} {
		f.Add("GET", s)
	}
	f.Fuzz(func(t *testing.T, method, url string) {
		r, err := http1.NewRequest(method, url, nil)
		if err != nil || r.Method == http1.MethodConnect {
			return
		}
		b, err := r.AppendText(nil)
		require.NoError(t, err)
		var back http1.Request
		n, err := back.Parse(b, nil)
		if err != nil && len(b) > 8000 {
			return // beyond a limit
		}
		require.NoError(t, err, "%q", b)
		require.Equal(t, len(b), n)
		assert.Equal(t, r.Target.Authority, back.Target.Authority)
		assert.Equal(t, r.Target.Path, back.Target.Path)
		assert.Equal(t, r.Target.Query, back.Target.Query)
		again, err := http1.NewRequest(method, r.Target.Scheme+"://"+r.Target.Authority+r.Target.String(), nil)
		require.NoError(t, err)
		assert.Equal(t, r.Target, again.Target)
	})
}
