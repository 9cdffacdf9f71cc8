package ftp_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// tree makes a directory with these files, and those that end in a slash as
// directories.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		full := filepath.Join(root, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(full, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o755))
		require.NoError(t, os.WriteFile(full, []byte(text), 0o644))
	}
	return root
}

func openDir(t testing.TB, root string, opts *ftp.DirOptions) *ftp.DirFS {
	t.Helper()
	d, err := ftp.Dir(root, opts)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// names returns the sorted names in a directory.
func names(t testing.TB, fsys ftp.FS, dir string) []string {
	t.Helper()
	got := []string{}
	for info, err := range fsys.ReadDir(dir) {
		require.NoError(t, err)
		got = append(got, info.Name())
	}
	slices.Sort(got)
	return got
}

func read(t testing.TB, fsys ftp.FS, name string) string {
	t.Helper()
	f, err := fsys.Open(name)
	require.NoError(t, err)
	defer f.Close()
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(b)
}

func TestDirReads(t *testing.T) {
	d := openDir(t, tree(t, map[string]string{"a": "one", "sub/b": "two", "sub/deep/c": "three", " lead": "x"}), nil)
	assert.Equal(t, "one", read(t, d, "a"))
	assert.Equal(t, "three", read(t, d, "sub/deep/c"))
	assert.Equal(t, []string{" lead", "a", "sub"}, names(t, d, "."))
	assert.Equal(t, []string{"b", "deep"}, names(t, d, "sub"))
	info, err := d.Stat("sub/b")
	require.NoError(t, err)
	assert.Equal(t, "b", info.Name())
	assert.EqualValues(t, 3, info.Size())
	info, err = d.Stat(".")
	require.NoError(t, err)
	assert.True(t, info.IsDir())
}

func TestDirReadsManyEntries(t *testing.T) {
	root := t.TempDir()
	const n = 1000 // several batches
	for i := range n {
		require.NoError(t, os.WriteFile(filepath.Join(root, "f"+string(rune('a'+i%26))+strings.Repeat("x", i/26)), nil, 0o644))
	}
	d := openDir(t, root, nil)
	assert.Len(t, names(t, d, "."), n)
	count := 0
	for _, err := range d.ReadDir(".") {
		require.NoError(t, err)
		if count++; count == 300 {
			break
		}
	}
	assert.Equal(t, 300, count)
}

// What every operation answers to names that it must not take.
func TestDirRefusesNames(t *testing.T) {
	d := openDir(t, tree(t, map[string]string{"a": "", "sub/": ""}), nil)
	const temp = ".ftp-upload-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, tt := range []struct {
		name, file string
		want       error
	}{
		{"empty", "", ftp.ErrName},
		{"dot dot", "..", ftp.ErrName},
		{"dot dot within", "sub/../../etc/passwd", ftp.ErrName},
		{"dot dot at the end", "sub/..", ftp.ErrName},
		{"absolute", "/etc/passwd", ftp.ErrName},
		{"two slashes", "sub//a", ftp.ErrName},
		{"slash at the end", "sub/", ftp.ErrName},
		{"dot within", "./a", ftp.ErrName},
		{"NUL", "a\x00b", ftp.ErrName},
		{"too long", strings.Repeat("x", 300), ftp.ErrName},
		{"temporary", temp, fs.ErrNotExist},
		{"temporary in other case", strings.ToUpper(temp), fs.ErrNotExist},
		{"temporary within", "sub/" + temp, fs.ErrNotExist},
		{"below temporary", temp + "/a", fs.ErrNotExist},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for op, err := range everyOperation(d, tt.file) {
				assert.ErrorIs(t, err, tt.want, op)
			}
		})
	}
}

