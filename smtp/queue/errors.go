package queue

import (
	"errors"
	"strconv"

	"applayer/internal/lockfile"
)

// Errors of a [Queue].
var (
	// ErrLocked means that another process, or another Queue of this one, has
	// the folder.
	ErrLocked = lockfile.ErrLocked
	// ErrClosed means that the queue is not open.
	ErrClosed = errors.New("smtp/queue: not open")
	// ErrRunning means that [Queue.Run] is under way already.
	ErrRunning = errors.New("smtp/queue: running already")
	// ErrFull means that the queue, or the disk, has no room for a message. It
	// comes with a [*smtp.ReplyError] of 452 4.3.1, so that a server that
	// returns it answers so.
	ErrFull = errors.New("smtp/queue: full")
	// ErrNoRecipients means an envelope without recipients.
	ErrNoRecipients = errors.New("smtp/queue: no recipients")
	// ErrNotFound means that no message has that name.
	ErrNotFound = errors.New("smtp/queue: no such message")
)

// What is wrong with a file of the queue; a [*ParseError] holds one of them.
var (
	// ErrSyntax means text that is not of the file's form.
	ErrSyntax = errors.New("syntax")
	// ErrVersion means a file that another version of this package has written. It
	// is left where it is.
	ErrVersion = errors.New("another version")
	// ErrChecksum means octets that are not those that were written.
	ErrChecksum = errors.New("checksum")
	// ErrShort means that octets are missing.
	ErrShort = errors.New("octets are missing")
	// ErrOrder means something that cannot have happened to a recipient where it
	// stands.
	ErrOrder = errors.New("order")
)

// ParseError tells that a file of the queue is damaged.
type ParseError struct {
	// Offset counts octets from the start of the file.
	Offset int64
	// What names the part.
	What string
	// Ref is empty: no RFC says how a queue looks.
	Ref string
	// Reply is 0: nobody is answered.
	Reply int
	// Err is the kind: one of this package's errors.
	Err error
}

// Error tells what and where, such as
// "smtp/queue: recipient: checksum at byte 212".
func (e *ParseError) Error() string {
	return "smtp/queue: " + e.What + ": " + e.Err.Error() + " at byte " + strconv.FormatInt(e.Offset, 10)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }
