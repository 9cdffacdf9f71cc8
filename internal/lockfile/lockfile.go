// Package lockfile keeps two processes from having the same thing, or one from
// having it twice: whoever has the lock of a file's name has it alone, until he
// gives it back or, where the system sees to that, dies.
package lockfile

import "errors"

// ErrLocked means that another process, or this one, has the lock.
var ErrLocked = errors.New("locked by another process")
