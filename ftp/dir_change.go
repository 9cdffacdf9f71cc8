package ftp

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"time"

	"applayer/internal/durable"
)

// Remove removes a file, or a link itself.
func (d *DirFS) Remove(name string) error { return d.remove("remove", name, false) }

// RemoveDir removes an empty directory.
func (d *DirFS) RemoveDir(name string) error { return d.remove("rmdir", name, true) }

func (d *DirFS) remove(op, name string, wantDir bool) error {
	if err := d.checkChange(op, name); err != nil {
		return err
	}
	info, err := d.root.Lstat(name)
	switch {
	case err == nil && wantDir && !info.IsDir():
		err = errNotDir
	case err == nil && !wantDir && info.IsDir():
		err = ErrNotRegular
	case err == nil:
		err = d.quota.ending(d.root, name, "", func() error { return d.root.Remove(name) })
	}
	if err == nil {
		err = d.settle(path.Dir(name))
	}
	return orFileError(op, name, err)
}

// errNotDir is for a file where a directory should be.
var errNotDir = &systemError{kind: fs.ErrPermission, err: errors.New("not a directory")}

// Rename gives a file or directory another name, in another directory perhaps.
// A file that has it is replaced.
func (d *DirFS) Rename(from, to string) error {
	err := d.checkChange("rename", from)
	if err == nil {
		err = d.checkChange("rename", to)
	}
	if err != nil {
		return err
	}
	err = d.quota.ending(d.root, to, from, func() error { return d.root.Rename(from, to) })
	if err == nil {
		err = d.settle(path.Dir(to))
	}
	if err == nil && path.Dir(from) != path.Dir(to) {
		err = d.settle(path.Dir(from))
	}
	return orFileError("rename", to, err)
}

// Mkdir makes a directory.
func (d *DirFS) Mkdir(name string) error {
	err := d.checkChange("mkdir", name)
	if err != nil {
		return err
	}
	if err = d.root.Mkdir(name, 0o777); err == nil {
		err = d.settle(path.Dir(name))
	}
	return orFileError("mkdir", name, err)
}

// Chtimes sets the time of modification and leaves that of access.
func (d *DirFS) Chtimes(name string, modified time.Time) error {
	if err := d.checkChange("chtimes", name); err != nil {
		return err
	}
	return orFileError("chtimes", name, d.root.Chtimes(name, time.Time{}, modified))
}

// Chmod sets the permissions, not what else a mode has: no client makes a file
// that runs as another user.
func (d *DirFS) Chmod(name string, mode fs.FileMode) error {
	if err := d.checkChange("chmod", name); err != nil {
		return err
	}
	return orFileError("chmod", name, d.root.Chmod(name, mode.Perm()))
}

// Truncate cuts a file, or makes it longer by zeros.
func (d *DirFS) Truncate(name string, size int64) error {
	if err := d.checkChange("truncate", name); err != nil {
		return err
	}
	f, info, err := openRegular(d.root, name, os.O_WRONLY)
	if err != nil {
		return fileError("truncate", name, err)
	}
	grown := size - info.Size()
	if got := d.quota.take(max(grown, 0)); got < grown {
		d.quota.give(got)
		err = ErrQuota
	} else if err = f.Truncate(size); err != nil {
		d.quota.give(got)
	} else {
		d.quota.give(max(-grown, 0))
	}
	if err == nil && !d.opts.NoSync {
		err = f.Sync()
	}
	return orFileError("truncate", name, errors.Join(err, f.Close()))
}

// Space is how many octets the disk of a directory has free for others than
// root, and the quota, if there is one.
func (d *DirFS) Space(name string) (int64, error) {
	if err := d.check("statfs", name); err != nil {
		return 0, err
	}
	n, err := d.space(name)
	if err != nil {
		return 0, fileError("statfs", name, err)
	}
	return d.quota.left(n), nil
}

func (d *DirFS) space(name string) (int64, error) {
	dir, err := d.openDir(name)
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	f, err := dir.Open(".")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return space(f)
}

// settle brings the names in a directory to the disk, so that a crash does not
// undo what was answered.
func (d *DirFS) settle(name string) error {
	if d.opts.NoSync {
		return nil
	}
	dir, err := d.openDir(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	return durable.SyncDir(dir, ".")
}

// orFileError is fileError, and nil for nil.
func orFileError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return fileError(op, name, err)
}
