package ftp

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"applayer/internal/durable"
)

// dirUpload is an upload to a [DirFS]. A new file, and one that takes another's
// place, is written under a temporary name in the same directory; what is
// resumed or appended to is written in place.
type dirUpload struct {
	opts   DirOptions
	quota  *quota
	folder *os.Root // where the file is, even if it is renamed meanwhile
	f      *os.File
	name   string // the whole one that the client knows
	base   string // its last element, within folder
	temp   string // "" where the file is written in place
	fresh  bool   // nothing had the name when the upload began
	// held is the empty file that keeps a unique name, nil without one.
	held fs.FileInfo
	// taken is what the upload has of the quota, and over how much more it
	// can write of a file that is there, which counts already.
	taken, over int64
}

// Create begins an upload. It is an io.ReaderFrom and has Chmod.
func (d *DirFS) Create(name string, mode CreateMode, offset int64) (Upload, error) {
	if err := d.checkChange("create", name); err != nil {
		return nil, err
	}
	folder, base, err := d.folder(name)
	if err != nil {
		return nil, fileError("create", name, err)
	}
	u := &dirUpload{opts: d.opts, quota: d.quota, folder: folder, name: name, base: base}
	switch mode {
	case CreateResume:
		err = u.resume(offset)
	case CreateAppend:
		if err = u.toEnd(); errors.Is(err, fs.ErrNotExist) {
			err = u.replace()
		}
	case CreateUnique:
		err = u.unique()
	default:
		err = u.replace()
	}
	if err != nil {
		folder.Close()
		return nil, fileError("create", name, err)
	}
	return u, nil
}

// resume opens the file to go on at offset.
func (u *dirUpload) resume(offset int64) error {
	f, info, err := openRegular(u.folder, u.base, os.O_WRONLY)
	if err != nil {
		return err
	}
	if offset < 0 || offset > info.Size() {
		f.Close()
		return ErrOffset
	}
	u.over = info.Size() - offset
	return u.seek(f, offset, io.SeekStart)
}

// toEnd opens the file to go on at its end. It is sought, not opened for
// appending: the kernel would not splice from a connection to it then.
func (u *dirUpload) toEnd() error {
	f, _, err := openRegular(u.folder, u.base, os.O_WRONLY)
	if err != nil {
		return err
	}
	return u.seek(f, 0, io.SeekEnd)
}

func (u *dirUpload) seek(f *os.File, offset int64, whence int) error {
	if _, err := f.Seek(offset, whence); err != nil {
		f.Close()
		return err
	}
	u.f = f
	return nil
}

// replace begins a temporary file to take the place of what has the name.
func (u *dirUpload) replace() error {
	perm, err := u.replaceable()
	if err != nil {
		return err
	}
	return u.openTemp(perm)
}

// replaceable refuses to replace what could not be written to either, since a
// rename asks only for the directory's permissions. It returns those of the file,
// 0 where nothing has the name. A link is replaced itself.
func (u *dirUpload) replaceable() (fs.FileMode, error) {
	info, err := u.folder.Lstat(u.base)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		u.fresh = true
		return 0, nil
	case err != nil:
		return 0, err
	case info.Mode()&fs.ModeSymlink != 0:
		return 0, nil
	case !info.Mode().IsRegular():
		return 0, ErrNotRegular
	}
	f, info, err := openRegular(u.folder, u.base, os.O_WRONLY)
	if err != nil {
		return 0, err
	}
	return info.Mode().Perm(), f.Close()
}

// openTemp makes the temporary file, with these permissions if they are not 0.
// Its lock tells a sweep that somebody is at work.
func (u *dirUpload) openTemp(perm fs.FileMode) error {
	temp := newTemp()
	f, err := u.folder.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	u.f, u.temp = f, temp
	if err := lock(f); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return errors.Join(err, u.discard())
	}
	if perm != 0 {
		if err := f.Chmod(perm); err != nil {
			return errors.Join(err, u.discard())
		}
	}
	return nil
}

// uniqueTries bounds the names that are tried for a unique one. Chance makes
// them: where the second is taken, somebody takes them on purpose.
const uniqueTries = 100

// unique takes a name that nothing has, by an empty file that is made only if
// there is none, in one step. After a crash it is still there, and empty.
func (u *dirUpload) unique() error {
	dir, base := path.Split(u.name)
	for range uniqueTries {
		f, err := u.folder.OpenFile(u.base, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			u.base = uniqueName(base)
			u.name = dir + u.base
			continue
		}
		if err != nil {
			return err
		}
		u.held, err = f.Stat()
		if err = errors.Join(err, f.Close()); err == nil {
			err = u.openTemp(0)
		}
		if err != nil {
			u.letGo()
		}
		return err
	}
	return fs.ErrExist
}

// uniqueName makes a name of another, which is cut to leave room.
func uniqueName(base string) string {
	suffix := "." + strings.ToLower(rand.Text()[:10])
	for len(base)+len(suffix) > defaultMaxName {
		_, size := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-size]
	}
	return base + suffix
}

// Name is the name under which the file will stand.
func (u *dirUpload) Name() string { return u.name }

