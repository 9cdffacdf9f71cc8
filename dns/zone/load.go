package zone

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"applayer/dns"
)

// Load reads a zone from a master file. Opts are those of the [Reader]; their
// Origin is the zone's apex. The error is a [*ParseError] for what cannot be
// read, and tells which record cannot be in the zone.
func Load(r io.Reader, opts *ReaderOptions) (*Zone, error) {
	if opts == nil || !opts.Origin.IsValid() {
		return nil, errNoOrigin
	}
	reader := NewReader(r, opts)
	defer reader.Close()
	b := NewBuilder(opts.Origin)
	for {
		rr, err := reader.Next()
		switch {
		case err == io.EOF:
			return b.Zone()
		case err != nil:
			return nil, err
		}
		if err := b.Add(rr); err != nil {
			file, line := reader.Position()
			return nil, &ParseError{File: file, Line: line, Column: 1, Err: err}
		}
	}
}

var errNoOrigin = errors.New("zone: no origin")

// LoadFile reads the zone with that apex from a file. $INCLUDE finds files in
// its folder and below, and nowhere else.
func LoadFile(origin dns.Name, name string) (*Zone, error) {
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(base)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if s, err := f.Stat(); err == nil && s.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a folder")}
	}
	return Load(f, &ReaderOptions{Origin: origin, File: name, FS: root.FS()})
}
