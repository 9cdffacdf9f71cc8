package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"applayer/examples/internal/mailview"
)

// save writes the attachments into a folder, which is made if it is not there.
// No name leads out of it, and no file that is there is written over: a name
// that is taken gets a number. It returns where each was saved.
func save(attachments []*mailview.Attachment, dir string) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, a := range attachments {
		name, err := saveAs(root, a.Name, a.Entity.Body())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		paths = append(paths, filepath.Join(dir, name))
	}
	return paths, nil
}

// saveAs writes a file under a name that was free, as "name-2.ext".
func saveAs(root *os.Root, name string, body io.Reader) (string, error) {
	ext := path.Ext(name)
	base := strings.TrimSuffix(name, ext)
	for n := 2; ; n++ {
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			name = fmt.Sprintf("%s-%d%s", base, n, ext)
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = io.Copy(f, body)
		if err = errors.Join(err, f.Close()); err != nil {
			return "", errors.Join(err, root.Remove(name))
		}
		return name, nil
	}
}
