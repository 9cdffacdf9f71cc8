package ftp

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"time"

	"applayer/internal/ascii"
)

// tempPrefix begins the names of temporary files; 26 letters and digits that
// nobody can guess follow.
const tempPrefix = ".ftp-upload-"

var tempLength = len(newTemp())

func newTemp() string { return tempPrefix + rand.Text() }

// isTemp tells whether an element of a path has the form of a temporary file's
// name, in whatever case, since there are file systems that see none. Clients
// can neither see such a file nor have one.
func isTemp(element string) bool {
	return len(element) == tempLength && ascii.EqualFold(element[:len(tempPrefix)], tempPrefix)
}

// abandoned is how long after its last change a temporary file counts as left
// behind, where the system cannot tell whether it is in use.
const abandoned = 24 * time.Hour

// walk visits all that is below a directory but directories. It follows no
// links: what is in the tree is reached without. Directories that cannot be
// opened are left out.
func walk(dir *os.Root, visit func(dir *os.Root, info fs.FileInfo)) error {
	var below []string
	for names, err := range batches(dir) {
		if err != nil {
			return err
		}
		for _, name := range names {
			info, err := dir.Lstat(name)
			switch {
			case err != nil:
			case info.IsDir():
				below = append(below, name)
			default:
				visit(dir, info)
			}
		}
	}
	for _, name := range below {
		sub, err := dir.OpenRoot(name + "/.")
		if err != nil {
			continue
		}
		err = walk(sub, visit)
		sub.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// sweep removes a temporary file that nobody writes to: its process is gone, so
// it will never be whole.
func sweep(dir *os.Root, info fs.FileInfo) {
	if isTemp(info.Name()) && info.Mode().IsRegular() {
		removeAbandoned(dir, info.Name())
	}
}

// removeAbandoned removes a temporary file unless another process, or another
// DirFS of this one, is writing it.
func removeAbandoned(dir *os.Root, name string) {
	f, info, err := openRegular(dir, name, os.O_WRONLY)
	if err != nil {
		return
	}
	defer f.Close()
	switch err := lock(f); {
	case errors.Is(err, errors.ErrUnsupported) && time.Since(info.ModTime()) < abandoned:
	case err == nil || errors.Is(err, errors.ErrUnsupported):
		dir.Remove(name)
	}
}
