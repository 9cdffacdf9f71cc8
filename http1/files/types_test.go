package files_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/files"
)

func TestTypeOf(t *testing.T) {
	for name, want := range map[string]string{
		"index.html": "text/html; charset=utf-8", "a/b.CSS": "text/css; charset=utf-8", "x.js": "text/javascript; charset=utf-8",
		"x.json": "application/json", "x.png": "image/png", "X.JPEG": "image/jpeg", "x.svg": "image/svg+xml",
		"x.mp4": "video/mp4", "x.m4s": "video/iso.segment", "x.mpd": "application/dash+xml", "x.tar.gz": "application/gzip",
		"x.woff2": "font/woff2", "x.pdf": "application/pdf", "README": "application/octet-stream", "x.unknown": "application/octet-stream",
		"x.": "application/octet-stream", "": "application/octet-stream", ".html": "text/html; charset=utf-8",
	} {
		assert.Equal(t, want, files.TypeOf(name), name)
	}
}

// Each type of the table is one by the grammar, text says its charset, and
// extensions are such as are looked up.
func TestMediaTypes(t *testing.T) {
	assert.GreaterOrEqual(t, len(files.MediaTypes), 150)
	for ext, s := range files.MediaTypes {
		assert.Equal(t, strings.ToLower(ext), ext)
		assert.True(t, strings.HasPrefix(ext, ".") && strings.Count(ext, ".") == 1, ext)
		m, err := http1.ParseMediaType(s)
		require.NoError(t, err, s)
		assert.Equal(t, m.Type == "text", strings.HasSuffix(s, "; charset=utf-8"), s)
	}
}

func TestTypes(t *testing.T) {
	_, root := folder(t, map[string]string{"a.foo": "x", "a.TXT": "x", "b.html": "x"})
	s := &files.FileServer{Root: root, Types: map[string]string{".foo": "text/foo", ".txt": "text/own"}}
	assert.Equal(t, "text/foo", ask(t, s, "GET", "/a.foo").Header.Get("Content-Type"))
	assert.Equal(t, "text/own", ask(t, s, "GET", "/a.TXT").Header.Get("Content-Type"))
	assert.Equal(t, "text/html; charset=utf-8", ask(t, s, "GET", "/b.html").Header.Get("Content-Type"))
}
