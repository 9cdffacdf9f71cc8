//go:build unix

package files

import (
	"io/fs"
	"syscall"
)

// nonblock lets open return at once.
const nonblock = syscall.O_NONBLOCK

// inodeOf returns the file's inode number, 0 for what is no file of the
// system.
func inodeOf(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino)
	}
	return 0
}
