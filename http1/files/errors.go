package files

import (
	"errors"
	"io/fs"
	"syscall"

	"applayer/http1"
)

// What a file server refuses by itself.
var (
	errIrregular = errors.New("neither a file nor a folder")
	errNoFolder  = errors.New("no folder to serve: Root and FS are nil")
)

// The errors of systems by what they tell a client. A name that is too long
// cannot exist, which is no fault of the server's; 500 would say that it is.
var (
	notFound  = []error{fs.ErrNotExist, fs.ErrInvalid, errIrregular, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.ENXIO, syscall.EINVAL}
	forbidden = []error{fs.ErrPermission, syscall.EROFS}
	conflict  = []error{fs.ErrExist, syscall.EISDIR, syscall.ENOTEMPTY}
	shortage  = []error{syscall.EMFILE, syscall.ENFILE}
	full      = []error{syscall.ENOSPC, syscall.EDQUOT}
)

// statusOf returns what to answer for an error of the file system.
func statusOf(err error) int {
	for _, row := range []struct {
		errs   []error
		status int
	}{
		{notFound, http1.StatusNotFound},
		{forbidden, http1.StatusForbidden},
		{conflict, http1.StatusConflict},
		{shortage, http1.StatusServiceUnavailable},
		{full, http1.StatusInsufficientStorage},
	} {
		for _, e := range row.errs {
			if errors.Is(err, e) {
				return row.status
			}
		}
	}
	if escaped(err) {
		return http1.StatusNotFound
	}
	return http1.StatusInternalServerError
}

// escaped tells a name that leads out of the root, by a link. os.Root does not
// name that error; it is one of a path, and not the system's.
func escaped(err error) bool {
	p, ok := errors.AsType[*fs.PathError](err)
	if !ok || errors.Is(err, fs.ErrClosed) {
		return false
	}
	_, system := errors.AsType[syscall.Errno](p.Err)
	return !system && p.Err != nil && p.Err.Error() == "path escapes from parent"
}
