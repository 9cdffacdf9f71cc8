//go:build unix

package ftp

import (
	"io/fs"
	"strings"
	"syscall"
)

// nonblock lets open return at once.
const nonblock = syscall.O_NONBLOCK

// kinds tells which errors of the system are which of [FS].
var kinds = []struct {
	kind    error
	numbers []error
}{
	{ErrNoSpace, []error{syscall.ENOSPC, syscall.EDQUOT}},
	{ErrQuota, []error{syscall.EFBIG}},
	{ErrName, []error{syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.EINVAL}},
	{ErrNotRegular, []error{syscall.EISDIR, syscall.ENXIO, syscall.ENODEV}},
	// A directory with something in it is no name that is taken.
	{fs.ErrPermission, []error{syscall.EROFS, syscall.EXDEV, syscall.EBUSY, syscall.ETXTBSY, syscall.ENOTEMPTY}},
	{fs.ErrNotExist, []error{syscall.ENOTDIR, syscall.ELOOP}},
}

// nameFits tells whether the system can have a file of that name.
func nameFits(element string) bool { return strings.IndexByte(element, 0) < 0 }
