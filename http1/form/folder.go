package form

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"strconv"
)

// folder is where the files of one form are, under names that we choose.
type folder struct {
	parent *os.Root // nil for the place of temporary files
	name   string   // in parent, or the whole path
	root   *os.Root // nil until the first file
	files  int
}

// store writes a part to a new file.
func (d *folder) store(part *Part, most bound) (entry string, size int64, err error) {
	if d.root == nil {
		if err := d.create(); err != nil {
			return "", 0, err
		}
	}
	d.files++
	entry = strconv.Itoa(d.files)
	file, err := d.root.OpenFile(entry, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, err
	}
	counted := &countingWriter{w: file}
	err = part.copyTo(counted, most)
	return entry, counted.n, errors.Join(err, file.Close())
}

func (d *folder) create() (err error) {
	if d.parent == nil {
		if d.name, err = os.MkdirTemp("", "form-"); err != nil {
			return err
		}
		d.root, err = os.OpenRoot(d.name)
		return err
	}
	d.name = "form-" + rand.Text()
	if err = d.parent.Mkdir(d.name, 0o700); err != nil {
		return err
	}
	d.root, err = d.parent.OpenRoot(d.name)
	return err
}

func (d *folder) open(entry string) (io.ReadSeekCloser, error) {
	file, err := d.root.Open(entry)
	if err != nil {
		return nil, err
	}
	return file, nil
}

// remove removes the folder with all that is in it, once.
func (d *folder) remove() (err error) {
	if d.name == "" {
		return nil
	}
	if d.root != nil {
		err = d.root.Close()
	}
	if d.parent == nil {
		err = errors.Join(err, os.RemoveAll(d.name))
	} else {
		err = errors.Join(err, d.parent.RemoveAll(d.name))
	}
	d.name = ""
	return err
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
