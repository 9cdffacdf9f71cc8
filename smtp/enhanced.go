package smtp

import (
	"strconv"
	"strings"
)

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

// agrees tells whether the code may stand in a reply: its class is that of the
// reply's code (RFC 2034 §4), of which there are three (RFC 3463 §2), and its
// numbers have three digits at most.
func (c EnhancedCode) agrees(code int) bool {
	switch c[0] {
	case 2, 4, 5:
		return int(c[0]) == code/100 && c[1] <= 999 && c[2] <= 999
	}
	return false
}

// ParseEnhancedCode reads a status code as it stands in a Status field
// (RFC 3463 §2): all of s, without leading zeros.
func ParseEnhancedCode(s string) (EnhancedCode, error) {
	c, n := cutEnhanced(s)
	if n == 0 || n < len(s) {
		return EnhancedCode{}, &ParseError{Offset: int64(n), What: "status-code", Ref: "RFC 3463 §2", Err: ErrSyntax}
	}
	return c, nil
}

// cutEnhanced reads the status code at the front of s, which is n octets long;
// 0 where there is none.
func cutEnhanced(s string) (c EnhancedCode, n int) {
	for i := range c {
		if i > 0 {
			if !strings.HasPrefix(s[n:], ".") {
				return EnhancedCode{}, 0
			}
			n++
		}
		from := n
		for n < len(s) && n < from+3 && '0' <= s[n] && s[n] <= '9' {
			c[i] = c[i]*10 + uint16(s[n]-'0')
			n++
		}
		if n == from || s[from] == '0' && n > from+1 {
			return EnhancedCode{}, 0
		}
	}
	if c[0] != 2 && c[0] != 4 && c[0] != 5 {
		return EnhancedCode{}, 0
	}
	return c, n
}
