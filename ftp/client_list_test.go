package ftp_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

const (
	mlsd = "type=cdir;modify=20240517101112; .\r\ntype=file;size=5;modify=20240517101112; a b\r\ntype=dir; sub\r\n"
	ls   = "total 8\r\n-rw-r--r--   1 bob  users    5 May 17  2024 a b\r\ndrwxr-xr-x   2 bob  users 4096 May 17  2024 sub\r\n"
)

func namesOf(entries []ftp.Entry) (names []string) {
	for _, e := range entries {
		names = append(names, e.Type.String()+" "+e.Name)
	}
	return names
}

func TestClientList(t *testing.T) {
	tests := []struct {
		name   string
		opts   *ftp.Options
		script func(a *actor)
	}{
		{"3659-7 MLSD", nil, func(a *actor) {
			a.login("MLST type*;size*;modify*;")
			a.send("MLSD dir", mlsd)
		}},
		{"LIST where MLSD is not told of", nil, func(a *actor) {
			a.login("SIZE")
			a.typ("A")
			a.send("LIST dir", ls)
		}},
		{"LIST where MLSD is told of and not known", nil, func(a *actor) {
			a.login("MLST type*;size*;")
			a.epsv()
			a.expect("MLSD dir", "502 not built")
			a.typ("A")
			a.send("LIST dir", ls)
		}},
		{"LIST with options", &ftp.Options{Hidden: true}, func(a *actor) {
			a.login()
			a.typ("A")
			a.send("LIST -a dir", ls)
		}},
		{"LF alone", nil, func(a *actor) {
			a.login()
			a.typ("A")
			a.send("LIST dir", strings.ReplaceAll(ls, "\r", ""))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dialActor(t, play(t, tt.script), tt.opts)
			entries, err := c.List(t.Context(), "dir")
			require.NoError(t, err)
			assert.Equal(t, []string{"file a b", "dir sub"}, namesOf(entries))
			assert.EqualValues(t, 5, entries[0].Size)
			assert.Equal(t, 2024, entries[0].ModTime.Year())
		})
	}
}

func TestClientListStops(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.login("MLST type*;")
		a.epsv()
		a.expect("MLSD", "150 go")
		nc := a.accept()
		defer nc.Close()
		a.check(errOf(nc.Write([]byte(strings.Repeat("type=file; a\r\n", 3)))))
		a.expect("ABOR", "426 aborted")
		a.expect("PWD", "226 ok", `257 "/"`)
		a.expect("NOOP", "200 ok")
	}), nil)
	for e, err := range c.Entries(t.Context(), "") {
		require.NoError(t, err)
		assert.Equal(t, "a", e.Name)
		assert.ErrorIs(t, c.Noop(t.Context()), ftp.ErrBusy)
		break
	}
	assert.NoError(t, c.Noop(t.Context()))
}

func errOf(_ int, err error) error { return err }

func TestClientListLimits(t *testing.T) {
	tests := []struct {
		name, listing, limit string
		lim                  ftp.Limits
	}{
		{"endless listing", strings.Repeat("type=file; a\r\n", 11), "MaxEntries", ftp.Limits{MaxEntries: 10}},
		{"long names without end", strings.Repeat("type=file; "+strings.Repeat("a", 89)+"\r\n", 11), "MaxListing", ftp.Limits{MaxListing: 1000}},
		{"endless line", "type=file; " + strings.Repeat("a", 9000) + "\r\n", "MaxListLine", ftp.Limits{}},
		{"a line without end", strings.Repeat("a", 20000), "MaxListLine", ftp.Limits{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dialActor(t, play(t, func(a *actor) {
				a.login("MLST type*;")
				a.epsv()
				a.expect("MLSD", "150 go")
				nc := a.accept()
				defer nc.Close()
				a.check(errOf(nc.Write([]byte(tt.listing))))
				a.expect("ABOR", "426 aborted")
				a.expect("PWD", "226 ok", `257 "/"`)
			}), &ftp.Options{Limits: tt.lim})
			_, err := c.List(t.Context(), "")
			var limit *ftp.LimitError
			require.ErrorAs(t, err, &limit)
			assert.Equal(t, tt.limit, limit.Name)
		})
	}
}

// A line as long as the limit passes, though it is longer than the buffer.
func TestClientListLongLine(t *testing.T) {
	name := strings.Repeat("n", 8<<10-len("type=file; \r\n"))
	c := dialActor(t, play(t, func(a *actor) {
		a.login("MLST type*;")
		a.send("MLSD", "type=file; "+name+"\r\ntype=file; short\r\n")
	}), nil)
	entries, err := c.List(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, []string{"file " + name, "file short"}, namesOf(entries))
}

func TestClientNames(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.login()
		a.typ("A")
		a.send("NLST *.txt", "a.txt\r\nsub/b.txt\r\n")
		a.epsv()
		a.expect("NLST ./-x", "550 No files found.")
	}), &ftp.Options{Charset: ftp.Latin1{}})
	names, err := c.Names(t.Context(), "*.txt")
	require.NoError(t, err)
	assert.Equal(t, []string{"a.txt", "sub/b.txt"}, names)
	names, err = c.Names(t.Context(), "-x")
	assert.NoError(t, err)
	assert.Empty(t, names)
}

