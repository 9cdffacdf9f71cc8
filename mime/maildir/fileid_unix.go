//go:build unix

package maildir

import (
	"os"
	"strconv"
	"syscall"
)

// fileID returns the numbers of a file's device and of its inode as names have
// them, in hexadecimal.
func fileID(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return "V" + strconv.FormatUint(uint64(stat.Dev), 16) + "I" + strconv.FormatUint(uint64(stat.Ino), 16)
}

// nonblock makes opening a pipe not wait for its other end.
const nonblock = syscall.O_NONBLOCK
