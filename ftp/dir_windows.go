package ftp

import (
	"io/fs"
	"strings"
	"syscall"
)

// nonblock is not needed where no name in a directory is a pipe's.
const nonblock = 0

// Errors of Windows that package syscall has no names for.
const (
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
	errorInvalidName    = syscall.Errno(123)
	errorDirNotEmpty    = syscall.Errno(145)
	errorSharing        = syscall.Errno(32)
)

// kinds tells which errors of the system are which of [FS].
var kinds = []struct {
	kind    error
	numbers []error
}{
	{ErrNoSpace, []error{errorHandleDiskFull, errorDiskFull}},
	{ErrName, []error{errorInvalidName, syscall.ENAMETOOLONG, syscall.EINVAL}},
	{ErrNotRegular, []error{syscall.EISDIR}},
	{fs.ErrPermission, []error{errorDirNotEmpty, errorSharing}},
	{fs.ErrNotExist, []error{syscall.ENOTDIR, syscall.ELOOP}},
}

// nameFits tells whether the system can have a file of that name and of no
// other: a backslash is a slash, a colon begins the name of another stream, and
// dots and spaces at the end are dropped, by which a name could be another's. So
// could the short name of a long one; all that end in a tilde and digits are
// refused. Names of devices are refused by os.Root.
func nameFits(element string) bool {
	if strings.ContainsAny(element, "\x00<>:\"|?*\\") || strings.TrimRight(element, ". ") != element {
		return false
	}
	stem, _, _ := strings.Cut(element, ".")
	head, ok := strings.CutSuffix(strings.TrimRight(stem, "0123456789"), "~")
	return !ok || len(stem) > 8 || head+"~" == stem
}