// Write writes to the file.
func (u *dirUpload) Write(b []byte) (int, error) {
	more := max(int64(len(b))-u.over, 0)
	got := u.quota.take(more)
	if got < more {
		u.quota.give(got)
		return 0, fileError("write", u.name, ErrQuota)
	}
	n, err := u.f.Write(b)
	u.count(int64(n), got)
	return n, orFileError("write", u.name, err)
}

// count counts n octets that were written, for which more were taken of the
// quota.
func (u *dirUpload) count(n, more int64) {
	used := max(n-u.over, 0)
	u.over = max(u.over-n, 0)
	u.taken += used
	u.quota.give(more - used)
}

// ReadFrom copies from r, within the kernel if r is a TCP connection or a
// limited part of one. Errors of r come back as they are.
func (u *dirUpload) ReadFrom(r io.Reader) (int64, error) {
	n, err := u.copyFrom(r)
	if err == nil {
		return n, nil
	}
	if kind := kindOf(err); err == ErrQuota || kind != nil && errors.Is(kind, ErrNoSpace) {
		err = fileError("write", u.name, err)
	}
	return n, err
}

func (u *dirUpload) copyFrom(r io.Reader) (int64, error) {
	if u.quota == nil {
		return u.f.ReadFrom(r)
	}
	n := int64(0)
	if u.over > 0 {
		m, err := io.CopyN(u.f, r, u.over)
		u.over -= m
		if n = m; err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
	m, err := u.quota.copyFrom(u.f, r)
	u.taken += m
	return n + m, err
}

// Chmod sets the permissions that a new file shall have; one that was there
// keeps its own.
func (u *dirUpload) Chmod(mode fs.FileMode) error {
	if !u.fresh && u.held == nil {
		return nil
	}
	return orFileError("chmod", u.name, u.f.Chmod(mode.Perm()))
}

// Commit puts the file in its place.
func (u *dirUpload) Commit() error {
	if u.f == nil {
		return fs.ErrClosed
	}
	defer u.folder.Close()
	var err error
	if !u.opts.NoSync {
		err = u.f.Sync()
	}
	if err = errors.Join(err, u.close()); err == nil && u.temp != "" {
		err = u.place()
	}
	if err != nil {
		if u.temp != "" {
			u.removeTemp()
			u.letGo()
		}
		return fileError("commit", u.name, err)
	}
	if !u.opts.NoSync && u.temp != "" {
		err = durable.SyncDir(u.folder, ".")
	}
	return orFileError("commit", u.name, err)
}

// Abort forgets a new file, or keeps it for the client to go on with.
func (u *dirUpload) Abort() error {
	if u.f == nil {
		return fs.ErrClosed
	}
	defer u.folder.Close()
	if u.opts.KeepPartial && (u.fresh || u.held != nil) {
		return orFileError("abort", u.name, u.keep())
	}
	return orFileError("abort", u.name, u.discard())
}

// keep gives what arrived its name, unless that is another's meanwhile. A file
// of which nothing arrived is not kept.
func (u *dirUpload) keep() error {
	if info, err := u.f.Stat(); err != nil || info.Size() == 0 {
		return u.discard()
	}
	if u.held != nil && !u.stillHeld() {
		return u.discard()
	}
	err := u.close()
	if err == nil {
		err = u.placeNew()
	}
	if err != nil {
		err = errors.Join(err, u.removeTemp())
		u.letGo()
	}
	return err
}

// place gives the whole file its name, in the place of what has it.
func (u *dirUpload) place() error {
	if u.held != nil {
		return u.placeNew() // it is to replace nothing
	}
	return u.quota.ending(u.folder, u.base, "", func() error { return u.folder.Rename(u.temp, u.base) })
}

// placeNew gives the file its name if nothing has it but the empty file that
// keeps it. A link fails where a name is taken, a rename would not; where the
// file system has no links a look must do.
func (u *dirUpload) placeNew() error {
	if u.held != nil && u.stillHeld() {
		return u.folder.Rename(u.temp, u.base)
	}
	err := u.folder.Link(u.temp, u.base)
	if err == nil {
		return u.folder.Remove(u.temp)
	}
	if _, look := u.folder.Lstat(u.base); !errors.Is(look, fs.ErrNotExist) {
		return err
	}
	return u.folder.Rename(u.temp, u.base)
}

// discard closes the file and removes it if it is temporary.
func (u *dirUpload) discard() error {
	err := u.close()
	if u.temp != "" {
		err = errors.Join(err, u.removeTemp())
	}
	u.letGo()
	return err
}

func (u *dirUpload) removeTemp() error {
	u.quota.give(u.taken)
	return u.folder.Remove(u.temp)
}

func (u *dirUpload) close() error {
	f := u.f
	u.f = nil
	return f.Close()
}

// letGo gives a unique name back.
func (u *dirUpload) letGo() {
	if u.held != nil && u.stillHeld() {
		u.folder.Remove(u.base)
	}
	u.held = nil
}

// stillHeld tells whether the empty file is where it was made.
func (u *dirUpload) stillHeld() bool {
	info, err := u.folder.Lstat(u.base)
	return err == nil && info.Size() == 0 && os.SameFile(info, u.held)
}