func TestClientStat(t *testing.T) {
	day := time.Date(2024, 5, 17, 10, 11, 12, 0, time.UTC)
	c := dialActor(t, play(t, func(a *actor) {
		a.login("MLST type*;size*;modify*;")
		a.expect("MLST d/a", "250-Listing", " type=file;size=5;modify=20240517101112; /d/a", "250 End")
		a.expect("MLST .", "250-Listing", " type=cdir; /", "250 End")
		a.expect("MLST x", "550 no")
	}), nil)
	e, err := c.Stat(t.Context(), "d/a")
	require.NoError(t, err)
	assert.Equal(t, "a", e.Name)
	assert.EqualValues(t, 5, e.Size)
	assert.Equal(t, day, e.ModTime)
	e, err = c.Stat(t.Context(), ".")
	require.NoError(t, err)
	assert.Equal(t, ftp.EntryDir, e.Type)
	_, err = c.Stat(t.Context(), "x")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestClientStatWithoutMLST(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.login("SIZE", "MDTM")
		a.typ("I")
		a.expect("SIZE d/a", "213 5")
		a.expect("MDTM d/a", "213 20240517101112")
		a.expect("SIZE d/sub", "550 not a file")
		a.typ("A")
		a.send("LIST d", ls)
		a.typ("I")
		a.expect("SIZE d/x", "550 no")
		a.typ("A")
		a.send("LIST d", ls)
		a.send("LIST /", ls)
	}), nil)
	e, err := c.Stat(t.Context(), "d/a")
	require.NoError(t, err)
	assert.Equal(t, ftp.EntryFile, e.Type)
	assert.EqualValues(t, 5, e.Size)
	assert.Equal(t, 10, e.ModTime.Hour())
	e, err = c.Stat(t.Context(), "d/sub")
	require.NoError(t, err)
	assert.Equal(t, ftp.EntryDir, e.Type)
	_, err = c.Stat(t.Context(), "d/x")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	e, err = c.Stat(t.Context(), "/")
	require.NoError(t, err)
	assert.Equal(t, ftp.EntryDir, e.Type)
}

func TestClientTimesOfFiles(t *testing.T) {
	at := time.Date(2024, 5, 17, 12, 11, 12, 500, time.FixedZone("", 2*3600))
	c := dialActor(t, play(t, func(a *actor) {
		a.login("MFMT", "MDTM")
		a.expect("MFMT 20240517101112 a", "213 Modify=20240517101112; a")
		a.expect("MDTM a", "213 20240517101112.5")
		a.expect("MDTM b", "213 yesterday")
	}), nil)
	require.NoError(t, c.SetModTime(t.Context(), "a", at))
	got, err := c.ModTime(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, time.Date(2024, 5, 17, 10, 11, 12, 5e8, time.UTC), got)
	_, err = c.ModTime(t.Context(), "b")
	assert.ErrorIs(t, err, ftp.ErrSyntax)

	c = dialActor(t, play(t, func(a *actor) {
		a.login()
		a.expect("MDTM 20240517101112 a", "253 ok")
	}), nil)
	assert.NoError(t, c.SetModTime(t.Context(), "a", at))
}

func TestClientWalk(t *testing.T) {
	root := t.TempDir()
	plant(t, root, someFiles)
	c := dialActor(t, serveFiles(t, root, nil), nil)
	var paths []string
	for w, err := range c.Walk(t.Context(), "") {
		require.NoError(t, err)
		paths = append(paths, w.Path)
		require.NoError(t, c.Noop(t.Context()), "the session is free")
	}
	assert.Equal(t, []string{"a", "b c", "b c/d", "b c/e", "b c/e/f", "big", "empty"}, paths)

	for _, err := range c.Walk(t.Context(), "missing") {
		assert.ErrorIs(t, err, fs.ErrNotExist)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen []error
	for w, err := range c.Walk(ctx, "/") {
		seen = append(seen, err)
		if w.Path == "/b c" {
			cancel()
		}
	}
	require.Len(t, seen, 3)
	assert.True(t, errors.Is(seen[2], context.Canceled))
}

func TestClientRemoveAll(t *testing.T) {
	root := t.TempDir()
	plant(t, root, someFiles)
	c := dialActor(t, serveFiles(t, root, nil), nil)
	require.NoError(t, c.RemoveAll(t.Context(), "b c"))
	require.NoError(t, c.RemoveAll(t.Context(), "a"))
	assert.ErrorIs(t, c.RemoveAll(t.Context(), "a"), fs.ErrNotExist)
	assert.Len(t, treeOf(t, root), 2)
}

func TestClientCharset(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.login("UTF8", "MLST type*;")
		a.expect("DELE caf\xe9", "250 gone")
		a.send("MLSD", "type=file; caf\xe9\r\n")
	}), &ftp.Options{Charset: ftp.Latin1{}})
	require.NoError(t, c.Remove(t.Context(), "café"))
	entries, err := c.List(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, []string{"file café"}, namesOf(entries))
	assert.ErrorIs(t, c.Remove(t.Context(), "日本"), ftp.ErrValue)
}

// Telnet takes the octet 255 for a command unless it is doubled (RFC 854).
func TestClientNameOfOctet255(t *testing.T) {
	c := dialActor(t, play(t, func(a *actor) {
		a.login()
		a.expect("DELE \xff\xff", "250 gone")
	}), nil)
	assert.NoError(t, c.Remove(t.Context(), "\xff"))
}
