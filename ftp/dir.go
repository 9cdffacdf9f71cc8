package ftp

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
)

// DirOptions are the choices of a [DirFS]. They are copied.
type DirOptions struct {
	// ReadOnly refuses whatever would change a file.
	ReadOnly bool
	// NoSync does not wait for the disk: after a crash, what was acknowledged
	// may be missing. What was there before an upload is then lost with it on
	// some file systems.
	NoSync bool
	// KeepPartial keeps an upload that broke off under its name if nothing had
	// that name before, so that the client can go on with it (REST, APPE).
	KeepPartial bool
	// Quota is how many octets the files may have together (default no end);
	// more get [ErrQuota]. What is there is counted once, so nobody else should
	// write there.
	Quota int64
	// NoSweep leaves what uploads of an earlier process left behind. Else the
	// whole tree is looked through for it once.
	NoSweep bool
}

// DirFS is a directory of the machine as an [FS], with all its optional parts.
// Sessions may share it.
//
// No name leads out of the directory, by whatever symbolic links there are or
// come to be while it is looked up: it goes through an [os.Root], which opens
// one element after the other. Links that stay inside are followed. Only regular
// files are opened, and no open waits, as that of a FIFO would.
//
// An upload that puts a file in the place of another is written to a temporary
// file beside it, which no client can see or name, and takes the place when it is
// whole and on the disk.
type DirFS struct {
	root  *os.Root
	opts  DirOptions
	quota *quota
}

// Dir opens a directory to be served. It removes what uploads of an earlier
// process left behind there, unless options say otherwise; nil means all
// defaults.
func Dir(root string, opts *DirOptions) (*DirFS, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	d := &DirFS{root: dir}
	if opts != nil {
		d.opts = *opts
	}
	if err := d.prepare(); err != nil {
		dir.Close()
		return nil, err
	}
	return d, nil
}

// prepare goes through the tree as far as the options ask for it.
func (d *DirFS) prepare() error {
	if !d.opts.NoSweep && !d.opts.ReadOnly {
		if err := walk(d.root, sweep); err != nil {
			return err
		}
	}
	if d.opts.Quota <= 0 {
		return nil
	}
	var err error
	d.quota, err = newQuota(d.opts.Quota, d.root)
	return err
}

// Sub opens a directory within d to be served, such as a user's home: no name
// of it leads out, not even to where d's could. It has a share in d's quota, and
// is closed by itself.
func (d *DirFS) Sub(name string) (*DirFS, error) {
	if err := d.check("chroot", name); err != nil {
		return nil, err
	}
	root, err := d.openDir(name)
	if err != nil {
		return nil, fileError("chroot", name, err)
	}
	return &DirFS{root: root, opts: d.opts, quota: d.quota}, nil
}

// Close gives the directory back. Files and uploads that are open stay so.
func (d *DirFS) Close() error { return d.root.Close() }

// openDir opens a directory. Behind the last slash each element is opened as a
// directory, so that a FIFO fails in place of waiting for a writer.
func (d *DirFS) openDir(name string) (*os.Root, error) { return d.root.OpenRoot(name + "/.") }

// Open opens a regular file for reading. It is an *os.File.
func (d *DirFS) Open(name string) (File, error) {
	if err := d.check("open", name); err != nil {
		return nil, err
	}
	f, _, err := openRegular(d.root, name, os.O_RDONLY)
	if err != nil {
		return nil, fileError("open", name, err)
	}
	return f, nil
}

// openRegular opens a regular file that is there. Whatever else has the name
// must not hold us up: to open a FIFO is to wait for its other end.
func openRegular(root *os.Root, name string, flag int) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(name, flag|nonblock, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// Stat describes what a name stands for. A symbolic link stands for what it
// leads to, if that is in the directory.
func (d *DirFS) Stat(name string) (fs.FileInfo, error) {
	if err := d.check("stat", name); err != nil {
		return nil, err
	}
	info, err := d.root.Stat(name)
	if err != nil {
		return nil, fileError("stat", name, err)
	}
	return info, nil
}

// dirBatch is how many entries are taken from a directory at once.
const dirBatch = 256

// ReadDir yields the entries of a directory; links are entries themselves. What
// vanishes meanwhile is left out.
func (d *DirFS) ReadDir(name string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		if err := d.check("readdir", name); err != nil {
			yield(nil, err)
			return
		}
		if err := d.readDir(name, yield); err != nil {
			yield(nil, fileError("readdir", name, err))
		}
	}
}

// readDir yields the entries of a directory that clients may see; where it has
// not been told to stop it returns the error that ended it.
func (d *DirFS) readDir(name string, yield func(fs.FileInfo, error) bool) error {
	// Entries are asked for by their names within the directory that stands
	// open, not by its path, which may mean another meanwhile.
	dir, err := d.openDir(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	for names, err := range batches(dir) {
		if err != nil {
			return err
		}
		for _, name := range names {
			if isTemp(name) {
				continue
			}
			info, err := dir.Lstat(name)
			if err == nil && !yield(info, nil) {
				return nil
			}
		}
	}
	return nil
}

// batches yields the names in a directory.
func batches(dir *os.Root) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		f, err := dir.Open(".")
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		for {
			names, err := f.Readdirnames(dirBatch)
			if len(names) > 0 && !yield(names, nil) {
				return
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(nil, err)
				}
				return
			}
		}
	}
}

// check refuses names that are not paths within the directory, and those of
// temporary files.
func (d *DirFS) check(op, name string) error {
	if name == "." {
		return nil
	}
	for element := range strings.SplitSeq(name, "/") {
		switch {
		case element == "" || element == "." || element == ".." || !nameFits(element):
			return &fs.PathError{Op: op, Path: name, Err: ErrName}
		case isTemp(element):
			return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
	}
	return nil
}

// checkChange is check for what would change name or make it.
func (d *DirFS) checkChange(op, name string) error {
	if d.opts.ReadOnly || name == "." {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrPermission}
	}
	return d.check(op, name)
}

// folder opens the directory in which name is, and returns the rest of name.
func (d *DirFS) folder(name string) (*os.Root, string, error) {
	dir, base := path.Split(name)
	folder, err := d.openDir(path.Clean("./" + dir))
	return folder, base, err
}
