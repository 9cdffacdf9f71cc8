package files

import (
	"errors"
	"io/fs"
	"path"
	"syscall"
	"time"

	"applayer/http1"
)

// refusal is a change that the rules of HTTP forbid.
type refusal struct{ status int }

func (e *refusal) Error() string { return "files: " + http1.StatusText(e.status) }

// bodyError is what a request's body gave in place of octets.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// reply is the status that the error asks for.
func (e *bodyError) reply() int {
	if l, ok := errors.AsType[*http1.LimitError](e.err); ok && l.Reply != 0 {
		return l.Reply
	}
	if p, ok := errors.AsType[*http1.ParseError](e.err); ok && p.Reply != 0 {
		return p.Reply
	}
	return http1.StatusBadRequest
}

// refuseChange answers a change that was not made.
func (s *FileServer) refuseChange(w *http1.ResponseWriter, r *http1.Request, err error) {
	if e, ok := errors.AsType[*refusal](err); ok {
		refuse(w, e.status)
		return
	}
	if e, ok := errors.AsType[*bodyError](err); ok {
		refuse(w, e.reply())
		return
	}
	s.fail(w, r, err)
}

// mayChange looks at the file that is to be replaced or removed and evaluates
// the preconditions, last of all (RFC 9110 §13.2.1). It returns nil if there is
// no file, which a PUT makes and a DELETE does not find.
func (s *FileServer) mayChange(r *http1.Request, name string) (fs.FileInfo, error) {
	v := http1.Validators{}
	info, err := s.Root.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, &refusal{http1.StatusConflict}
	case err == nil && !info.Mode().IsRegular():
		return nil, &refusal{http1.StatusForbidden}
	case err == nil:
		v = validators(info)
	case r.Method == http1.MethodPut && errors.Is(err, syscall.ENOTDIR):
		// A file is where a folder would have to be (RFC 9110 §15.5.10).
		return nil, &refusal{http1.StatusConflict}
	case r.Method == http1.MethodPut && errors.Is(err, fs.ErrNotExist):
		info = nil
	default:
		return nil, err
	}
	if http1.CheckPreconditions(r.Method, &r.Header, v, time.Now()) == http1.PreconditionFailed {
		return nil, &refusal{http1.StatusPreconditionFailed}
	}
	return info, nil
}

// delete answers DELETE (RFC 9110 §9.3.5) of a file. Folders stay.
func (s *FileServer) delete(w *http1.ResponseWriter, r *http1.Request) {
	p, status := s.resolve(r.Target.Path)
	if status == 0 && p.hidden {
		status = http1.StatusNotFound
	}
	if status != 0 {
		refuse(w, status)
		return
	}
	if err := s.remove(r, p); err != nil {
		s.refuseChange(w, r, err)
		return
	}
	w.WriteHeader(http1.StatusNoContent)
}

func (s *FileServer) remove(r *http1.Request, p place) error {
	if err := s.unlink(r, p); err != nil {
		return err
	}
	dir := path.Dir(p.name)
	return s.syncFolders(dir, dir)
}

// unlink removes the file, under the lock for the same reason as place.
func (s *FileServer) unlink(r *http1.Request, p place) error {
	s.change.Lock()
	defer s.change.Unlock()
	if _, err := s.mayChange(r, p.name); err != nil {
		return err
	}
	if p.slash { // a file has nothing below it
		return &refusal{http1.StatusNotFound}
	}
	defer s.cache.dropName(p.name)
	return s.Root.Remove(p.name)
}
