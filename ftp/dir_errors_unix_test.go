//go:build unix

package ftp_test

import (
	"io/fs"
	"syscall"

	"applayer/ftp"
)

var systemErrors = map[error]error{
	syscall.ENOSPC:       ftp.ErrNoSpace,
	syscall.EDQUOT:       ftp.ErrNoSpace,
	syscall.EFBIG:        ftp.ErrQuota,
	syscall.ENAMETOOLONG: ftp.ErrName,
	syscall.EILSEQ:       ftp.ErrName,
	syscall.EISDIR:       ftp.ErrNotRegular,
	syscall.EROFS:        fs.ErrPermission,
	syscall.EACCES:       fs.ErrPermission,
	syscall.ENOTDIR:      fs.ErrNotExist,
	syscall.ELOOP:        fs.ErrNotExist,
}
