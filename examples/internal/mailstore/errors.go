package mailstore

import (
	"errors"
	"strconv"

	"applayer/internal/lockfile"
)

// Errors of this package, found by errors.Is. Others are those of package os.
var (
	// ErrLocked means that another process has the store.
	ErrLocked = lockfile.ErrLocked
	// ErrName means a name of a user or folder that no file system should see.
	ErrName = errors.New("mailstore: name that is not allowed")
	// ErrNoMailbox means that the user has no such folder.
	ErrNoMailbox = errors.New("mailstore: no such mailbox")
	// ErrExists means that the user has such a folder already.
	ErrExists = errors.New("mailstore: mailbox exists already")
	// ErrGone means that a folder was removed while it was open.
	ErrGone = errors.New("mailstore: mailbox was removed")
	// ErrNoMessage means that the mailbox has no message of that UID, or no more.
	ErrNoMessage = errors.New("mailstore: no such message")
	// ErrOverQuota means that a message does not fit into what its user may store.
	ErrOverQuota = errors.New("mailstore: over quota")
	// ErrKeyword means a keyword that is none, or one more than a mailbox can have.
	ErrKeyword = errors.New("mailstore: keyword that is not allowed")
	// ErrFull means that a mailbox has given its last UID.
	ErrFull = errors.New("mailstore: mailbox has no more UIDs")
	// ErrClosed means that the store or mailbox was closed.
	ErrClosed = errors.New("mailstore: closed")
)

// ParseError tells that an index is damaged. It never leaves the package but in
// the log: a damaged index is made anew.
type ParseError struct {
	// Offset counts octets from the start of the index.
	Offset int64
	// What names what is wrong.
	What string
	// Ref is the section that was broken, "" as no RFC says.
	Ref string
	// Reply is 0: an index is no protocol.
	Reply int
	// Err is the cause, if there is one.
	Err error
}

// Error tells what is wrong, and where.
func (e *ParseError) Error() string {
	s := "mailstore: index: " + e.What
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + " at byte " + strconv.FormatInt(e.Offset, 10)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }
