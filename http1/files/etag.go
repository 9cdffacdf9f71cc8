package files

import (
	"io/fs"
	"strconv"

	"applayer/http1"
)

// entityTag makes the tag of a file: inode where there is one, size, and time
// of change in nanoseconds, in hexadecimal as in the lecture's response.
func entityTag(info fs.FileInfo, weak bool) http1.EntityTag {
	b := make([]byte, 0, 64)
	if weak {
		b = append(b, "W/"...)
	}
	b = append(b, '"')
	if inode := inodeOf(info); inode != 0 {
		b = strconv.AppendUint(b, inode, 16)
		b = append(b, '-')
	}
	b = strconv.AppendInt(b, info.Size(), 16)
	b = append(b, '-')
	b = strconv.AppendUint(b, uint64(info.ModTime().UnixNano()), 16)
	return http1.EntityTag(append(b, '"'))
}
