package ftp_test

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// storeTooMuch stores more than there is room for, and returns the reply's code.
// What was there is whole then, and nothing else is.
func storeTooMuch(t *testing.T, d *ftp.DirFS, root string, size int) int {
	t.Helper()
	c, err := ftp.Dial(t.Context(), "tcp", serveDir(t, d), nil)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Store(t.Context(), "old", bytes.NewReader([]byte("kept"))))
	err = c.Store(t.Context(), "old", bytes.NewReader(make([]byte, size)))
	require.ErrorIs(t, err, ftp.ErrNoSpace)
	var refused *ftp.ReplyError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "kept", read(t, d, "old"))
	assert.Equal(t, []string{"old"}, onDisk(t, root))
	require.NoError(t, c.Store(t.Context(), "new", bytes.NewReader([]byte("fits"))), "the session goes on")
	assert.Equal(t, "fits", read(t, d, "new"))
	return refused.Code
}

// RFC 959 §4.2.1: 452 is for a system without space, 552 for a user's share.
func TestStoreToAFullDisk(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("no file system can be mounted here:", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(root, syscall.MNT_DETACH)) })
	d := openDir(t, root, nil)
	assert.Equal(t, 452, storeTooMuch(t, d, root, 8<<20))
	n, err := d.Space(".")
	require.NoError(t, err)
	assert.Positive(t, n)
	assert.LessOrEqual(t, n, int64(256<<10))
}

func TestStoreBeyondAQuota(t *testing.T) {
	root := t.TempDir()
	d := openDir(t, root, &ftp.DirOptions{Quota: 256 << 10})
	assert.Equal(t, 552, storeTooMuch(t, d, root, 8<<20))
	assert.NoError(t, os.Remove(root+"/old"))
}
