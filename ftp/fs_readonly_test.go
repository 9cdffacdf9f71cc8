package ftp_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// plain is a file system whose files can be read and described and no more.
type plain struct{ fs.FS }

func (p plain) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return struct{ fs.File }{f}, nil
}

func TestReadOnly(t *testing.T) {
	m := fstest.MapFS{
		"a":     {Data: []byte("0123456789")},
		"sub/b": {Data: []byte("two")},
		"pipe":  {Mode: fs.ModeNamedPipe},
	}
	for name, fsys := range map[string]fs.FS{"whole": m, "plain": plain{m}} {
		t.Run(name, func(t *testing.T) {
			r := ftp.ReadOnly(fsys)
			assert.Equal(t, "two", read(t, r, "sub/b"))
			info, err := r.Stat("a")
			require.NoError(t, err)
			assert.EqualValues(t, 10, info.Size())
			_, err = r.Open("sub")
			assert.ErrorIs(t, err, ftp.ErrNotRegular)
			_, err = r.Open("pipe")
			assert.ErrorIs(t, err, ftp.ErrNotRegular)
			_, err = r.Open("none")
			assert.ErrorIs(t, err, fs.ErrNotExist)
			_, err = r.Open("../a")
			assert.ErrorIs(t, err, ftp.ErrName)
			_, err = r.Stat("/a")
			assert.ErrorIs(t, err, ftp.ErrName)
			for _, err := range r.ReadDir("none") {
				assert.ErrorIs(t, err, fs.ErrNotExist)
			}
			for _, err := range r.ReadDir("..") {
				assert.ErrorIs(t, err, ftp.ErrName)
			}
			_, creates := r.(ftp.CreateFS)
			assert.False(t, creates)

			f, err := r.Open("a")
			require.NoError(t, err)
			defer f.Close()
			buf := make([]byte, 3)
			at, err := f.Seek(2, io.SeekStart)
			require.NoError(t, err)
			assert.EqualValues(t, 2, at)
			_, err = io.ReadFull(f, buf)
			require.NoError(t, err)
			assert.Equal(t, "234", string(buf))
			at, err = f.Seek(1, io.SeekCurrent)
			require.NoError(t, err)
			assert.EqualValues(t, 6, at)
			at, err = f.Seek(-2, io.SeekEnd)
			require.NoError(t, err)
			assert.EqualValues(t, 8, at)
			rest, err := io.ReadAll(f)
			require.NoError(t, err)
			assert.Equal(t, "89", string(rest))
			_, err = f.Seek(0, io.SeekStart)
			if name == "whole" {
				assert.NoError(t, err)
				return
			}
			assert.Error(t, err, "back")
			at, err = f.Seek(20, io.SeekStart)
			require.NoError(t, err)
			assert.EqualValues(t, 20, at)
			_, err = f.Read(buf)
			assert.ErrorIs(t, err, io.EOF)
		})
	}
	assert.Equal(t, []string{"a", "pipe", "sub"}, names(t, ftp.ReadOnly(m), "."))
}

func TestReadOnlyReadsManyEntries(t *testing.T) {
	root := t.TempDir()
	for i := range 600 {
		require.NoError(t, os.WriteFile(filepath.Join(root, string(rune('a'+i%26))+string(rune('a'+i/26))), nil, 0o644))
	}
	r := ftp.ReadOnly(os.DirFS(root))
	assert.Len(t, names(t, r, "."), 600)
	n := 0
	for range r.ReadDir(".") {
		if n++; n == 300 {
			break
		}
	}
	assert.Equal(t, 300, n)
	f, err := r.Open("aa")
	require.NoError(t, err)
	defer f.Close()
	assert.IsType(t, (*os.File)(nil), f, "so that it is sent by the kernel")
}

// broken is a file system whose directory fails at its second batch.
type broken struct{ fs.FS }

type brokenDir struct {
	fs.File
	read int
}

var errBroken = errors.New("broken")

func (b broken) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	if err != nil || name != "." {
		return f, err
	}
	return &brokenDir{File: f}, nil
}

func (d *brokenDir) ReadDir(int) ([]fs.DirEntry, error) {
	if d.read++; d.read > 1 {
		return nil, errBroken
	}
	return []fs.DirEntry{entry{"gone", fs.ErrNotExist}, entry{"odd", errBroken}}, nil
}

type entry struct {
	name string
	err  error
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return false }
func (e entry) Type() fs.FileMode          { return 0 }
func (e entry) Info() (fs.FileInfo, error) { return nil, e.err }

func TestReadOnlyErrorsOfDirectories(t *testing.T) {
	var got []error
	for _, err := range ftp.ReadOnly(broken{fstest.MapFS{"a": {}}}).ReadDir(".") {
		got = append(got, err)
	}
	assert.Equal(t, []error{errBroken}, got, "what is gone is left out, another error ends it")
}
