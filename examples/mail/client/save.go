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
	taken := map[string]int{}
	for _, a := range attachments {
		name, err := saveAs(root, a.Name, taken, a.Entity.Body())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		paths = append(paths, filepath.Join(dir, name))
	}
	return paths, nil
}

// saveAs writes a file under a name that was free, as "name-2.ext". taken is up
// to what number the names were tried before: all attachments can have one name.
func saveAs(root *os.Root, wish string, taken map[string]int, body io.Reader) (name string, err error) {
	ext := path.Ext(wish)
	base := strings.TrimSuffix(wish, ext)
	var f *os.File
	for f == nil {
		taken[wish]++
		name = wish
		if n := taken[wish]; n > 1 {
			name = fmt.Sprintf("%s-%d%s", base, n, ext)
		}
		f, err = root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	_, err = io.Copy(f, body)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, root.Remove(name))
	}
	return name, nil
}
