//go:build !unix

package files

import "io/fs"

// nonblock is not needed where no name is a pipe's.
const nonblock = 0

// inodeOf returns 0: there are no inodes.
func inodeOf(fs.FileInfo) uint64 { return 0 }
