package cookie_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/cookie"
)

func record(n byte, data string) cookie.Record {
	return cookie.Record{Key: cookie.Key{n}, Created: lecture, Used: lecture, Data: []byte(data)}
}

// content is what a database has, by the keys' first octet.
func content(t *testing.T, d cookie.Database) map[byte]string {
	t.Helper()
	m := map[byte]string{}
	for r, err := range d.All() {
		require.NoError(t, err)
		m[r.Key[0]] = fmt.Sprintf("%s %v", r.Data, r.Used.Sub(lecture))
		assert.True(t, lecture.Equal(r.Created))
	}
	assert.Equal(t, len(m), d.Len())
	return m
}

func TestDatabases(t *testing.T) {
	for _, d := range []cookie.Database{&cookie.MemoryDatabase{}, openDatabase(t, filepath.Join(t.TempDir(), "db"))} {
		t.Run(fmt.Sprintf("%T", d), func(t *testing.T) {
			done, err := d.Update(record(1, "none"))
			require.NoError(t, err)
			assert.False(t, done)
			data := []byte("one")
			done, err = d.Insert(cookie.Record{Key: cookie.Key{1}, Created: lecture, Used: lecture, Data: data})
			require.NoError(t, err)
			assert.True(t, done)
			copy(data, "two")
			done, err = d.Insert(record(1, "again"))
			require.NoError(t, err)
			assert.False(t, done)
			r, found, err := d.Load(cookie.Key{1})
			require.NoError(t, err)
			assert.True(t, found)
			assert.Equal(t, "one", string(r.Data), "the caller's slice is the caller's")
			_, found, err = d.Load(cookie.Key{2})
			require.NoError(t, err)
			assert.False(t, found)
			require.NoError(t, d.Touch(cookie.Key{1}, lecture.Add(time.Hour)))
			require.NoError(t, d.Touch(cookie.Key{2}, lecture.Add(time.Hour)))
			_, err = d.Insert(record(3, ""))
			require.NoError(t, err)
			assert.Equal(t, map[byte]string{1: "one 1h0m0s", 3: " 0s"}, content(t, d))
			require.NoError(t, d.Delete())
			require.NoError(t, d.Delete(cookie.Key{1}, cookie.Key{2}))
			assert.Equal(t, map[byte]string{3: " 0s"}, content(t, d))
			for range d.All() {
				break
			}
			require.NoError(t, d.Close())
		})
	}
}

// Whatever octet of the log a crash cuts it at, what comes back is what had
// been done, up to the last whole line, and the database goes on from there.
func TestFileDatabaseCrash(t *testing.T) {
	name := filepath.Join(t.TempDir(), "db")
	d := openDatabase(t, name)
	states := []map[byte]string{{}}
	step := func(err error) {
		require.NoError(t, err)
		states = append(states, content(t, d))
	}
	_, err := d.Insert(record(1, "one"))
	step(err)
	_, err = d.Insert(record(2, "two, with\na line"))
	step(err)
	step(d.Touch(cookie.Key{1}, lecture.Add(time.Minute)))
	_, err = d.Update(record(2, "2"))
	step(err)
	step(d.Delete(cookie.Key{1}))
	_, err = d.Insert(record(1, "one again"))
	step(err)
	require.NoError(t, d.Close())
	log := must(os.ReadFile(name))
	require.Len(t, states, bytes.Count(log, []byte("\n")))

	for n := range len(log) + 1 {
		require.NoError(t, os.WriteFile(name, log[:n], 0o600))
		lines := bytes.Count(log[:n], []byte("\n"))
		d := openDatabase(t, name)
		assert.Empty(t, d.Damaged())
		require.Equal(t, states[max(lines-1, 0)], content(t, d), "cut at %d", n)
		if n%5 > 0 {
			require.NoError(t, d.Close())
			continue
		}
		_, err := d.Insert(record(9, "new"))
		require.NoError(t, err)
		want := content(t, d)
		require.NoError(t, d.Close())
		d = openDatabase(t, name)
		require.Equal(t, want, content(t, d), "cut at %d and gone on", n)
		require.NoError(t, d.Close())
	}
}

// An octet that is spoilt loses its line, or joins two, and nothing else. Two
// lines are put and told apart by their data, so that none stands in for
// another.
func TestFileDatabaseDamage(t *testing.T) {
	name := filepath.Join(t.TempDir(), "db")
	d := openDatabase(t, name)
	for i := range 3 {
		_, err := d.Insert(record(byte(i), fmt.Sprint(i)))
		require.NoError(t, err)
	}
	want := content(t, d)
	require.NoError(t, d.Close())
	log := must(os.ReadFile(name))
	for i := len(cookie.SessionLogHeader); i < len(log)-1; i += 3 {
		spoilt := slices.Clone(log)
		spoilt[i] ^= 0x15
		require.NoError(t, os.WriteFile(name, spoilt, 0o600))
		d := openDatabase(t, name)
		got := content(t, d)
		assert.GreaterOrEqual(t, len(got), 1, "octet %d", i)
		assert.Less(t, len(got), 3, "octet %d", i)
		assert.NotEmpty(t, d.Damaged())
		for k, v := range got {
			assert.Equal(t, want[k], v)
		}
		require.NoError(t, d.Close())
	}
	require.NoError(t, os.WriteFile(name, log[:len(log)-1], 0o600))
	assert.Equal(t, 2, openDatabase(t, name).Len(), "cut before its line end")
}

