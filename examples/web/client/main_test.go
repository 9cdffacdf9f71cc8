package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
)

func run(t *testing.T, args ...string) clitest.Result {
	t.Helper()
	return clitest.Run(t, program(), "from stdin", args...)
}

// echo answers with the request's method, target, the fields asked for and body.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, r.Proto)
	for _, name := range []string{"X", "Content-Type", "Range", "Cookie", "Authorization", "User-Agent"} {
		if v := r.Header.Get(name); v != "" {
			fmt.Fprintf(w, " %s=%s", name, v)
		}
	}
	fmt.Fprintf(w, " %s\n", body)
}

func TestRequests(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(echo))
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(file, []byte("content"), 0o600))
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"GET", nil, "GET / HTTP/1.1 User-Agent=applayer-client \n"},
		{"-X", []string{"-X", "DELETE"}, "DELETE / HTTP/1.1 User-Agent=applayer-client \n"},
		{"-H", []string{"-H", "X: y", "-H", "User-Agent: me"}, "GET / HTTP/1.1 X=y User-Agent=me \n"},
		{"-d", []string{"-d", "a=b&c"}, "POST / HTTP/1.1 Content-Type=application/x-www-form-urlencoded User-Agent=applayer-client a=b&c\n"},
		{"-d of a type", []string{"-d", "{}", "-H", "Content-Type: application/json", "-X", "PUT"},
			"PUT / HTTP/1.1 Content-Type=application/json User-Agent=applayer-client {}\n"},
		{"-T", []string{"-T", file}, "PUT / HTTP/1.1 User-Agent=applayer-client content\n"},
		{"-T -", []string{"-T", "-"}, "PUT / HTTP/1.1 User-Agent=applayer-client from stdin\n"},
		{"-r", []string{"-r", "0-4,-1"}, "GET / HTTP/1.1 Range=bytes=0-4,-1 User-Agent=applayer-client \n"},
		{"-http1.0", []string{"-http1.0"}, "GET / HTTP/1.0 User-Agent=applayer-client \n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, append(test.args, srv.URL+"/")...)
			assert.Equal(t, clitest.Result{Stdout: test.want}, got)
		})
	}
	t.Run("without a scheme", func(t *testing.T) {
		assert.Zero(t, run(t, strings.TrimPrefix(srv.URL, "http://")).Status)
	})
	t.Run("user information", func(t *testing.T) {
		got := run(t, strings.Replace(srv.URL, "//", "//u:p@", 1))
		assert.Contains(t, got.Stdout, "Authorization=Basic dTpw")
	})
	t.Run("-o and -i", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out")
		got := run(t, "-i", "-o", out, srv.URL)
		assert.True(t, strings.HasPrefix(got.Stdout, "HTTP/1.1 200 OK\r\n"), got.Stdout)
		assert.True(t, strings.HasSuffix(got.Stdout, "\r\n\r\n"))
		b, err := os.ReadFile(out)
		require.NoError(t, err)
		assert.Equal(t, "GET / HTTP/1.1 User-Agent=applayer-client \n", string(b))
	})
	t.Run("-v", func(t *testing.T) {
		got := run(t, "-v", "-H", "Authorization: secret", srv.URL)
		assert.True(t, strings.HasPrefix(got.Stderr, "C: GET / HTTP/1.1\n"), got.Stderr)
		assert.Contains(t, got.Stderr, "S: HTTP/1.1 200 OK\n")
		assert.NotContains(t, got.Stderr, "secret")
		assert.Contains(t, run(t, "-v-secrets", "-H", "Authorization: secret", srv.URL).Stderr, "C: Authorization: secret\n")
	})
	t.Run("-map", func(t *testing.T) {
		table := filepath.Join(t.TempDir(), "map")
		require.NoError(t, os.WriteFile(table, []byte("www.example.org:80 "+strings.TrimPrefix(srv.URL, "http://")+"\n"), 0o600))
		assert.Equal(t, "GET /x HTTP/1.1 User-Agent=applayer-client \n", run(t, "-map", table, "http://www.example.org/x").Stdout)
	})
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"http://a/", "http://b/"}, {"-H", "X: a\r\nY: b", "http://a/"}, {"-H", "X: a\nb", "http://a/"}, {"-H", "no colon", "http://a/"},
		{"-H", "X : a", "http://a/"}, {"-r", "0-\r\n", "http://a/"}, {"-X", "GET /", "http://a/"}, {"-page", "fast", "http://a/"},
		{"-d", "a", "-T", "b", "http://a/"}, {"-page", "persistent", "-d", "a", "http://a/"}, {"-proxy", "ftp://a", "http://a/"}, {"ftp://a/"}, {"http://a b/"}, {"-none", "http://a/"},
	} {
		got := run(t, args...)
		assert.Equal(t, 2, got.Status, "%q: %s", args, got.Stderr)
		assert.Equal(t, 1, strings.Count(got.Stderr, "\n"), "one line")
	}
	assert.Equal(t, 1, run(t, "-T", filepath.Join(t.TempDir(), "none"), "http://a/").Status)
	assert.Equal(t, 1, run(t, "http://127.0.0.1:1/").Status)
}

