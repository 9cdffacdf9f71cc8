package ftp_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// treeOf is a folder's files, a directory as "name/": what they hold, and when
// they were changed.
func treeOf(tb testing.TB, root string) map[string]string {
	tb.Helper()
	got := map[string]string{}
	require.NoError(tb, fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			got[name+"/"] = ""
			return nil
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(root, name))
		got[name] = fmt.Sprintf("%d octets %.10q of %s", len(b), b, fi.ModTime().UTC().Format(time.DateTime))
		return err
	}))
	return got
}

var day = time.Date(2024, 5, 17, 10, 11, 12, 0, time.UTC)

// plant makes files in a folder, all of one time.
func plant(tb testing.TB, root string, files map[string]string) {
	tb.Helper()
	for name, content := range files {
		path := filepath.Join(root, name)
		writeFile(tb, path, []byte(content))
		require.NoError(tb, os.Chtimes(path, day, day))
	}
}

var someFiles = map[string]string{
	"a": "one", "b c/d": "two", "b c/e/f": "three", "empty": "", "big": strings.Repeat("0123456789abcdef", 100<<10),
}

// mirrorKit is both sides of a mirror.
type mirrorKit struct {
	remote, local string
	run           func(opts *ftp.MirrorOptions) (ftp.MirrorStats, error)
	source, dest  string
}

// bothWays runs a test for MirrorDown and for MirrorUp.
func bothWays(t *testing.T, test func(t *testing.T, k mirrorKit)) {
	for _, way := range []string{"down", "up"} {
		t.Run(way, func(t *testing.T) {
			k := mirrorKit{remote: t.TempDir(), local: t.TempDir()}
			p := newTestPool(t, serveFiles(t, k.remote, nil), nil)
			root, err := os.OpenRoot(k.local)
			require.NoError(t, err)
			t.Cleanup(func() { root.Close() })
			if way == "down" {
				k.source, k.dest = k.remote, k.local
				k.run = func(opts *ftp.MirrorOptions) (ftp.MirrorStats, error) {
					return p.MirrorDown(t.Context(), "", root, opts)
				}
			} else {
				k.source, k.dest = k.local, k.remote
				k.run = func(opts *ftp.MirrorOptions) (ftp.MirrorStats, error) {
					return p.MirrorUp(t.Context(), root, "", opts)
				}
			}
			test(t, k)
		})
	}
}

func TestMirror(t *testing.T) {
	bothWays(t, func(t *testing.T, k mirrorKit) {
		plant(t, k.source, someFiles)
		plant(t, k.dest, map[string]string{"old": "stays", "a": "other"})

		stats, err := k.run(&ftp.MirrorOptions{DryRun: true, Delete: true})
		require.NoError(t, err)
		assert.Equal(t, ftp.MirrorStats{Copied: 5, Made: 2, Deleted: 1, Octets: 11 + 1600<<10}, stats)
		assert.Len(t, treeOf(t, k.dest), 2, "a dry run does nothing")

		stats, err = k.run(nil)
		require.NoError(t, err)
		assert.Equal(t, ftp.MirrorStats{Copied: 5, Made: 2, Octets: 11 + 1600<<10}, stats)
		want := treeOf(t, k.source)
		want["old"] = treeOf(t, k.dest)["old"]
		assert.Equal(t, want, treeOf(t, k.dest))

		stats, err = k.run(nil)
		require.NoError(t, err)
		assert.Equal(t, ftp.MirrorStats{Skipped: 5}, stats, "all is there")

		plant(t, k.source, map[string]string{"a": "ONE+"})
		require.NoError(t, os.Remove(filepath.Join(k.source, "empty")))
		require.NoError(t, os.RemoveAll(filepath.Join(k.source, "b c/e")))
		stats, err = k.run(&ftp.MirrorOptions{Delete: true})
		require.NoError(t, err)
		assert.Equal(t, ftp.MirrorStats{Copied: 1, Skipped: 2, Deleted: 3, Octets: 4}, stats)
		assert.Equal(t, treeOf(t, k.source), treeOf(t, k.dest))
	})
}

