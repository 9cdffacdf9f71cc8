package smtp

import "strconv"

// EnhancedCode is a status code of RFC 3463: class, subject and detail. The zero
// value is none.
type EnhancedCode [3]uint16

// IsZero tells that there is none.
func (c EnhancedCode) IsZero() bool { return c == EnhancedCode{} }

// String returns the code as in "5.1.1", "" for none.
func (c EnhancedCode) String() string {
	if c.IsZero() {
		return ""
	}
	return string(c.append(nil))
}

func (c EnhancedCode) append(dst []byte) []byte {
	for i, n := range c {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(n), 10)
	}
	return dst
}
