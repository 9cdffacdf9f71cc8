//go:build !unix

package maildir

import "os"

// fileID returns nothing: the system has no inodes.
func fileID(*os.File) string { return "" }

// nonblock is for systems whose directories have pipes.
const nonblock = 0
