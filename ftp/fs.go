package ftp

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"
)

// FS is the files that a session sees. A name is a path as [fs.ValidPath] has
// it: elements between slashes, no "..", "." for the root.
//
// These three are all that a file system needs to be served. What else it can
// do it tells by the other interfaces of this file; a command that asks for one
// which is missing gets 502. Errors are told apart with errors.Is:
// fs.ErrNotExist, fs.ErrPermission and [ErrNotRegular] get 550, fs.ErrExist 553,
// [ErrNoSpace] 452, [ErrQuota] 552, [ErrName] 553 (550 where no file would be
// made), [ErrOffset] 554, errors.ErrUnsupported 502, others 451. A name need not
// be UTF-8.
//
// A session calls from several goroutines only where a transfer and STAT run at
// once; a file system that sessions share must allow for all of them.
type FS interface {
	// Open opens a regular file for reading. It must not block on what is none,
	// such as a FIFO, but fail.
	Open(name string) (File, error)
	// Stat describes what a name stands for.
	Stat(name string) (fs.FileInfo, error)
	// ReadDir yields the entries of a directory, not sorted and not all held.
	// The first error ends it.
	ReadDir(name string) iter.Seq2[fs.FileInfo, error]
}

// File is an open file. An *os.File is one, and goes to a plain TCP connection
// without passing through this process.
type File interface {
	io.Reader
	io.Seeker
	io.Closer
	Stat() (fs.FileInfo, error)
}

// CreateMode says what becomes of a file that is there already.
type CreateMode uint8

const (
	// CreateReplace puts the upload in the place of what was there, all at once
	// and only when it is whole (STOR).
	CreateReplace CreateMode = iota
	// CreateResume writes into the file from Offset on, in place (REST and
	// STOR). What stood behind the upload's end stays.
	CreateResume
	// CreateAppend writes behind the file's end, or into a new one (APPE).
	CreateAppend
	// CreateUnique makes a file under a name that nothing has: the one given,
	// or one made of it (STOU).
	CreateUnique
)

// CreateFS is a file system that takes uploads.
type CreateFS interface {
	// Create begins an upload. offset counts for CreateResume alone;
	// [ErrOffset] is for one behind the file's end.
	Create(name string, mode CreateMode, offset int64) (Upload, error)
}

// Upload is a file on its way in. Exactly one of Commit and Abort ends it.
// It may be an io.ReaderFrom as well, so that octets pass from a connection to
// a file without passing through this process, and have Chmod(fs.FileMode) error
// for the permissions that a new file shall get (SITE UMASK).
type Upload interface {
	io.Writer
	// Name is the name under which it will stand, which matters for
	// CreateUnique.
	Name() string
	// Commit makes the upload what its name stands for. When it returns nil,
	// it survives a crash.
	Commit() error
	// Abort forgets the upload: a replaced file stays as it was.
	Abort() error
}

// RemoveFS is a file system that forgets files and empty directories.
type RemoveFS interface {
	// Remove removes a file; a directory is an error.
	Remove(name string) error
	// RemoveDir removes an empty directory; a file is an error.
	RemoveDir(name string) error
}

// RenameFS is a file system that gives files and directories other names.
type RenameFS interface {
	// Rename replaces a file under the new name.
	Rename(from, to string) error
}

// MkdirFS is a file system that makes directories.
type MkdirFS interface {
	Mkdir(name string) error
}

// ChtimesFS is a file system that sets times of modification (MFMT).
type ChtimesFS interface {
	Chtimes(name string, modified time.Time) error
}

// ChmodFS is a file system with permissions (SITE CHMOD).
type ChmodFS interface {
	Chmod(name string, mode fs.FileMode) error
}

// TruncateFS is a file system that cuts files.
type TruncateFS interface {
	Truncate(name string, size int64) error
}

// SpaceFS is a file system that knows how much it can take (ALLO).
type SpaceFS interface {
	// Space is how many octets the directory name can take more;
	// errors.ErrUnsupported means that it does not know after all.
	Space(name string) (int64, error)
}

// Errors of file systems, beside those of io/fs.
var (
	// ErrNoSpace means that a disk or a quota is full.
	ErrNoSpace = errors.New("no space")
	// ErrQuota is the [ErrNoSpace] of a user who has had his share.
	ErrQuota error = quotaError{}
	// ErrName means a name that the file system cannot hold.
	ErrName = errors.New("name not allowed")
	// ErrNotRegular means a directory, FIFO, device or socket where a regular
	// file should be.
	ErrNotRegular = errors.New("not a regular file")
	// ErrOffset means a place behind a file's end (RFC 1123 §4.1.3.4).
	ErrOffset = errors.New("place behind the file's end")
)

type quotaError struct{}

func (quotaError) Error() string        { return "quota reached" }
func (quotaError) Is(target error) bool { return target == ErrNoSpace }

// fileReply is the code that answers an error of a file system: 550 where the
// name is at fault, 451 where we are, and what a limit or the grammar says of
// itself.
func fileReply(err error) int {
	if limit, ok := errors.AsType[*LimitError](err); ok && limit.Reply != 0 {
		return limit.Reply
	}
	if syntax, ok := errors.AsType[*ParseError](err); ok && syntax.Reply != 0 {
		return syntax.Reply
	}
	for _, r := range fileReplies {
		if errors.Is(err, r.err) {
			return r.code
		}
	}
	return 451
}

// fileReplies goes from the narrow to the wide.
var fileReplies = []struct {
	err  error
	code int
}{
	{ErrQuota, 552}, {ErrNoSpace, 452}, {ErrName, 553}, {ErrOffset, 554}, {ErrNotRegular, 550},
	{fs.ErrNotExist, 550}, {fs.ErrPermission, 550}, {fs.ErrExist, 553}, {errors.ErrUnsupported, 502},
}
