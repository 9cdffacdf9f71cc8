package zone

import (
	"bytes"

	"applayer/internal/ascii"
)

// A key is where a name stands in its zone: the labels below the apex, the one
// next to the apex first, in lower case, each ended by a zero octet. Keys
// compare as octets in the canonical order of their names (RFC 4034 §6.1), and
// a name is below another if its key begins with the other's. So that both hold
// for any octets, 0 stands in a label as 1 1, and 1 as 1 2. The apex has the
// empty key.

// maxKey is how long a key can be: each octet of a name may take two.
const maxKey = 2 * 255

// appendKey appends the key of a name on the wire, of which the last apex
// octets are the zone's.
func appendKey[T ~string | ~[]byte](dst []byte, name T, apex int) []byte {
	var at [128]uint8
	n := 0
	for i := 0; i < len(name)-apex; i += 1 + int(name[i]) {
		at[n] = uint8(i)
		n++
	}
	for n--; n >= 0; n-- {
		i := int(at[n])
		for _, c := range []byte(name[i+1 : i+1+int(name[i])]) {
			if c <= 1 {
				dst = append(dst, 1)
				c++
			}
			dst = append(dst, ascii.Lower(c))
		}
		dst = append(dst, 0)
	}
	return dst
}

// sharedAncestor returns how long the key is of the deepest name that both a
// and key are, or are below.
func sharedAncestor(key []byte, a string) int {
	n := min(len(key), len(a))
	i := 0
	for i < n && key[i] == a[i] {
		i++
	}
	return bytes.LastIndexByte(key[:i], 0) + 1
}

// isBelow tells whether the name of a key is that of ancestor or below it.
func isBelow(key string, ancestor []byte) bool {
	return len(key) >= len(ancestor) && key[:len(ancestor)] == string(ancestor)
}
