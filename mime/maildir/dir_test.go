package maildir_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime/maildir"
)

func newDir(t testing.TB) (*maildir.Dir, string) {
	path := filepath.Join(t.TempDir(), "a", "Maildir")
	d, err := maildir.Create(path)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d, path
}

// files lists a directory.
func files(t testing.TB, elem ...string) (names []string) {
	entries, err := os.ReadDir(filepath.Join(elem...))
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func deliver(t testing.TB, d *maildir.Dir, text string, opts *maildir.DeliveryOptions) maildir.Message {
	m, err := d.Deliver(strings.NewReader(text), opts)
	require.NoError(t, err)
	return m
}

func text(t testing.TB, d *maildir.Dir, m maildir.Message) string {
	f, err := d.OpenMessage(m)
	require.NoError(t, err)
	defer f.Close()
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(b)
}

func TestDeliver(t *testing.T) {
	d, path := newDir(t)
	y, err := d.Create(nil)
	require.NoError(t, err)
	defer y.Abort()
	for _, s := range []string{"A: 1\r", "\n\nb\n", "", "c\r\n"} {
		_, err = y.Write([]byte(s))
		require.NoError(t, err)
	}
	assert.Len(t, files(t, path, "tmp"), 1)
	assert.Empty(t, files(t, path, "new"), "nothing is seen before it is whole")
	m, err := y.Commit()
	require.NoError(t, err)
	assert.Empty(t, files(t, path, "tmp"))
	assert.Equal(t, []string{m.File}, files(t, path, "new"))
	assert.Regexp(t, `^\d+\.M\d+P\d+Q\d+R[0-9a-f]{16}(V[0-9a-f]+I[0-9a-f]+)?\.[^:/]+,S=12,W=14$`, m.File)
	assert.True(t, m.New)
	assert.Equal(t, "A: 1\r\n\nb\nc\r\n", text(t, d, m))
	info, err := os.Stat(filepath.Join(path, "new", m.File))
	require.NoError(t, err)
	assert.Equal(t, int64(12), info.Size())
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, y.Abort(), "it does nothing any more")
	_, err = y.Write(nil)
	require.Error(t, err)
	_, err = y.Commit()
	require.Error(t, err)
	assert.Len(t, files(t, path, "new"), 1)
}

func TestDeliverToCur(t *testing.T) {
	d, path := newDir(t)
	at := time.Date(2011, 7, 8, 12, 8, 34, 0, time.UTC)
	m := deliver(t, d, "a\n", &maildir.DeliveryOptions{Flags: "SF", Received: at})
	assert.True(t, strings.HasSuffix(m.File, ",S=2,W=3:2,FS"), m.File)
	info, err := os.Stat(filepath.Join(path, "cur", m.File))
	require.NoError(t, err)
	assert.True(t, at.Equal(info.ModTime()))
	m = deliver(t, d, "", &maildir.DeliveryOptions{Cur: true})
	assert.True(t, strings.HasSuffix(m.File, ",S=0,W=0:2,"), m.File)
	assert.Len(t, files(t, path, "cur"), 2)
}

