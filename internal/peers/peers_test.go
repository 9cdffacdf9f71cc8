package peers_test

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// curl runs curl and returns what it prints: heads and bodies.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	got := peers.Run(t, "curl", append([]string{"--silent", "--show-error", "--include", "--max-time", "15"}, args...)...)
	require.Zero(t, got.Exit, "%s", got.Stderr)
	return got.Stdout
}

// folder makes a folder to serve.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hello.txt"), []byte("hello from a file\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "date.cgi"), []byte("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nby a script'\n"), 0o755))
	return dir
}

// TestServeFile: each server starts, serves a file to curl and ends.
func TestServeFile(t *testing.T) {
	tests := []struct {
		name   string
		start  func(testing.TB, *peers.Config) *peers.Server
		lines  []string
		status string
		server string
	}{
		{"nginx", peers.Nginx, nil, "HTTP/1.1 200 OK", "nginx/"},
		{"Apache", peers.Apache, nil, "HTTP/1.1 200 OK", "Apache/"},
		{"lighttpd", peers.Lighttpd, nil, "HTTP/1.1 200 OK", "lighttpd/"},
		{"Python", peers.Python, nil, "HTTP/1.0 200 OK", "SimpleHTTP/"},
		{"Python 1.1", peers.Python, []string{"--protocol", "HTTP/1.1"}, "HTTP/1.1 200 OK", "SimpleHTTP/"},
		{"Node", peers.Node, nil, "HTTP/1.1 200 OK", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Root: folder(t), Lines: tt.lines})
			got := curl(t, s.URL("/hello.txt"))
			assert.True(t, strings.HasPrefix(got, tt.status), "%s", got)
			assert.True(t, strings.HasSuffix(got, "hello from a file\n"), "%s", got)
			if tt.server != "" {
				assert.Contains(t, got, "\r\nServer: "+tt.server)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	server, _ := testkit.Certificate(t)
	tests := []struct {
		name  string
		start func(testing.TB, *peers.Config) *peers.Server
	}{
		{"nginx", peers.Nginx},
		{"Apache", peers.Apache},
		{"Node", peers.Node},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Root: folder(t), TLS: server})
			got := curl(t, "--insecure", "--http1.1", s.URL("/hello.txt"))
			assert.True(t, strings.HasPrefix(s.URL("/"), "https://127.0.0.1:"))
			assert.True(t, strings.HasSuffix(got, "hello from a file\n"), "%s", got)
		})
	}
}

// TestLines: what a test adds to a configuration is in force.
func TestLines(t *testing.T) {
	tests := []struct {
		name  string
		start func(testing.TB, *peers.Config) *peers.Server
		line  string
	}{
		{"nginx", peers.Nginx, `add_header X-Line there;`},
		{"Apache", peers.Apache, `Header set X-Line there`},
		{"lighttpd", peers.Lighttpd, `server.modules += ( "mod_setenv" ) setenv.add-response-header = ( "X-Line" => "there" )`},
		{"Node", peers.Node, `routes['/hello.txt'] = (request, response) => { response.setHeader('X-Line', 'there'); response.end() }`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Root: folder(t), Lines: []string{tt.line}})
			assert.Contains(t, curl(t, s.URL("/hello.txt")), "\r\nX-Line: there\r\n")
		})
	}
}

func TestApacheScript(t *testing.T) {
	s := peers.Apache(t, &peers.Config{Root: folder(t)})
	got := curl(t, s.URL("/date.cgi"))
	assert.Contains(t, got, "HTTP/1.1 200 OK")
	assert.True(t, strings.HasSuffix(got, "by a script"), "%s", got)
}

// TestSquid: a request and a tunnel pass through the proxy.
func TestSquid(t *testing.T) {
	origin := peers.Nginx(t, &peers.Config{Root: folder(t)})
	proxy := peers.Squid(t, nil)
	for _, more := range [][]string{nil, {"--proxytunnel"}} {
		got := curl(t, append(more, "--proxy", proxy.URL("/"), origin.URL("/hello.txt"))...)
		assert.True(t, strings.HasSuffix(got, "hello from a file\n"), "%s", got)
		if more == nil {
			assert.Contains(t, got, "(squid/")
		} else {
			assert.Contains(t, got, "HTTP/1.1 200 Connection established")
		}
	}
}

