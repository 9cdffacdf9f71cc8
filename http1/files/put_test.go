package files_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/files"
)

// put uploads content to a target.
func put(t testing.TB, s *files.FileServer, target, content string, fields ...string) answer {
	t.Helper()
	return send(t, s, "PUT", target, strings.NewReader(content), int64(len(content)), fields...)
}

// names lists all files and folders below dir.
func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, name)
		all = append(all, filepath.ToSlash(rel))
		return err
	}))
	return all[1:]
}

func TestPut(t *testing.T) {
	dir, root := folder(t, map[string]string{"old": "before", "sub/x": "x"})
	s := &files.FileServer{Root: root, Writable: true}

	created := put(t, s, "/new%20one", "content")
	assert.Equal(t, 201, created.Status)
	assert.Equal(t, "/new%20one", created.Header.Get("Location"))
	assert.Equal(t, "content", ask(t, s, "GET", "/new%20one").body)

	require.NoError(t, os.Chmod(filepath.Join(dir, "old"), 0o640))
	replaced := put(t, s, "/old", "after")
	assert.Equal(t, 204, replaced.Status)
	assert.False(t, replaced.Header.Has("Location"))
	assert.False(t, replaced.Header.Has("ETag"))
	assert.Equal(t, "after", ask(t, s, "GET", "/old").body)
	info, err := os.Stat(filepath.Join(dir, "old"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm(), "the permissions stay")

	deep := put(t, s, "/a/b/c/d", "deep")
	assert.Equal(t, 201, deep.Status)
	assert.Equal(t, "deep", ask(t, s, "GET", "/a/b/c/d").body)

	assert.Equal(t, 201, put(t, s, "/empty", "").Status)
	assert.Equal(t, []string{"a", "a/b", "a/b/c", "a/b/c/d", "empty", "new one", "old", "sub", "sub/x"}, names(t, dir), "and nothing else")
}

func TestPutRefused(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		fields       []string
		status       int
	}{
		{"a folder", "/sub", nil, 409},
		{"a folder's name", "/new/", nil, 409},
		{"the root", "/", nil, 409},
		{"below a file", "/old/x", nil, 409},
		{"below a file, deeper", "/old/x/y", nil, 409},
		{"9110-14.5 part of a file", "/old", []string{"Content-Range", "bytes 0-6/100"}, 400},
		{"9110-15.5.16 coded content", "/old", []string{"Content-Encoding", "gzip"}, 415},
		{"dot file", "/.htaccess", nil, 403},
		{"our own temporary file", "/.upload-x", nil, 403},
		{"encoded slash", "/..%2fx", nil, 400},
		{"link out of the root", "/out/x", nil, 404},
		{"name too long", "/" + strings.Repeat("x", 300), nil, 404},
		{"9110-13.1.1 changed meanwhile", "/old", []string{"If-Match", `"x"`}, 412},
		{"9110-13.1.1 must be there", "/new", []string{"If-Match", "*"}, 412},
		{"9110-13.1.2 must not be there", "/old", []string{"If-None-Match", "*"}, 412},
		{"9110-13.1.4 changed since", "/old", []string{"If-Unmodified-Since", "Tue, 30 Oct 2007 17:00:01 GMT"}, 412},
		{"9110-15.5.14 too large", "/large", nil, 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, root := folder(t, map[string]string{"old": "before", "sub/x": "x"})
			require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "out")))
			s := &files.FileServer{Root: root, Writable: true, MaxUpload: 7}
			content := "content"
			if tt.status == 413 {
				content += "!"
			}
			assert.Equal(t, tt.status, put(t, s, tt.target, content, tt.fields...).Status)
			unknown := send(t, s, "PUT", tt.target, strings.NewReader(content), -1, tt.fields...)
			assert.Equal(t, tt.status, unknown.Status, "without a length")
			assert.Equal(t, []string{"old", "out", "sub", "sub/x"}, names(t, dir))
			assert.Equal(t, "before", ask(t, s, "GET", "/old").body)
		})
	}
}

