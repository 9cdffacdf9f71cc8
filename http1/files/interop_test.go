package files_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/files"
	"applayer/internal/peers"
)

// live serves s on loopback and returns its address and URL.
func live(t testing.TB, s *files.FileServer) (addr, url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http1.Server{Handler: s}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	t.Cleanup(func() {
		server.Close()
		assert.ErrorIs(t, <-done, http1.ErrServerClosed)
		s.Close()
	})
	return ln.Addr().String(), "http://" + ln.Addr().String()
}

// curl runs curl quietly and returns what it printed.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	out := peers.Run(t, "curl", append([]string{"-sS"}, args...)...)
	require.Equal(t, 0, out.Exit, out.Stderr)
	return out.Stdout
}

const alphabet = "abcdefghijklmnopqrstuvwxyz"

const status = "%{http_code}"

func TestCurlDownloads(t *testing.T) {
	_, root := folder(t, map[string]string{"a.txt": alphabet, "large": large, "a.css": "plain", "a.css.gz": "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03KLJN\x01\x00\x11\xcd\x82\xed\x04\x00\x00\x00"})
	_, url := live(t, &files.FileServer{Root: root, Gzip: true, Listing: true})
	dir := t.TempDir()
	file := filepath.Join(dir, "f")

	assert.Equal(t, alphabet, curl(t, url+"/a.txt"))
	assert.Equal(t, "abcde", curl(t, "-r", "0-4", url+"/a.txt"))
	assert.Equal(t, "xyz", curl(t, "-r", "-3", url+"/a.txt"))
	assert.Equal(t, "uvwxyz", curl(t, "-r", "20-", url+"/a.txt"))
	parts := curl(t, "-r", "0-1,20-21", url+"/a.txt")
	assert.Contains(t, parts, "Content-Range: bytes 0-1/26\r\n\r\nab\r\n--")
	assert.Contains(t, parts, "Content-Range: bytes 20-21/26\r\n\r\nuv\r\n--")
	assert.Contains(t, curl(t, "-I", url+"/a.txt"), "Content-Length: 26\r\n")
	assert.Equal(t, "416", curl(t, "-o", file, "-w", status, "-r", "26-", url+"/a.txt"))

	// Resumed where it was cut.
	require.NoError(t, os.WriteFile(file, []byte(large[:30000]), 0o600))
	assert.Equal(t, "206", curl(t, "-C", "-", "-o", file, "-w", status, url+"/large"))
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, large, string(b))

	// Only if it was changed, by date and by tag.
	assert.Equal(t, "304", curl(t, "-z", "30 Oct 2007 17:00:02 GMT", "-o", file, "-w", status, url+"/a.txt"))
	assert.Equal(t, "200", curl(t, "-z", "30 Oct 2007 17:00:01 GMT", "-o", file, "-w", status, url+"/a.txt"))
	tag := filepath.Join(dir, "tag")
	assert.Equal(t, "200", curl(t, "--etag-save", tag, "-o", file, "-w", status, url+"/a.txt"))
	assert.Equal(t, "304", curl(t, "--etag-compare", tag, "-o", file, "-w", status, url+"/a.txt"))

	assert.Equal(t, "plain", curl(t, url+"/a.css"))
	assert.Equal(t, "abcd", curl(t, "--compressed", url+"/a.css"))
	assert.Contains(t, curl(t, url+"/"), `<a href="./a.txt">a.txt</a>`)

	for _, path := range []string{"/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/.%2e/etc/passwd"} {
		assert.Equal(t, "404", curl(t, "--path-as-is", "-o", file, "-w", status, url+path), path)
	}
	assert.Equal(t, "400", curl(t, "--path-as-is", "-o", file, "-w", status, url+"/..%2f..%2fetc/passwd"))
}

func TestCurlUploads(t *testing.T) {
	dir, root := folder(t, map[string]string{"old": "before"})
	_, url := live(t, &files.FileServer{Root: root, Writable: true, MaxUpload: 3 << 20})
	file := filepath.Join(t.TempDir(), "f")
	// More than a megabyte: curl asks before it sends (Expect: 100-continue).
	content := strings.Repeat(large, 20)
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	put := func(path string, more ...string) string {
		t.Helper()
		return curl(t, append([]string{"-o", os.DevNull, "-w", status, "-T", file, url + path}, more...)...)
	}
	assert.Equal(t, "201", put("/new/f"))
	b, err := os.ReadFile(filepath.Join(dir, "new", "f"))
	require.NoError(t, err)
	assert.True(t, content == string(b))
	assert.Equal(t, "204", put("/old"))
	assert.Equal(t, "204", put("/old", "-H", "Transfer-Encoding: chunked"))
	assert.Equal(t, "412", put("/old", "-H", "If-None-Match: *"))
	assert.Equal(t, "400", put("/old", "-H", "Content-Range: bytes 0-9/100"))
	assert.Equal(t, "409", put("/new"))
	assert.Equal(t, "403", put("/.profile"))
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat(content, 2)), 0o600))
	assert.Equal(t, "413", put("/large"))
	assert.Equal(t, "204", curl(t, "-X", "DELETE", "-w", status, url+"/new/f"))
	assert.Equal(t, "404", curl(t, "-X", "DELETE", "-o", os.DevNull, "-w", status, url+"/new/f"))
	assert.Equal(t, "409", curl(t, "-X", "DELETE", "-o", os.DevNull, "-w", status, url+"/new"))
	assert.Equal(t, "405", curl(t, "-d", "x=y", "-o", os.DevNull, "-w", status, url+"/old"))
	assert.Equal(t, []string{"new", "old"}, names(t, dir))
}

// wget goes on where a download was cut, and fetches only what is newer.
func TestWget(t *testing.T) {
	_, root := folder(t, map[string]string{"large": large})
	_, url := live(t, &files.FileServer{Root: root})
	dir := t.TempDir()
	file := filepath.Join(dir, "large")
	require.NoError(t, os.WriteFile(file, []byte(large[:1000]), 0o600))
	out := peers.Run(t, "wget", "-nv", "-c", "-P", dir, url+"/large")
	require.Equal(t, 0, out.Exit, out.Stderr)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, large, string(b))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.True(t, info.ModTime().Equal(longAgo), "Last-Modified is taken over: %v", info.ModTime())
	out = peers.Run(t, "wget", "-S", "-N", "-P", dir, url+"/large")
	require.Equal(t, 0, out.Exit, out.Stderr)
	assert.Contains(t, out.Stderr, "304 Not Modified")
}

// aria2 fetches a file in pieces over several connections.
func TestAria2(t *testing.T) {
	content := strings.Repeat(large, 100)
	_, root := folder(t, map[string]string{"large": content})
	_, url := live(t, &files.FileServer{Root: root})
	dir := t.TempDir()
	out := peers.Run(t, "aria2c", "-q", "-x4", "-s4", "-k1M", "--file-allocation=none", "-d", dir, url+"/large")
	require.Equal(t, 0, out.Exit, out.Stdout+out.Stderr)
	b, err := os.ReadFile(filepath.Join(dir, "large"))
	require.NoError(t, err)
	assert.True(t, content == string(b))
}
