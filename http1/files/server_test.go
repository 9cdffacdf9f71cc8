package files_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/files"
)

// long ago, so that entity tags are strong.
var longAgo = time.Date(2007, 10, 30, 17, 0, 2, 0, time.UTC)

// large is more than is held in memory.
var large = strings.Repeat("0123456789abcdef", 5000)

// folder makes a folder with these files, changed long ago, and its root. A
// name with a slash at its end is a folder.
func folder(t testing.TB, names map[string]string) (dir string, root *os.Root) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range names {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(full, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o755))
		require.NoError(t, os.WriteFile(full, []byte(content), 0o644))
		require.NoError(t, os.Chtimes(full, longAgo, longAgo))
	}
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return dir, root
}

// answer is a response in what the tests look at.
type answer struct {
	*http1.Response
	body string
}

// ask has the server answer a request with these fields.
func ask(t testing.TB, s *files.FileServer, method, target string, fields ...string) answer {
	t.Helper()
	return send(t, s, method, target, nil, 0, fields...)
}

// send is ask with a body, which the handler gets as it is: one that fails is
// none that a client could send.
func send(t testing.TB, s *files.FileServer, method, target string, body io.Reader, length int64, fields ...string) answer {
	t.Helper()
	r := &http1.Request{Method: method, Header: http1.NewHeader(fields...)}
	if method == http1.MethodConnect {
		r.Target = http1.Target{Form: http1.AuthorityForm, Authority: target}
	} else {
		parsed, err := http1.ParseTarget(method, target)
		require.NoError(t, err)
		r.Target = parsed
		r.Target.Authority = "example.com"
	}
	h := http1.HandlerFunc(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
		if body != nil {
			r.Body, r.Length = body, length
		}
		s.ServeHTTP(ctx, w, r)
	})
	resp, err := http1.Record(t.Context(), h, r)
	require.NoError(t, err)
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp, string(b)}
}