func TestMirrorFilterAndReport(t *testing.T) {
	bothWays(t, func(t *testing.T, k mirrorKit) {
		plant(t, k.source, someFiles)
		plant(t, k.dest, map[string]string{"b c/mine": "stays"})
		var steps []string
		stats, err := k.run(&ftp.MirrorOptions{
			Parallel: 1, Delete: true,
			Filter: func(path string, e ftp.Entry) bool { return path != "big" && path != "b c" },
			Report: func(s ftp.MirrorStep) { steps = append(steps, fmt.Sprint(s.Op, " ", s.Path, " ", s.Size, " ", s.Err)) },
		})
		require.NoError(t, err)
		assert.Equal(t, ftp.MirrorStats{Copied: 2, Octets: 3}, stats)
		assert.ElementsMatch(t, []string{"copy a 3 <nil>", "copy empty 0 <nil>"}, steps)
		assert.Contains(t, treeOf(t, k.dest), "b c/mine")
	})
}

func TestMirrorInTheWay(t *testing.T) {
	bothWays(t, func(t *testing.T, k mirrorKit) {
		plant(t, k.source, map[string]string{"a": "file", "b/c": "file in a directory", "ok": "fine"})
		plant(t, k.dest, map[string]string{"a/x": "a directory", "b": "a file"})
		stats, err := k.run(nil)
		assert.Error(t, err)
		assert.Equal(t, ftp.MirrorStats{Copied: 1, Failed: 2, Octets: 4}, stats, "the others are done all the same")
		_, err = k.run(&ftp.MirrorOptions{Delete: true})
		require.NoError(t, err)
		assert.Equal(t, treeOf(t, k.source), treeOf(t, k.dest))
	})
}

// What broke off is gone on with, if the file is still the same.
func TestMirrorResumes(t *testing.T) {
	for _, way := range []string{"down", "up"} {
		t.Run(way, func(t *testing.T) {
			remote, local := t.TempDir(), t.TempDir()
			network := serveFiles(t, remote, &ftp.DirOptions{NoSync: true, KeepPartial: true})
			root, err := os.OpenRoot(local)
			require.NoError(t, err)
			defer root.Close()
			big := string(pattern(2 << 20))
			run := func(ctx context.Context, opts *ftp.Options) error {
				p := newTestPool(t, network, opts)
				var err error
				if way == "down" {
					_, err = p.MirrorDown(ctx, "", root, nil)
				} else {
					_, err = p.MirrorUp(ctx, root, "", nil)
				}
				return err
			}
			source, dest := remote, local
			if way == "up" {
				source, dest = local, remote
			}
			plant(t, source, map[string]string{"big": big})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err = run(ctx, &ftp.Options{Progress: func(p ftp.Progress) {
				if p.Done > 1<<20 {
					cancel()
				}
			}})
			require.ErrorIs(t, err, context.Canceled)
			require.NotContains(t, treeOf(t, dest), "big")
			require.Len(t, treeOf(t, dest), 1, "a part")

			var rests []string
			err = run(t.Context(), &ftp.Options{Trace: &ftp.Trace{Line: func(_ bool, line []byte) {
				if strings.HasPrefix(string(line), "REST ") {
					rests = append(rests, string(line))
				}
			}}})
			require.NoError(t, err)
			assert.NotEmpty(t, rests)
			assert.Equal(t, treeOf(t, source), treeOf(t, dest))
		})
	}
}

// A server may list what names it likes. None leads out of the folder, and
// none is followed (as in CVE-2018-20685).
func TestCVE2018_20685NamesThatLeadOut(t *testing.T) {
	outside := t.TempDir()
	inside := filepath.Join(outside, "inside")
	require.NoError(t, os.Mkdir(inside, 0o755))
	evil := []string{"../evil", "..", "/etc/evil", "sub/evil", ".", "a\x00b", "../inside/evil"}
	var listing strings.Builder
	for _, name := range evil {
		for _, kind := range []string{"file", "dir"} {
			fmt.Fprintf(&listing, "type=%s;size=4;modify=20240517101112; %s\r\n", kind, name)
		}
	}
	listing.WriteString("type=file;size=4;modify=20240517101112; good\r\n")
	for _, line := range []string{listing.String(), strings.ReplaceAll(listing.String(), "a\x00b", "c/../../d")} {
		network := playTogether(t, func(a *actor) {
			a.login("MLST type*;size*;modify*;")
			a.send("MLSD", line)
			if strings.Contains(line, "\x00") { // else it is there already
				a.typ("I")
				a.send("RETR good", "good")
			}
			io.Copy(io.Discard, a.in)
		})
		p := newTestPool(t, network, nil)
		p.Max, p.Retry.Attempts = 1, 1
		root, err := os.OpenRoot(inside)
		require.NoError(t, err)
		_, err = p.MirrorDown(t.Context(), "", root, nil)
		assert.Error(t, err)
		root.Close()
		p.Close()
		names, err := filepath.Glob(filepath.Join(outside, "*"))
		require.NoError(t, err)
		assert.Equal(t, []string{inside}, names)
	}
	assert.Equal(t, map[string]string{"good": `4 octets "good" of 2024-05-17 10:11:12`}, treeOf(t, inside))
}

