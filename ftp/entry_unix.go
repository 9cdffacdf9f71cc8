//go:build unix

package ftp

import (
	"strconv"
	"syscall"
)

// addSystem adds owner, number of links and identity. Device and inode tell two
// names of one file, for as long as it lives (RFC 3659 §7.5.2).
func (e *Entry) addSystem(sys any) {
	st, ok := sys.(*syscall.Stat_t)
	if !ok {
		return
	}
	e.UID, e.GID, e.Links = st.Uid, st.Gid, uint32(st.Nlink)
	e.Facts |= FactUnixUID | FactUnixGID | FactUnique
	var buf [40]byte
	b := append(strconv.AppendUint(buf[:0], uint64(st.Dev), 16), '.')
	e.Unique = string(strconv.AppendUint(b, st.Ino, 16))
}
