package ftp_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

func TestFSSeek(t *testing.T) {
	root := t.TempDir()
	want := pattern(200 << 10)
	writeFile(t, filepath.Join(root, "a"), want)
	c := dialActor(t, serveFiles(t, root, nil), nil)
	f, err := c.FS(t.Context()).Open("a")
	require.NoError(t, err)
	s := f.(io.ReadSeeker)
	for _, at := range []int64{100 << 10, 0, 200<<10 - 1, 5} {
		n, err := s.Seek(at, io.SeekStart)
		require.NoError(t, err)
		assert.Equal(t, at, n)
		b := make([]byte, 1)
		_, err = io.ReadFull(s, b)
		require.NoError(t, err)
		assert.Equal(t, want[at], b[0])
	}
	at, err := s.Seek(-3, io.SeekEnd)
	require.NoError(t, err)
	assert.EqualValues(t, 200<<10-3, at)
	var rest bytes.Buffer
	n, err := f.(io.WriterTo).WriteTo(&rest)
	require.NoError(t, err)
	assert.EqualValues(t, 3, n)
	assert.Equal(t, want[at:], rest.Bytes())
	n, err = f.(io.WriterTo).WriteTo(&rest)
	assert.NoError(t, err)
	assert.Zero(t, n)
	at, err = s.Seek(1<<30, io.SeekStart)
	require.NoError(t, err)
	_, err = s.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err, "behind the end, at %d", at)

	for _, bad := range []struct {
		offset int64
		whence int
	}{{-1, io.SeekStart}, {0, 9}} {
		_, err = s.Seek(bad.offset, bad.whence)
		assert.ErrorIs(t, err, fs.ErrInvalid)
	}
	require.NoError(t, f.Close())
	assert.ErrorIs(t, f.Close(), fs.ErrClosed)
	_, err = s.Read(make([]byte, 1))
	assert.ErrorIs(t, err, fs.ErrClosed)
	_, err = s.Seek(0, io.SeekStart)
	assert.ErrorIs(t, err, fs.ErrClosed)
	_, err = f.Stat()
	assert.ErrorIs(t, err, fs.ErrClosed)
	assert.NoError(t, c.Noop(t.Context()), "the session is free again")
}

func TestFSErrors(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "d", "a"), nil)
	c := dialActor(t, serveFiles(t, root, nil), nil)
	files := c.FS(t.Context())
	for _, name := range []string{"../a", "/a", "", "missing"} {
		_, err := files.Open(name)
		path, ok := errors.AsType[*fs.PathError](err)
		require.True(t, ok, "%q: %v", name, err)
		assert.Equal(t, "open", path.Op)
		assert.Equal(t, name, path.Path)
		_, err = fs.ReadFile(files, name)
		assert.Error(t, err)
	}
	d, err := files.Open("d")
	require.NoError(t, err)
	_, err = d.Read(nil)
	assert.Error(t, err, "a directory is not read")
	_, err = fs.ReadDir(files, "missing")
	assert.ErrorIs(t, err, fs.ErrNotExist)

	r, err := c.Retrieve(t.Context(), "d/a", 0)
	require.NoError(t, err)
	_, err = files.Open("d")
	assert.ErrorIs(t, err, ftp.ErrBusy)
	require.NoError(t, r.Close())
}
