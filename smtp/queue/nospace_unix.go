//go:build unix

package queue

import (
	"errors"
	"syscall"
)

// isNoSpace tells whether the disk, or what we may have of it, is full.
func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
