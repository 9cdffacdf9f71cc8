//go:build unix

package ftp_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// outside makes a root beside a directory that must not be reached, and returns
// both.
func outside(t *testing.T, files map[string]string) (root, secret string) {
	t.Helper()
	top := tree(t, map[string]string{"secret/password": "hunter2", "root/": ""})
	root = filepath.Join(top, "root")
	for name, text := range files {
		full := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o755))
		require.NoError(t, os.WriteFile(full, []byte(text), 0o644))
	}
	return root, filepath.Join(top, "secret")
}

func TestSymlinksOutAreNotFollowed(t *testing.T) {
	root, secret := outside(t, map[string]string{"a": "one"})
	links := map[string]string{
		"absolute": secret,
		"relative": "../secret",
		"winding":  "absolute/../../secret",
		"root":     "/",
		"chain":    "absolute",
	}
	for name, to := range links {
		require.NoError(t, os.Symlink(to, filepath.Join(root, name)))
	}
	require.NoError(t, os.Symlink(filepath.Join(secret, "password"), filepath.Join(root, "file")))
	require.NoError(t, os.Symlink("loop", filepath.Join(root, "loop")))
	d := openDir(t, root, nil)
	for name := range links {
		for op, err := range everyOperation(d, name+"/password") {
			if op != "Rename to" {
				assert.Error(t, err, "%s %s", op, name)
			}
			assert.Equal(t, 550, ftp.FileReply(err), "%s %s: %v", op, name, err)
		}
		_, err := d.Sub(name)
		assert.ErrorIs(t, err, fs.ErrNotExist)
		for _, err := range d.ReadDir(name) {
			assert.ErrorIs(t, err, fs.ErrNotExist)
		}
		_, err = d.Space(name)
		assert.ErrorIs(t, err, fs.ErrNotExist)
		assert.Error(t, d.RemoveDir(name))
	}
	for _, name := range []string{"file", "loop"} {
		_, err := d.Open(name)
		assert.ErrorIs(t, err, fs.ErrNotExist)
		_, err = d.Stat(name)
		assert.ErrorIs(t, err, fs.ErrNotExist)
		for _, mode := range []ftp.CreateMode{ftp.CreateResume, ftp.CreateAppend} {
			u, err := d.Create(name, mode, 0)
			if assert.Error(t, err) {
				continue
			}
			u.Abort()
		}
		assert.Error(t, d.Truncate(name, 0))
		assert.Error(t, d.Chmod(name, 0o777))
		u := begin(t, d, name, ftp.CreateUnique, 0, "x")
		assert.NotEqual(t, name, u.Name(), "a link that leads nowhere holds a name too")
		require.NoError(t, u.Abort())
	}
	// What replaces a link replaces the link.
	require.NoError(t, begin(t, d, "file", ftp.CreateReplace, 0, "mine").Commit())
	assert.Equal(t, "mine", read(t, d, "file"))
	require.NoError(t, d.Remove("absolute"), "a link can be removed")
	b, err := os.ReadFile(filepath.Join(secret, "password"))
	require.NoError(t, err)
	assert.Equal(t, "hunter2", string(b))
	assert.Equal(t, []string{"password"}, onDisk(t, secret))
}

func TestSymlinksInsideAreFollowed(t *testing.T) {
	root := tree(t, map[string]string{"sub/a": "one"})
	require.NoError(t, os.Symlink("sub", filepath.Join(root, "link")))
	require.NoError(t, os.Symlink("../sub/a", filepath.Join(root, "sub", "b")))
	d := openDir(t, root, nil)
	assert.Equal(t, "one", read(t, d, "link/b"))
	assert.Equal(t, []string{"a", "b"}, names(t, d, "link"))
	info, err := d.Stat("link")
	require.NoError(t, err)
	assert.True(t, info.IsDir())
	require.NoError(t, begin(t, d, "link/c", ftp.CreateReplace, 0, "two").Commit())
	assert.Equal(t, "two", read(t, d, "sub/c"))
	sub, err := d.Sub("sub")
	require.NoError(t, err)
	defer sub.Close()
	require.NoError(t, os.Symlink("../other", filepath.Join(root, "sub", "up")))
	require.NoError(t, os.WriteFile(filepath.Join(root, "other"), []byte("not bob's"), 0o644))
	assert.Equal(t, "not bob's", read(t, d, "sub/up"))
	_, err = sub.Open("up")
	assert.ErrorIs(t, err, fs.ErrNotExist, "a home is a root of its own")
}

