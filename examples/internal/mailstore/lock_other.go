//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package mailstore

import "os"

// lockFile opens a file: the system has no lock that ends with its process, so
// nobody is kept out.
func lockFile(root *os.Root, name string) (*os.File, error) {
	return root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
}
