package files_test

import (
	"io/fs"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/files"
)

func TestResolve(t *testing.T) {
	s := &files.FileServer{}
	for _, tt := range []struct {
		name, in, want string
		slash          bool
	}{
		{"root", "/", ".", true},
		{"nothing", "", ".", true},
		{"file", "/a/b", "a/b", false},
		{"folder", "/a/b/", "a/b", true},
		{"3986-5.2.4 dot at the end", "/a/.", "a", true},
		{"3986-5.2.4 two dots at the end", "/a/b/..", "a", true},
		{"3986-5.2.4 to the root", "/a/..", ".", true},
		{"3986-5.2.4 above the root", "/../..", ".", true},
		{"name that ends in dots", "/a..", "a..", false},
		{"encoded", "/%41%2dz", "A-z", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name, slash, _, status := s.Resolve(tt.in)
			assert.Equal(t, 0, status)
			assert.Equal(t, tt.want, name)
			assert.Equal(t, tt.slash, slash)
		})
	}
	for _, in := range []string{"/%", "/%4", "/%zz", "/%2", "/a%0"} {
		_, _, _, status := s.Resolve(in)
		assert.Equal(t, http1.StatusBadRequest, status, in)
	}
}

// FuzzResolve: whatever the path, the name is one of a file within the root, as
// fs.ValidPath has it; none is shown that begins with a dot; and resolving the
// name again, encoded, changes nothing.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"/", "/a/b/../c%20d", "//evil", "/%2e%2e/%2e%2e", "/..%2f", "/.git", "/%c0%af", "/a\\b", "/.well-known/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s := &files.FileServer{}
		name, slash, hidden, status := s.Resolve(in)
		if status != 0 {
			require.Equal(t, http1.StatusBadRequest, status)
			return
		}
		require.True(t, fs.ValidPath(name), "%q", name)
		require.NotContains(t, name, "\x00")
		require.NotContains(t, name, `\`)
		if !hidden {
			for part := range strings.SplitSeq(strings.TrimPrefix(name, ".well-known"), "/") {
				require.False(t, strings.HasPrefix(part, ".") && name != ".", "%q", name)
			}
		}
		location := (&url.URL{Path: path.Join("/", name)}).EscapedPath()
		require.False(t, strings.HasPrefix(location, "//"), location)
		again, _, _, status := s.Resolve(location)
		require.Zero(t, status)
		require.Equal(t, name, again)
		_ = slash
	})
}