func TestFileServer(t *testing.T) {
	dir, root := folder(t, map[string]string{
		"index.html": "root page", "a.txt": "alphabet", "sub/index.html": "sub page", "sub/b c.txt": "space",
		"empty/": "", ".hidden": "secret", ".git/config": "secret", ".well-known/acme": "token", "sub/.well-known/x": "secret",
		"ü.txt": "umlaut", "evil/x": "", "100%.txt": "percent", ".upload-X": "half",
	})
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o644))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "absolute")))
	require.NoError(t, os.Symlink("../"+filepath.Base(filepath.Dir(outside))+"/outside", filepath.Join(dir, "relative")))
	require.NoError(t, os.Symlink("sub/b c.txt", filepath.Join(dir, "inside")))
	require.NoError(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	s := &files.FileServer{Root: root}
	for _, tt := range []struct {
		name, method, target string
		status               int
		body                 string // without it, not looked at
	}{
		{"9110-9.3.1 a file", "GET", "/a.txt", 200, "alphabet"},
		{"9110-9.3.2 its head", "HEAD", "/a.txt", 200, ""},
		{"index page of the root", "GET", "/", 200, "root page"},
		{"index page below", "GET", "/sub/", 200, "sub page"},
		{"query ignored", "GET", "/a.txt?x=y", 200, "alphabet"},
		{"9112-3.2.2 absolute-form", "GET", "http://example.com/a.txt", 200, "alphabet"},
		{"3986-2.1 encoded space", "GET", "/sub/b%20c.txt", 200, "space"},
		{"3986-2.1 encoded letter", "GET", "/%61.txt", 200, "alphabet"},
		{"3986-2.1 UTF-8", "GET", "/%C3%BC.txt", 200, "umlaut"},
		{"decoded once", "GET", "/100%25.txt", 200, "percent"},
		{"decoded once, not twice", "GET", "/%2561.txt", 404, ""},
		{"3986-5.2.4 dot segments", "GET", "/sub/./../a.txt", 200, "alphabet"},
		{"3986-5.2.4 never above the root", "GET", "/../../../a.txt", 200, "alphabet"},
		{"encoded dots are dots", "GET", "/%2e%2e/%2E%2E/etc/passwd", 404, ""},
		{"two slashes are one", "GET", "//sub//b%20c.txt", 200, "space"},
		{"link within the root", "GET", "/inside", 200, "space"},

		{"absolute link out of the root", "GET", "/absolute", 404, ""},
		{"relative link out of the root", "GET", "/relative", 404, ""},
		{"link to itself", "GET", "/loop", 404, ""},
		{"9110-15.5.5 not there", "GET", "/none", 404, ""},
		{"9110-15.5.5 HEAD of nothing", "HEAD", "/none", 404, ""},
		{"below a file", "GET", "/a.txt/x", 404, ""},
		{"file with a slash behind", "GET", "/a.txt/", 404, ""},
		{"name too long", "GET", "/" + strings.Repeat("x", 300), 404, ""},
		{"path too long", "GET", strings.Repeat("/sub/..", 1000) + strings.Repeat("/x", 3000), 404, ""},
		{"folder without an index page", "GET", "/empty/", 403, ""},

		{"dot file", "GET", "/.hidden", 404, ""},
		{"dot folder", "GET", "/.git/config", 404, ""},
		{"dot encoded", "GET", "/%2egit/config", 404, ""},
		{"8615-3 well-known", "GET", "/.well-known/acme", 200, "token"},
		{"8615-3 at the top alone", "GET", "/sub/.well-known/x", 404, ""},
		{"upload under way", "GET", "/.upload-X", 404, ""},

		{"NUL", "GET", "/a.txt%00.html", 400, ""},
		{"backslash encoded", "GET", "/..%5c..%5cetc", 400, ""},
		{"encoded slash", "GET", "/sub%2fb", 400, ""},
		{"encoded slash in capitals", "GET", "/..%2F..%2Fetc%2Fpasswd", 400, ""},
		{"3629-10 overlong slash", "GET", "/..%c0%af..%c0%afetc/passwd", 400, ""},
		{"3629-10 overlong dot", "GET", "/%c0%ae%c0%ae/etc/passwd", 400, ""},
		{"3629-3 Latin-1", "GET", "/%fc.txt", 400, ""},

		{"9110-15.5.6 POST", "POST", "/a.txt", 405, ""},
		{"9110-15.5.6 PATCH", "PATCH", "/a.txt", 405, ""},
		{"9110-15.5.6 TRACE", "TRACE", "/a.txt", 405, ""},
		{"9110-15.5.6 CONNECT", "CONNECT", "example.com:80", 405, ""},
		{"9110-15.5.6 PUT where nothing may be written", "PUT", "/a.txt", 405, ""},
		{"9110-15.5.6 DELETE where nothing may be written", "DELETE", "/a.txt", 405, ""},
		{"9110-15.6.2 unknown method", "BREW", "/a.txt", 501, ""},
		{"9110-9.1 a method's case counts", "get", "/a.txt", 501, ""},
		{"9110-9.3.7 OPTIONS", "OPTIONS", "/a.txt", 204, ""},
		{"9110-9.3.7 OPTIONS of the server", "OPTIONS", "*", 204, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, s, tt.method, tt.target)
			assert.Equal(t, tt.status, got.Status)
			assert.Equal(t, "nosniff", got.Header.Get("X-Content-Type-Options"))
			assert.NotContains(t, got.body, "secret")
			if tt.status == 200 {
				assert.Equal(t, tt.body, got.body)
			}
			if tt.method == "HEAD" {
				assert.Empty(t, got.body)
			}
			hasAllow := tt.status == 405 || tt.method == "OPTIONS"
			assert.Equal(t, hasAllow, got.Header.Get("Allow") == "GET, HEAD, OPTIONS")
		})
	}
	s = &files.FileServer{Root: root, Dotfiles: true}
	assert.Equal(t, "secret", ask(t, s, "GET", "/.git/config").body)
	assert.Equal(t, 404, ask(t, s, "GET", "/.upload-X").Status)
}

// What the operating system keeps from us is 403, and a root that is closed
// 500.
func TestFileServerErrors(t *testing.T) {
	dir, root := folder(t, map[string]string{"a": "x", "closed/b": "y"})
	s := &files.FileServer{Root: root}
	if os.Getuid() != 0 { // who may all
		require.NoError(t, os.Chmod(filepath.Join(dir, "a"), 0))
		assert.Equal(t, 403, ask(t, s, "GET", "/a").Status)
	}
	root.Close()
	assert.Equal(t, 500, ask(t, s, "GET", "/a").Status)
	assert.Equal(t, 500, ask(t, &files.FileServer{}, "GET", "/a").Status)
}

