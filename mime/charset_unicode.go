package mime

import (
	"unicode/utf16"
	"unicode/utf8"
)

// utf8Decoder reads UTF-8 (RFC 3629): what is not valid becomes U+FFFD, one for
// each run of octets that a character could have begun with.
type utf8Decoder struct {
	// elseWindows1252 reads an octet that is no UTF-8 as windows-1252.
	elseWindows1252 bool

	read  int64 // octets, up to the call
	bad   bool
	where int64 // of the first that was bad
}

// AppendUTF8 implements [Decoder].
func (d *utf8Decoder) AppendUTF8(dst, src []byte, last bool) (out []byte, n int) {
	for {
		v := validUTF8(src[n:])
		dst = append(dst, src[n:n+v]...)
		n += v
		if n == len(src) || !last && !utf8.FullRune(src[n:]) {
			break
		}
		if !d.bad {
			d.bad, d.where = true, d.read+int64(n)
		}
		if d.elseWindows1252 {
			dst = utf8.AppendRune(dst, rune(windows1252Table[src[n]-0x80]))
			n++
		} else {
			dst = utf8.AppendRune(dst, utf8.RuneError)
			n += badUTF8(src[n:])
		}
	}
	d.read += int64(n)
	return dst, n
}

// Bad tells where the first octet was that is no UTF-8 (RFC 3629 §3).
func (d *utf8Decoder) Bad() (at int64, bad bool) { return d.where, d.bad }

// validUTF8 returns how many octets at the front of b are valid UTF-8.
func validUTF8(b []byte) (n int) {
	for {
		n += asciiPrefix(b[n:])
		for n < len(b) && b[n] >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(b[n:])
			if r == utf8.RuneError && size < 2 {
				return n
			}
			n += size
		}
		if n == len(b) {
			return n
		}
	}
}

// badUTF8 returns how many octets at the front of b, which are no character, are
// the front of one: 1 where none is. The first octet decides which the second may
// be (RFC 3629 §4).
func badUTF8(b []byte) int {
	lo, hi, size := byte(0x80), byte(0xBF), 0
	switch c := b[0]; {
	case c == 0xE0:
		lo, size = 0xA0, 3
	case c == 0xED:
		hi, size = 0x9F, 3
	case c >= 0xE1 && c <= 0xEF:
		size = 3
	case c == 0xF0:
		lo, size = 0x90, 4
	case c == 0xF4:
		hi, size = 0x8F, 4
	case c >= 0xF1 && c <= 0xF3:
		size = 4
	}
	if size == 0 || len(b) < 2 || b[1] < lo || b[1] > hi {
		return 1
	}
	if size == 4 && len(b) > 2 && b[2]&0xC0 == 0x80 {
		return 3
	}
	return 2
}

// utf16Decoder reads UTF-16 (RFC 2781).
type utf16Decoder struct {
	little   bool
	wantMark bool // a byte order mark may be next: without one it is big-endian (RFC 2781 §4.3)

	read  int64 // octets, up to the call
	bad   bool
	where int64 // of the first that was bad
}

// AppendUTF8 implements [Decoder].
func (d *utf16Decoder) AppendUTF8(dst, src []byte, last bool) (out []byte, n int) {
	if d.wantMark && len(src) >= 2 {
		d.wantMark = false
		switch {
		case src[0] == 0xFE && src[1] == 0xFF:
			n = 2
		case src[0] == 0xFF && src[1] == 0xFE:
			n, d.little = 2, true
		}
	}
	for n < len(src) {
		if len(src)-n < 2 {
			if last {
				dst = d.append(dst, utf8.RuneError, n)
				n++
			}
			break
		}
		r, size := d.unit(src[n:]), 2
		if utf16.IsSurrogate(r) {
			switch {
			case len(src)-n >= 4:
				if r = utf16.DecodeRune(r, d.unit(src[n+2:])); r != utf8.RuneError {
					size = 4
				}
			case !last && r < 0xDC00:
				d.read += int64(n)
				return dst, n
			default:
				r = utf8.RuneError
			}
		}
		dst = d.append(dst, r, n)
		n += size
	}
	d.read += int64(n)
	return dst, n
}

// unit takes two octets.
func (d *utf16Decoder) unit(b []byte) rune {
	if d.little {
		return rune(b[1])<<8 | rune(b[0])
	}
	return rune(b[0])<<8 | rune(b[1])
}

func (d *utf16Decoder) append(dst []byte, r rune, at int) []byte {
	if r == utf8.RuneError && !d.bad {
		d.bad, d.where = true, d.read+int64(at)
	}
	return utf8.AppendRune(dst, r)
}

// Bad tells where the first half of a pair, or of a unit, was that stands alone
// (RFC 2781 §2.2).
func (d *utf16Decoder) Bad() (at int64, bad bool) { return d.where, d.bad }
