package ftp_test

import (
	"fmt"
	"os"
	"path/filepath"
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
