//go:build !unix

package ftp

// addSystem has nothing to add: the system tells neither owner nor identity in
// what it describes.
func (e *Entry) addSystem(any) {}
