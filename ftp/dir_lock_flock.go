//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ftp

import (
	"os"
	"syscall"
)

// lock takes the lock of a file without waiting. The system gives it back when
// the file is closed, by whatever end the process comes to.
func lock(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	if err := c.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) }); err != nil {
		return err
	}
	return locked
}
