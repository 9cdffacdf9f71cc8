//go:build !unix

package maildir

import "os"

// fileID returns nothing: the system has no inodes.
func fileID(*os.File) string { return "" }
