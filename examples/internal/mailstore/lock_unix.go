//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package mailstore

import (
	"errors"
	"os"
	"syscall"
)

// lockFile makes or opens a file that one process at a time has: the system gives
// it back when the process ends, however it does.
func lockFile(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