// A directory is a link to the outside in every other moment. Nothing of the
// outside is ever read, listed, written, changed or removed.
func TestSymlinkSwappedInARace(t *testing.T) {
	root, secret := outside(t, map[string]string{"dir/password": "inside", "dir/other": ""})
	dir, aside, link := filepath.Join(root, "dir"), filepath.Join(root, "aside"), filepath.Join(root, "link")
	require.NoError(t, os.Symlink(secret, link))
	d := openDir(t, root, &ftp.DirOptions{NoSync: true})
	done := make(chan struct{})
	var swapper sync.WaitGroup
	swapper.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			os.Rename(dir, aside)
			os.Rename(link, dir)
			os.Rename(dir, link)
			os.Rename(aside, dir)
		}
	})
	read, refused := 0, 0
	for range 2000 {
		if f, err := d.Open("dir/password"); err == nil {
			b, err := io.ReadAll(f)
			assert.NoError(t, err)
			assert.Equal(t, "inside", string(b))
			assert.NoError(t, f.Close())
			read++
		} else {
			refused++
		}
		for info, err := range d.ReadDir("dir") {
			if err == nil && info.Name() == "password" {
				assert.EqualValues(t, len("inside"), info.Size())
			}
		}
		if info, err := d.Stat("dir/password"); err == nil {
			assert.EqualValues(t, len("inside"), info.Size())
		}
		if u, err := d.Create("dir/new", ftp.CreateReplace, 0); err == nil {
			_, err = io.WriteString(u, "x")
			assert.NoError(t, err)
			u.Commit()
		}
		d.Chmod("dir/password", 0o640)
		d.Truncate("dir/password", int64(len("inside")))
		d.Mkdir("dir/made")
		d.Remove("dir/new")
	}
	close(done)
	swapper.Wait()
	assert.Positive(t, read)
	t.Logf("%d read, %d refused", read, refused)
	assert.Equal(t, []string{"password"}, onDisk(t, secret))
	b, err := os.ReadFile(filepath.Join(secret, "password"))
	require.NoError(t, err)
	assert.Equal(t, "hunter2", string(b))
	info, err := os.Stat(filepath.Join(secret, "password"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o644), info.Mode())
}

// To open a FIFO is to wait for its other end: a session would hang, and with
// enough of them the server.
func TestFIFOsAreNotOpened(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "fifo"), 0o666))
	require.NoError(t, os.Symlink("fifo", filepath.Join(root, "link")))
	d := openDir(t, root, nil)
	for _, name := range []string{"fifo", "link"} {
		for op, err := range map[string]error{
			"open":     second(d.Open(name)),
			"resume":   second(d.Create(name, ftp.CreateResume, 0)),
			"append":   second(d.Create(name, ftp.CreateAppend, 0)),
			"truncate": d.Truncate(name, 0),
		} {
			assert.ErrorIs(t, err, ftp.ErrNotRegular, "%s %s", op, name)
		}
		for op, err := range map[string]error{
			"sub":    second(d.Sub(name)),
			"below":  second(d.Open(name + "/x")),
			"create": second(d.Create(name+"/x", ftp.CreateReplace, 0)),
			"space":  second(d.Space(name)),
		} {
			assert.ErrorIs(t, err, fs.ErrNotExist, "%s %s", op, name)
		}
		for _, err := range d.ReadDir(name) {
			assert.ErrorIs(t, err, fs.ErrNotExist)
		}
	}
	_, err := d.Create("fifo", ftp.CreateReplace, 0)
	assert.ErrorIs(t, err, ftp.ErrNotRegular)
	info, err := d.Stat("fifo")
	require.NoError(t, err)
	assert.Equal(t, fs.ModeNamedPipe, info.Mode().Type())
	require.NoError(t, d.Remove("fifo"))
}

func second[T any](_ T, err error) error { return err }

func TestDevicesAreNotOpened(t *testing.T) {
	d := openDir(t, "/dev", &ftp.DirOptions{ReadOnly: true})
	_, err := d.Open("null")
	assert.ErrorIs(t, err, ftp.ErrNotRegular)
	_, err = d.Open("zero")
	assert.ErrorIs(t, err, ftp.ErrNotRegular)
}

func TestFileWithoutWritePermissionIsNotReplaced(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write to any file")
	}
	root := tree(t, map[string]string{"old": "kept"})
	require.NoError(t, os.Chmod(filepath.Join(root, "old"), 0o444))
	d := openDir(t, root, nil)
	_, err := d.Create("old", ftp.CreateReplace, 0)
	assert.ErrorIs(t, err, fs.ErrPermission)
	assert.Equal(t, "kept", read(t, d, "old"))
}

func TestNamesNeedNotBeUTF8(t *testing.T) {
	root := t.TempDir()
	d := openDir(t, root, nil)
	const latin1 = "gr\xfc\xdfe"
	u, err := d.Create(latin1, ftp.CreateReplace, 0)
	if err != nil {
		t.Skip("this file system wants UTF-8:", err)
	}
	_, err = io.Copy(u, strings.NewReader("text"))
	require.NoError(t, err)
	require.NoError(t, u.Commit())
	assert.Equal(t, "text", read(t, d, latin1))
	assert.Equal(t, []string{latin1}, names(t, d, "."))
}
