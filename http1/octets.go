package http1

import (
	"encoding/binary"

	"applayer/internal/ascii"
)

// Classes of octets (RFC 9110 §5.6.2, RFC 3986 §2).
var (
	tokenChars = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("!#$%&'*+-.^_`|~"))
	// uriChars are those of a URI without its fragment: unreserved,
	// sub-delims, ":" / "@" / "/" / "?", the brackets of an IP literal, and
	// the percent sign of an encoded octet.
	uriChars = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-._~!$&'()*+,;=:@/?[]%"))
)

// Sets of the same as tables, which cost a load for each octet where a class
// costs a load and a shift.
var (
	isToken = table(tokenChars)
	isURI   = table(uriChars)
)

func table(c ascii.Class) (t [256]bool) {
	for i := range t {
		t[i] = c.Has(byte(i))
	}
	return t
}

// IsToken tells whether s is a token (RFC 9110 §5.6.2), such as a method or a
// field name.
func IsToken(s string) bool {
	for i := range len(s) {
		if !isToken[s[i]] {
			return false
		}
	}
	return s != ""
}

// IsFieldValue tells whether s may stand as a field's value: no control
// character but HTAB, and no white space at its ends (RFC 9110 §5.5). What
// [Header.Add] is given must be one.
func IsFieldValue(s string) bool {
	for i := range len(s) {
		if isCtl(s[i]) {
			return false
		}
	}
	return len(trimOWS(s)) == len(s)
}

// isCtl tells control characters but HTAB, which is white space in a field.
func isCtl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

// findCtl returns the place of the first control character but HTAB in b, or
// -1. It looks at eight octets at a time.
func findCtl(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		del := x ^ 0x7f*ones
		// The top bit of an octet is set where it is below SP, or DEL.
		if ((x-' '*ones)&^x|(del-ones)&^del)&tops == 0 {
			continue
		}
		for j := i; j < i+8; j++ {
			if isCtl(b[j]) {
				return j
			}
		}
	}
	for ; i < len(b); i++ {
		if isCtl(b[i]) {
			return i
		}
	}
	return -1
}
