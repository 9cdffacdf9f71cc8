// Package upper turns a stream of UTF-8 text into upper case, piece by piece:
// the work of the lecture's first server.
package upper

import (
	"unicode"
	"unicode/utf8"
)

// Converter holds the beginning of a character that the last piece cut. The
// zero value is ready for use. Octets that are no UTF-8 pass unchanged.
type Converter struct {
	rest  [utf8.UTFMax]byte
	nrest int
}

// Append converts src and appends the result to dst. A character cut at the
// end of src is kept back until its rest arrives or [Converter.Flush] is
// called.
func (c *Converter) Append(dst, src []byte) []byte {
	for c.nrest > 0 && len(src) > 0 {
		c.rest[c.nrest] = src[0]
		c.nrest++
		src = src[1:]
		if head := c.rest[:c.nrest]; utf8.FullRune(head) {
			// The octet that ended the wait may itself begin a character, so
			// what the first rune leaves over goes the normal way.
			r, size := utf8.DecodeRune(head)
			dst = appendUpper(dst, r, head[:size])
			var over [utf8.UTFMax]byte
			n := copy(over[:], head[size:])
			c.nrest = 0
			dst = c.Append(dst, over[:n])
		}
	}
	for len(src) > 0 {
		if !utf8.FullRune(src) {
			c.nrest = copy(c.rest[:], src)
			return dst
		}
		r, size := utf8.DecodeRune(src)
		dst = appendUpper(dst, r, src[:size])
		src = src[size:]
	}
	return dst
}

// Flush appends to dst what is kept back, as it is: the stream ended there.
func (c *Converter) Flush(dst []byte) []byte {
	dst = append(dst, c.rest[:c.nrest]...)
	c.nrest = 0
	return dst
}

// Append converts the whole text src, a datagram say, and appends it to dst.
func Append(dst, src []byte) []byte {
	var c Converter
	return c.Flush(c.Append(dst, src))
}

func appendUpper(dst []byte, r rune, raw []byte) []byte {
	if r == utf8.RuneError && len(raw) == 1 {
		return append(dst, raw...)
	}
	return utf8.AppendRune(dst, unicode.ToUpper(r))
}
