// Package golden feeds tests with captures: network captures recorded between
// two programs (.pcap, .pcapng), and dialogues written by hand (.txtar) for
// what no decent program sends. Both become two octet streams that keep their
// segment borders. What a parser makes of them is compared with a .golden file
// beside the capture, which -update rewrites.
package golden

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite .golden files")

// endings are those of captures.
var endings = []string{".pcap", ".pcapng", ".txtar"}

// Files gives the captures in a folder, sorted by name. A folder without any
// is a failure: a test over nothing shows nothing. So are two captures that
// differ in their endings alone, since they would share a .golden file.
func Files(tb testing.TB, dir string) []string {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatalf("golden: %v", err)
	}
	var files []string
	stems := make(map[string]string)
	for _, e := range entries {
		ending := filepath.Ext(e.Name())
		if !slices.Contains(endings, ending) {
			continue
		}
		stem := strings.TrimSuffix(e.Name(), ending)
		if other, ok := stems[stem]; ok {
			tb.Fatalf("golden: %s and %s in %s have one .golden file", other, e.Name(), dir)
		}
		stems[stem] = e.Name()
		files = append(files, filepath.Join(dir, e.Name()))
	}
	if len(files) == 0 {
		tb.Fatalf("golden: no captures in %s", dir)
	}
	return files
}

// Load reads a capture; a malformed one is a failure.
func Load(tb testing.TB, path string) []Conversation {
	tb.Helper()
	all, err := Read(path)
	if err != nil {
		tb.Fatalf("golden: %v", err)
	}
	return all
}

// Run makes a subtest of every capture in dir. What show appends for each of
// its conversations is compared with the .golden file beside it; nil shows
// them as they are, with [AppendDialogue].
func Run(t *testing.T, dir string, show func(t *testing.T, dst []byte, c *Conversation) []byte) {
	t.Helper()
	for _, path := range Files(t, dir) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var got []byte
			all := Load(t, path)
			for i := range all {
				if show == nil {
					got = AppendDialogue(got, &all[i])
				} else {
					got = show(t, got, &all[i])
				}
			}
			Equal(t, strings.TrimSuffix(path, filepath.Ext(path))+".golden", got)
		})
	}
}

// Equal compares got with the file at path, or writes it there under -update.
func Equal(tb testing.TB, path string, got []byte) {
	tb.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			tb.Fatalf("golden: %v", err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("golden: %v (go test -update writes it)", err)
	}
	if !bytes.Equal(want, got) {
		tb.Errorf("golden: %s differs, - wanted, + got:\n%s", path, Diff(want, got))
	}
}

// Seed adds both streams of every conversation in dir to a fuzz target whose
// only argument is a []byte. A folder that does not exist adds nothing.
func Seed(f *testing.F, dir string) {
	f.Helper()
	for b := range Streams(f, dir) {
		f.Add(b)
	}
}

// Streams gives both streams of every conversation in dir, empty ones left
// out, for fuzz targets with other arguments than [Seed]'s. A folder that does
// not exist gives nothing.
func Streams(tb testing.TB, dir string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		tb.Helper()
		for c := range conversations(tb, dir) {
			for _, b := range [][]byte{c.Client, c.Server} {
				if len(b) > 0 && !yield(b) {
					return
				}
			}
		}
	}
}

// conversations gives every conversation in dir, none where dir does not exist.
func conversations(tb testing.TB, dir string) iter.Seq[*Conversation] {
	return func(yield func(*Conversation) bool) {
		tb.Helper()
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		for _, path := range Files(tb, dir) {
			for _, c := range Load(tb, path) {
				if !yield(&c) {
					return
				}
			}
		}
	}
}

// Read reads a capture; its ending says of which kind it is. The
// conversations are in the order in which they began.
func Read(path string) ([]Conversation, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []Conversation
	if filepath.Ext(path) == ".txtar" {
		all, err = readText(b)
	} else {
		all, err = readCapture(b)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no conversation in it", path)
	}
	return all, nil
}
