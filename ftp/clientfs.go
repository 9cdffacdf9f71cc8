package ftp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
)

// FS returns the files of the session's current directory as package io/fs
// knows them; ctx governs every use. It has one session: while a file of it is
// read, other calls give [ErrBusy]. [Pool.FS] has several.
//
// Files are io.Seeker and io.WriterTo too. What is not a file or a directory,
// or has a name that no directory's entry can have, is not in it.
func (c *Client) FS(ctx context.Context) fs.FS {
	return &remoteFS{ctx, func(context.Context) (*Client, error) { return c, nil }, func(*Client) {}}
}

// FS returns the files that sessions of the pool see where they begin, as
// [Client.FS] does. Each file that is being read has a session until its end or
// its Close.
func (p *Pool) FS(ctx context.Context) fs.FS { return &remoteFS{ctx, p.Get, p.Put} }

// remoteFS is the files of a server. A session comes by get and goes by put.
type remoteFS struct {
	ctx context.Context
	get func(context.Context) (*Client, error)
	put func(*Client)
}

var (
	_ fs.ReadDirFS  = (*remoteFS)(nil)
	_ fs.ReadFileFS = (*remoteFS)(nil)
	_ fs.StatFS     = (*remoteFS)(nil)
)

// do runs one call on a name.
func (r *remoteFS) do(op, name string, call func(c *Client) error) error {
	err := fs.ErrInvalid
	if fs.ValidPath(name) {
		err = r.with(call)
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

func (r *remoteFS) with(call func(c *Client) error) error {
	c, err := r.get(r.ctx)
	if err != nil {
		return err
	}
	defer r.put(c)
	return call(c)
}

// Stat describes a file or directory.
func (r *remoteFS) Stat(name string) (fi fs.FileInfo, err error) {
	err = r.do("stat", name, func(c *Client) error {
		fi, err = r.stat(c, name)
		return err
	})
	return fi, err
}

func (r *remoteFS) stat(c *Client, name string) (fs.FileInfo, error) {
	e, err := c.Stat(r.ctx, name)
	if err != nil {
		return nil, err
	}
	e.Name = path.Base(name)
	return e.FileInfo(), nil
}

// ReadDir lists a directory.
func (r *remoteFS) ReadDir(name string) (entries []fs.DirEntry, err error) {
	err = r.do("readdir", name, func(c *Client) error {
		entries, err = r.readDir(c, name)
		return err
	})
	return entries, err
}

func (r *remoteFS) readDir(c *Client, name string) ([]fs.DirEntry, error) {
	if name == "." {
		name = ""
	}
	list, err := c.List(r.ctx, name)
	if err != nil {
		return nil, err
	}
	entries := make([]fs.DirEntry, 0, len(list))
	for i := range list {
		if _, err := list[i].LocalName(); err == nil {
			entries = append(entries, fs.FileInfoToDirEntry(list[i].FileInfo()))
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// ReadFile reads a whole file.
func (r *remoteFS) ReadFile(name string) (b []byte, err error) {
	err = r.do("open", name, func(c *Client) error {
		f, err := c.Retrieve(r.ctx, name, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		b, err = io.ReadAll(f)
		return err
	})
	return b, err
}

// Open opens a file or directory. Nothing is transferred before the first read.
func (r *remoteFS) Open(name string) (fs.File, error) {
	fi, err := r.Stat(name)
	if err != nil {
		err.(*fs.PathError).Op = "open"
		return nil, err
	}
	if fi.IsDir() {
		return &remoteDir{fsys: r, name: name, info: fi}, nil
	}
	return &remoteFile{fsys: r, name: name, info: fi}, nil
}

// remoteFile is an open file.
type remoteFile struct {
	fsys   *remoteFS
	name   string
	info   fs.FileInfo
	at     int64
	client *Client
	r      *Reader // nil while nothing is transferred
	eof    bool    // the end was read
	closed bool
}

var (
	_ io.Seeker   = (*remoteFile)(nil)
	_ io.WriterTo = (*remoteFile)(nil)
)

func (f *remoteFile) fail(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

// Stat describes the file as it was when it was opened.
func (f *remoteFile) Stat() (fs.FileInfo, error) {
	if f.closed {
		return nil, f.fail("stat", fs.ErrClosed)
	}
	return f.info, nil
}

// Read begins the transfer if there is none, and reads.
func (f *remoteFile) Read(b []byte) (int, error) {
	if err := f.begin(); err != nil || len(b) == 0 {
		return 0, err
	}
	n, err := f.r.Read(b)
	return n, f.moved(int64(n), err)
}

// WriteTo copies the rest of the file.
func (f *remoteFile) WriteTo(w io.Writer) (int64, error) {
	if err := f.begin(); err != nil {
		if err == io.EOF {
			err = nil
		}
		return 0, err
	}
	n, err := f.r.WriteTo(w)
	if f.r.ended {
		f.moved(n, io.EOF)
	} else {
		f.moved(n, nil)
	}
	if err != nil {
		return n, f.fail("read", err)
	}
	return n, nil
}

// begin opens the transfer at the file's place.
func (f *remoteFile) begin() error {
	switch {
	case f.closed:
		return f.fail("read", fs.ErrClosed)
	case f.r != nil:
		return nil
	case f.eof || f.at > 0 && f.at >= f.info.Size():
		return io.EOF
	}
	c, err := f.fsys.get(f.fsys.ctx)
	if err != nil {
		return f.fail("read", err)
	}
	r, err := c.Retrieve(f.fsys.ctx, f.name, f.at)
	if err != nil {
		f.fsys.put(c)
		return f.fail("read", err)
	}
	f.client, f.r = c, r
	return nil
}

// moved takes note of octets read, and gives the session back at the end.
func (f *remoteFile) moved(n int64, err error) error {
	f.at += n
	switch err {
	case nil:
		return nil
	case io.EOF:
		f.r.Close()
		f.fsys.put(f.client)
		f.client, f.r, f.eof = nil, nil, true
		return io.EOF
	}
	return f.fail("read", err)
}

// Seek sets the place of the next read. A transfer that stands elsewhere is
// ended.
func (f *remoteFile) Seek(offset int64, whence int) (int64, error) {
	if f.closed {
		return 0, f.fail("seek", fs.ErrClosed)
	}
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.info.Size()
	case io.SeekStart:
	default:
		return 0, f.fail("seek", fmt.Errorf("whence %d: %w", whence, fs.ErrInvalid))
	}
	if offset < 0 {
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	if offset != f.at {
		f.end()
		f.at, f.eof = offset, false
	}
	return offset, nil
}

// end ends the transfer, if there is one.
func (f *remoteFile) end() error {
	if f.r == nil {
		return nil
	}
	err := f.r.Close()
	f.fsys.put(f.client)
	f.client, f.r = nil, nil
	return err
}

// Close ends the transfer, if there is one.
func (f *remoteFile) Close() error {
	if f.closed {
		return f.fail("close", fs.ErrClosed)
	}
	f.closed = true
	return f.end()
}

// remoteDir is an open directory.
type remoteDir struct {
	fsys    *remoteFS
	name    string
	info    fs.FileInfo
	entries []fs.DirEntry
	read    bool
}

// Stat describes the directory.
func (d *remoteDir) Stat() (fs.FileInfo, error) { return d.info, nil }

// Read is not for directories.
func (d *remoteDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: errors.New("is a directory")}
}

// Close does nothing.
func (d *remoteDir) Close() error { return nil }

// ReadDir returns the next n entries, or all that are left.
func (d *remoteDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.read {
		entries, err := d.fsys.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.entries, d.read = entries, true
	}
	if n > 0 && len(d.entries) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.entries) {
		n = len(d.entries)
	}
	next := d.entries[:n:n]
	d.entries = d.entries[n:]
	return next, nil
}
