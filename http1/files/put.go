package files

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"

	"applayer/http1"
	"applayer/internal/ascii"
)

const defaultMaxUpload = 1 << 30

// tempPrefix begins the names of files that are being uploaded. They are never
// served.
const tempPrefix = ".upload-"

// put answers PUT (RFC 9110 §9.3.4): 201 for a file that is new, 204 for one
// that was there. No validators are sent: those of a file so new are weak.
func (s *FileServer) put(w *http1.ResponseWriter, r *http1.Request) {
	p, status := s.resolve(r.Target.Path)
	if status == 0 {
		status = s.refusePut(r, p)
	}
	if status != 0 {
		refuse(w, status)
		return
	}
	if _, err := s.mayChange(r, p.name); err != nil {
		s.refuseChange(w, r, err)
		return
	}
	created, err := s.replace(r, p.name)
	switch {
	case err != nil:
		s.refuseChange(w, r, err)
	case created:
		w.Header().Set("Location", s.location(p)) // RFC 9110 §15.3.2
		w.WriteHeader(http1.StatusCreated)
	default:
		w.WriteHeader(http1.StatusNoContent)
	}
}

// refusePut returns what to answer to a PUT that cannot be meant, or 0.
func (s *FileServer) refusePut(r *http1.Request, p place) int {
	encoding, limit := r.Header.Get("Content-Encoding"), s.maxUpload()
	switch {
	case p.slash || p.name == ".":
		return http1.StatusConflict // a folder
	case p.hidden:
		return http1.StatusForbidden
	case r.Header.Has("Content-Range"):
		// Taken for the whole, a part would destroy the rest (RFC 9110 §14.5).
		return http1.StatusBadRequest
	case encoding != "" && !ascii.EqualFold(encoding, "identity"):
		// A GET would not tell the coding (RFC 9110 §15.5.16).
		return http1.StatusUnsupportedMediaType
	case limit >= 0 && r.Length > limit:
		return http1.StatusContentTooLarge
	}
	return 0
}

func (s *FileServer) maxUpload() int64 {
	if s.MaxUpload == 0 {
		return defaultMaxUpload
	}
	return s.MaxUpload
}

// replace writes the body to the disk and puts it in the file's place. What was
// there stays whole until the last moment, and stays if anything goes wrong.
func (s *FileServer) replace(r *http1.Request, name string) (created bool, err error) {
	dir, err := s.nearest(path.Dir(name))
	if err != nil {
		return false, err
	}
	temp := path.Join(dir, tempPrefix+rand.Text())
	f, err := s.Root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return false, err
	}
	err = s.receive(f, r)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		created, err = s.place(r, temp, name)
	}
	if err != nil {
		s.Root.Remove(temp)
		return false, err
	}
	return created, s.syncFolders(path.Dir(name), dir)
}

// nearest returns the folder, or the first above it that exists. The file is
// written there: the folders that are missing are made when it is whole, and
// will be on the same file system.
func (s *FileServer) nearest(dir string) (string, error) {
	for {
		info, err := s.Root.Stat(dir)
		switch {
		case err == nil && info.IsDir():
			return dir, nil
		case err == nil:
			return "", &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist}
		case !errors.Is(err, fs.ErrNotExist) || dir == ".":
			return "", err
		}
		dir = path.Dir(dir)
	}
}

// receive writes the body to f and to the disk.
func (s *FileServer) receive(f *os.File, r *http1.Request) error {
	limit := s.maxUpload()
	if _, err := io.Copy(f, &upload{src: r.Body, limit: limit, left: limit}); err != nil {
		return err
	}
	return f.Sync()
}

// upload reads a body up to a limit, and tells its errors from those of the
// file that it is written to.
type upload struct {
	src   io.Reader
	limit int64 // negative: none
	left  int64
}

func (u *upload) Read(b []byte) (int, error) {
	if u.limit >= 0 && int64(len(b)) > u.left {
		b = b[:u.left+1] // one more would be too many
	}
	n, err := u.src.Read(b)
	if u.left -= int64(n); u.limit >= 0 && u.left < 0 {
		return 0, &bodyError{&http1.LimitError{Name: "MaxUpload", Max: u.limit, Reply: http1.StatusContentTooLarge}}
	}
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}

// place puts the file that is whole where the request wants it. The lock is
// over a look and a rename, which wait for no peer.
func (s *FileServer) place(r *http1.Request, temp, name string) (created bool, err error) {
	s.change.Lock()
	defer s.change.Unlock()
	before, err := s.mayChange(r, name)
	switch {
	case err != nil:
		return false, err
	case before != nil:
		err = s.Root.Chmod(temp, before.Mode().Perm())
	default:
		err = s.Root.MkdirAll(path.Dir(name), 0o777)
	}
	if err == nil {
		err = s.Root.Rename(temp, name)
		s.cache.dropName(name)
	}
	return before == nil, err
}

// syncFolders brings a folder to the disk, and those above it that may be new,
// up to top: a name is safe when the folder that holds it is.
func (s *FileServer) syncFolders(dir, top string) error {
	if runtime.GOOS == "windows" { // where a folder cannot be synced
		return nil
	}
	for {
		f, err := s.Root.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
		if dir == top || dir == "." {
			return nil
		}
		dir = path.Dir(dir)
	}
}