func TestFolderRedirect(t *testing.T) {
	_, root := folder(t, map[string]string{"evil.example/index.html": "", "a b/": "", "a:b/": "", "sub/deep/": "", "ü/": ""})
	for _, tt := range []struct{ name, prefix, target, location string }{
		{"slash is missing", "", "/sub", "/sub/"},
		{"below", "", "/sub/deep", "/sub/deep/"},
		{"query is kept", "", "/sub?a=b", "/sub/?a=b"},
		{"empty query is kept", "", "/sub?", "/sub/?"},
		{"3986-4.2 two slashes name a host", "", "//evil.example", "/evil.example/"},
		{"3986-4.2 so do three", "", "///evil.example", "/evil.example/"},
		{"3986-4.2 behind dots", "", "/.//evil.example", "/evil.example/"},
		{"3986-4.2 behind encoded dots", "", "/%2e%2e//evil.example", "/evil.example/"},
		{"encoded", "", "/a%20b", "/a%20b/"},
		{"UTF-8", "", "/%C3%BC", "/%C3%BC/"},
		{"a colon is no scheme's", "", "/a:b", "/a:b/"},
		{"prefix", "/static", "/static/sub", "/static/sub/"},
		{"prefix with a slash", "/static/", "/static/sub", "/static/sub/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, &files.FileServer{Root: root, Prefix: tt.prefix}, "GET", tt.target)
			assert.Equal(t, 301, got.Status)
			assert.Equal(t, tt.location, got.Header.Get("Location"))
		})
	}
	s := &files.FileServer{Root: root, Prefix: "/static"}
	assert.Equal(t, 200, ask(t, s, "GET", "/static/evil.example/").Status)
	assert.Equal(t, 404, ask(t, s, "GET", "/sub").Status)
	assert.Equal(t, 404, ask(t, s, "GET", "/staticsub").Status)
	assert.Equal(t, 404, ask(t, s, "GET", "/static/../sub").Status)
}

func TestIndex(t *testing.T) {
	_, root := folder(t, map[string]string{"a/index.htm": "two", "b/index.html": "one", "b/index.htm": "two", "c/index.html/": "", "d/x": ""})
	s := &files.FileServer{Root: root, Index: []string{"index.html", "index.htm"}}
	assert.Equal(t, "two", ask(t, s, "GET", "/a/").body)
	assert.Equal(t, "one", ask(t, s, "GET", "/b/").body)
	assert.Equal(t, 403, ask(t, s, "GET", "/c/").Status, "an index page that is a folder is none")
	s = &files.FileServer{Root: root, Index: []string{}}
	assert.Equal(t, 403, ask(t, s, "GET", "/b/").Status)
}

