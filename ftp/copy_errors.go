package ftp

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"syscall"
)

// ofFile tells an error of the file from one of the connection, where a copy had
// both in its hands: the calls by which the kernel moves octets between the two
// say neither. Package net wraps what ails the source of a "readfrom" as its own.
func ofFile(err error) bool {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		if _, moved := errors.AsType[*os.SyscallError](path); !moved {
			return !isTimeout(err)
		}
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return slices.Contains(fileErrors, number)
	}
	if isTimeout(err) || errors.Is(err, net.ErrClosed) {
		return false
	}
	op, ok := errors.AsType[*net.OpError](err)
	return !ok || op.Op == "readfrom"
}

// fileErrors are those that no connection has.
var fileErrors = []syscall.Errno{
	syscall.EBADF, syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EIO,
	syscall.EROFS, syscall.EINVAL, syscall.EISDIR,
}
