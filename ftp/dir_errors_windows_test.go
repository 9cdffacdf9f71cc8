package ftp_test

import (
	"io/fs"
	"syscall"

	"applayer/ftp"
)

var systemErrors = map[error]error{
	syscall.Errno(39):  ftp.ErrNoSpace, // ERROR_HANDLE_DISK_FULL
	syscall.Errno(112): ftp.ErrNoSpace, // ERROR_DISK_FULL
	syscall.Errno(123): ftp.ErrName,    // ERROR_INVALID_NAME
	syscall.Errno(145): fs.ErrPermission,
}
