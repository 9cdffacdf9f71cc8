package files

import (
	"io/fs"
	"syscall"
	"time"
)

// canHold tells that a file that stands open shows when its name means another.
const canHold = true

// stateOf returns what changes when a file does: when it is written to, and
// when it is renamed, replaced or removed, since its time of status change and
// its count of links do then.
func stateOf(info fs.FileInfo) (s state, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Nlink == 0 {
		return state{}, false
	}
	return state{
		device: uint64(st.Dev), inode: st.Ino, size: st.Size, links: uint64(st.Nlink), mode: st.Mode,
		written: time.Unix(st.Mtim.Unix()).UnixNano(), changed: time.Unix(st.Ctim.Unix()).UnixNano(),
	}, true
}
