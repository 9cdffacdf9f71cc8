package ftp_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// left is how much a quota has left.
func left(t testing.TB, d *ftp.DirFS) int64 {
	t.Helper()
	n, err := d.Space(".")
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("free space is not known on this system")
	}
	require.NoError(t, err)
	return n
}

func TestQuota(t *testing.T) {
	root := tree(t, map[string]string{"a": "12345", "sub/b": "12345"})
	d := openDir(t, root, &ftp.DirOptions{Quota: 100})
	assert.EqualValues(t, 90, left(t, d), "what is there counts")

	require.NoError(t, begin(t, d, "c", ftp.CreateReplace, 0, strings.Repeat("x", 60)).Commit())
	assert.EqualValues(t, 30, left(t, d))

	u, err := d.Create("d", ftp.CreateReplace, 0)
	require.NoError(t, err)
	_, err = io.WriteString(u, strings.Repeat("x", 31))
	assert.ErrorIs(t, err, ftp.ErrQuota)
	assert.ErrorIs(t, err, ftp.ErrNoSpace)
	assert.Equal(t, 552, ftp.FileReply(err))
	_, err = io.WriteString(u, strings.Repeat("x", 30))
	require.NoError(t, err, "what fits is taken")
	assert.EqualValues(t, 0, left(t, d), "it counts while it is written")
	require.NoError(t, u.Abort())
	assert.EqualValues(t, 30, left(t, d))

	u, err = d.Create("d", ftp.CreateReplace, 0)
	require.NoError(t, err)
	n, err := u.(io.ReaderFrom).ReadFrom(strings.NewReader(strings.Repeat("x", 31)))
	assert.ErrorIs(t, err, ftp.ErrQuota)
	assert.EqualValues(t, 30, n)
	require.NoError(t, u.Abort())

	u, err = d.Create("d", ftp.CreateReplace, 0)
	require.NoError(t, err)
	n, err = u.(io.ReaderFrom).ReadFrom(strings.NewReader(strings.Repeat("x", 30)))
	require.NoError(t, err, "to the last octet")
	assert.EqualValues(t, 30, n)
	require.NoError(t, u.Commit())
	assert.EqualValues(t, 0, left(t, d))

	require.NoError(t, d.Remove("d"))
	assert.EqualValues(t, 30, left(t, d))
	assert.Error(t, d.Remove("d"))
	assert.EqualValues(t, 30, left(t, d), "once")

	require.NoError(t, begin(t, d, "a", ftp.CreateReplace, 0, "1").Commit())
	assert.EqualValues(t, 34, left(t, d), "what is replaced is given back")
	require.NoError(t, d.Rename("a", "sub/b"))
	assert.EqualValues(t, 39, left(t, d), "by a rename, too")
	require.NoError(t, d.Rename("c", "c"))
	assert.EqualValues(t, 39, left(t, d), "not where nothing is replaced")

	require.NoError(t, d.Truncate("c", 10))
	assert.EqualValues(t, 89, left(t, d))
	require.NoError(t, d.Truncate("c", 20))
	assert.EqualValues(t, 79, left(t, d))
	assert.ErrorIs(t, d.Truncate("c", 1000), ftp.ErrQuota)
	assert.EqualValues(t, 79, left(t, d))

	u = begin(t, d, "c", ftp.CreateResume, 15, "1234567890")
	require.NoError(t, u.Commit())
	assert.EqualValues(t, 74, left(t, d), "only what is new of a file that goes on")
	u = begin(t, d, "c", ftp.CreateAppend, 0, "1234567890")
	require.NoError(t, u.Abort())
	assert.EqualValues(t, 64, left(t, d), "written in place it stays")
	u, err = d.Create("c", ftp.CreateResume, 0)
	require.NoError(t, err)
	_, err = u.(io.ReaderFrom).ReadFrom(io.LimitReader(strings.NewReader(strings.Repeat("y", 100)), 40))
	require.NoError(t, err)
	require.NoError(t, u.Commit())
	assert.EqualValues(t, 59, left(t, d))
	u, err = d.Create("c", ftp.CreateResume, 0)
	require.NoError(t, err)
	_, err = u.(io.ReaderFrom).ReadFrom(strings.NewReader("short"))
	require.NoError(t, err)
	_, err = u.(io.ReaderFrom).ReadFrom(iotest.ErrReader(io.ErrUnexpectedEOF))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, u.Commit())
	assert.EqualValues(t, 59, left(t, d))

	sub, err := d.Sub("sub")
	require.NoError(t, err)
	defer sub.Close()
	require.NoError(t, begin(t, sub, "e", ftp.CreateReplace, 0, "123456789").Commit())
	assert.EqualValues(t, 50, left(t, d), "a home has a share")
	again := openDir(t, root, &ftp.DirOptions{Quota: 100})
	assert.EqualValues(t, 50, left(t, again), "all of it was right")
}

func TestQuotaErrorOfTheReader(t *testing.T) {
	d := openDir(t, t.TempDir(), &ftp.DirOptions{Quota: 4})
	u, err := d.Create("a", ftp.CreateReplace, 0)
	require.NoError(t, err)
	n, err := u.(io.ReaderFrom).ReadFrom(io.MultiReader(strings.NewReader("1234"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.EqualValues(t, 4, n)
	require.NoError(t, u.Abort())
}

// A part that is kept counts.
func TestQuotaOfAKeptPart(t *testing.T) {
	d := openDir(t, t.TempDir(), &ftp.DirOptions{Quota: 100, KeepPartial: true})
	require.NoError(t, begin(t, d, "a", ftp.CreateReplace, 0, "1234567890").Abort())
	assert.EqualValues(t, 90, left(t, d))
	require.NoError(t, d.Remove("a"))
	assert.EqualValues(t, 100, left(t, d))
}

// Uploads that run at once do not go beyond together.
func TestQuotaSharedByUploads(t *testing.T) {
	const max = 3 << 20
	root := t.TempDir()
	d := openDir(t, root, &ftp.DirOptions{Quota: max, NoSync: true})
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			u, err := d.Create(name, ftp.CreateReplace, 0)
			if !assert.NoError(t, err) {
				return
			}
			u.(io.ReaderFrom).ReadFrom(io.LimitReader(zeros{}, 2<<20))
			assert.NoError(t, u.Commit())
		})
	}
	wg.Wait()
	total := int64(0)
	assert.NoError(t, filepath.WalkDir(root, func(_ string, e fs.DirEntry, err error) error {
		if info, infoErr := e.Info(); infoErr == nil && !e.IsDir() {
			total += info.Size()
		}
		return err
	}))
	assert.EqualValues(t, max, total)
	assert.EqualValues(t, 0, left(t, d))
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// What the system says of a full disk is what [ftp.FS] says.
func TestFileErrors(t *testing.T) {
	for err, want := range systemErrors {
		got := ftp.FileError("write", "a", &fs.PathError{Op: "write", Path: "/srv/ftp/a", Err: err})
		assert.ErrorIs(t, got, want)
		assert.ErrorIs(t, got, err)
		assert.NotContains(t, got.Error(), "/srv", "no path of the machine's")
	}
	other := ftp.FileError("read", "a", os.ErrDeadlineExceeded)
	assert.ErrorIs(t, other, os.ErrDeadlineExceeded)
	assert.Equal(t, 451, ftp.FileReply(other))
}
