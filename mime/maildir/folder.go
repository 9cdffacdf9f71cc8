package maildir

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"applayer/internal/utf7"
)

// Folder is a folder within a Maildir, as Maildir++ has it: a directory beside cur,
// whose name is a dot and the names of the folder and those above it, with dots
// between.
type Folder struct {
	// Path is the names from the outermost to the folder's own.
	Path []string
	// File is the directory's name.
	File string
}

// NewFolder returns the folder with these names, in UTF-8. None may be empty or
// have a dot or slash in it: the error is a [*ParseError].
func NewFolder(path ...string) (Folder, error) {
	var file []byte
	for _, name := range path {
		if name == "" || strings.ContainsAny(name, "./\x00") {
			return Folder{}, &ParseError{Offset: int64(len(file)), What: "folder: name is empty or has a dot, slash or NUL"}
		}
		var err error
		if file, err = utf7.AppendFolder(append(file, '.'), name); err != nil {
			return Folder{}, &ParseError{Offset: int64(len(file)), What: "folder: not UTF-8", Ref: "RFC 3501 §5.1.3", Err: err}
		}
	}
	if len(file) < 2 || len(file) > maxName {
		return Folder{}, &ParseError{What: "folder: no name, or too long"}
	}
	return Folder{Path: slices.Clone(path), File: string(file)}, nil
}

// ParseFolder parses a directory's name as that of a folder. A name within it that
// is not modified UTF-7 stands as it is. The error is a [*ParseError].
func ParseFolder(file string) (Folder, error) {
	rest, ok := strings.CutPrefix(file, ".")
	if !ok || strings.ContainsAny(file, "/\x00") || len(file) > maxName {
		return Folder{}, &ParseError{What: "folder: no dot at its front, a slash or NUL in it, or too long"}
	}
	f := Folder{File: file}
	for name := range strings.SplitSeq(rest, ".") {
		if name == "" {
			return Folder{}, &ParseError{What: "folder: empty name"}
		}
		// What is encoded may be what no name can have: a dot is not, as it stands
		// for itself (RFC 3501 §5.1.3), NUL is.
		if decoded, err := utf7.DecodeFolder(name); err == nil && !strings.Contains(decoded, "\x00") {
			name = decoded
		}
		f.Path = append(f.Path, name)
	}
	return f, nil
}

// Folders returns the folders within the Maildir, in order. What is no folder's
// name is not listed.
func (d *Dir) Folders() ([]Folder, error) {
	var folders []Folder
	err := d.each(".", func(e fs.DirEntry) bool {
		if f, err := ParseFolder(e.Name()); err == nil && e.IsDir() {
			folders = append(folders, f)
		}
		return true
	})
	slices.SortFunc(folders, func(a, b Folder) int { return slices.Compare(a.Path, b.Path) })
	return folders, err
}

// OpenFolder opens a folder within the Maildir. It has to be closed by itself.
func (d *Dir) OpenFolder(f Folder) (*Dir, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	root, err := d.root.OpenRoot(f.File)
	if err != nil {
		return nil, err
	}
	return open(root)
}

// CreateFolder makes a folder within the Maildir, if it is not there, and opens it.
// It has to be closed by itself. It is made in tmp and moved from there, so that a crash
// leaves no half folder but there, where [Dir.Clean] removes it.
func (d *Dir) CreateFolder(f Folder) (*Dir, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if _, err := d.root.Lstat(f.File); errors.Is(err, fs.ErrNotExist) {
		half := halfFolder()
		err := d.root.Mkdir(half, 0o700)
		if err == nil {
			err = d.makeFolder(half)
		}
		if err == nil {
			err = d.root.Rename(half, f.File)
		}
		if err != nil {
			return nil, errors.Join(err, d.root.RemoveAll(half))
		}
	}
	// Or others have made it, and not all of it.
	if err := errors.Join(d.makeFolder(f.File), d.sync(".")); err != nil {
		return nil, err
	}
	return d.OpenFolder(f)
}

// makeFolder makes a folder of a directory.
func (d *Dir) makeFolder(path string) error {
	root, err := d.root.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	// The empty file tells programs that deliver that this is no Maildir of its own.
	return errors.Join(root.WriteFile("maildirfolder", nil, 0o600), Make(root))
}

// halfFolder returns a name for a folder that is being made or removed.
func halfFolder() string { return dirTmp + "/" + UniqueBase(time.Now(), -1, -1) + halfSuffix }

// halfSuffix ends the names of folders that are being made or removed.
const halfSuffix = ".folder"

// RemoveFolder removes a folder and its messages. Folders within it stay. It is moved
// to tmp first, so that a crash leaves all of it or nothing that is a folder; what is
// left there [Dir.Clean] removes.
func (d *Dir) RemoveFolder(f Folder) error {
	if err := f.check(); err != nil {
		return err
	}
	to := halfFolder()
	if err := d.root.Rename(f.File, to); err != nil {
		return err
	}
	err := errors.Join(d.sync("."), d.sync(dirTmp))
	d.root.RemoveAll(to)
	return err
}

// RenameFolder gives a folder another name, and with it those within it, one after
// the other. A folder that has the name already is an error that is [fs.ErrExist],
// and nothing is renamed.
func (d *Dir) RenameFolder(from, to Folder) error {
	if err := errors.Join(from.check(), to.check()); err != nil {
		return err
	}
	folders, err := d.Folders()
	if err != nil {
		return err
	}
	moves := [][2]string{}
	for _, f := range folders {
		if rest, ok := strings.CutPrefix(f.File, from.File); ok && (rest == "" || rest[0] == '.') {
			moves = append(moves, [2]string{f.File, to.File + rest})
		}
	}
	if !slices.ContainsFunc(moves, func(m [2]string) bool { return m[0] == from.File }) {
		return &fs.PathError{Op: "rename", Path: from.File, Err: fs.ErrNotExist}
	}
	for _, m := range moves {
		if len(m[1]) > maxName {
			return &ParseError{Offset: maxName, What: "folder: too long"}
		}
		if _, err := d.root.Lstat(m[1]); err == nil {
			return &fs.PathError{Op: "rename", Path: m[1], Err: fs.ErrExist}
		}
	}
	for i, m := range moves {
		if err := d.root.Rename(m[0], m[1]); err != nil {
			for _, m := range moves[:i] {
				err = errors.Join(err, d.root.Rename(m[1], m[0]))
			}
			return err
		}
	}
	return d.sync(".")
}

// check tells whether File is a folder's name: a Folder may be made by hand.
func (f Folder) check() error {
	_, err := ParseFolder(f.File)
	return err
}

// each calls do with the entries of a directory, in no order, until it returns
// false. It holds a hundred of them.
func (d *Dir) each(dir string, do func(fs.DirEntry) bool) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return eachEntry(f, do)
}

func eachEntry(f *os.File, do func(fs.DirEntry) bool) error {
	for {
		entries, err := f.ReadDir(100)
		for _, e := range entries {
			if !do(e) {
				return nil
			}
		}
		if err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}
