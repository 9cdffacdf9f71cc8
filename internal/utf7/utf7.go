package utf7

import (
	"unicode/utf16"
	"unicode/utf8"
)

// none is the value of an octet that is no digit of Base64.
const none = 0xFF

// digits are the values of the Base64 digits of RFC 2045 §6.8, which "=" is none
// of: UTF-7 does not pad (RFC 2152, Rule 2).
var digits = table("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

func table(alphabet string) (t [256]byte) {
	for i := range t {
		t[i] = none
	}
	for i := range len(alphabet) {
		t[alphabet[i]] = byte(i)
	}
	return t
}

// unshifter collects the digits of one run of Base64 to UTF-16 units, and those
// to characters.
type unshifter struct {
	bits uint32 // collected, and not yet a unit
	n    uint8  // how many
	high rune   // a first surrogate that waits for its second, or 0
}

// digit takes six bits and appends the characters that they complete.
// U+FFFD stands for a surrogate that has no pair.
func (u *unshifter) digit(v byte, dst []byte) (out []byte, lone bool) {
	u.bits = u.bits<<6 | uint32(v)
	if u.n += 6; u.n < 16 {
		return dst, false
	}
	u.n -= 16
	r := rune(u.bits >> u.n)
	u.bits &= 1<<u.n - 1
	if high := u.high; high != 0 {
		u.high = 0
		if pair := utf16.DecodeRune(high, r); pair != utf8.RuneError {
			return utf8.AppendRune(dst, pair), false
		}
		dst, lone = utf8.AppendRune(dst, utf8.RuneError), true
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(dst, r), lone
	}
	if r < 0xDC00 {
		u.high = r
		return dst, lone
	}
	return utf8.AppendRune(dst, utf8.RuneError), true
}

// end tells whether the run may end here: no surrogate waits, and fewer than six
// bits are left, all of them zero (RFC 2152, Rule 2).
func (u *unshifter) end() (whole bool) {
	whole = u.high == 0 && u.n < 6 && u.bits == 0
	*u = unshifter{}
	return whole
}

// Decoder turns UTF-7 into UTF-8. The zero value is ready. It takes what it is
// given at once and keeps what is unfinished itself.
type Decoder struct {
	shifted bool // within Base64
	fresh   bool // which has just begun: "+-" is "+"
	run     unshifter

	read  int64 // octets, up to the call
	bad   bool
	where int64 // of the first that was bad
}

// AppendUTF8 appends what src stands for to dst and returns how many octets of
// src it took: all. With last nothing comes any more. What stands for nothing
// becomes U+FFFD: an octet beyond ASCII, half a surrogate pair, a run of Base64
// that ends within a character.
func (d *Decoder) AppendUTF8(dst, src []byte, last bool) (out []byte, n int) {
	for i, c := range src {
		switch {
		case !d.shifted:
			dst = d.direct(dst, c, i)
		case digits[c] != none:
			var lone bool
			d.fresh = false
			if dst, lone = d.run.digit(digits[c], dst); lone {
				d.note(i)
			}
		default:
			dst = d.unshift(dst, c, i)
		}
	}
	if last && d.shifted {
		if d.fresh {
			d.note(len(src))
		}
		dst = d.unshift(dst, '-', len(src)) // the end ends the run (RFC 2152, Rule 2)
	}
	d.read += int64(len(src))
	return dst, len(src)
}

// direct takes an octet outside Base64. Those that RFC 2152 has encoded, as "\"
// and "~", stand for themselves.
func (d *Decoder) direct(dst []byte, c byte, at int) []byte {
	if c == '+' {
		d.shifted, d.fresh = true, true
		return dst
	}
	if c >= utf8.RuneSelf {
		d.note(at)
		return utf8.AppendRune(dst, utf8.RuneError)
	}
	return append(dst, c)
}

// unshift takes the octet that ends a run of Base64: "-" is taken with it, any
// other stands for itself, and "+-" is "+" (RFC 2152, Rule 2).
func (d *Decoder) unshift(dst []byte, c byte, at int) []byte {
	fresh := d.fresh
	d.shifted, d.fresh = false, false
	if !d.run.end() {
		d.note(at)
		dst = utf8.AppendRune(dst, utf8.RuneError)
	}
	switch {
	case c != '-':
		if fresh {
			d.note(at) // "+" has to be followed by Base64 or "-"
			dst = append(dst, '+')
		}
		return d.direct(dst, c, at)
	case fresh:
		return append(dst, '+')
	}
	return dst
}

// Bad tells where the first octet was that stands for nothing.
func (d *Decoder) Bad() (at int64, bad bool) { return d.where, d.bad }

func (d *Decoder) note(at int) {
	if !d.bad {
		d.bad, d.where = true, d.read+int64(at)
	}
}
