package ftp_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// mirrorFrom mirrors once what a script serves to the one session of a pool.
func mirrorFrom(t *testing.T, local string, script func(a *actor), opts *ftp.MirrorOptions) (ftp.MirrorStats, error) {
	t.Helper()
	p := newTestPool(t, play(t, script), nil)
	defer p.Close()
	p.Max, p.Retry.Attempts = 1, 1
	root, err := os.OpenRoot(local)
	require.NoError(t, err)
	defer root.Close()
	return p.MirrorDown(t.Context(), "", root, opts)
}

// Two entries of one name would be written to one file side by side.
func TestMirrorNameListedTwice(t *testing.T) {
	const facts = "size=4;modify=20240517101112; "
	local := t.TempDir()
	var failed []string
	stats, err := mirrorFrom(t, local, func(a *actor) {
		a.login("MLST type*;size*;modify*;")
		a.send("MLSD", "type=file;"+facts+"a\r\ntype=file;"+facts+"a\r\ntype=dir; a\r\n")
		a.typ("I")
		a.send("RETR a", "once")
	}, &ftp.MirrorOptions{Report: func(s ftp.MirrorStep) {
		if s.Err != nil {
			failed = append(failed, fmt.Sprint(s.Op, " ", s.Path))
		}
	}})
	assert.ErrorContains(t, err, "listed twice")
	assert.Equal(t, ftp.MirrorStats{Copied: 1, Failed: 2, Octets: 4}, stats)
	assert.Equal(t, []string{"fail a", "fail a"}, failed)
	assert.Equal(t, map[string]string{"a": `4 octets "once" of 2024-05-17 10:11:12`}, treeOf(t, local))
}

// A file that ends before the size that the listing told, though the server says
// that it is whole, does not take its name. It is gone on with if its time tells
// that it is the same, and the server can.
func TestMirrorShortFile(t *testing.T) {
	for _, tt := range []struct{ name, feature, facts, rest string }{
		{"the same time", "REST STREAM", "type=file;size=10;modify=20240517101112; a\r\n", "567890"},
		{"no time", "REST STREAM", "type=file;size=10; a\r\n", "abcdefghij"},
		{"no REST", "TVFS", "type=file;size=10;modify=20240517101112; a\r\n", "abcdefghij"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			local := t.TempDir()
			for _, whole := range []bool{false, true} {
				_, err := mirrorFrom(t, local, func(a *actor) {
					a.login("MLST type*;size*;modify*;", tt.feature)
					a.send("MLSD", tt.facts)
					a.typ("I")
					octets := "1234"
					a.epsv()
					if whole {
						octets = tt.rest
						if len(tt.rest) < 10 {
							a.expect("REST 4", "350 ok")
						}
					}
					a.expect("RETR a", "150 go")
					nc := a.accept()
					nc.Write([]byte(octets))
					nc.Close()
					a.say("226 whole")
				}, nil)
				if !whole {
					require.ErrorIs(t, err, ftp.ErrChanged)
					require.NoFileExists(t, filepath.Join(local, "a"))
					continue
				}
				require.NoError(t, err)
				got, err := os.ReadFile(filepath.Join(local, "a"))
				require.NoError(t, err)
				assert.Equal(t, ("1234" + tt.rest)[len(tt.rest)+4-10:], string(got))
				assert.Len(t, treeOf(t, local), 1, "no part is left")
			}
		})
	}
}

// Nothing is deleted that was not to be: a directory is no part of a file,
// whatever its name.
func TestMirrorKeepsDirectoriesNamedLikeParts(t *testing.T) {
	const mine = ".applayer-part-of-mine/a"
	bothWays(t, func(t *testing.T, k mirrorKit) {
		plant(t, k.dest, map[string]string{mine: "stays"})
		plant(t, k.source, map[string]string{".applayer-part-of-yours/b": "goes over"})
		stats, err := k.run(nil)
		require.NoError(t, err)
		assert.Equal(t, ftp.MirrorStats{Copied: 1, Made: 1, Octets: 9}, stats)
		assert.Contains(t, treeOf(t, k.dest), mine)
	})
}

// What the filter leaves out is not deleted, though all around it is.
func TestMirrorDeleteKeepsWhatTheFilterLeavesOut(t *testing.T) {
	bothWays(t, func(t *testing.T, k mirrorKit) {
		plant(t, k.dest, map[string]string{"d/e/keep": "1", "d/e/gone": "2", "d/f/gone": "3", "g/gone": "4", "now a file/keep": "5"})
		plant(t, k.source, map[string]string{"now a file": "file"})
		filter := func(path string, _ ftp.Entry) bool { return filepath.Base(path) != "keep" }
		for _, dry := range []bool{true, false} {
			stats, err := k.run(&ftp.MirrorOptions{Delete: true, DryRun: dry, Filter: filter})
			assert.ErrorContains(t, err, "something else has the name")
			assert.Equal(t, ftp.MirrorStats{Deleted: 5, Failed: 1}, stats, "three files and two directories")
		}
		var left []string
		for name := range treeOf(t, k.dest) {
			left = append(left, name)
		}
		assert.ElementsMatch(t, []string{"d/", "d/e/", "d/e/keep", "now a file/", "now a file/keep"}, left)
	})
}

// A server that lets no file take the name of another has the old one removed
// when the new one is whole.
func TestMirrorUpWhereNoFileIsReplaced(t *testing.T) {
	local := t.TempDir()
	big := string(pattern(1 << 20))
	plant(t, local, map[string]string{"a": big})
	p := newTestPool(t, play(t, func(a *actor) {
		a.login("MLST type*;size*;modify*;", "MFMT")
		a.send("MLSD", "type=file;size=3;modify=20200101000000; a\r\n")
		a.typ("I")
		a.epsv()
		stor := a.read()
		part := strings.TrimPrefix(stor, "STOR ")
		assert.Regexp(a.tb, `^STOR \.applayer-part-`, stor)
		a.say("150 go")
		b, err := io.ReadAll(a.accept())
		a.check(err)
		assert.Len(a.tb, b, len(big))
		a.say("226 done")
		a.expect("RNFR "+part, "350 go on")
		a.expect("RNTO a", "550 File already exists.")
		a.expect("DELE a", "250 gone")
		a.expect("RNFR "+part, "350 go on")
		a.expect("RNTO a", "250 ok")
		a.expect("MFMT 20240517101112 a", "213 ok")
	}), nil)
	p.Max = 1
	root, err := os.OpenRoot(local)
	require.NoError(t, err)
	defer root.Close()
	stats, err := p.MirrorUp(t.Context(), root, "", nil)
	require.NoError(t, err)
	assert.Equal(t, ftp.MirrorStats{Copied: 1, Octets: 1 << 20}, stats)
}
