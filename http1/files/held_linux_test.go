package files_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/files"
	"applayer/internal/testkit"
)

// What is held is answered as what is opened.
func TestHeldSame(t *testing.T) {
	_, root := folder(t, map[string]string{"index.html": "page", "a.txt": "alphabet", "a.txt.gz": "packed", "empty": "", "large": large, "sub/index.html": "below"})
	plain := &files.FileServer{Root: root, OpenFiles: -1, Gzip: true}
	s := files.Hasty(&files.FileServer{Root: root, Gzip: true})
	defer s.Close()
	for range 3 {
		for _, target := range []string{"/", "/a.txt", "/empty", "/large", "/sub/", "/index.html", "/a.txt/", "/a.txt/index.html"} {
			for _, fields := range [][]string{
				nil, {"Range", "bytes=1-3"}, {"Range", "bytes=0-1,4-5"}, {"Range", "bytes=70000-"}, {"Accept-Encoding", "gzip"},
				{"If-Modified-Since", "Tue, 30 Oct 2007 17:00:02 GMT"},
			} {
				want, got := ask(t, plain, "GET", target, fields...), ask(t, s, "GET", target, fields...)
				assert.Equal(t, want.Status, got.Status, "%s %v", target, fields)
				if strings.HasPrefix(want.Header.Get("Content-Type"), "multipart/") {
					assert.Len(t, got.body, len(want.body))
					continue
				}
				assert.Equal(t, want.body, got.body, "%s %v", target, fields)
				for name, value := range want.Header.All() {
					if name == "Date" {
						continue // the two may be asked in different seconds
					}
					assert.Equal(t, value, got.Header.Get(name), "%s %v: %s", target, fields, name)
				}
				assert.Equal(t, want.Header.Len(), got.Header.Len())
			}
		}
	}
	count, _ := s.Held()
	assert.Equal(t, 6, count)
	count, _ = plain.Held()
	assert.Zero(t, count)
}

// Whatever happens to a file that is held shows in the next answer.
func TestHeldChange(t *testing.T) {
	for _, content := range []string{"small", large} {
		dir, root := folder(t, map[string]string{"a": content, "sub/b": content})
		name := filepath.Join(dir, "a")
		s := files.Hasty(&files.FileServer{Root: root, Writable: true})
		defer s.Close()
		get := func() answer { return ask(t, s, "GET", "/a") }
		require.Equal(t, content, get().body)
		require.Equal(t, content, get().body)
		count, _ := s.Held()
		require.Equal(t, 1, count)

		require.NoError(t, os.WriteFile(name, []byte("written in place"), 0o644))
		assert.Equal(t, "written in place", get().body)
		get()
		require.NoError(t, os.WriteFile(name+"2", []byte("renamed over it."), 0o644))
		require.NoError(t, os.Rename(name+"2", name))
		assert.Equal(t, "renamed over it.", get().body)
		get()
		assert.Equal(t, 204, put(t, s, "/a", "put there by us.").Status)
		assert.Equal(t, "put there by us.", get().body)
		get()
		require.NoError(t, os.Rename(name, name+"3"))
		assert.Equal(t, 404, get().Status, "renamed away")
		require.NoError(t, os.Rename(name+"3", name))
		get()
		require.NoError(t, os.Remove(name))
		assert.Equal(t, 404, get().Status)
		require.NoError(t, os.WriteFile(name, []byte("there again"), 0o644))
		assert.Equal(t, "there again", get().body)
		get()
		assert.Equal(t, 204, ask(t, s, "DELETE", "/a").Status)
		assert.Equal(t, 404, get().Status)
	}
}

// A file that was changed lately, two seconds where this test has an hour, may
// change again without a trace in its times: it is not held.
func TestHeldNotAtOnce(t *testing.T) {
	_, root := folder(t, map[string]string{"a": "x"})
	s := files.Patient(&files.FileServer{Root: root})
	defer s.Close()
	ask(t, s, "GET", "/a")
	count, _ := s.Held()
	assert.Zero(t, count)
}

