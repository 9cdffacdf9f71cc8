package ftp_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// begin begins an upload and writes text to it.
func begin(t testing.TB, d *ftp.DirFS, name string, mode ftp.CreateMode, offset int64, text string) ftp.Upload {
	t.Helper()
	u, err := d.Create(name, mode, offset)
	require.NoError(t, err)
	n, err := u.(io.ReaderFrom).ReadFrom(strings.NewReader(text[:len(text)/2]))
	require.NoError(t, err)
	assert.EqualValues(t, len(text)/2, n)
	_, err = io.WriteString(u, text[len(text)/2:])
	require.NoError(t, err)
	return u
}

// onDisk returns the names in a directory, temporary ones too.
func onDisk(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	return got
}

func TestUpload(t *testing.T) {
	for _, tt := range []struct {
		name   string
		file   string
		mode   ftp.CreateMode
		offset int64
		during string // what the name gives before Commit
		after  string
	}{
		{"new", "new", ftp.CreateReplace, 0, "", "abcd"},
		{"new in a directory", "sub/new", ftp.CreateReplace, 0, "", "abcd"},
		{"replaced", "old", ftp.CreateReplace, 0, "0123456789", "abcd"},
		{"resumed", "old", ftp.CreateResume, 8, "01234567abcd", "01234567abcd"},
		{"resumed at the end", "old", ftp.CreateResume, 10, "0123456789abcd", "0123456789abcd"},
		{"3659-5.3 resumed before the end keeps the rest", "old", ftp.CreateResume, 2, "01abcd6789", "01abcd6789"},
		{"appended", "old", ftp.CreateAppend, 0, "0123456789abcd", "0123456789abcd"},
		{"appended to nothing", "new", ftp.CreateAppend, 0, "", "abcd"},
	} {
		for _, opts := range []*ftp.DirOptions{nil, {NoSync: true}} {
			t.Run(tt.name, func(t *testing.T) {
				root := tree(t, map[string]string{"old": "0123456789", "sub/": ""})
				d := openDir(t, root, opts)
				u := begin(t, d, tt.file, tt.mode, tt.offset, "abcd")
				assert.Equal(t, tt.file, u.Name())
				if tt.during == "" {
					_, err := d.Stat(tt.file)
					assert.ErrorIs(t, err, fs.ErrNotExist)
				} else {
					assert.Equal(t, tt.during, read(t, d, tt.file))
				}
				require.NoError(t, u.Commit())
				assert.Equal(t, tt.after, read(t, d, tt.file))
				assert.Error(t, u.Commit(), "only once")
				assert.Error(t, u.Abort(), "not any more")
				for _, name := range onDisk(t, root) {
					assert.NotContains(t, name, "upload")
				}
			})
		}
	}
}

func TestUploadKeepsPermissions(t *testing.T) {
	root := tree(t, map[string]string{"old": "x"})
	require.NoError(t, os.Chmod(filepath.Join(root, "old"), 0o640))
	d := openDir(t, root, nil)
	require.NoError(t, begin(t, d, "old", ftp.CreateReplace, 0, "yy").Commit())
	info, err := d.Stat("old")
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o640), info.Mode())

	u := begin(t, d, "new", ftp.CreateReplace, 0, "yy")
	require.NoError(t, u.(interface{ Chmod(fs.FileMode) error }).Chmod(0o600|fs.ModeSetuid))
	require.NoError(t, u.Commit())
	info, err = d.Stat("new")
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode(), "and no setuid")
	require.NoError(t, d.Chmod("new", 0o644|fs.ModeSetuid))
	info, err = d.Stat("new")
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o644), info.Mode())
}

