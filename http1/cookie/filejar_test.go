package cookie_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
	"applayer/internal/testkit"
)

func openJar(t *testing.T, name string, options *cookie.FileJarOptions) *cookie.FileJar {
	t.Helper()
	j, err := cookie.OpenFileJar(t.Context(), name, options)
	require.NoError(t, err)
	t.Cleanup(func() { j.Close() })
	return j
}

func TestFileJarSurvives(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jar")
	c := newClock()
	options := &cookie.FileJarOptions{JarOptions: cookie.JarOptions{Now: c.now}}
	j := openJar(t, name, options)
	assert.Empty(t, slices.Collect(j.All()))
	set(t, &j.Jar, "http://amazon.com/", "id=1678; Max-Age=1209600")
	set(t, &j.Jar, "https://www.example.com/x/", "b=\"2, x\"; Domain=example.com; Secure; HttpOnly; SameSite=Strict; Max-Age=1209600")
	set(t, &j.Jar, "http://ebay.com/", "session=8734")
	set(t, &j.Jar, "http://ebay.com/", "tab=a\tb; Max-Age=60")
	before := slices.Collect(j.All())
	require.NoError(t, j.Close())
	require.NoError(t, j.Close())
	assert.ErrorIs(t, j.Save(), fs.ErrClosed)
	text := must(os.ReadFile(name))
	assert.Equal(t, "# Netscape HTTP Cookie File\n"+
		"amazon.com\tFALSE\t/\tFALSE\t1286741360\tid\t1678\n"+
		"# SameSite=Strict\n#HttpOnly_.example.com\tTRUE\t/x\tTRUE\t1286741360\tb\t\"2, x\"\n", string(text))
	if runtime.GOOS != "windows" {
		assert.Equal(t, fs.FileMode(0o600), must(os.Stat(name)).Mode().Perm())
	}

	c.wait(7 * 24 * time.Hour)
	j = openJar(t, name, options)
	assert.Empty(t, j.Damaged())
	assert.Equal(t, "id=1678", j.Cookie(mustURL("http://amazon.com/"), nil, "GET"), "one week later, after a restart")
	after := slices.Collect(j.All())
	require.Len(t, after, 2)
	for i := range after {
		after[i].Created, after[i].Used = before[i].Created, before[i].Used
		assert.Equal(t, before[i], after[i])
	}
	require.NoError(t, j.Close())
	assert.Equal(t, []string{"jar"}, list(t, filepath.Dir(name)), "no lock and no new file are left")
}

func list(t *testing.T, dir string) (s []string) {
	t.Helper()
	for _, e := range must(os.ReadDir(dir)) {
		s = append(s, e.Name())
	}
	return s
}

func TestFileJarKeepsSession(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jar")
	options := &cookie.FileJarOptions{KeepSession: true}
	j := openJar(t, name, options)
	set(t, &j.Jar, "http://ebay.com/", "session=8734")
	require.NoError(t, j.Close())
	j = openJar(t, name, options)
	assert.Equal(t, "session=8734", j.Cookie(mustURL("http://ebay.com/"), nil, "GET"))
	require.NoError(t, j.Close())
	j = openJar(t, name, nil)
	assert.NotEmpty(t, j.Cookie(mustURL("http://ebay.com/"), nil, "GET"), "what is in the file is read")
}

// A cookie without Path, from a URL whose path has a semicolon or is long.
func TestFileJarDefaultPaths(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jar")
	j := openJar(t, name, nil)
	at := "http://h.example/a;b=c/" + strings.Repeat("x", 2000) + "/"
	set(t, &j.Jar, at, "id=1678; Max-Age=60")
	require.NoError(t, j.Close())
	j = openJar(t, name, nil)
	assert.Empty(t, j.Damaged())
	assert.Equal(t, "id=1678", j.Cookie(mustURL(at), nil, "GET"))
	assert.Empty(t, j.Cookie(mustURL("http://h.example/a"), nil, "GET"))
}

// A file is written only when something has changed, and then as a whole.
func TestFileJarSaves(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jar")
	require.NoError(t, os.WriteFile(name, []byte("amazon.com\tFALSE\t/\tFALSE\t0\tid\t1678\ngarbage\n.co.uk\tTRUE\t/\tFALSE\t0\tid\t1\n"), 0o600))
	j := openJar(t, name, &cookie.FileJarOptions{KeepSession: true})
	require.Len(t, j.Damaged(), 2)
	assert.EqualError(t, j.Damaged()[0], "cookie: seven fields of a cookie line at byte 35 in line 2")
	assert.ErrorIs(t, j.Damaged()[1], cookie.ErrPublicSuffix)
	require.NoError(t, j.Save())
	assert.Contains(t, string(must(os.ReadFile(name))), "garbage", "nothing has changed")
	set(t, &j.Jar, "http://ebay.com/", "session=8734")
	require.NoError(t, j.Save())
	assert.Equal(t, "# Netscape HTTP Cookie File\namazon.com\tFALSE\t/\tFALSE\t0\tid\t1678\nebay.com\tFALSE\t/\tFALSE\t0\tsession\t8734\n", string(must(os.ReadFile(name))))
}

func TestFileJarMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	dir := t.TempDir()
	name, link := filepath.Join(dir, "jar"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(name, nil, 0o644))
	require.NoError(t, os.Symlink("jar", link))
	require.NoError(t, openJar(t, link, nil).Close())
	assert.Equal(t, fs.FileMode(0o600), must(os.Stat(name)).Mode().Perm(), "others could read it")
	assert.Equal(t, fs.ModeSymlink, must(os.Lstat(link)).Mode().Type(), "a link stays one")
}

// A program that is killed while it saves leaves the new file cut anywhere, or
// whole, and the old one in its place.
func TestFileJarCrash(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jar")
	j := openJar(t, name, nil)
	set(t, &j.Jar, "http://amazon.com/", "id=1678; Max-Age=1209600")
	require.NoError(t, j.Close())
	old := must(os.ReadFile(name))
	next := strings.Replace(string(old), "1678", "9999", 1)
	for n := range len(next) + 1 {
		require.NoError(t, os.WriteFile(name+".new", []byte(next[:n]), 0o600))
		require.NoError(t, os.WriteFile(name+".lock", nil, 0o600))
		j := openJar(t, name, nil)
		assert.Equal(t, "id=1678", j.Cookie(mustURL("http://amazon.com/"), nil, "GET"))
		set(t, &j.Jar, "http://amazon.com/", "n=1")
		require.NoError(t, j.Close(), "what was left is in nobody's way")
		assert.Equal(t, old, must(os.ReadFile(name)))
	}
	require.NoError(t, os.WriteFile(name, []byte(next), 0o600))
	j = openJar(t, name, nil)
	assert.Equal(t, "id=9999", j.Cookie(mustURL("http://amazon.com/"), nil, "GET"), "killed behind the rename")
}

func TestFileJarCannotSave(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jar")
	j := openJar(t, name, nil)
	set(t, &j.Jar, "http://amazon.com/", "id=1678; Max-Age=1209600")
	require.NoError(t, j.Save())
	old := must(os.ReadFile(name))
	// A folder that is not empty stands where the new file goes.
	require.NoError(t, os.MkdirAll(filepath.Join(name+".new", "x"), 0o700))
	set(t, &j.Jar, "http://amazon.com/", "id=1679; Max-Age=1209600")
	assert.Error(t, j.Save())
	assert.Equal(t, old, must(os.ReadFile(name)))
	require.NoError(t, os.RemoveAll(name+".new"))
	require.NoError(t, j.Save())
	assert.Contains(t, string(must(os.ReadFile(name))), "1679")
}

func TestFileJarCannotOpen(t *testing.T) {
	dir := t.TempDir()
	_, err := cookie.OpenFileJar(t.Context(), filepath.Join(dir, "none", "jar"), nil)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = cookie.OpenFileJar(t.Context(), dir, nil)
	assert.Error(t, err, "a folder")

	name := filepath.Join(dir, "jar")
	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("#", 100)), 0o600))
	options := &cookie.FileJarOptions{JarOptions: cookie.JarOptions{Limits: cookie.Limits{MaxFile: 99}}}
	_, err = cookie.OpenFileJar(t.Context(), name, options)
	le, ok := errors.AsType[*cookie.LimitError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, "MaxFile", le.Name)
	options.Limits.MaxFile = 100
	openJar(t, name, options)
}

func TestFileJarLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jar")
	first := openJar(t, name, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := cookie.OpenFileJar(ctx, name, nil)
	assert.ErrorIs(t, err, cookie.ErrLocked)
	assert.ErrorIs(t, err, context.DeadlineExceeded)

	// One that waits gets what the other has saved.
	set(t, &first.Jar, "http://amazon.com/", "id=1678; Max-Age=1209600")
	opened := make(chan *cookie.FileJar)
	go func() {
		j, err := cookie.OpenFileJar(t.Context(), name, nil)
		assert.NoError(t, err)
		opened <- j
	}()
	require.NoError(t, first.Close())
	second := <-opened
	assert.Equal(t, "id=1678", second.Cookie(mustURL("http://amazon.com/"), nil, "GET"))
	require.NoError(t, second.Close())
}

func TestFileJarLockOfAnotherProcess(t *testing.T) {
	name := filepath.Join(t.TempDir(), "jar")
	p := testkit.StartEnv(t, []string{"COOKIE_TEST_HOLD=" + name}, must(os.Executable()))
	p.WaitLine("open")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := cookie.OpenFileJar(ctx, name, nil)
	assert.ErrorIs(t, err, cookie.ErrLocked)
	p.Stop()
	openJar(t, name, nil)
}
