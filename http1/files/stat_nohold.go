//go:build !linux

package files

import "io/fs"

// canHold: only on Linux are files held open.
const canHold = false

func stateOf(fs.FileInfo) (state, bool) { return state{}, false }
