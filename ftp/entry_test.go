package ftp_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

func TestEntryLocalName(t *testing.T) {
	for _, name := range []string{"a", "a b", " ", "...", "\xff", "-rf"} {
		got, err := (&ftp.Entry{Name: name}).LocalName()
		assert.NoError(t, err, name)
		assert.Equal(t, name, got)
	}
	for _, name := range []string{"", ".", "..", "/", "/etc/passwd", "../a", "a/b", "a/", "./a", "a\x00"} {
		_, err := (&ftp.Entry{Name: name}).LocalName()
		assert.ErrorIs(t, err, ftp.ErrName, name)
	}
}

func TestEntryFileInfo(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name string
		e    ftp.Entry
		mode fs.FileMode
		dir  bool
	}{
		{"a file", ftp.Entry{Type: ftp.EntryFile}, 0o644, false},
		{"nothing told", ftp.Entry{}, 0o644, false},
		{"a directory", ftp.Entry{Type: ftp.EntryDir}, fs.ModeDir | 0o755, true},
		{"the directory itself", ftp.Entry{Type: ftp.EntryCurrent}, fs.ModeDir | 0o755, true},
		{"a mode told", ftp.Entry{Type: ftp.EntryFile, Facts: ftp.FactUnixMode, Mode: 0o600 | fs.ModeSetuid}, 0o600 | fs.ModeSetuid, false},
		{"a symbolic link", ftp.Entry{Type: ftp.EntrySymlink}, fs.ModeSymlink | 0o644, false},
		{"a device", ftp.Entry{Type: ftp.EntryOther}, fs.ModeIrregular | 0o644, false},
	}
	for _, tt := range tests {
		tt.e.Name, tt.e.Size, tt.e.ModTime = "n", 7, when
		fi := tt.e.FileInfo()
		assert.Equal(t, tt.mode, fi.Mode(), tt.name)
		assert.Equal(t, tt.dir, fi.IsDir(), tt.name)
		assert.Equal(t, "n", fi.Name())
		assert.Equal(t, int64(7), fi.Size())
		assert.Equal(t, when, fi.ModTime())
		assert.Equal(t, tt.e, ftp.EntryOf(fi), "there and back")
	}
	assert.Contains(t, (&ftp.Entry{Name: "n", Type: ftp.EntryDir}).FileInfo().(interface{ String() string }).String(), "drwxr-xr-x")
	assert.Equal(t, "symlink", ftp.EntrySymlink.String())
	assert.Equal(t, "unknown", ftp.EntryType(200).String())
}

func TestEntryOf(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	files := fstest.MapFS{
		"file":   {Data: []byte("abc"), Mode: 0o640, ModTime: when},
		"dir":    {Mode: fs.ModeDir | 0o750, ModTime: when},
		"link":   {Data: []byte("file"), Mode: fs.ModeSymlink | 0o777, ModTime: when},
		"tty":    {Mode: fs.ModeDevice | fs.ModeCharDevice, ModTime: when},
		"disk":   {Mode: fs.ModeDevice, ModTime: when},
		"fifo":   {Mode: fs.ModeNamedPipe, ModTime: when},
		"socket": {Mode: fs.ModeSocket, ModTime: when},
		"odd":    {Mode: fs.ModeIrregular, ModTime: when},
	}
	tests := []struct{ name, facts string }{
		{"file", "type=file;size=3;modify=20260102030405;UNIX.mode=0640; file"},
		{"dir", "type=dir;modify=20260102030405;UNIX.mode=0750; dir"},
		{"link", "type=OS.unix=slink;modify=20260102030405;UNIX.mode=0777; link"},
		{"tty", "type=OS.unix=chr;modify=20260102030405;UNIX.mode=00; tty"},
		{"disk", "type=OS.unix=blk;modify=20260102030405;UNIX.mode=00; disk"},
		{"fifo", "type=OS.unix=fifo;modify=20260102030405;UNIX.mode=00; fifo"},
		{"socket", "type=OS.unix=socket;modify=20260102030405;UNIX.mode=00; socket"},
		{"odd", "type=OS.unix=other;modify=20260102030405;UNIX.mode=00; odd"},
	}
	for _, tt := range tests {
		fi, err := files.Lstat(tt.name)
		require.NoError(t, err)
		e := ftp.EntryOf(fi)
		b, err := ftp.AppendFacts(nil, &e, ftp.FactsAll)
		assert.NoError(t, err)
		assert.Equal(t, tt.facts, string(b))
	}
}

// A file whose time cannot be said is listed without it.
func TestEntryOfOddTime(t *testing.T) {
	for _, year := range []int{-1, 1, 999, 10000, 12026} {
		when := time.Date(year, 6, 1, 12, 0, 0, 0, time.UTC)
		fi, err := fstest.MapFS{"a": {Data: []byte("abc"), Mode: 0o644, ModTime: when}}.Stat("a")
		require.NoError(t, err)
		e := ftp.EntryOf(fi)
		b, err := ftp.AppendFacts(nil, &e, ftp.FactsAll)
		assert.NoError(t, err)
		assert.Equal(t, "type=file;size=3;UNIX.mode=0644; a", string(b))
		b, err = ftp.AppendList(nil, fi, listNow)
		assert.NoError(t, err)
		assert.Contains(t, string(b), " Jun  1 ", "a list has room for it")
	}
}

// Two names of one file have one unique fact, and other files have another.
func TestEntryOfSystem(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	require.NoError(t, os.WriteFile(a, []byte("x"), 0o600))
	require.NoError(t, os.WriteFile(c, []byte("x"), 0o600))
	if err := os.Link(a, b); err != nil {
		t.Skip(err)
	}
	entry := func(name string) ftp.Entry {
		fi, err := os.Stat(name)
		require.NoError(t, err)
		return ftp.EntryOf(fi)
	}
	first := entry(a)
	if !first.Facts.Has(ftp.FactUnique) {
		t.Skip("the system does not tell files apart here")
	}
	assert.Equal(t, first.Unique, entry(b).Unique)
	assert.NotEqual(t, first.Unique, entry(c).Unique)
	assert.Equal(t, uint32(2), first.Links)
	assert.True(t, first.Facts.Has(ftp.FactUnixUID|ftp.FactUnixGID))
	assert.Equal(t, os.Getuid(), int(first.UID))
}

// A directory that stands for its files alone, as fstest.MapFS has them, has no
// time, and is listed all the same.
func TestEntryOfWithoutTime(t *testing.T) {
	fi, err := fs.Stat(fstest.MapFS{"d/a": {}}, "d")
	require.NoError(t, err)
	e := ftp.EntryOf(fi)
	assert.False(t, e.Facts.Has(ftp.FactModify))
	line, err := ftp.AppendFacts(nil, &e, ftp.FactType|ftp.FactModify)
	require.NoError(t, err)
	assert.Equal(t, "type=dir; d", string(line))
}