// everyOperation tries all that can be done with a name, and returns the errors.
func everyOperation(d *ftp.DirFS, name string) map[string]error {
	_, open := d.Open(name)
	_, stat := d.Stat(name)
	_, sub := d.Sub(name)
	_, replace := d.Create(name, ftp.CreateReplace, 0)
	_, resume := d.Create(name, ftp.CreateResume, 0)
	_, appendTo := d.Create(name, ftp.CreateAppend, 0)
	_, unique := d.Create(name, ftp.CreateUnique, 0)
	var list error
	for _, err := range d.ReadDir(name) {
		list = err
	}
	_, space := d.Space(name)
	return map[string]error{
		"Open": open, "Stat": stat, "Sub": sub, "ReadDir": list, "Space": space,
		"Create": replace, "Create resume": resume, "Create append": appendTo, "Create unique": unique,
		"Remove": d.Remove(name), "RemoveDir": d.RemoveDir(name), "Mkdir": d.Mkdir(name),
		"Rename from": d.Rename(name, "new"), "Rename to": d.Rename("a", name),
		"Chtimes": d.Chtimes(name, time.Unix(0, 0)), "Chmod": d.Chmod(name, 0o600), "Truncate": d.Truncate(name, 0),
	}
}

func TestDirErrors(t *testing.T) {
	d := openDir(t, tree(t, map[string]string{"a": "one", "b": "", "sub/x": "", "empty/": ""}), nil)
	_, openMissing := d.Open("none")
	_, openBelowFile := d.Open("a/b")
	_, openDir := d.Open("sub")
	_, createDir := d.Create("sub", ftp.CreateReplace, 0)
	_, createNowhere := d.Create("none/x", ftp.CreateReplace, 0)
	_, createBelowFile := d.Create("a/x", ftp.CreateReplace, 0)
	_, resumeMissing := d.Create("none", ftp.CreateResume, 0)
	_, resumeBehind := d.Create("a", ftp.CreateResume, 4)
	_, resumeBefore := d.Create("a", ftp.CreateResume, -1)
	_, appendDir := d.Create("sub", ftp.CreateAppend, 0)
	_, createRoot := d.Create(".", ftp.CreateReplace, 0)
	_, subFile := d.Sub("a")
	var listFile error
	for _, err := range d.ReadDir("a") {
		listFile = err
	}
	for _, tt := range []struct {
		name string
		err  error
		want error
		code int
	}{
		{"open what is not there", openMissing, fs.ErrNotExist, 550},
		{"open below a file", openBelowFile, fs.ErrNotExist, 550},
		{"open a directory", openDir, ftp.ErrNotRegular, 550},
		{"list a file", listFile, fs.ErrNotExist, 550},
		{"root at a file", subFile, fs.ErrNotExist, 550},
		{"create over a directory", createDir, ftp.ErrNotRegular, 550},
		{"create in no directory", createNowhere, fs.ErrNotExist, 550},
		{"create below a file", createBelowFile, fs.ErrNotExist, 550},
		{"create the root", createRoot, fs.ErrPermission, 550},
		{"resume what is not there", resumeMissing, fs.ErrNotExist, 550},
		{"resume behind the end", resumeBehind, ftp.ErrOffset, 554},
		{"resume before the start", resumeBefore, ftp.ErrOffset, 554},
		{"append to a directory", appendDir, ftp.ErrNotRegular, 550},
		{"DELE of a directory", d.Remove("empty"), ftp.ErrNotRegular, 550},
		{"DELE of nothing", d.Remove("none"), fs.ErrNotExist, 550},
		{"DELE of the root", d.Remove("."), fs.ErrPermission, 550},
		{"RMD of a file", d.RemoveDir("a"), fs.ErrPermission, 550},
		{"RMD of a full directory", d.RemoveDir("sub"), fs.ErrPermission, 550},
		{"RMD of nothing", d.RemoveDir("none"), fs.ErrNotExist, 550},
		{"MKD of what is there", d.Mkdir("sub"), fs.ErrExist, 553},
		{"MKD in no directory", d.Mkdir("none/x"), fs.ErrNotExist, 550},
		{"rename nothing", d.Rename("none", "x"), fs.ErrNotExist, 550},
		{"rename over a full directory", d.Rename("empty", "sub"), fs.ErrExist, 553},
		{"rename into itself", d.Rename("sub", "sub/y"), ftp.ErrName, 553},
		{"truncate a directory", d.Truncate("sub", 0), ftp.ErrNotRegular, 550},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Error(t, tt.err)
			assert.ErrorIs(t, tt.err, tt.want)
			assert.Equal(t, tt.code, ftp.FileReply(tt.err), tt.err.Error())
		})
	}
	assert.Equal(t, "one", read(t, d, "a"))
	assert.Equal(t, []string{"a", "b", "empty", "sub"}, names(t, d, "."))
}

