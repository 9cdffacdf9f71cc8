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
// Origin is the zone's apex. It returns the warnings of [Check]; what Check finds
// that is more than a warning is the error, as is a [*ParseError] for what cannot
// be read or is no record of this zone.
func Load(r io.Reader, opts *ReaderOptions) (*Zone, []Problem, error) {
	if opts == nil || !opts.Origin.IsValid() {
		return nil, nil, errNoOrigin
	}
	reader := NewReader(r, opts)
	defer reader.Close()
	b := NewBuilder(opts.Origin)
	for rr, err := range reader.All() {
		if err != nil {
			return nil, nil, err
		}
		if err := b.Add(rr); err != nil {
			file, line := reader.Position()
			return nil, nil, &ParseError{File: file, Line: line, Column: 1, Err: err}
		}
	}
	z, err := b.Zone()
	if err != nil {
		return nil, b.notes, err
	}
	problems := append(b.notes, z.Check()...)
	for _, p := range problems {
		if !p.Warning {
			return nil, problems, p
		}
	}
	return z, problems, nil
}

var errNoOrigin = errors.New("zone: no origin")

// LoadFile reads the zone with that apex from a file. $INCLUDE finds files in
// its folder and below, and nowhere else. See [Load] for what it returns.
func LoadFile(origin dns.Name, name string) (*Zone, []Problem, error) {
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	f, err := root.Open(base)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if s, err := f.Stat(); err == nil && s.IsDir() {
		return nil, nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a folder")}
	}
	return Load(f, &ReaderOptions{Origin: origin, File: name, FS: root.FS()})
}
