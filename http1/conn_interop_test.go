package http1_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// numbers is a file larger than the buffers between two programs.
var numbers = func() string {
	var b strings.Builder
	for i := range 40000 {
		fmt.Fprintf(&b, "%09d\n", i)
	}
	return b.String()
}()

// site makes a folder to serve.
func site(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hello.txt":   "hello from a file\n",
		"empty.txt":   "",
		"numbers.txt": numbers,
		"lines.cgi":   "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat numbers.txt\n",
		"1.txt":       "first\n", "2.txt": "second\n", "3.txt": "third\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	require.NoError(t, os.Chmod(filepath.Join(dir, "lines.cgi"), 0o755))
	return dir
}

// dialPeer connects to a server as a client does.
func dialPeer(t *testing.T, addr string) *http1.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, nc.SetDeadline(time.Now().Add(20*time.Second)))
	c := http1.NewConn(nc, &http1.ConnOptions{Client: true})
	t.Cleanup(func() { c.Close() })
	return c
}

// ask makes a request for a path of a server.
func ask(s *peers.Server, method, path string) *http1.Request {
	return &http1.Request{Method: method, Target: http1.Target{Authority: s.Addr, Path: path}}
}

// answer reads a final response and its content.
func answer(t *testing.T, c *http1.Conn) (p http1.Response, content string) {
	t.Helper()
	require.NoError(t, c.ReadResponse(&p))
	b, err := io.ReadAll(p.Body)
	require.NoError(t, err)
	return p, string(b)
}

// webServers are those that serve files.
var webServers = []struct {
	name  string
	start func(testing.TB, *peers.Config) *peers.Server
	// close tells that each response ends the connection.
	close bool
}{
	{"nginx", peers.Nginx, false},
	{"Apache", peers.Apache, false},
	{"lighttpd", peers.Lighttpd, false},
	{"Node", peers.Node, false},
	{"Python", peers.Python, true},
}

// TestConnInteropServers: files of each server, on one connection where it
// stays.
func TestConnInteropServers(t *testing.T) {
	for _, w := range webServers {
		t.Run(w.name, func(t *testing.T) {
			s := w.start(t, &peers.Config{Root: site(t)})
			c := dialPeer(t, s.Addr)
			for _, tt := range []struct {
				method, path string
				status       int
				content      string
			}{
				{"GET", "/hello.txt", 200, "hello from a file\n"},
				{"HEAD", "/hello.txt", 200, ""},
				{"GET", "/empty.txt", 200, ""},
				{"GET", "/numbers.txt", 200, numbers},
				{"HEAD", "/none.txt", 404, ""},
				{"GET", "/hello.txt", 200, "hello from a file\n"},
			} {
				require.NoError(t, c.WriteRequest(ask(s, tt.method, tt.path)))
				p, content := answer(t, c)
				assert.Equal(t, tt.status, p.Status, tt.path)
				assert.True(t, content == tt.content, "%s %s: %d octets", tt.method, tt.path, len(content))
				assert.Equal(t, w.close, !c.Reusable(), tt.path)
				if w.close {
					c = dialPeer(t, s.Addr)
				}
			}
		})
	}
}

// TestConnInteropPipelined: requests run ahead, responses come in their order.
func TestConnInteropPipelined(t *testing.T) {
	for _, w := range webServers {
		if w.close {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			s := w.start(t, &peers.Config{Root: site(t)})
			c := dialPeer(t, s.Addr)
			for range 4 {
				for _, path := range []string{"/1.txt", "/2.txt", "/numbers.txt", "/3.txt"} {
					require.NoError(t, c.WriteRequest(ask(s, "GET", path)))
				}
			}
			assert.Equal(t, 16, c.Owed())
			for range 4 {
				for _, want := range []string{"first\n", "second\n", numbers, "third\n"} {
					p, content := answer(t, c)
					assert.Equal(t, 200, p.Status)
					assert.True(t, content == want, "%d octets", len(content))
				}
			}
			assert.True(t, c.Reusable())
		})
	}
}

