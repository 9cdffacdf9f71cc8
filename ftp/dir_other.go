//go:build !unix && !windows

package ftp

import "strings"

// nonblock is not known here.
const nonblock = 0

// kinds tells which errors of the system are which of [FS].
var kinds []struct {
	kind    error
	numbers []error
}

// nameFits tells whether the system can have a file of that name.
func nameFits(element string) bool { return strings.IndexByte(element, 0) < 0 }
