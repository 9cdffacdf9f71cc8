package ftp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// now is when the listings of these tests are made.
var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// listed returns the lines of a listing, and an error that was met before the
// first one.
func listed(t testing.TB, fsys ftp.FS, style ftp.ListStyle, cwd, arg string) ([]string, error) {
	t.Helper()
	l, err := ftp.NewListing(ftp.ListRequest{FSys: fsys, Style: style, Cwd: cwd, Arg: arg, Now: now})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	n, err := l.WriteTo(&b)
	require.NoError(t, err)
	assert.EqualValues(t, b.Len(), n)
	if b.Len() == 0 {
		return nil, nil
	}
	text, ok := strings.CutSuffix(b.String(), "\r\n")
	assert.True(t, ok, "a line has an end: %q", b.String())
	return strings.Split(text, "\r\n"), nil
}

// last returns the last word of each line: the name, where it has no spaces.
func last(lines []string) []string {
	var got []string
	for _, line := range lines {
		got = append(got, line[strings.LastIndexByte(line, ' ')+1:])
	}
	return got
}

// listTree is in the order of names; the numbers are sizes.
var listTree = map[string]string{
	"a.txt": "12345", "b.txt": "123", "c[1].txt": "", ".hidden": "x",
	"sub/d.txt": "1", "sub/deep/e.txt": "", "sub/.dot/f": "", "-dash": "",
}

func TestListing(t *testing.T) {
	d := openDir(t, tree(t, listTree), nil)
	for i, name := range []string{"a.txt", "b.txt", "c[1].txt", "-dash"} {
		require.NoError(t, d.Chtimes(name, now.Add(-time.Duration(i)*time.Hour)))
	}
	require.NoError(t, d.Chtimes("sub", now.Add(-10*time.Hour)))
	all := []string{"-dash", "a.txt", "b.txt", "c[1].txt", "sub"}
	for _, tt := range []struct {
		name  string
		cwd   string
		arg   string
		list  []string // names that LIST tells
		names []string // what NLST tells, nil for the same
	}{
		{"the current directory", ".", "", all, all[:4]},
		{"another one", ".", "sub", []string{"d.txt", "deep"}, []string{"sub/d.txt"}},
		{"with a slash", ".", "sub/", []string{"d.txt", "deep"}, []string{"sub/d.txt"}},
		{"absolute", "sub", "/", all, []string{"/-dash", "/a.txt", "/b.txt", "/c[1].txt"}},
		{"absolute, further down", ".", "/sub", []string{"d.txt", "deep"}, []string{"/sub/d.txt"}},
		{"up", "sub", "..", all, []string{"../-dash", "../a.txt", "../b.txt", "../c[1].txt"}},
		{"from a directory", "sub", "", []string{"d.txt", "deep"}, []string{"d.txt"}},
		{"above the root", ".", "../../..", all, []string{"../../../-dash", "../../../a.txt", "../../../b.txt", "../../../c[1].txt"}},
		{"a file", ".", "a.txt", []string{"a.txt"}, nil},
		{"a file in a directory", ".", "sub/d.txt", []string{"d.txt"}, []string{"sub/d.txt"}},
		{"hidden names", ".", "-a", append([]string{"-dash", ".hidden"}, all[1:]...), append([]string{"-dash", ".hidden"}, all[1:]...)},
		{"a hidden directory by its name", ".", "sub/.dot", []string{"f"}, []string{"sub/.dot/f"}},
		{"glob", ".", "*.txt", []string{"a.txt", "b.txt", "c[1].txt"}, nil},
		{"glob of a class", ".", "[ab].*", []string{"a.txt", "b.txt"}, nil},
		{"glob in a directory", ".", "sub/*", []string{"d.txt", "deep"}, []string{"sub/d.txt"}},
		{"glob hides, too", ".", "*hidden", nil, nil},
		{"glob of hidden names", ".", ".h*", []string{".hidden"}, nil},
		{"glob of nothing", ".", "*.gz", nil, nil},
		{"a name that looks like a glob", ".", "c[1].txt", []string{"c[1].txt"}, nil},
		{"after --", ".", "-- -dash", []string{"-dash"}, nil},
		{"by time", ".", "-t", []string{"a.txt", "b.txt", "c[1].txt", "-dash", "sub"}, []string{"a.txt", "b.txt", "c[1].txt", "-dash", "sub"}},
		{"by time, the other way round", ".", "-tr *.txt", []string{"c[1].txt", "b.txt", "a.txt"}, nil},
		{"by size", ".", "-S *.txt", []string{"a.txt", "b.txt", "c[1].txt"}, nil},
		{"by name, the other way round", ".", "-r", []string{"sub", "c[1].txt", "b.txt", "a.txt", "-dash"}, []string{"sub", "c[1].txt", "b.txt", "a.txt", "-dash"}},
		{"a directory itself", ".", "-d sub", []string{"sub"}, nil},
		{"the current directory itself", ".", "-d", []string{"."}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines, err := listed(t, d, ftp.ListLong, tt.cwd, tt.arg)
			require.NoError(t, err)
			assert.Equal(t, tt.list, last(lines))
			lines, err = listed(t, d, ftp.ListNames, tt.cwd, tt.arg)
			require.NoError(t, err)
			want := tt.names
			if want == nil {
				want = tt.list
			}
			assert.Equal(t, want, lines)
		})
	}
}