// A server that gives files times of its own gets each file once.
func TestMirrorUpWithoutMFMT(t *testing.T) {
	local := t.TempDir()
	plant(t, local, map[string]string{"a": "one"})
	listing := ""
	network := playTogether(t, func(a *actor) {
		a.login("MLST type*;size*;modify*;", "MDTM")
		for range 2 {
			a.send("MLSD", listing)
			if listing == "" {
				a.typ("I")
				assert.Equal(a.tb, "one", a.take("STOR a"))
				a.expect("MDTM 20240517101112 a", "550 cannot")
				listing = "type=file;size=3;modify=20250101000000; a\r\n"
			}
		}
	})
	p := newTestPool(t, network, nil)
	p.Max = 1
	root, err := os.OpenRoot(local)
	require.NoError(t, err)
	defer root.Close()
	stats, err := p.MirrorUp(t.Context(), root, "", nil)
	require.NoError(t, err)
	assert.Equal(t, ftp.MirrorStats{Copied: 1, Octets: 3}, stats)
	stats, err = p.MirrorUp(t.Context(), root, "", nil)
	require.NoError(t, err)
	assert.Equal(t, ftp.MirrorStats{Skipped: 1}, stats)
}

// A tree without end is left at MaxPathDepth.
func TestMirrorEndlessTree(t *testing.T) {
	network := playTogether(t, func(a *actor) {
		a.login("MLST type*;")
		for _, dir := range []string{"", " d", " d/d", " d/d/d", " d/d/d/d"} {
			a.send("MLSD"+dir, "type=dir; d\r\n")
		}
		io.Copy(io.Discard, a.in)
	})
	p := newTestPool(t, network, &ftp.Options{Limits: ftp.Limits{MaxPathDepth: 4}})
	p.Max = 1
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	_, err = p.MirrorDown(t.Context(), "", root, nil)
	var limit *ftp.LimitError
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, "MaxPathDepth", limit.Name)
	p.Close()
}

// The mirrored directory is made where it is not there, alone: it may be a slip
// of the pen if the one above is not there either.
func TestMirrorUpMakesItsDirectory(t *testing.T) {
	remote, local := t.TempDir(), t.TempDir()
	plant(t, local, map[string]string{"a": "one", "b/c": "two"})
	p := newTestPool(t, serveFiles(t, remote, nil), nil)
	root, err := os.OpenRoot(local)
	require.NoError(t, err)
	defer root.Close()
	made := ftp.MirrorStats{Copied: 2, Made: 2, Octets: 6}
	for _, step := range []struct {
		opts *ftp.MirrorOptions
		want ftp.MirrorStats
	}{{&ftp.MirrorOptions{DryRun: true}, made}, {nil, made}, {nil, ftp.MirrorStats{Skipped: 2}}} {
		stats, err := p.MirrorUp(t.Context(), root, "into", step.opts)
		require.NoError(t, err)
		assert.Equal(t, step.want, stats)
		if step.opts != nil {
			assert.Empty(t, treeOf(t, remote))
		}
	}
	assert.Equal(t, treeOf(t, local), treeOf(t, filepath.Join(remote, "into")))
	stats, err := p.MirrorUp(t.Context(), root, "no/such/folder", nil)
	assert.ErrorIs(t, err, ftp.ErrNotFound)
	assert.Equal(t, ftp.MirrorStats{Failed: 1}, stats)
	assert.NoError(t, p.Quit(t.Context()))
	_, err = p.Get(t.Context())
	assert.ErrorIs(t, err, net.ErrClosed)
}
