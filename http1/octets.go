package http1

import (
	"encoding/binary"
	"math/bits"

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

// uriClass tells the octets of URIs, and which of them mean more than
// themselves in a path.
var uriClass = func() (t [256]uint8) {
	for i := range t {
		if isURI[i] {
			t[i] = uriPlain
		}
	}
	for _, c := range "?[]%" {
		t[c] = uriSpecial
	}
	return t
}()

const (
	uriPlain   = 1
	uriSpecial = 2
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

const (
	ones = 0x0101010101010101
	tops = 0x80 * ones
)

// findCtl returns the place of the first control character but HTAB in b, from
// i on, len(b) without one. It looks at eight octets at a time.
func findCtl(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		del := x ^ 0x7f*ones
		// The top bit of an octet is set where it is below SP, or DEL; it may
		// be set in vain behind such an octet.
		found := ((x-' '*ones)&^x | (del-ones)&^del) & tops
		for ; found != 0; found &= found - 1 {
			if at := i + bits.TrailingZeros64(found)/8; isCtl(b[at]) {
				return at
			}
		}
	}
	for ; i < len(b) && !isCtl(b[i]); i++ {
	}
	return i
}

// tokenEnd returns the place behind the token at place i. Letters and hyphens,
// which nearly all names of fields are made of, it takes eight at a time.
func tokenEnd(b []byte, i int) int {
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		lower := (x | ' '*ones) &^ tops
		// Sums of seven bits do not carry into the next octet.
		letter := (lower + (0x80-'a')*ones) &^ (lower + (0x80-'z'-1)*ones) &^ x
		other := x ^ '-'*ones
		other |= other&^tops + 0x7f*ones
		if end := (other &^ letter) & tops; end != 0 {
			i += bits.TrailingZeros64(end) / 8
			break
		}
		i += 8
	}
	for i < len(b) && isToken[b[i]] {
		i++
	}
	return i
}