func TestValidators(t *testing.T) {
	dir, root := folder(t, map[string]string{"a": "alphabet"})
	s := &files.FileServer{Root: root}
	got := ask(t, s, "GET", "/a")
	tag, err := http1.ParseEntityTag(got.Header.Get("ETag"))
	require.NoError(t, err)
	assert.False(t, tag.Weak())
	assert.Equal(t, "Tue, 30 Oct 2007 17:00:02 GMT", got.Header.Get("Last-Modified"))
	assert.Equal(t, "bytes", got.Header.Get("Accept-Ranges"))
	assert.Equal(t, "8", got.Header.Get("Content-Length"))

	same := ask(t, s, "GET", "/a", "If-None-Match", string(tag))
	assert.Equal(t, 304, same.Status)
	assert.Equal(t, string(tag), same.Header.Get("ETag"))
	assert.Equal(t, 304, ask(t, s, "GET", "/a", "If-Modified-Since", "Tue, 30 Oct 2007 17:00:02 GMT").Status)
	assert.Equal(t, 412, ask(t, s, "GET", "/a", "If-Match", `"other"`).Status)
	part := ask(t, s, "GET", "/a", "Range", "bytes=2-4", "If-Range", string(tag))
	assert.Equal(t, 206, part.Status)
	assert.Equal(t, "pha", part.body)
	beyond := ask(t, s, "GET", "/a", "Range", "bytes=8-")
	assert.Equal(t, 416, beyond.Status)
	assert.Equal(t, "bytes */8", beyond.Header.Get("Content-Range"))
	two := ask(t, s, "GET", "/a", "Range", "bytes=0-0,-1")
	assert.Equal(t, 206, two.Status)
	assert.Contains(t, two.Header.Get("Content-Type"), "multipart/byteranges; boundary=")

	// Each of size, time and inode makes another tag.
	tags := map[string]bool{string(tag): true}
	change := func(f func(name string) error) {
		require.NoError(t, f(filepath.Join(dir, "a")))
		got := ask(t, s, "GET", "/a", "If-None-Match", string(tag))
		assert.Equal(t, 200, got.Status)
		tags[got.Header.Get("ETag")] = true
	}
	change(func(name string) error { return os.Chtimes(name, longAgo, longAgo.Add(time.Nanosecond)) })
	change(func(name string) error {
		err := os.WriteFile(name, []byte("alphabets"), 0o644)
		return firstError(err, os.Chtimes(name, longAgo, longAgo))
	})
	change(func(name string) error {
		err := os.WriteFile(name+"2", []byte("alphabet"), 0o644)
		return firstError(err, os.Chtimes(name+"2", longAgo, longAgo), os.Rename(name+"2", name))
	})
	assert.Len(t, tags, 4)

	// A change so new that another could have the same time is weak, and serves
	// no If-Range.
	change(func(name string) error { return os.WriteFile(name, []byte("alphabet"), 0o644) })
	fresh := ask(t, s, "GET", "/a")
	assert.True(t, strings.HasPrefix(fresh.Header.Get("ETag"), `W/"`))
	whole := ask(t, s, "GET", "/a", "Range", "bytes=2-4", "If-Range", fresh.Header.Get("ETag"))
	assert.Equal(t, 200, whole.Status)
	assert.Equal(t, 304, ask(t, s, "GET", "/a", "If-None-Match", fresh.Header.Get("ETag")).Status)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestGzip(t *testing.T) {
	dir, root := folder(t, map[string]string{"a.css": "plain", "a.css.gz": "packed", "b.css": "plain", "old.css": "plain", "old.css.gz": "packed", "f.css": "plain", "f.css.gz/": ""})
	require.NoError(t, os.Chtimes(filepath.Join(dir, "old.css.gz"), longAgo, longAgo.Add(-time.Second)))
	s := &files.FileServer{Root: root, Gzip: true}
	for _, tt := range []struct {
		name, target, accept, body string
	}{
		{"9110-12.5.3 accepted", "/a.css", "gzip, deflate", "packed"},
		{"9110-12.5.3 asterisk", "/a.css", "*", "plain"},
		{"9110-12.5.3 not accepted", "/a.css", "br", "plain"},
		{"9110-12.5.3 excluded", "/a.css", "gzip;q=0", "plain"},
		{"9110-12.5.3 wanted less", "/a.css", "gzip;q=0.1, identity", "plain"},
		{"none there", "/b.css", "gzip", "plain"},
		{"older than the file", "/old.css", "gzip", "plain"},
		{"a folder", "/f.css", "gzip", "plain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, s, "GET", tt.target, "Accept-Encoding", tt.accept)
			if tt.accept != "*" { // who takes anything may get either
				assert.Equal(t, tt.body, got.body)
				assert.Equal(t, tt.body == "packed", got.Header.Get("Content-Encoding") == "gzip")
			}
			assert.Equal(t, "text/css; charset=utf-8", got.Header.Get("Content-Type"))
			assert.Equal(t, "Accept-Encoding", got.Header.Get("Vary"))
		})
	}
	packed, plain := ask(t, s, "GET", "/a.css", "Accept-Encoding", "gzip"), ask(t, s, "GET", "/a.css")
	assert.NotEqual(t, packed.Header.Get("ETag"), plain.Header.Get("ETag"))
	same := ask(t, s, "GET", "/a.css", "Accept-Encoding", "gzip", "If-None-Match", packed.Header.Get("ETag"))
	assert.Equal(t, 304, same.Status)
	assert.Equal(t, "Accept-Encoding", same.Header.Get("Vary"))
	assert.Equal(t, "plain", ask(t, &files.FileServer{Root: root}, "GET", "/a.css", "Accept-Encoding", "gzip").body)
}

// Any fs.FS can be served, files that cannot be sought as well.
func TestFS(t *testing.T) {
	m := fstest.MapFS{
		"a.txt":      {Data: []byte("alphabet"), ModTime: longAgo},
		"embed.txt":  {Data: []byte("no date")},
		"d/e/f.html": {Data: []byte("deep")},
	}
	for name, s := range map[string]*files.FileServer{"sought": {FS: m, Listing: true}, "not sought": {FS: noSeek{m}, Listing: true}} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "alphabet", ask(t, s, "GET", "/a.txt").body)
			assert.Equal(t, "ha", ask(t, s, "GET", "/a.txt", "Range", "bytes=3-4").body)
			assert.Equal(t, 404, ask(t, s, "GET", "/none").Status)
			assert.Equal(t, 301, ask(t, s, "GET", "/d").Status)
			assert.Contains(t, ask(t, s, "GET", "/").body, `<a href="./d/">d/</a>`)
			undated := ask(t, s, "GET", "/embed.txt")
			assert.Equal(t, "no date", undated.body)
			assert.False(t, undated.Header.Has("Last-Modified"))
			assert.False(t, undated.Header.Has("ETag"))
		})
	}
	s := &files.FileServer{FS: noSeek{m}, Writable: true}
	assert.Equal(t, "alphabet", ask(t, s, "GET", "/a.txt", "Range", "bytes=0-0,2-2").body, "in one piece")
	assert.Equal(t, 405, ask(t, s, "DELETE", "/a.txt").Status)
}

// noSeek is an fs.FS whose files can be read once.
type noSeek struct{ fstest.MapFS }

func (f noSeek) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	if dir, ok := file.(fs.ReadDirFile); ok {
		return dir, nil
	}
	return struct{ fs.File }{file}, nil
}