func TestDeliverFails(t *testing.T) {
	d, path := newDir(t)
	broken := errors.New("broken")
	_, err := d.Deliver(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), nil)
	require.ErrorIs(t, err, broken)
	assert.Empty(t, files(t, path, "tmp"))
	assert.Empty(t, files(t, path, "new"))

	y, err := d.Create(nil)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(path, "new")))
	_, err = y.Commit()
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Empty(t, files(t, path, "tmp"), "nothing is left of it")

	require.NoError(t, os.RemoveAll(filepath.Join(path, "tmp")))
	_, err = d.Create(nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = d.Deliver(strings.NewReader(""), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = d.Clean(time.Now())
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, err := range d.New() {
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
}

func TestConcurrentDeliveries(t *testing.T) {
	d, path := newDir(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := d.Deliver(strings.NewReader(fmt.Sprint(i)), nil)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Len(t, files(t, path, "new"), 20)
}

func TestMessages(t *testing.T) {
	d, path := newDir(t)
	a, b := deliver(t, d, "a", nil), deliver(t, d, "b", &maildir.DeliveryOptions{Flags: "S"})
	require.NoError(t, os.WriteFile(filepath.Join(path, "cur", ".hidden"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(path, "cur", "folder"), 0o700))
	collect := func(seq func(func(maildir.Message, error) bool)) (files []string) {
		for m, err := range seq {
			require.NoError(t, err)
			files = append(files, m.File)
		}
		return files
	}
	assert.Equal(t, []string{a.File}, collect(d.New()))
	assert.Equal(t, []string{b.File}, collect(d.Cur()))
	assert.Equal(t, []string{a.File, b.File}, collect(d.All()))
	for m, err := range d.All() {
		require.NoError(t, err)
		assert.Equal(t, a, m, "the caller may end it")
		break
	}
	for range 250 {
		deliver(t, d, "", nil)
	}
	assert.Len(t, collect(d.New()), 251, "more than are read at a time")
}

func TestSetFlags(t *testing.T) {
	d, path := newDir(t)
	m := deliver(t, d, "a", nil)
	seen, err := d.SetFlags(m, "")
	require.NoError(t, err)
	assert.Equal(t, []string{m.Base + ":2,"}, files(t, path, "cur"))
	assert.Empty(t, files(t, path, "new"))
	seen, err = d.SetFlags(seen, seen.Flags.With(maildir.Seen, maildir.Replied))
	require.NoError(t, err)
	assert.Equal(t, m.Base+":2,RS", seen.File)
	same, err := d.SetFlags(seen, "SR")
	require.NoError(t, err)
	assert.Equal(t, seen, same)

	// Another program has changed the name: by the old one it is found.
	again, err := d.SetFlags(m, "F")
	require.NoError(t, err)
	assert.Equal(t, []string{again.File}, files(t, path, "cur"))
	assert.Equal(t, "a", text(t, d, seen))
	found, err := d.Find(m.Base)
	require.NoError(t, err)
	assert.Equal(t, again, found)

	require.NoError(t, d.Remove(m))
	require.NoError(t, d.Remove(m), "it is gone")
	assert.Empty(t, files(t, path, "cur"))
	_, err = d.SetFlags(again, "S")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = d.OpenMessage(again)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Flags that another program has given a message since it was looked for are not
// undone: the change is made of those.
func TestChangeFlagsRace(t *testing.T) {
	d, path := newDir(t)
	m := deliver(t, d, "a", nil)
	require.NoError(t, os.Rename(filepath.Join(path, "new", m.File), filepath.Join(path, "cur", m.File+":2,Sa")))
	b := d.Batch()
	m, err := b.ChangeFlags(m, func(f maildir.Flags) maildir.Flags { return f.With(maildir.Replied) })
	require.NoError(t, err)
	require.NoError(t, b.Commit())
	assert.Equal(t, maildir.Flags("RSa"), m.Flags)
	assert.Equal(t, []string{m.Base + ":2,RSa"}, files(t, path, "cur"))
}

// Of two messages with the same base, none takes the place of the other.
func TestSetFlagsOverAnother(t *testing.T) {
	d, path := newDir(t)
	m := deliver(t, d, "a", nil)
	require.NoError(t, os.WriteFile(filepath.Join(path, "cur", m.Base+":2,S"), []byte("b"), 0o600))
	_, err := d.SetFlags(m, "S")
	require.ErrorIs(t, err, fs.ErrExist)
	assert.Equal(t, "a", text(t, d, m))
	b, err := os.ReadFile(filepath.Join(path, "cur", m.Base+":2,S"))
	require.NoError(t, err)
	assert.Equal(t, "b", string(b))
	f, err := d.SetFlags(m, "F")
	require.NoError(t, err)
	assert.Equal(t, "a", text(t, d, f))
}

// A message that was made by hand leads nowhere else.
func TestMessagePaths(t *testing.T) {
	d, path := newDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(path, "secret"), []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(path, "..", "secret"), []byte("x"), 0o600))
	require.NoError(t, os.Symlink("../../secret", filepath.Join(path, "cur", "link")))
	for _, file := range []string{"../secret", "../../secret", "link"} {
		m := maildir.Message{Name: maildir.Name{Base: file}, File: file}
		_, err := d.OpenMessage(m)
		assert.Error(t, err, file)
	}
	for m := range d.Cur() {
		t.Errorf("%s is no message", m.File)
	}
}

// A message in whose place somebody has put a pipe keeps nobody waiting.
func TestOpenPipe(t *testing.T) {
	d, path := newDir(t)
	m := deliver(t, d, "a", nil)
	file := filepath.Join(path, "new", m.File)
	require.NoError(t, os.Remove(file))
	if err := exec.Command("mkfifo", file).Run(); err != nil {
		t.Skip("no mkfifo: ", err)
	}
	for range d.New() {
		t.Error("a pipe is no message")
	}
	_, err := d.OpenMessage(m)
	require.ErrorIs(t, err, fs.ErrInvalid)
	_, err = d.OpenWire(m)
	require.ErrorIs(t, err, fs.ErrInvalid)
}

func TestClean(t *testing.T) {
	d, path := newDir(t)
	old := time.Now().Add(-40 * time.Hour)
	stale := filepath.Join(path, "tmp", "stale")
	require.NoError(t, os.WriteFile(stale, nil, 0o600))
	require.NoError(t, os.Chtimes(stale, old, old))
	y, err := d.Create(nil)
	require.NoError(t, err)
	n, err := d.Clean(time.Now().Add(-36 * time.Hour))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	_, err = y.Commit()
	require.NoError(t, err, "what is being written stays")
}

func TestOpen(t *testing.T) {
	_, path := newDir(t)
	d, err := maildir.Open(path)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	root, err := os.OpenRoot(filepath.Dir(path))
	require.NoError(t, err)
	defer root.Close()
	d, err = maildir.OpenRoot(root, "Maildir")
	require.NoError(t, err)
	deliver(t, d, "a", nil)
	require.NoError(t, d.Close())
	_, err = maildir.OpenRoot(root, "none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = maildir.OpenRoot(root, "..")
	require.Error(t, err)

	_, err = maildir.Open(filepath.Join(path, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = maildir.Open(filepath.Dir(path))
	require.ErrorIs(t, err, fs.ErrNotExist, "it has no cur, new, tmp")
	require.NoError(t, os.RemoveAll(filepath.Join(path, "cur")))
	require.NoError(t, os.WriteFile(filepath.Join(path, "cur"), nil, 0o600))
	_, err = maildir.Open(path)
	require.ErrorIs(t, err, fs.ErrInvalid)
	_, err = maildir.Create(filepath.Join(path, "cur"))
	require.Error(t, err)
}

func TestFolders(t *testing.T) {
	d, path := newDir(t)
	folder := func(path ...string) maildir.Folder {
		f, err := maildir.NewFolder(path...)
		require.NoError(t, err)
		return f
	}
	for _, f := range []maildir.Folder{folder("Sent"), folder("Lists", "Go"), folder("Lists"), folder("Listsx"), folder("Entwürfe"), folder("Sent")} {
		inner, err := d.CreateFolder(f)
		require.NoError(t, err)
		deliver(t, inner, "a", nil)
		require.NoError(t, inner.Close())
		assert.FileExists(t, filepath.Join(path, f.File, "maildirfolder"))
	}
	require.NoError(t, os.WriteFile(filepath.Join(path, ".file"), nil, 0o600))
	names := func() (names []string) {
		folders, err := d.Folders()
		require.NoError(t, err)
		for _, f := range folders {
			names = append(names, strings.Join(f.Path, "/"))
		}
		return names
	}
	assert.Equal(t, []string{"Entwürfe", "Lists", "Lists/Go", "Listsx", "Sent"}, names())
	inner, err := d.OpenFolder(folder("Sent"))
	require.NoError(t, err)
	n := 0
	for _, err := range inner.New() {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 2, n)
	require.NoError(t, inner.Close())

	require.ErrorIs(t, d.RenameFolder(folder("Lists"), folder("Sent")), fs.ErrExist)
	require.NoError(t, d.RenameFolder(folder("Lists"), folder("Archive", "Lists")))
	assert.Equal(t, []string{"Archive/Lists", "Archive/Lists/Go", "Entwürfe", "Listsx", "Sent"}, names())
	require.ErrorIs(t, d.RenameFolder(folder("Lists"), folder("x")), fs.ErrNotExist)
	require.NoError(t, d.RemoveFolder(folder("Archive", "Lists")))
	assert.Equal(t, []string{"Archive/Lists/Go", "Entwürfe", "Listsx", "Sent"}, names())
	require.ErrorIs(t, d.RemoveFolder(folder("Lists")), fs.ErrNotExist)
	_, err = d.OpenFolder(folder("Lists"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, f := range []maildir.Folder{folder("L"), folder("L", "Go")} {
		inner, err := d.CreateFolder(f)
		require.NoError(t, err)
		require.NoError(t, inner.Close())
	}
	var parse *maildir.ParseError
	require.ErrorAs(t, d.RenameFolder(folder("L"), folder(strings.Repeat("a", 253))), &parse, "the one within is too long")
	require.NoError(t, d.RemoveFolder(folder("L")))

	// A folder that one who was killed had begun to remove.
	for _, name := range []string{"old.folder", "young.folder", "other"} {
		half := filepath.Join(path, "tmp", name)
		require.NoError(t, os.MkdirAll(filepath.Join(half, "cur"), 0o700))
		if name != "young.folder" {
			require.NoError(t, os.Chtimes(half, time.Unix(1, 0), time.Unix(1, 0)))
		}
	}
	cleaned, err := d.Clean(time.Unix(9, 0))
	require.NoError(t, err)
	assert.Equal(t, 1, cleaned)
	assert.Equal(t, []string{"other", "young.folder"}, files(t, path, "tmp"))

	byHand := maildir.Folder{File: "cur"}
	_, err = d.OpenFolder(byHand)
	require.ErrorAs(t, err, &parse)
	_, err = d.CreateFolder(byHand)
	require.ErrorAs(t, err, &parse)
	require.ErrorAs(t, d.RemoveFolder(byHand), &parse)
	require.ErrorAs(t, d.RenameFolder(byHand, folder("x")), &parse)
	_, err = d.CreateFolder(maildir.Folder{File: ".file"})
	require.Error(t, err)
	assert.False(t, slices.Contains(names(), "file"))
}
