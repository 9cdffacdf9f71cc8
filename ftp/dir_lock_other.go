//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package ftp

import (
	"errors"
	"os"
)

// lock cannot tell here whether a file is in use.
func lock(*os.File) error { return errors.ErrUnsupported }
