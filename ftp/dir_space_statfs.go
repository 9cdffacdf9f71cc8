//go:build linux || darwin || freebsd

package ftp

import (
	"os"
	"syscall"
)

// space is how many octets a user who is not root can write to the file system
// on which the open directory is.
func space(dir *os.File) (int64, error) {
	c, err := dir.SyscallConn()
	if err != nil {
		return 0, err
	}
	var st syscall.Statfs_t
	var stat error
	if err := c.Control(func(fd uintptr) { stat = syscall.Fstatfs(int(fd), &st) }); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), stat
}
