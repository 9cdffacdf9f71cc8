package durable_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/durable"
)

func TestMakeAll(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b", "c")
	for range 2 { // the second time it is there
		require.NoError(t, durable.MakeAll(dir+"/."))
		info, err := os.Stat(dir)
		require.NoError(t, err)
		assert.True(t, info.IsDir())
		if runtime.GOOS != "windows" {
			assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
		}
	}
	t.Chdir(top)
	require.NoError(t, durable.MakeAll("d/e"))
	assert.DirExists(t, filepath.Join(top, "d", "e"))
	require.NoError(t, durable.MakeAll("."))

	file := filepath.Join(top, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Error(t, durable.MakeAll(filepath.Join(file, "below")))
}

func TestSyncDir(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, root.Mkdir("new", 0o700))
	assert.NoError(t, durable.SyncDir(root, "."))
	assert.NoError(t, durable.SyncDir(root, "new"))
	if runtime.GOOS != "windows" {
		assert.ErrorIs(t, durable.SyncDir(root, "gone"), fs.ErrNotExist)
		assert.Error(t, durable.SyncDir(root, ".."), "no name leads out")
	}
}