// SITE UMASK is for new files: what is replaced or appended to keeps who may
// read it.
func TestUmaskIsForNewFiles(t *testing.T) {
	root := tree(t, map[string]string{"old": "x"})
	old := filepath.Join(root, "old")
	require.NoError(t, os.Chmod(old, 0o644))
	d := drive(t, openDir(t, root, nil), nil).login()
	d.do("TYPE I")
	require.Equal(t, "200 Umask set.", d.do("SITE UMASK 077"))
	for _, line := range []string{"STOR old", "APPE old", "STOR new", "STOU unique"} {
		d.do("EPSV")
		require.Contains(t, d.do(line), "226 ", line)
	}
	modes := map[string]fs.FileMode{}
	for _, name := range []string{"old", "new", "unique"} {
		info, err := os.Stat(filepath.Join(root, name))
		require.NoError(t, err)
		modes[name] = info.Mode()
	}
	assert.Equal(t, map[string]fs.FileMode{"old": 0o644, "new": 0o600, "unique": 0o600}, modes)
}

func TestUploadAborted(t *testing.T) {
	for _, tt := range []struct {
		name string
		file string
		mode ftp.CreateMode
		keep bool
		want string // what stands then, "" for nothing
	}{
		{"new", "new", ftp.CreateReplace, false, ""},
		{"new and kept", "new", ftp.CreateReplace, true, "abcd"},
		{"replaced", "old", ftp.CreateReplace, false, "0123456789"},
		{"replaced is whole even where parts are kept", "old", ftp.CreateReplace, true, "0123456789"},
		{"unique", "new", ftp.CreateUnique, false, ""},
		{"unique and kept", "new", ftp.CreateUnique, true, "abcd"},
		{"appended in place", "old", ftp.CreateAppend, false, "0123456789abcd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := tree(t, map[string]string{"old": "0123456789"})
			d := openDir(t, root, &ftp.DirOptions{KeepPartial: tt.keep})
			u := begin(t, d, tt.file, tt.mode, 0, "abcd")
			require.NoError(t, u.Abort())
			assert.Error(t, u.Abort(), "only once")
			assert.Error(t, u.Commit(), "not any more")
			want := []string{"old"}
			if tt.want == "" {
				_, err := d.Stat(tt.file)
				assert.ErrorIs(t, err, fs.ErrNotExist)
			} else {
				assert.Equal(t, tt.want, read(t, d, tt.file))
				if tt.file == "new" {
					want = []string{"new", "old"}
				}
			}
			assert.Equal(t, want, onDisk(t, root), "no temporary file stays")
		})
	}
}

func TestUploadKeepsNothingOfNothing(t *testing.T) {
	root := t.TempDir()
	d := openDir(t, root, &ftp.DirOptions{KeepPartial: true})
	require.NoError(t, begin(t, d, "new", ftp.CreateReplace, 0, "").Abort())
	assert.Empty(t, onDisk(t, root))
}

func TestUploadKeptNeverReplaces(t *testing.T) {
	root := t.TempDir()
	d := openDir(t, root, &ftp.DirOptions{KeepPartial: true})
	slow := begin(t, d, "new", ftp.CreateReplace, 0, "half")
	require.NoError(t, begin(t, d, "new", ftp.CreateReplace, 0, "whole").Commit())
	assert.ErrorIs(t, slow.Abort(), fs.ErrExist)
	assert.Equal(t, "whole", read(t, d, "new"))
	assert.Equal(t, []string{"new"}, onDisk(t, root))

	slow = begin(t, d, "new1", ftp.CreateUnique, 0, "half")
	require.NoError(t, begin(t, d, "new1", ftp.CreateReplace, 0, "whole").Commit())
	assert.ErrorIs(t, slow.Commit(), fs.ErrExist, "not even when it is whole")
	assert.Equal(t, "whole", read(t, d, "new1"))
	slow = begin(t, d, "new3", ftp.CreateUnique, 0, "whole")
	require.NoError(t, d.Remove("new3"))
	require.NoError(t, slow.Commit(), "the name is free again")
	assert.Equal(t, "whole", read(t, d, "new3"))
	require.NoError(t, d.Remove("new3"))

	slow = begin(t, d, "new2", ftp.CreateUnique, 0, "half")
	require.NoError(t, begin(t, d, "new2", ftp.CreateReplace, 0, "whole").Commit())
	require.NoError(t, slow.Abort())
	assert.Equal(t, "whole", read(t, d, "new2"))
	assert.Equal(t, []string{"new", "new1", "new2"}, onDisk(t, root))
}

