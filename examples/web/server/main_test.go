package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/internal/testkit"
)

// folder makes a root with an index page and a file.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	for name, text := range map[string]string{"index.html": "<p>index", "a.txt": "0123456789", "sub/b.txt": "b"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// start starts the program over a folder and returns it with its URL.
func start(t *testing.T, args ...string) (*clitest.Server, string) {
	t.Helper()
	srv := clitest.Start(t, program(), append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	return srv, "http://" + srv.Ready("")
}

// answer is a response whose body was read.
type answer struct {
	status int
	header http.Header
	body   string
}

func do(t *testing.T, method, url, body string, fields ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i+1 < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func TestFiles(t *testing.T) {
	dir := folder(t)
	srv, url := start(t, "-root", dir, "-max-uri", "40", "-max-header", "2000")
	tag := do(t, "GET", url+"/a.txt", "").header.Get("ETag")
	require.NotEmpty(t, tag)
	tests := []struct {
		name, method, path string
		fields             []string
		status             int
		body               string
	}{
		{"index page", "GET", "/", nil, 200, "<p>index"},
		{"file", "GET", "/a.txt", nil, 200, "0123456789"},
		{"HEAD", "HEAD", "/a.txt", nil, 200, ""},
		{"range", "GET", "/a.txt", []string{"Range", "bytes=2-4"}, 206, "234"},
		{"range beyond the end", "GET", "/a.txt", []string{"Range", "bytes=20-"}, 416, ""},
		{"conditional", "GET", "/a.txt", []string{"If-None-Match", tag}, 304, ""},
		{"folder without its slash", "GET", "/sub", nil, 301, ""},
		{"not there", "GET", "/c.txt", nil, 404, ""},
		{"not writable", "PUT", "/c.txt", nil, 405, ""},
		{"method not known", "BREW", "/a.txt", nil, 501, ""},
		{"URI of the longest", "GET", "/" + strings.Repeat("x", 39), nil, 404, ""},
		{"URI too long", "GET", "/" + strings.Repeat("x", 40), nil, 414, ""},
		{"URI much too long", "GET", "/" + strings.Repeat("x", 4000), nil, 414, ""},
		{"header too large", "GET", "/a.txt", []string{"X", strings.Repeat("x", 2000)}, 431, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := do(t, tt.method, url+tt.path, "", tt.fields...)
			assert.Equal(t, tt.status, got.status)
			if tt.status < 400 && tt.status != 301 {
				assert.Equal(t, tt.body, got.body)
			}
		})
	}
	res := srv.Stop()
	assert.Equal(t, 0, res.Status, res.Stderr)
	assert.Equal(t, "listening on tcp "+strings.TrimPrefix(url, "http://")+"\n", res.Stdout)
}

func TestWritable(t *testing.T) {
	dir := folder(t)
	_, url := start(t, "-root", dir, "-writable", "-listing=false")
	assert.Equal(t, 201, do(t, "PUT", url+"/new.txt", "new").status)
	b, err := os.ReadFile(filepath.Join(dir, "new.txt"))
	require.NoError(t, err)
	assert.Equal(t, "new", string(b))
	assert.Equal(t, 204, do(t, "DELETE", url+"/new.txt", "").status)
	assert.NoFileExists(t, filepath.Join(dir, "new.txt"))
	assert.Equal(t, 403, do(t, "GET", url+"/sub/", "").status)
}

func TestForm(t *testing.T) {
	_, url := start(t, "-root", folder(t))
	const urlencoded = "application/x-www-form-urlencoded"
	tests := []struct {
		name, method, path, kind, body string
		status                         int
		want                           string
	}{
		{"the lecture's query", "GET", "/form?monkeys&banana", "", "", 200, "monkeys=\nbanana=\n"},
		{"query and body", "POST", "/form?a=1", urlencoded, "b=2&b=3+4&c=%C3%A4", 200, "a=1\nb=2\nb=3 4\nc=ä\n"},
		{"multipart", "POST", "/form", "multipart/form-data; boundary=x",
			"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=f; filename=t.txt\r\n\r\nhi\r\n--x--\r\n",
			200, "a=1\nf=t.txt\n"},
		{"a value of two lines", "POST", "/form", urlencoded, "a=1%0D%0Ab=2", 200, "a=1\\r\\nb=2\n"},
		{"malformed", "POST", "/form", urlencoded, "a=%zz", 400, ""},
		{"no form", "POST", "/form", "image/png", "x", 415, ""},
		{"another method", "DELETE", "/form", "", "", 405, ""},
		{"no method", "BREW", "/form", "", "", 501, ""},
		{"options", "OPTIONS", "/form", "", "", 204, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var fields []string
			if tt.kind != "" {
				fields = []string{"Content-Type", tt.kind}
			}
			got := do(t, tt.method, url+tt.path, tt.body, fields...)
			assert.Equal(t, tt.status, got.status)
			if tt.status == 200 {
				assert.Equal(t, tt.want, got.body)
				assert.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
			}
		})
	}
}