func TestPutConditions(t *testing.T) {
	_, root := folder(t, map[string]string{"old": "before"})
	s := &files.FileServer{Root: root, Writable: true}
	tag := ask(t, s, "GET", "/old").Header.Get("ETag")
	assert.Equal(t, 201, put(t, s, "/new", "x", "If-None-Match", "*").Status)
	assert.Equal(t, 204, put(t, s, "/old", "x", "If-Match", tag).Status)
	assert.Equal(t, 412, put(t, s, "/old", "y", "If-Match", tag).Status)
	assert.Equal(t, 404, ask(t, s, "DELETE", "/none", "If-Match", `"x"`).Status, "RFC 9110 §13.2.1: what would fail anyhow")
	assert.Equal(t, 412, ask(t, s, "DELETE", "/old", "If-Match", tag).Status)
	assert.Equal(t, "x", ask(t, s, "GET", "/old").body)
}

// Of many who create a file only if there is none, one does.
func TestPutRace(t *testing.T) {
	dir, root := folder(t, nil)
	s := &files.FileServer{Root: root, Writable: true}
	var wg sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wg.Go(func() { statuses[i] = put(t, s, "/one", "x", "If-None-Match", "*").Status })
	}
	wg.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	assert.Equal(t, map[int]int{201: 1, 412: 7}, count)
	assert.Equal(t, []string{"one"}, names(t, dir))
}

// A body that does not come whole leaves the old file, or nothing.
func TestPutCut(t *testing.T) {
	cut := &http1.ParseError{What: "body", Err: io.ErrUnexpectedEOF, Class: http1.ErrFraming}
	for _, tt := range []struct {
		name   string
		err    error
		status int
	}{
		{"9112-8 connection lost", io.ErrUnexpectedEOF, 400},
		{"9112-8 incomplete", cut, 400},
		{"9110-15.5.14 limit of the server", &http1.LimitError{Name: "MaxBody", Reply: 413}, 413},
		{"9110-15.5.9 too slow", &http1.ParseError{Reply: 408}, 408},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, root := folder(t, map[string]string{"old": "before"})
			s := &files.FileServer{Root: root, Writable: true}
			for _, target := range []string{"/old", "/new", "/a/b/new"} {
				body := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(tt.err))
				assert.Equal(t, tt.status, send(t, s, "PUT", target, body, 8).Status)
			}
			assert.Equal(t, []string{"old"}, names(t, dir))
			assert.Equal(t, "before", ask(t, s, "GET", "/old").body)
		})
	}
}

func TestDelete(t *testing.T) {
	dir, root := folder(t, map[string]string{"a": "x", "b": "y", "sub/x": "", "empty/": "", ".dot": ""})
	s := &files.FileServer{Root: root, Writable: true}
	for _, tt := range []struct {
		name, target string
		fields       []string
		status       int
	}{
		{"9110-9.3.5 a file", "/a", nil, 204},
		{"9110-9.3.5 again", "/a", nil, 404},
		{"not there", "/none", nil, 404},
		{"below a file", "/b/x", nil, 404},
		{"file with a slash behind", "/b/", nil, 404},
		{"folder", "/sub", nil, 409},
		{"folder with a slash", "/sub/", nil, 409},
		{"empty folder", "/empty", nil, 409},
		{"the root", "/", nil, 409},
		{"above the root", "/../..", nil, 409},
		{"dot file", "/.dot", nil, 404},
		{"encoded slash", "/sub%2fx", nil, 400},
		{"9110-13.1.1 changed meanwhile", "/b", []string{"If-Match", `"x"`}, 412},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.status, ask(t, s, "DELETE", tt.target, tt.fields...).Status)
		})
	}
	assert.Equal(t, []string{".dot", "b", "empty", "sub", "sub/x"}, names(t, dir))
	assert.Equal(t, "GET, HEAD, OPTIONS, PUT, DELETE", ask(t, s, "OPTIONS", "/").Header.Get("Allow"))
}

// An upload without bound is one that the operator asked for.
func TestPutWithoutLimit(t *testing.T) {
	_, root := folder(t, nil)
	s := &files.FileServer{Root: root, Writable: true, MaxUpload: -1}
	assert.Equal(t, 201, put(t, s, "/x", strings.Repeat("x", 100000)).Status)
	assert.Len(t, ask(t, s, "GET", "/x").body, 100000)
	err := errors.New("x")
	assert.Equal(t, 400, send(t, s, "PUT", "/y", iotest.ErrReader(err), -1).Status)
}
