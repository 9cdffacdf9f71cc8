package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"applayer/internal/durable"
	"applayer/pop3"
)

// mailFolder is where messages are fetched to.
type mailFolder struct{ root *os.Root }

func openFolder(dir string) (*mailFolder, error) {
	if err := durable.MakeAll(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	return &mailFolder{root}, err
}

// maxNamesakes bounds the messages of one unique-id.
const maxNamesakes = 100

// has tells whether a message is in the folder. One of the same unique-id and
// another size is another: a server may give one twice, and another server or
// mailbox does.
func (f *mailFolder) has(m listed) bool {
	for n := range maxNamesakes {
		info, err := f.root.Lstat(fileName(m.UID, n))
		if err != nil {
			return false
		}
		if info.Mode().IsRegular() && info.Size() == m.size {
			return true
		}
	}
	return false
}

// save writes a message beside its name and gives it that when it is whole and
// on the disk. It is not new where it was there already, octet by octet.
func (f *mailFolder) save(uid string, m *pop3.Message) (name string, isNew bool, err error) {
	part := "." + fileName(uid, 0) + ".part"
	w, err := f.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", false, err
	}
	_, err = io.Copy(w, m)
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err == nil {
		name, isNew, err = f.place(part, uid)
	}
	if err != nil || !isNew {
		err = errors.Join(err, f.root.Remove(part))
	}
	return name, isNew, err
}

// place gives a file the first of its names that is free, unless one has the
// same octets.
func (f *mailFolder) place(part, uid string) (name string, isNew bool, err error) {
	for n := range maxNamesakes {
		name = fileName(uid, n)
		same, err := f.same(part, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return name, true, f.root.Rename(part, name)
		case err != nil:
			return "", false, err
		case same:
			return name, false, nil
		}
	}
	return "", false, fmt.Errorf("%d others have the unique-id", maxNamesakes)
}

// same tells whether two files have the same octets.
func (f *mailFolder) same(one, other string) (bool, error) {
	a, err := f.root.Open(one)
	if err != nil {
		return false, err
	}
	defer a.Close()
	b, err := f.root.Open(other)
	if err != nil {
		return false, err
	}
	defer b.Close()
	x, y := bufio.NewReader(a), bufio.NewReader(b)
	for {
		c, errA := x.ReadByte()
		d, errB := y.ReadByte()
		switch {
		case errors.Is(errA, io.EOF) && errors.Is(errB, io.EOF):
			return true, nil
		case errors.Is(errA, io.EOF) || errors.Is(errB, io.EOF):
			return false, nil
		case errA != nil || errB != nil:
			return false, errors.Join(errA, errB)
		case c != d:
			return false, nil
		}
	}
}

// sync has the disk keep the names.
func (f *mailFolder) sync() error { return durable.SyncDir(f.root, ".") }

// fileName is the name of a message's file: its unique-id, in which what is no
// letter, digit, "-" or "_" stands as "%" and two hexadecimal digits. The n-th
// other of a unique-id has "~n" behind that.
func fileName(uid string, n int) string {
	var b strings.Builder
	for i := range len(uid) {
		c := uid[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02x", c)
	}
	if n > 0 {
		fmt.Fprintf(&b, "~%d", n)
	}
	return b.String() + ".eml"
}