// TestNode: the pages that Node's server has beside files.
func TestNode(t *testing.T) {
	s := peers.Node(t, nil)
	assert.DirExists(t, s.Root)
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"a file that is not there", []string{s.URL("/none")}, []string{"HTTP/1.1 404 Not Found\r\n"}},
		{"echo", []string{"--data-binary", "abc", s.URL("/echo")}, []string{
			"\r\nTransfer-Encoding: chunked\r\n", "abc",
			"X-Length: 3\r\n", "X-SHA-256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\r\n"}},
		{"echo after 100", []string{"--header", "Expect: 100-continue", "--data-binary", "abc", s.URL("/echo")}, []string{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"}},
		{"headers", []string{"--header", "X-a: B", s.URL("/headers")}, []string{`"X-a","B"`}},
		{"early hints", []string{s.URL("/early")}, []string{"HTTP/1.1 103 Early Hints\r\nLink: </a.css>", "HTTP/1.1 103 Early Hints\r\nLink: </b.css>", "HTTP/1.1 200 OK"}},
		{"close", []string{s.URL("/close")}, []string{"HTTP/1.0 200 OK\r\n", "until the end"}},
		{"upgrade to what it does not have", []string{"--header", "Connection: Upgrade", "--header", "Upgrade: other", s.URL("/upgrade")}, []string{"HTTP/1.1 400 Bad Request\r\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := curl(t, tt.args...)
			for _, want := range tt.want {
				assert.Contains(t, got, want)
			}
		})
	}
}

// TestRun: a client's exit status and standard error, and nothing to read; a
// proxy of the environment is none of its own.
func TestRun(t *testing.T) {
	t.Setenv("http_proxy", "http://127.0.0.1:1/")
	s := peers.Nginx(t, &peers.Config{Root: folder(t)})
	tests := []struct {
		name, program string
		args          []string
		want          peers.Output
	}{
		{"curl", "curl", []string{"--silent", s.URL("/hello.txt")}, peers.Output{Stdout: "hello from a file\n"}},
		{"curl with an error", "curl", []string{"--silent", "--fail", "--show-error", s.URL("/none")}, peers.Output{Stderr: "curl: (22) The requested URL returned error: 404\n", Exit: 22}},
		{"curl of nothing", "curl", []string{"--silent", "--data-binary", "@-", "--output", "/dev/null", "--write-out", "%{http_code}", s.URL("/hello.txt")}, peers.Output{Stdout: "405"}},
		{"wget", "wget", []string{"--quiet", "--output-document=-", s.URL("/hello.txt")}, peers.Output{Stdout: "hello from a file\n"}},
		{"w3m", "w3m", []string{"-dump", s.URL("/hello.txt")}, peers.Output{Stdout: "hello from a file\n"}},
		{"lynx", "lynx", []string{"-source", s.URL("/hello.txt")}, peers.Output{Stdout: "hello from a file\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, peers.Run(t, tt.program, tt.args...))
		})
	}
}

// failing is a testing.TB that keeps why a test failed.
type failing struct {
	testing.TB
	why string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.why = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (f *failing) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

// fault is a configuration that a server refuses, with what the failure says.
type fault struct {
	name   string
	start  func(testing.TB, *peers.Config) *peers.Server
	config *peers.Config
	want   string
}

// faults: the failure tells what the server had to say.
func faults(t *testing.T, all []fault) {
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			f := &failing{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				tt.start(f, tt.config)
			}()
			<-done
			if f.why == "" && t.Skipped() {
				return
			}
			assert.Contains(t, f.why, tt.want)
		})
	}
}

func TestFaults(t *testing.T) {
	server, _ := testkit.Certificate(t)
	faults(t, []fault{
		{"nginx does not know a directive", peers.Nginx, &peers.Config{Lines: []string{"no_such_directive;"}}, `unknown directive "no_such_directive"`},
		{"a certificate without certificate", peers.Nginx, &peers.Config{TLS: &tls.Config{}}, "without certificate"},
		{"lighttpd has no TLS here", peers.Lighttpd, &peers.Config{TLS: server}, "no TLS"},
	})
}
