// Package ascii holds what protocols of text need of US-ASCII: case that is
// folded for its 26 letters alone, classes of octets as sets of 256 bits, and
// decimal numbers that cannot overflow.
package ascii

import "errors"

// Lower returns c, if it is an upper-case letter as lower-case.
func Lower(c byte) byte {
	if c-'A' < 26 {
		return c + 'a' - 'A'
	}
	return c
}

// Upper returns c, if it is a lower-case letter as upper-case.
func Upper(c byte) byte {
	if c-'a' < 26 {
		return c - 'a' + 'A'
	}
	return c
}

// EqualFold tells whether a and b are equal but for the case of ASCII letters.
// Octets beyond ASCII are compared as they are.
func EqualFold[A, B ~string | ~[]byte](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if Lower(a[i]) != Lower(b[i]) {
			return false
		}
	}
	return true
}

// Class is a set of octets.
type Class [4]uint64

// Chars returns the class of the octets in s.
func Chars(s string) (c Class) {
	for i := range len(s) {
		c[s[i]>>6] |= 1 << (s[i] & 63)
	}
	return c
}

// Range returns the class of the octets from lo to hi, both included.
func Range(lo, hi byte) (c Class) {
	for i := int(lo); i <= int(hi); i++ {
		c[i>>6] |= 1 << (i & 63)
	}
	return c
}

// Or returns the class of the octets in c or in d.
func (c Class) Or(d Class) Class {
	for i := range c {
		c[i] |= d[i]
	}
	return c
}

// Without returns the class of the octets in c and not in d.
func (c Class) Without(d Class) Class {
	for i := range c {
		c[i] &^= d[i]
	}
	return c
}

// Has tells whether b is in the class.
func (c *Class) Has(b byte) bool { return c[b>>6]>>(b&63)&1 != 0 }

// Span returns how many octets at the front of s are in the class.
func Span[T ~string | ~[]byte](c *Class, s T) int {
	for i := range len(s) {
		if !c.Has(s[i]) {
			return i
		}
	}
	return len(s)
}

// The core rules of RFC 5234 §B.1.
var (
	Alpha = Range('A', 'Z').Or(Range('a', 'z'))
	Digit = Range('0', '9')
	Hex   = Digit.Or(Range('A', 'F')).Or(Range('a', 'f'))
	VChar = Range(0x21, 0x7e)
	Ctl   = Range(0, 0x1f).Or(Chars("\x7f"))
)

// Errors of [Decimal].
var (
	ErrNoDigits = errors.New("no digits")
	ErrOverflow = errors.New("number too large")
)

// Decimal takes the digits at the front of s as a number of at most max and
// returns how many octets they are. Leading zeros are taken; a sign is not.
func Decimal[T ~string | ~[]byte](s T, max uint64) (v uint64, n int, err error) {
	for n < len(s) && s[n]-'0' < 10 {
		d := uint64(s[n] - '0')
		if d > max || v > (max-d)/10 {
			return 0, n, ErrOverflow
		}
		v = v*10 + d
		n++
	}
	if n == 0 {
		return 0, 0, ErrNoDigits
	}
	return v, n, nil
}