// RFC 1123 §4.1.2.7: what NLST tells can be given to RETR as it is.
func TestNamesOfNLSTAreTakenByRETR(t *testing.T) {
	d := openDir(t, tree(t, listTree), nil)
	for _, cwd := range []string{".", "sub"} {
		for _, arg := range []string{"", "/", "..", "sub", "*", "/sub/*", "/sub/deep", "../../sub"} {
			lines, err := listed(t, d, ftp.ListNames, cwd, arg)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			require.NoError(t, err)
			for _, line := range lines {
				name, err := ftp.Resolve(cwd, line, nil)
				require.NoError(t, err)
				f, err := d.Open(name)
				if assert.NoError(t, err, "%s from %s by %q", line, cwd, arg) {
					f.Close()
				}
			}
		}
	}
}

func TestListingRecursive(t *testing.T) {
	d := openDir(t, tree(t, listTree), nil)
	lines, err := listed(t, d, ftp.ListLong, ".", "-R sub")
	require.NoError(t, err)
	assert.Equal(t, []string{"sub:", "d.txt", "deep", "", "sub/deep:", "e.txt"}, last(lines))
	lines, err = listed(t, d, ftp.ListLong, "sub", "-aR")
	require.NoError(t, err)
	assert.Equal(t, []string{".:", ".dot", "d.txt", "deep"}, last(lines[:4]))
	assert.ElementsMatch(t, []string{"", ".dot:", "f", "", "deep:", "e.txt"}, last(lines[4:]))
	lines, err = listed(t, d, ftp.ListNames, ".", "-R sub")
	require.NoError(t, err)
	assert.Equal(t, []string{"sub/d.txt", "sub/deep", "sub/deep/e.txt"}, lines)
}

// A directory in itself, by a link, does not make an endless listing, nor does
// depth without end.
func TestListingRecursiveEnds(t *testing.T) {
	root := tree(t, map[string]string{"sub/deep/": ""})
	if err := os.Symlink("../..", filepath.Join(root, "sub", "deep", "up")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	lines, err := listed(t, openDir(t, root, nil), ftp.ListLong, ".", "-R")
	require.NoError(t, err)
	assert.Equal(t, []string{".:", "sub", "", "sub:", "deep", "", "sub/deep:", "up"}, last(lines))
	assert.Equal(t, byte('d'), lines[7][0], "it is told as the directory that it leads to")

	l, err := ftp.NewListing(ftp.ListRequest{FSys: endless{}, Cwd: ".", Arg: "-R", Now: now, Limits: &ftp.Limits{MaxPathDepth: 5}})
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = l.WriteTo(&b)
	require.NoError(t, err)
	assert.Equal(t, 5, strings.Count(b.String(), ":\r\n"))
}

// endless is a directory in a directory in a directory.
type endless struct{}

type info struct {
	name string
	mode fs.FileMode
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return now }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

func (endless) Open(string) (ftp.File, error)         { return nil, fs.ErrNotExist }
func (endless) Stat(name string) (fs.FileInfo, error) { return info{name: name, mode: fs.ModeDir}, nil }
func (endless) ReadDir(string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) { yield(info{name: "d", mode: fs.ModeDir}, nil) }
}

// entries is a root directory with these entries and then an error.
type entries struct {
	endless
	infos []fs.FileInfo
	err   error
}

func (e entries) ReadDir(string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		for _, i := range e.infos {
			if !yield(i, nil) {
				return
			}
		}
		if e.err != nil {
			yield(nil, e.err)
		}
	}
}

func (e entries) Stat(name string) (fs.FileInfo, error) {
	if name != "." {
		return nil, fs.ErrNotExist
	}
	return e.endless.Stat(name)
}