func TestFileDatabaseRefusesOtherFiles(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"# Netscape HTTP Cookie File\n", "applayer sessions 2\n", "x", strings.Repeat("\x00", 100_000)} {
		name := filepath.Join(dir, "other")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		_, err := cookie.OpenFileDatabase(t.Context(), name)
		var pe *cookie.ParseError
		assert.ErrorAs(t, err, &pe, "%.20q", text)
		assert.Equal(t, text, string(must(os.ReadFile(name))), "it is left alone")
	}
	_, err := cookie.OpenFileDatabase(t.Context(), dir)
	assert.Error(t, err)
	_, err = cookie.OpenFileDatabase(t.Context(), filepath.Join(dir, "none", "db"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestFileDatabaseLockAndClose(t *testing.T) {
	name := filepath.Join(t.TempDir(), "db")
	require.NoError(t, os.WriteFile(name, nil, 0o644))
	d := openDatabase(t, name)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := cookie.OpenFileDatabase(ctx, name)
	assert.ErrorIs(t, err, cookie.ErrLocked)
	if runtime.GOOS != "windows" {
		assert.Equal(t, fs.FileMode(0o600), must(os.Stat(name)).Mode().Perm())
	}
	_, err = d.Insert(record(1, "one"))
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	_, _, err = d.Load(cookie.Key{1})
	assert.ErrorIs(t, err, os.ErrClosed)
	_, err = d.Insert(record(2, "two"))
	assert.ErrorIs(t, err, os.ErrClosed)
	assert.ErrorIs(t, d.Touch(cookie.Key{1}, lecture), os.ErrClosed)
	assert.ErrorIs(t, d.Delete(cookie.Key{1}), os.ErrClosed)
	for _, err := range d.All() {
		assert.ErrorIs(t, err, os.ErrClosed)
	}
	assert.Equal(t, []string{"db"}, list(t, filepath.Dir(name)))
}

// A log that is mostly of the past is written anew, by whatever call comes
// next, and stays in bounds; what it has is the same.
func TestFileDatabaseCompacts(t *testing.T) {
	name := filepath.Join(t.TempDir(), "db")
	d := openDatabase(t, name)
	for i := range 10 {
		_, err := d.Insert(record(byte(i), strings.Repeat("x", 100)))
		require.NoError(t, err)
	}
	least, most := int64(1<<62), int64(0)
	for i := range 3000 {
		require.NoError(t, d.Touch(cookie.Key{byte(i % 10)}, lecture.Add(time.Duration(i))))
		size := must(os.Stat(name)).Size()
		least, most = min(least, size), max(most, size)
	}
	assert.LessOrEqual(t, most, int64(cookie.CompactSlack+10_000))
	assert.Less(t, least, int64(5000))
	want := content(t, d)
	require.NoError(t, d.Close())
	link := filepath.Join(t.TempDir(), "link")
	if os.Symlink(name, link) != nil {
		link = name // Windows does not let everybody
	}
	d = openDatabase(t, link)
	assert.Equal(t, want, content(t, d))
	assert.Equal(t, []string{"db", "db.lock"}, list(t, filepath.Dir(name)))

	// A new file that a crash cut, or that had not taken the old one's place.
	require.NoError(t, d.Close())
	whole := must(os.ReadFile(name))
	for n := 0; n <= len(whole); n += 101 {
		require.NoError(t, os.WriteFile(name+".new", whole[:n], 0o600))
		d := openDatabase(t, name)
		require.Equal(t, want, content(t, d))
		require.NoError(t, d.Close())
	}
}

// Where no new file can be written the old one goes on.
func TestFileDatabaseCannotCompact(t *testing.T) {
	name := filepath.Join(t.TempDir(), "db")
	d := openDatabase(t, name)
	require.NoError(t, os.MkdirAll(filepath.Join(name+".new", "x"), 0o700))
	_, err := d.Insert(record(1, "one"))
	require.NoError(t, err)
	for i := range 2000 {
		require.NoError(t, d.Touch(cookie.Key{1}, lecture.Add(time.Duration(i))))
	}
	assert.Greater(t, must(os.Stat(name)).Size(), int64(cookie.CompactSlack))
	require.NoError(t, os.RemoveAll(name+".new"))
	for range 2000 {
		require.NoError(t, d.Touch(cookie.Key{1}, lecture.Add(time.Hour)))
	}
	_, err = d.Update(record(1, "two"))
	require.NoError(t, err)
	assert.Less(t, must(os.Stat(name)).Size(), int64(2*cookie.CompactSlack))
	require.NoError(t, d.Close())
	assert.Equal(t, map[byte]string{1: "two 0s"}, content(t, openDatabase(t, name)))
}

// What is read from a log, written again, is read as the same; a whole line in
// front of it is read whatever follows.
func FuzzSessionLog(f *testing.F) {
	var log []byte
	for _, c := range []*cookie.Change{
		cookie.NewChange("put", record(1, "one")), cookie.NewChange("use", record(1, "")), cookie.NewChange("del", record(1, "")),
	} {
		log = cookie.AppendChange(log, c)
	}
	f.Add(log)
	f.Add([]byte("put x\n  00000000\n 00000000\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		read := func(b []byte) (all []cookie.Change) {
			size, damaged, err := cookie.ReadLog(bytes.NewReader(append([]byte(cookie.SessionLogHeader), b...)), func(c cookie.Change, _ int) {
				all = append(all, c)
			})
			require.NoError(t, err)
			whole := bytes.LastIndexByte(b, '\n') + 1
			require.Equal(t, int64(len(cookie.SessionLogHeader)+whole), size)
			require.Len(t, damaged, min(bytes.Count(b, []byte("\n"))-len(all), 100))
			return all
		}
		got := read(b)
		var again []byte
		for i := range got {
			again = cookie.AppendChange(again, &got[i])
		}
		require.Equal(t, got, read(again))
		require.Len(t, read(append(slices.Clone(log), b...)), 3+len(got))
	})
}