func TestUploadUnique(t *testing.T) {
	long := strings.Repeat("ä", 127) // 254 octets
	root := tree(t, map[string]string{"sub/": "", long: "x"})
	d := openDir(t, root, nil)
	seen := map[string]bool{}
	for range 20 {
		u := begin(t, d, "sub/a", ftp.CreateUnique, 0, "text")
		assert.True(t, strings.HasPrefix(u.Name(), "sub/a"), u.Name())
		assert.False(t, seen[u.Name()], u.Name())
		seen[u.Name()] = true
		_, err := d.Create(u.Name(), ftp.CreateUnique, 0)
		require.NoError(t, err, "another is not held up")
		require.NoError(t, u.Commit())
		assert.Equal(t, "text", read(t, d, u.Name()))
	}
	assert.True(t, seen["sub/a"], "the name itself, if it is free")
	u := begin(t, d, long, ftp.CreateUnique, 0, "text")
	assert.LessOrEqual(t, len(u.Name()), 255)
	require.NoError(t, u.Commit())
	assert.Equal(t, "x", read(t, d, long))
}

// An upload goes on in the directory where it began, whatever is under that
// name meanwhile.
func TestUploadFollowsItsDirectory(t *testing.T) {
	root := tree(t, map[string]string{"sub/": "", "other/": ""})
	d := openDir(t, root, nil)
	u := begin(t, d, "sub/a", ftp.CreateReplace, 0, "text")
	require.NoError(t, d.Rename("sub", "moved"))
	require.NoError(t, d.Rename("other", "sub"))
	require.NoError(t, u.Commit())
	assert.Equal(t, "text", read(t, d, "moved/a"))
	assert.Empty(t, names(t, d, "sub"))
}

// What the name came to mean while the upload ran is replaced only if it can be.
func TestUploadOverADirectoryMadeMeanwhile(t *testing.T) {
	root := t.TempDir()
	d := openDir(t, root, nil)
	u := begin(t, d, "a", ftp.CreateReplace, 0, "text")
	require.NoError(t, d.Mkdir("a"))
	assert.Error(t, u.Commit())
	assert.Equal(t, []string{"a"}, onDisk(t, root))
}

func TestTemporaryFilesAreHidden(t *testing.T) {
	root := tree(t, map[string]string{"a": ""})
	d := openDir(t, root, nil)
	u := begin(t, d, "b", ftp.CreateReplace, 0, "secret")
	var temp string
	for _, name := range onDisk(t, root) {
		if name != "a" {
			temp = name
		}
	}
	require.Regexp(t, `^\.ftp-upload-[A-Z2-7]{26}$`, temp)
	assert.Equal(t, []string{"a"}, names(t, d, "."))
	_, err := d.Open(temp)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorIs(t, d.Remove(temp), fs.ErrNotExist)
	assert.ErrorIs(t, d.Rename(temp, "c"), fs.ErrNotExist)
	assert.ErrorIs(t, d.Rename("a", temp), fs.ErrNotExist)
	require.NoError(t, u.Commit())
	assert.Equal(t, []string{"a", "b"}, onDisk(t, root))
}

func TestLeftOverUploadsAreSwept(t *testing.T) {
	const left = ".ftp-upload-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	root := tree(t, map[string]string{left: "x", "sub/deep/" + left: "y", "sub/.ftp-upload-mine": "a user's", left[:30] + "/" + left: "z"})
	openDir(t, root, &ftp.DirOptions{NoSweep: true})
	openDir(t, root, &ftp.DirOptions{ReadOnly: true})
	require.FileExists(t, filepath.Join(root, left))
	d := openDir(t, root, nil)
	u := begin(t, d, "b", ftp.CreateReplace, 0, "text")
	again := openDir(t, root, nil)
	assert.Equal(t, []string{left[:30], "sub"}, names(t, again, "."))
	require.NoError(t, u.Commit(), "what is being written is left alone")
	assert.Equal(t, []string{left[:30], "b", "sub"}, onDisk(t, root))
	assert.Empty(t, onDisk(t, filepath.Join(root, "sub", "deep")))
	assert.Equal(t, []string{".ftp-upload-mine", "deep"}, onDisk(t, filepath.Join(root, "sub")))
}