// TestConnInteropUpload: content of known and unknown length, and behind a 100.
func TestConnInteropUpload(t *testing.T) {
	s := peers.Nginx(t, &peers.Config{Root: site(t), Lines: []string{"client_max_body_size 1m;", "location / { dav_methods PUT DELETE; }"}})
	c := dialPeer(t, s.Addr)
	put := func(path string, length int64) {
		r := ask(s, "PUT", path)
		r.Body, r.Length = strings.NewReader(numbers), length
		require.NoError(t, c.WriteRequest(r))
		p, _ := answer(t, c)
		assert.Equal(t, 201, p.Status)
		got, err := os.ReadFile(filepath.Join(s.Root, path))
		require.NoError(t, err)
		assert.True(t, string(got) == numbers, "%s: %d octets", path, len(got))
	}
	put("/sized.txt", int64(len(numbers)))
	put("/chunked.txt", -1)

	r := ask(s, "PUT", "/asked.txt")
	r.Header.Add("Expect", "100-continue")
	r.Length = 5
	require.NoError(t, c.StartRequest(r))
	var p http1.Response
	require.NoError(t, c.ReadResponse(&p))
	require.Equal(t, 100, p.Status)
	_, err := io.WriteString(c, "asked")
	require.NoError(t, err)
	require.NoError(t, c.EndMessage(nil))
	p, _ = answer(t, c)
	assert.Equal(t, 201, p.Status)

	r = ask(s, "PUT", "/large.txt")
	r.Header.Add("Expect", "100-continue")
	r.Length = 2 << 20
	require.NoError(t, c.StartRequest(r))
	p, _ = answer(t, c)
	assert.Equal(t, 413, p.Status, "in place of 100")
	assert.False(t, c.Reusable())
	assert.NoFileExists(t, filepath.Join(s.Root, "large.txt"))
}

// TestConnInteropNode: trailers, interim responses, contents that the end of
// the connection delimits, and another protocol.
func TestConnInteropNode(t *testing.T) {
	s := peers.Node(t, nil)
	c := dialPeer(t, s.Addr)

	r := ask(s, "POST", "/echo")
	r.Body, r.Length = strings.NewReader(numbers), -1
	sent := make(chan error, 1)
	go func() {
		// Who reads waits already, and flushes no more.
		sent <- errors.Join(c.WriteRequest(r), c.Flush())
	}()
	p, content := answer(t, c)
	require.NoError(t, <-sent)
	sum := sha256.Sum256([]byte(numbers))
	assert.True(t, content == numbers, "%d octets", len(content))
	assert.Equal(t, strconv.Itoa(len(numbers)), p.Trailer.Get("X-Length"))
	assert.Equal(t, hex.EncodeToString(sum[:]), p.Trailer.Get("X-SHA-256"))

	require.NoError(t, c.WriteRequest(ask(s, "GET", "/early")))
	for _, link := range []string{"</a.css>; rel=preload; as=style", "</b.css>; rel=preload; as=style"} {
		require.NoError(t, c.ReadResponse(&p))
		assert.Equal(t, 103, p.Status)
		assert.Equal(t, link, p.Header.Get("Link"))
	}
	p, content = answer(t, c)
	assert.Equal(t, 200, p.Status)
	assert.Equal(t, "early", content)

	require.NoError(t, c.WriteRequest(ask(s, "GET", "/close")))
	p, content = answer(t, c)
	assert.Equal(t, http1.HTTP10, p.Version)
	assert.Equal(t, "until the end", content)
	assert.False(t, c.Reusable())

	c = dialPeer(t, s.Addr)
	r = ask(s, "GET", "/upgrade")
	r.Header = http1.NewHeader("Connection", "Upgrade", "Upgrade", "echo")
	require.NoError(t, c.WriteRequest(r))
	require.NoError(t, c.ReadResponse(&p))
	require.Equal(t, 101, p.Status)
	nc, buffered, err := c.Hijack()
	require.NoError(t, err)
	assert.Empty(t, buffered)
	_, err = io.WriteString(nc, "hello")
	require.NoError(t, err)
	b := make([]byte, 5)
	_, err = io.ReadFull(nc, b)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(b))
}

