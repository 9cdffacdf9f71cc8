package files

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"applayer/http1"
)

// opened is a file or folder that stands open.
type opened struct {
	fs.File // nil where the octets are in memory
	info    fs.FileInfo
	held    *held  // what is held of it, nil for nothing
	cache   *cache // that File goes back to
}

// Close ends the use of the file.
func (f *opened) Close() error {
	switch {
	case f.File == nil:
		return nil
	case f.cache != nil:
		return f.cache.giveBack(f.held, f.File.(*os.File))
	}
	return f.File.Close()
}

// open returns a file or folder, held or opened for this request.
func (s *FileServer) open(name string) (*opened, error) {
	if f := s.recall(name); f != nil {
		return f, nil
	}
	f, err := s.openNew(name)
	if err != nil {
		return nil, err
	}
	return s.hold(name, f), nil
}

// openNew opens a file or folder. What is neither is refused, and does not hold us
// up: to open a named pipe is to wait for somebody who writes to it.
func (s *FileServer) openNew(name string) (*opened, error) {
	var f fs.File
	var err error
	switch {
	case s.Root != nil:
		f, err = s.Root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	case s.FS != nil:
		f, err = s.FS.Open(name)
	default:
		err = errNoFolder
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		err = errIrregular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &opened{File: f, info: info}, nil
}

// body returns the file such that it can be sought.
func (f *opened) body() io.ReadSeeker {
	if f.File == nil {
		return bytes.NewReader(f.held.body)
	}
	if rs, ok := f.File.(io.ReadSeeker); ok {
		return rs
	}
	return &forward{src: f.File}
}

// forward is a file that can be read once, sought as far as that goes: what is
// to be passed over is read.
type forward struct {
	src io.Reader
	at  int64
}

var errBackward = errors.New("files: this file cannot be sought")

func (f *forward) Read(b []byte) (int, error) {
	n, err := f.src.Read(b)
	f.at += int64(n)
	return n, err
}

func (f *forward) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart || offset < f.at {
		return 0, errBackward
	}
	_, err := io.CopyN(io.Discard, f, offset-f.at)
	return f.at, err
}

// settled is how long ago the last change must be for its time to stand for
// it alone: file systems count in ticks of up to two seconds (FAT).
const settled = 2 * time.Second

// validators returns what tells the file's state.
func (f *opened) validators() http1.Validators {
	if f.held != nil {
		return http1.Validators{ETag: f.held.tag, LastModified: f.info.ModTime(), Exists: true}
	}
	return validators(f.info)
}

// validators makes the entity tag of a file and its date. The tag is strong
// when all of inode, size and time of change would have to be as before, and
// that time is over (RFC 9110 §8.8.1).
func validators(info fs.FileInfo) http1.Validators {
	changed := info.ModTime()
	if changed.IsZero() { // an fs.FS that does not know, such as embed's
		return http1.Validators{Exists: true}
	}
	age := time.Since(changed)
	return http1.Validators{ETag: entityTag(info, age < settled), LastModified: changed, Exists: true}
}