// No more files and descriptors are held than said, whatever is asked for at
// once, and none after Close.
func TestHeldBounds(t *testing.T) {
	testkit.NoLeaks(t)
	content := map[string]string{}
	for i := range 20 {
		content[fmt.Sprintf("small%d", i)] = "x"
		content[fmt.Sprintf("large%d", i)] = large
	}
	dir := t.TempDir()
	for name, octets := range content {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(octets), 0o644))
	}
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	s := files.Hasty(&files.FileServer{Root: root, OpenFiles: 7})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				for name, octets := range content {
					assert.Equal(t, len(octets), len(ask(t, s, "GET", "/"+name).body))
				}
			}
		})
	}
	wg.Wait()
	count, idle := s.Held()
	assert.Equal(t, 7, count)
	assert.LessOrEqual(t, idle, 3*7)
	require.NoError(t, s.Close())
	count, idle = s.Held()
	assert.Zero(t, count+idle)
	assert.Equal(t, 200, ask(t, s, "GET", "/small1").Status, "of use after Close")
	require.NoError(t, s.Close())
}

// A folder above a held file that is another one shows within a second.
func TestHeldFolder(t *testing.T) {
	dir, root := folder(t, map[string]string{"a/x": "one", "b/x": "two"})
	s := files.Hasty(&files.FileServer{Root: root})
	defer s.Close()
	assert.Equal(t, "one", ask(t, s, "GET", "/a/x").body)
	require.NoError(t, os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "c")))
	require.NoError(t, os.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "a")))
	assert.Eventually(t, func() bool { return ask(t, s, "GET", "/a/x").body == "two" }, 10*time.Second, 50*time.Millisecond)
}

// So does a compressed file where there was none.
func TestHeldGzip(t *testing.T) {
	dir, root := folder(t, map[string]string{"a": "plain", "b": "plain", "b.gz": "packed"})
	s := files.Hasty(&files.FileServer{Root: root, Gzip: true})
	defer s.Close()
	get := func(target string) string { return ask(t, s, "GET", target, "Accept-Encoding", "gzip").body }
	assert.Equal(t, "plain", get("/a"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.gz"), []byte("packed"), 0o644))
	assert.Eventually(t, func() bool { return get("/a") == "packed" }, 10*time.Second, 50*time.Millisecond)
	assert.Equal(t, "packed", get("/b"))
	require.NoError(t, os.Remove(filepath.Join(dir, "b.gz")))
	assert.Equal(t, "plain", get("/b"), "at once")
}

// With Recheck a file is not asked for each answer; what the server changes
// itself shows all the same.
func TestHeldRecheck(t *testing.T) {
	for _, content := range []string{"small", large} {
		dir, root := folder(t, map[string]string{"a": content})
		name := filepath.Join(dir, "a")
		s := files.Hasty(&files.FileServer{Root: root, Writable: true, Recheck: time.Hour})
		defer s.Close()
		get := func() answer { return ask(t, s, "GET", "/a") }
		for range 3 {
			require.Equal(t, content, get().body)
		}
		require.NoError(t, os.WriteFile(name+".new", []byte("other"), 0o644))
		require.NoError(t, os.Rename(name+".new", name))
		assert.Equal(t, content, get().body, "changed by somebody else")

		require.Equal(t, 204, put(t, s, "/a", "third").Status)
		assert.Equal(t, "third", get().body)
		require.Equal(t, "third", get().body)
		require.Equal(t, 204, ask(t, s, "DELETE", "/a").Status)
		assert.Equal(t, 404, get().Status)

		require.NoError(t, os.WriteFile(name, []byte("fourth"), 0o644))
		s.Recheck = time.Nanosecond
		require.Equal(t, "fourth", get().body)
		require.NoError(t, os.WriteFile(name, []byte("fifth!"), 0o644))
		assert.Equal(t, "fifth!", get().body)
	}
}