func TestRedirects(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/a", http.RedirectHandler("/b", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.HandleFunc("/b", echo)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	got := run(t, "-i", srv.URL+"/a")
	assert.Zero(t, got.Status)
	assert.True(t, strings.HasPrefix(got.Stdout, "HTTP/1.1 302 Found\r\n"))
	assert.Equal(t, "GET /b HTTP/1.1 User-Agent=applayer-client \n", run(t, "-L", srv.URL+"/a").Stdout)
	got = run(t, "-L", srv.URL+"/loop")
	assert.Equal(t, 1, got.Status)
	assert.Contains(t, got.Stderr, "redirect loop")
	assert.Zero(t, run(t, srv.URL+"/none").Status, "a status is no failure")
}

// raw answers each connection with the same octets.
func raw(t *testing.T, response string) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(nc)); err == nil {
				_, _ = io.WriteString(nc, response)
			}
			nc.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestBadResponses(t *testing.T) {
	for _, test := range []struct{ name, response, stdout, stderr string }{
		{"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart", "part", "unexpected EOF"},
		{"cut chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n", "part", "unexpected EOF"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nparts", "", "two that differ"},
		{"no HTTP", "hello\r\n\r\n", "", "status line"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, raw(t, test.response))
			assert.Equal(t, 1, got.Status)
			assert.Equal(t, test.stdout, got.Stdout)
			assert.Contains(t, got.Stderr, test.stderr)
		})
	}
	assert.Equal(t, clitest.Result{Stdout: "all"}, run(t, raw(t, "HTTP/1.0 200 OK\r\n\r\nall")))
}

func TestTLS(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(echo))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.TLS.MinVersion = tls.VersionTLS12
	defer srv.Close()
	got := run(t, srv.URL)
	assert.Equal(t, 1, got.Status)
	assert.Contains(t, got.Stderr, "certificate")
	assert.Equal(t, "GET / HTTP/1.1 User-Agent=applayer-client \n", run(t, "-k", srv.URL).Stdout)
}

func TestCookies(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("id"); err != nil {
			w.Header().Set("Set-Cookie", "id=1678; Max-Age=1000000; HttpOnly")
		}
		echo(w, r)
	}))
	defer srv.Close()
	jar := filepath.Join(t.TempDir(), "jar")
	assert.NotContains(t, run(t, "-cookie-jar", jar, srv.URL).Stdout, "Cookie")
	assert.Contains(t, run(t, "-cookie-jar", jar, srv.URL).Stdout, "Cookie=id=1678")
	b, err := os.ReadFile(jar)
	require.NoError(t, err)
	assert.Contains(t, string(b), "#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t")
	info, err := os.Stat(jar)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestPage(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<img src=a><img src="b"><script src='c'></script>`)
	})
	mux.HandleFunc("/", echo)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for mode, want := range map[string]string{
		"nonpersistent": "objects 4, connections 4, requests 4, round trips 8, time ",
		"parallel":      "objects 4, connections 4, requests 4, round trips 4, time ",
		"persistent":    "objects 4, connections 1, requests 4, round trips 5, time ",
	} {
		got := run(t, "-page", mode, srv.URL+"/")
		assert.True(t, strings.HasPrefix(got.Stdout, want), "%s: %s%s", mode, got.Stdout, got.Stderr)
		assert.Zero(t, got.Status)
	}
	got := run(t, "-page", "pipelined", srv.URL+"/")
	assert.True(t, strings.HasPrefix(got.Stdout, "objects 4, connections 1, requests 4, round trips "), got.Stdout)
}

func TestProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(echo))
	defer proxy.Close()
	assert.Equal(t, "GET http://www.example.org/x HTTP/1.1 User-Agent=applayer-client \n",
		run(t, "-proxy", proxy.URL, "http://www.example.org/x").Stdout)
}

// The user information of the URL is for all of a page's objects at its origin,
// and -o takes the base file.
func TestPageWithPassword(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, _, _ := r.BasicAuth(); user != "u" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<img src=/a>")
	}))
	defer srv.Close()
	out := filepath.Join(t.TempDir(), "out")
	got := run(t, "-page", "persistent", "-o", out, strings.Replace(srv.URL, "//", "//u:p@", 1))
	assert.Zero(t, got.Status)
	assert.Empty(t, got.Stderr, "no object is refused")
	assert.True(t, strings.HasPrefix(got.Stdout, "objects 2, connections 1, requests 2, "), got.Stdout)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Equal(t, "<img src=/a>", string(b))
}

// A request that fails leaves the file of -o as it was.
func TestOutputIsKept(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(out, []byte("old"), 0o600))
	assert.Equal(t, 1, run(t, "-o", out, raw(t, "no HTTP\r\n\r\n")).Status)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Equal(t, "old", string(b))
}

// However many objects fail, the program says so in one line.
func TestPageOfErrors(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<img src=/a><img src=/b><img src=/c>")
	}))
	defer srv.Close()
	got := run(t, "-page", "nonpersistent", srv.URL)
	assert.Equal(t, 1, got.Status)
	assert.Equal(t, 1, strings.Count(got.Stderr, "\n"), got.Stderr)
	assert.True(t, strings.HasPrefix(got.Stdout, "objects 4, "), got.Stdout)
}