// TestConnInteropScript: Apache sends what a script writes in chunks, or to
// HTTP/1.0 up to the end of the connection.
func TestConnInteropScript(t *testing.T) {
	s := peers.Apache(t, &peers.Config{Root: site(t)})
	c := dialPeer(t, s.Addr)
	for _, version := range []http1.Version{http1.HTTP11, http1.HTTP10} {
		r := ask(s, "GET", "/lines.cgi")
		r.Version = version
		require.NoError(t, c.WriteRequest(r))
		p, content := answer(t, c)
		assert.True(t, content == numbers, "%d octets", len(content))
		assert.Equal(t, version == http1.HTTP11, p.Header.Has("Transfer-Encoding"))
		assert.Equal(t, version == http1.HTTP11, c.Reusable())
	}
}

// TestConnInteropProxy: a request through Squid, and a tunnel.
func TestConnInteropProxy(t *testing.T) {
	s := peers.Nginx(t, &peers.Config{Root: site(t)})
	proxy := peers.Squid(t, nil)

	c := dialPeer(t, proxy.Addr)
	r := ask(s, "GET", "/hello.txt")
	r.Target.Form, r.Target.Scheme = http1.AbsoluteForm, "http"
	require.NoError(t, c.WriteRequest(r))
	p, content := answer(t, c)
	assert.Equal(t, "hello from a file\n", content)
	assert.Contains(t, p.Header.Get("Via"), "squid")

	c = dialPeer(t, proxy.Addr)
	r = &http1.Request{Method: http1.MethodConnect, Target: http1.Target{Form: http1.AuthorityForm, Authority: s.Addr}}
	require.NoError(t, c.WriteRequest(r))
	require.NoError(t, c.ReadResponse(&p))
	require.Equal(t, 200, p.Status)
	nc, buffered, err := c.Hijack()
	require.NoError(t, err)
	assert.Empty(t, buffered)
	inner := http1.NewConn(nc, &http1.ConnOptions{Client: true})
	require.NoError(t, inner.WriteRequest(ask(s, "GET", "/numbers.txt")))
	p, content = answer(t, inner)
	assert.True(t, content == numbers, "%d octets", len(content))
	assert.Empty(t, p.Header.Get("Via"))
}

// echoServer serves each connection with a Conn: GET answers with the target,
// other methods with the content received, chunked for paths below /chunked.
// It returns its address, and a function that counts connections.
func echoServer(t *testing.T) (addr string, connections func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var served sync.WaitGroup
	taken := make(chan net.Conn, 1000)
	served.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			taken <- nc
			served.Go(func() { serveEcho(nc) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		for len(taken) > 0 {
			(<-taken).Close()
		}
		served.Wait()
	})
	return l.Addr().String(), func() int { return len(taken) }
}

func serveEcho(nc net.Conn) {
	c := http1.NewConn(nc, nil)
	defer c.Close()
	for c.Reusable() {
		var r http1.Request
		if c.ReadRequest(&r) != nil {
			break
		}
		text := r.Target.String() + "\n"
		if r.Method != http1.MethodGet && r.Method != http1.MethodHead {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				break
			}
			text = string(b)
		}
		p := http1.Response{Status: 200, Header: http1.NewHeader("Content-Type", "text/plain"),
			Body: io.NopCloser(strings.NewReader(text)), Length: int64(len(text))}
		if strings.HasPrefix(r.Target.Path, "/chunked") {
			p.Length = -1
			p.Trailer.Add("X-Length", strconv.Itoa(len(text)))
		}
		if c.WriteResponse(&p) != nil {
			break
		}
	}
	c.CloseLingering(0, 0)
}