func TestFileReply(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{ftp.ErrQuota, 552}, {ftp.ErrNoSpace, 452}, {errors.ErrUnsupported, 502}, {io.ErrUnexpectedEOF, 451},
		{&ftp.LimitError{Reply: 553}, 553}, {&ftp.ParseError{Reply: 501}, 501}, {&ftp.ParseError{}, 451},
	} {
		assert.Equal(t, tt.want, ftp.FileReply(&fs.PathError{Op: "x", Path: "y", Err: tt.err}), tt.err.Error())
	}
	assert.ErrorIs(t, ftp.ErrQuota, ftp.ErrNoSpace)
	assert.NotErrorIs(t, ftp.ErrNoSpace, ftp.ErrQuota)
}

func TestDirChanges(t *testing.T) {
	root := tree(t, map[string]string{"a": "one", "b": "two", "sub/c": "three"})
	for _, opts := range []*ftp.DirOptions{nil, {NoSync: true}} {
		d := openDir(t, root, opts)
		require.NoError(t, d.Mkdir("new"))
		require.NoError(t, d.Rename("a", "new/a"))
		assert.Equal(t, "one", read(t, d, "new/a"))
		require.NoError(t, d.Rename("new/a", "b"), "over a file")
		assert.Equal(t, "one", read(t, d, "b"))
		require.NoError(t, d.RemoveDir("new"))
		then := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		require.NoError(t, d.Chtimes("b", then))
		info, err := d.Stat("b")
		require.NoError(t, err)
		assert.True(t, then.Equal(info.ModTime()))
		require.NoError(t, d.Truncate("b", 2))
		assert.Equal(t, "on", read(t, d, "b"))
		require.NoError(t, d.Truncate("b", 3))
		assert.Equal(t, "on\x00", read(t, d, "b"))
		require.NoError(t, d.Remove("b"))
		assert.Equal(t, []string{"sub"}, names(t, d, "."))
		n, err := d.Space("sub")
		if !errors.Is(err, errors.ErrUnsupported) {
			require.NoError(t, err)
			assert.Positive(t, n)
		}
		require.NoError(t, os.WriteFile(filepath.Join(root, "a"), []byte("one"), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(root, "b"), nil, 0o644))
	}
}

func TestDirReadOnly(t *testing.T) {
	d := openDir(t, tree(t, map[string]string{"a": "one", "sub/": ""}), &ftp.DirOptions{ReadOnly: true})
	assert.Equal(t, "one", read(t, d, "a"))
	reads := []string{"Open", "Stat", "Sub", "ReadDir", "Space"}
	for op, err := range everyOperation(d, "a") {
		if !slices.Contains(reads, op) {
			assert.ErrorIs(t, err, fs.ErrPermission, op)
		}
	}
}

func TestDirSubIsARoot(t *testing.T) {
	d := openDir(t, tree(t, map[string]string{"secret": "s", "bob/a": "one"}), nil)
	bob, err := d.Sub("bob")
	require.NoError(t, err)
	defer bob.Close()
	assert.Equal(t, "one", read(t, bob, "a"))
	_, err = bob.Open("../secret")
	assert.ErrorIs(t, err, ftp.ErrName)
	require.NoError(t, d.Rename("bob", "robert"))
	assert.Equal(t, "one", read(t, bob, "a"), "wherever it is renamed to")
}
