// Package durable brings the names of files to the disk. A file whose octets were
// synced can still be gone after a crash, since its name is an entry of a
// directory, which has to be synced by itself.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// SyncDir makes sure that the entries of a directory below a root, "." for the root
// itself, are on the disk. On Windows, and on file systems that know no such call,
// nobody can ask for that.
func SyncDir(root *os.Root, dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// MakeAll makes a directory, and those above it that are not there, for this user
// alone. All of them are on the disk when it returns; so is one that was there,
// for who made it may have crashed before. Where it stands in a directory that we
// may not look into, who made that saw to it.
func MakeAll(dir string) error {
	dir = filepath.Clean(dir)
	_, err := os.Stat(dir)
	if err == nil {
		if err = syncParent(dir); errors.Is(err, fs.ErrPermission) {
			return nil
		}
		return err
	}
	if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := MakeAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncParent(dir)
}

// syncParent syncs the directory in which dir is an entry.
func syncParent(dir string) error {
	root, err := os.OpenRoot(filepath.Join(dir, ".."))
	if err != nil {
		return err
	}
	return errors.Join(SyncDir(root, "."), root.Close())
}
