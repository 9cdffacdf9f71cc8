package ftp_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

func TestResolve(t *testing.T) {
	for _, tt := range []struct{ name, cwd, arg, want string }{
		{"relative", ".", "a", "a"},
		{"from a directory", "x/y", "a", "x/y/a"},
		{"absolute", "x/y", "/a/b", "a/b"},
		{"none is the directory", "x", "", "x"},
		{"root", "x", "/", "."},
		{"up", "x/y", "..", "x"},
		{"up to the root", "x", "..", "."},
		{"above the root is the root", "x", "../../../etc/passwd", "etc/passwd"},
		{"above the root, absolute", "x", "/../../etc", "etc"},
		{"dots and slashes", "x", ".//a/./b///../c/", "x/a/c"},
		{"spaces belong to names", ".", " a b ", " a b "},
		{"dots too", ".", "...", "..."},
		{"backslashes too", ".", `a\..\b`, `a\..\b`},
		{"not UTF-8", ".", "\xe4", "\xe4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ftp.Resolve(tt.cwd, tt.arg, nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	for _, arg := range []string{"a\x00", "a\rb", "a\nb", "a/\r"} {
		_, err := ftp.Resolve(".", arg, nil)
		assert.ErrorIs(t, err, ftp.ErrName, "%q", arg)
	}
	lim := &ftp.Limits{MaxPathDepth: 3, MaxName: 4}
	_, err := ftp.Resolve("a/b", "c", lim)
	require.NoError(t, err)
	var limit *ftp.LimitError
	_, err = ftp.Resolve("a/b", "c/d", lim)
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, "MaxPathDepth", limit.Name)
	_, err = ftp.Resolve("a", "abcde", lim)
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, "MaxName", limit.Name)
	assert.Equal(t, "/", ftp.Absolute("."))
	assert.Equal(t, "/a/b", ftp.Absolute("a/b"))
}

// Whatever a client says stays below the root, and can be said again.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"a", "../..", "/etc/passwd", "a/../../b", " ", "...", "a\\b"} {
		f.Add("x/y", s)
	}
	f.Fuzz(func(t *testing.T, cwd, arg string) {
		cwd, err := ftp.Resolve(".", cwd, nil)
		if err != nil {
			return
		}
		name, err := ftp.Resolve(cwd, arg, nil)
		if err != nil {
			return
		}
		// ValidPath wants UTF-8, which names need not be.
		assert.True(t, fs.ValidPath(strings.ToValidUTF8(name, "?")), "%q", name)
		again, err := ftp.Resolve(cwd, ftp.Absolute(name), nil)
		require.NoError(t, err)
		assert.Equal(t, name, again)
	})
}
