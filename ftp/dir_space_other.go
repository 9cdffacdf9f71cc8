//go:build !(linux || darwin || freebsd)

package ftp

import (
	"errors"
	"os"
)

// space is not known here.
func space(*os.File) (int64, error) { return 0, errors.ErrUnsupported }