// TestConnInteropClients: what clients get of a Conn that serves.
func TestConnInteropClients(t *testing.T) {
	file := filepath.Join(t.TempDir(), "numbers.txt")
	require.NoError(t, os.WriteFile(file, []byte(numbers), 0o644))
	python := `import http.client, sys
c = http.client.HTTPConnection("%s")
c.request("GET", "/a?b")
sys.stdout.write(c.getresponse().read().decode())
c.request("PUT", "/", iter([b"one ", b"two\n"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
sys.stdout.write(c.getresponse().read().decode())
`
	node := `const http = require('http')
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
http.get('http://%[1]s/a', { agent }, (r) => {
  r.pipe(process.stdout, { end: false })
  r.on('end', () => http.get('http://%[1]s/chunked', { agent }, (r) => {
    r.pipe(process.stdout, { end: false })
    r.on('end', () => { console.log(r.trailers['x-length']); agent.destroy() })
  }))
})
`
	tests := []struct {
		name, program string
		args          func(addr string) []string
		want          string
		connections   int
	}{
		{"curl keeps the connection", "curl", func(a string) []string { return []string{"-s", a + "/1", a + "/2", a + "/chunked"} }, "/1\n/2\n/chunked\n", 1},
		{"curl HTTP/1.0", "curl", func(a string) []string { return []string{"-s", "-0", a + "/1", a + "/chunked"} }, "/1\n/chunked\n", 2},
		{"curl HEAD", "curl", func(a string) []string {
			return []string{"-s", "-I", "-o", "/dev/null", "-w", "%{http_code} %header{content-length}\n", a + "/123"}
		}, "200 5\n", 1},
		{"curl sends a file", "curl", func(a string) []string { return []string{"-s", "-T", file, a + "/"} }, numbers, 1},
		{"curl waits for 100", "curl", func(a string) []string {
			return []string{"-s", "-H", "Expect: 100-continue", "-T", file, a + "/chunked"}
		}, numbers, 1},
		{"curl sends chunks", "curl", func(a string) []string {
			return []string{"-s", "-H", "Transfer-Encoding: chunked", "--data-binary", "@" + file, a + "/", "--next", "-s", a + "/2"}
		}, numbers + "/2\n", 1},
		{"wget keeps the connection", "wget", func(a string) []string {
			return []string{"-q", "-O", "-", "http://" + a + "/1", "http://" + a + "/2", "http://" + a + "/chunked"}
		}, "/1\n/2\n/chunked\n", 1},
		{"w3m", "w3m", func(a string) []string { return []string{"-dump", "http://" + a + "/1"} }, "/1\n", 1},
		{"lynx", "lynx", func(a string) []string { return []string{"-source", "http://" + a + "/1"} }, "/1\n", 1},
		{"Python", "python3", func(a string) []string { return []string{"-c", fmt.Sprintf(python, a)} }, "/a?b\none two\n", 1},
		{"Node", "node", func(a string) []string { return []string{"-e", fmt.Sprintf(node, a)} }, "/a\n/chunked\n9\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr, connections := echoServer(t)
			got := peers.Run(t, tt.program, tt.args(addr)...)
			assert.Zero(t, got.Exit, "%s", got.Stderr)
			assert.True(t, got.Stdout == tt.want, "%.200q", got.Stdout)
			assert.Equal(t, tt.connections, connections())
		})
	}
}

// TestConnInteropAB: ab keeps connections of HTTP/1.0 and fails no request.
func TestConnInteropAB(t *testing.T) {
	addr, connections := echoServer(t)
	got := peers.Run(t, "ab", "-k", "-n", "400", "-c", "8", "http://"+addr+"/1")
	require.Zero(t, got.Exit, "%s", got.Stderr)
	for _, line := range []string{"Complete requests:      400\n", "Failed requests:        0\n", "Keep-Alive requests:    400\n"} {
		assert.Contains(t, got.Stdout, line)
	}
	assert.Equal(t, 8, connections())
}

// TestConnInteropTelnet: a request typed line by line.
func TestConnInteropTelnet(t *testing.T) {
	addr, _ := echoServer(t)
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	p := testkit.Start(t, testkit.Program(t, "telnet"), host, port)
	p.WaitLine("Escape character")
	for _, line := range []string{"GET /typed HTTP/1.1", "Host: localhost", "Connection: close", ""} {
		_, err := io.WriteString(p.Stdin, line+"\n")
		require.NoError(t, err)
	}
	p.WaitLine("HTTP/1.1 200 OK")
	p.WaitLine("/typed")
}
