//go:build !unix

package queue

// isNoSpace cannot tell here whether the disk is full.
func isNoSpace(error) bool { return false }