func TestListingLines(t *testing.T) {
	e := entries{infos: []fs.FileInfo{
		info{"a b", 0o644, 12}, info{"d", fs.ModeDir | fs.ModeSticky | 0o777, 4096},
		info{"dangling", fs.ModeSymlink | 0o777, 3}, info{"fifo", fs.ModeNamedPipe | 0o600, 0},
		info{"two\r\nlines", 0o644, 0}, info{"nul\x00", 0o644, 0},
		info{"suid", fs.ModeSetuid | 0o755, 1 << 40}, info{"sgid", fs.ModeSetgid | 0o700, 1},
	}}
	lines, err := listed(t, e, ftp.ListLong, ".", "")
	require.NoError(t, err)
	assert.Equal(t, []string{
		"-rw-r--r--    1 ftp      ftp                12 Nov 21 12:00 a b",
		"drwxrwxrwt    1 ftp      ftp                 0 Nov 21 12:00 d",
		"lrwxrwxrwx    1 ftp      ftp                 0 Nov 21 12:00 dangling",
		"prw-------    1 ftp      ftp                 0 Nov 21 12:00 fifo",
		"-rwx--S---    1 ftp      ftp                 1 Nov 21 12:00 sgid",
		"-rwsr-xr-x    1 ftp      ftp      1099511627776 Nov 21 12:00 suid",
	}, lines)
	lines, err = listed(t, e, ftp.ListNames, ".", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"a b", "sgid", "suid"}, lines)
	lines, err = listed(t, e, ftp.ListFacts, ".", "")
	require.NoError(t, err)
	assert.Equal(t, []string{
		"type=file;size=12;modify=20261121120000;perm=r; a b",
		"type=dir;modify=20261121120000;perm=el; d",
		"type=OS.unix=slink;modify=20261121120000; dangling",
		"type=OS.unix=fifo;modify=20261121120000; fifo",
		"type=file;size=1099511627776;modify=20261121120000;perm=r; suid",
		"type=file;size=1;modify=20261121120000;perm=r; sgid",
	}, lines)
}

func TestListingOfErrors(t *testing.T) {
	d := openDir(t, tree(t, listTree), nil)
	for _, tt := range []struct {
		name  string
		style ftp.ListStyle
		arg   string
		want  int
	}{
		{"nothing", ftp.ListLong, "none", 550},
		{"nothing by facts", ftp.ListFacts, "none", 550},
		{"a glob in no directory", ftp.ListLong, "none/*", 550},
		{"a glob in a file", ftp.ListLong, "a.txt/*", 550},
		{"a glob before the last element", ftp.ListLong, "s*b/d.txt", 550},
		{"CR", ftp.ListLong, "a\r", 553},
		{"3659-7.1 MLSD of a file", ftp.ListFacts, "a.txt", 501},
		{"MLSD has no globs", ftp.ListFacts, "*", 550},
		{"MLSD has no options", ftp.ListFacts, "-a", 550},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := listed(t, d, tt.style, ".", tt.arg)
			require.Error(t, err)
			assert.Equal(t, tt.want, ftp.FileReply(err), err.Error())
		})
	}
}

func TestListingEndsWithTheErrorOfTheDirectory(t *testing.T) {
	for _, style := range []ftp.ListStyle{ftp.ListLong, ftp.ListFacts} {
		l, err := ftp.NewListing(ftp.ListRequest{FSys: entries{infos: []fs.FileInfo{info{"a", 0o644, 1}}, err: errBroken}, Style: style, Cwd: ".", Now: now})
		require.NoError(t, err)
		var b bytes.Buffer
		n, err := l.WriteTo(&b)
		assert.ErrorIs(t, err, errBroken)
		assert.EqualValues(t, b.Len(), n)
		assert.True(t, strings.HasSuffix(b.String(), " a\r\n"), "what was read is told")
	}
}

// A time that cannot be written is not told; the file is.
func TestListingOfAFileFromAnotherAge(t *testing.T) {
	e := entries{infos: []fs.FileInfo{far{info{"a", 0o644, 1}}}}
	lines, err := listed(t, e, ftp.ListFacts, ".", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"type=file;size=1;perm=r; a"}, lines)
}

type far struct{ info }

func (far) ModTime() time.Time { return time.Unix(1<<40, 0) }

