package ftp

import (
	"errors"
	"io"
	"io/fs"
	"iter"
)

// ReadOnly serves a file system of package io/fs, such as an embed.FS or a
// zip.Reader, to look at and to take from. How far names lead is then for that
// file system to say: os.DirFS follows links wherever they go, [Dir] does not.
func ReadOnly(fsys fs.FS) FS { return readOnly{fsys} }

type readOnly struct{ fsys fs.FS }

// Open opens a regular file. What is none is not opened, since that may wait.
func (r readOnly) Open(name string) (File, error) {
	info, err := r.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	if err != nil {
		return nil, err
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if seekable, ok := f.(File); ok {
		return seekable, nil
	}
	return &forward{File: f}, nil
}

// Stat describes what a name stands for.
func (r readOnly) Stat(name string) (fs.FileInfo, error) {
	if err := r.check("stat", name); err != nil {
		return nil, err
	}
	return fs.Stat(r.fsys, name)
}

// ReadDir yields the entries of a directory, in batches where the file system
// gives them so.
func (r readOnly) ReadDir(name string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		for entries, err := range r.batches(name) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, entry := range entries {
				info, err := entry.Info()
				if errors.Is(err, fs.ErrNotExist) { // it is gone meanwhile
					continue
				}
				if !yield(info, err) || err != nil {
					return
				}
			}
		}
	}
}

func (r readOnly) batches(name string) iter.Seq2[[]fs.DirEntry, error] {
	return func(yield func([]fs.DirEntry, error) bool) {
		if err := r.check("readdir", name); err != nil {
			yield(nil, err)
			return
		}
		f, err := r.fsys.Open(name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		dir, ok := f.(fs.ReadDirFile)
		if !ok {
			yield(fs.ReadDir(r.fsys, name))
			return
		}
		for {
			entries, err := dir.ReadDir(dirBatch)
			if len(entries) > 0 && !yield(entries, nil) {
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

// check refuses what is no name of package io/fs, which wants UTF-8: how a file
// system takes others is not said.
func (r readOnly) check(op, name string) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: ErrName}
	}
	return nil
}

// forward is a file that can only be read: a seek forwards reads what is
// between, when the next octets are asked for.
type forward struct {
	fs.File
	at, want int64
}

var errBackwards = errors.New("ftp: this file cannot be read again")

// Read reads from where the last Seek has led.
func (f *forward) Read(b []byte) (int, error) {
	if f.want > f.at {
		n, err := io.CopyN(io.Discard, f.File, f.want-f.at)
		if f.at += n; err != nil {
			return 0, err
		}
	}
	n, err := f.File.Read(b)
	f.at += int64(n)
	f.want = f.at
	return n, err
}

// Seek moves the place of the next Read, back only as far as nothing was read.
func (f *forward) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.want
	case io.SeekEnd:
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		offset += info.Size()
	}
	if offset < f.at {
		return 0, errBackwards
	}
	f.want = offset
	return offset, nil
}