func TestSessionsSurviveARestart(t *testing.T) {
	dir, db := folder(t), filepath.Join(t.TempDir(), "sessions")
	srv, url := start(t, "-root", dir, "-session-db", db)
	first := do(t, "GET", url+"/a.txt", "").header.Get("Set-Cookie")
	assert.Contains(t, first, "Max-Age=")
	assert.Contains(t, first, "HttpOnly")
	id, _, _ := strings.Cut(first, ";")
	known := func() string { return do(t, "GET", url+"/a.txt", "", "Cookie", id).header.Get("Set-Cookie") }
	assert.Empty(t, known(), "the visitor is known")
	assert.NotEmpty(t, do(t, "GET", url+"/a.txt", "", "Cookie", "id=chosen-by-somebody").header.Get("Set-Cookie"), "an id that was not issued")
	assert.NotEmpty(t, do(t, "GET", url+"/a.txt", "", "Cookie", "id=\"").header.Get("Set-Cookie"), "what is no cookie is no reason to refuse")
	res := srv.Stop()
	require.Equal(t, 0, res.Status, res.Stderr)
	_, url = start(t, "-root", dir, "-session-db", db)
	assert.Empty(t, known(), "and after a restart")
}

func TestTLS(t *testing.T) {
	serverConfig, clientConfig := testkit.Certificate(t, "127.0.0.1")
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pair := serverConfig.Certificates[0]
	var chain []byte
	for _, der := range pair.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cert, chain, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	_, url := start(t, "-root", folder(t), "-tls-cert", cert, "-tls-key", key, "-session-db", filepath.Join(dir, "db"))
	clientConfig.NextProtos = []string{"h2", "http/1.1"}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: clientConfig, DisableKeepAlives: true}}
	resp, err := client.Get("https" + strings.TrimPrefix(url, "http") + "/a.txt")
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(b))
	assert.Equal(t, "http/1.1", resp.TLS.NegotiatedProtocol)
	assert.True(t, strings.HasPrefix(resp.Header.Get("Set-Cookie"), "__Host-id="))
	assert.Contains(t, resp.Header.Get("Set-Cookie"), "Secure")
	clientConfig.NextProtos = []string{"h2"}
	_, err = tls.Dial("tcp", strings.TrimPrefix(url, "http://"), clientConfig)
	assert.Error(t, err, "there is no protocol that both speak (RFC 7301 §3.2)")
}

func TestVerbosePrintsTheDialogue(t *testing.T) {
	for flag, cookie := range map[string]string{"-v": "***", "-v-secrets": "id=1"} {
		args := []string{"-root", folder(t), "-v"}
		if flag != "-v" {
			args = append(args, flag)
		}
		srv, url := start(t, args...)
		nc, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(nc, "GET /none HTTP/1.0\r\nCookie: id=1\r\n\r\n")
		require.NoError(t, err)
		line, err := bufio.NewReader(nc).ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 404 Not Found\r\n", line)
		nc.Close()
		out := srv.Stop().Stderr
		assert.True(t, strings.HasPrefix(out, "C: GET /none HTTP/1.0\nC: Cookie: "+cookie+"\nC:\nS: HTTP/1.1 404 Not Found\n"), out)
	}
}

func TestHTTP10(t *testing.T) {
	_, url := start(t, "-root", folder(t), "-http1.0")
	nc, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer nc.Close()
	_, err = io.WriteString(nc, "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	b, err := io.ReadAll(nc)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(b), "HTTP/1.0 200 OK\r\n"), string(b))
	assert.True(t, strings.HasSuffix(string(b), "\r\n\r\n0123456789"), string(b))
}

func TestAccessLog(t *testing.T) {
	name := filepath.Join(t.TempDir(), "access")
	srv, url := start(t, "-root", folder(t), "-access-log", name)
	do(t, "GET", url+"/a.txt", "", "User-Agent", "me")
	srv.Stop()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Contains(t, string(b), `] "GET /a.txt HTTP/1.1" 200 10 "-" "me"`+"\n")
}

func TestWrongUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"argument":    {"now"},
		"half of TLS": {"-tls-cert", "x"},
		"max-uri":     {"-max-uri", "0"},
		"max-header":  {"-max-header", "-1"},
		"no flag":     {"-port", "1"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, 2, clitest.Run(t, program(), "", args...).Status) })
	}
	for name, args := range map[string][]string{
		"no such folder":      {"-root", filepath.Join(t.TempDir(), "none")},
		"no such certificate": {"-root", t.TempDir(), "-tls-cert", "none", "-tls-key", "none"},
		"no such address":     {"-root", t.TempDir(), "-addr", "192.0.2.1:1"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, 1, clitest.Run(t, program(), "", args...).Status) })
	}
}