// Directories that may not be read, or are gone, do not end a listing of others.
func TestListingRecursivePassesOverDirectories(t *testing.T) {
	f := refusing{entries{infos: []fs.FileInfo{info{"closed", fs.ModeDir, 0}, info{"open", fs.ModeDir, 0}}}}
	l, err := ftp.NewListing(ftp.ListRequest{FSys: f, Cwd: ".", Arg: "-R", Now: now})
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = l.WriteTo(&b)
	require.NoError(t, err)
	assert.Contains(t, b.String(), "closed:\r\n\r\nopen:\r\n")
}

type refusing struct{ entries }

func (r refusing) ReadDir(name string) iter.Seq2[fs.FileInfo, error] {
	switch name {
	case ".":
		return r.entries.ReadDir(name)
	case "open":
		return entries{}.ReadDir(name)
	}
	return entries{err: fs.ErrPermission}.ReadDir(name)
}

// errWriter fails at its second write.
type errWriter struct{ writes, octets int }

func (w *errWriter) Write(b []byte) (int, error) {
	if w.writes++; w.writes > 1 {
		return 0, errBroken
	}
	w.octets += len(b)
	return len(b), nil
}

// A listing of many entries is neither held nor written line by line, and ends
// when nobody takes it.
func TestListingOfManyEntries(t *testing.T) {
	const n = 5000
	var infos []fs.FileInfo
	for i := range n {
		infos = append(infos, info{fmt.Sprintf("f%04d", n-1-i), 0o644, 1})
	}
	for _, style := range []ftp.ListStyle{ftp.ListLong, ftp.ListNames, ftp.ListFacts} {
		lines, err := listed(t, entries{infos: infos}, style, ".", "")
		require.NoError(t, err)
		assert.Len(t, lines, n)
		got := last(lines)
		assert.Equal(t, style != ftp.ListFacts, slices.IsSorted(got[:1000]), "the first are sorted")
		assert.False(t, slices.IsSorted(got), "not all are held")

		l, err := ftp.NewListing(ftp.ListRequest{FSys: entries{infos: infos}, Style: style, Cwd: ".", Now: now})
		require.NoError(t, err)
		w := &errWriter{}
		written, err := l.WriteTo(w)
		assert.ErrorIs(t, err, errBroken)
		assert.Equal(t, 2, w.writes)
		assert.EqualValues(t, w.octets, written)
		assert.Greater(t, w.octets, 15<<10)
		for range l.Lines() {
			break
		}
	}
}

// The perm fact is what the user may and the file system can (RFC 3659 §7.5.5).
func TestPermsOf(t *testing.T) {
	d := openDir(t, t.TempDir(), nil)
	r := ftp.ReadOnly(fstest.MapFS{})
	for _, tt := range []struct {
		name      string
		fsys      ftp.FS
		rights    ftp.Rights
		file, dir string
	}{
		{"all of all", d, 0, "adfrw", "cdeflmp"},
		{"all of what can be read", r, ftp.RightsAll, "r", "el"},
		{"to read", d, ftp.RightsRead, "r", "el"},
		{"to list", d, ftp.RightList, "", "el"},
		{"to put", d, ftp.RightWrite, "aw", "ce"},
		{"to clear away", d, ftp.RightDelete | ftp.RightRename | ftp.RightMkdir, "df", "defmp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file, dir := ftp.PermsOf(tt.fsys, tt.rights)
			assert.Equal(t, tt.file, file.String())
			assert.Equal(t, tt.dir, dir.String())
		})
	}
}

// Whatever is asked for, what is told is below the root, and each line is one.
func FuzzListing(f *testing.F) {
	for _, arg := range []string{"", "-la", "../..", "*", "s*", "/sub/*", "-R", "--", "-d sub", "[", "\\"} {
		for style := range uint8(3) {
			f.Add(style, "sub", arg)
		}
	}
	d := openDir(f, tree(f, listTree), nil)
	f.Fuzz(func(t *testing.T, style uint8, cwd, arg string) {
		cwd, err := ftp.Resolve(".", cwd, nil)
		if err != nil {
			return
		}
		lines, err := listed(t, d, ftp.ListStyle(style%3), cwd, arg)
		if err != nil {
			assert.NotEqual(t, 451, ftp.FileReply(err), "%v", err)
			return
		}
		o, _ := ftp.ParseListOptions(arg)
		for _, line := range lines {
			assert.NotContains(t, line, "\n")
			if style%3 == uint8(ftp.ListNames) && !strings.Contains(o.Letters(), "l") {
				name, err := ftp.Resolve(cwd, line, nil)
				require.NoError(t, err)
				_, err = d.Stat(name)
				assert.NoError(t, err, "%q", line)
			}
		}
	})
}
