package cookie

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// target is the file that name stands for: what takes its place must not take
// the place of a link to it.
func target(name string) string {
	if there, err := filepath.EvalSymlinks(name); err == nil {
		return there
	}
	return name
}

// replaceFile puts what write writes in the place of the file called name. What
// is there is the old file or the whole new one, whenever the system or the
// program dies. Nobody else may be doing the same: the caller holds a lock.
func replaceFile(name string, write func(io.Writer) error) error {
	next := name + ".new"
	if err := writeNew(next, write); err != nil {
		return errors.Join(err, removeIfThere(next))
	}
	if err := os.Rename(next, name); err != nil {
		return errors.Join(err, removeIfThere(next))
	}
	return syncFolder(name)
}

// writeNew makes a file and has it on disk. What a crash has left is no longer
// needed, and O_EXCL follows no link that somebody put there.
func writeNew(name string, write func(io.Writer) error) error {
	if err := removeIfThere(name); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(f, 64<<10)
	if err = write(b); err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func removeIfThere(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder has the name of a file on disk. Windows has no such call; there
// the file system keeps its names in order by itself.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
