package cjk

import (
	"bytes"
	"unicode/utf8"
)

// set is a character set that an escape sequence of ISO-2022-JP designates.
type set uint8

const (
	setASCII set = iota
	setRoman     // JIS X 0201, its letters
	setKatakana
	setJIS0208
	setJIS0212
	setGB2312
	setKSC5601
)

// escapes are the escape sequences, behind ESC.
var escapes = [...]struct {
	sequence string
	set      set
}{
	{"(B", setASCII},         // RFC 1468
	{"(J", setRoman},         // RFC 1468
	{"$@", setJIS0208},       // RFC 1468: the edition of 1978
	{"$B", setJIS0208},       // RFC 1468: that of 1983
	{"$(D", setJIS0212},      // RFC 2237
	{"$A", setGB2312},        // RFC 1554
	{"$(C", setKSC5601},      // RFC 1554
	{"(I", setKatakana},      // of no RFC, and in use
	{"(H", setRoman},         // in error for (J, by old programs
	{"$(@", setJIS0208},      // the long forms of ISO 2022
	{"$(B", setJIS0208},      //
	{"$(A", setGB2312},       //
	{"&@\x1b$B", setJIS0208}, // the edition of 1990
}

// iso2022JP reads ISO-2022-JP (RFC 1468): octets of seven bits, between escape
// sequences that say which set they are of. A line begins in ASCII: one that ends
// in a set of two octets a character is damaged, and its damage ends with it
// (RFC 1468 has it switch back before the end).
type iso2022JP struct {
	set set
	damage
}

// AppendUTF8 implements [mime.Decoder].
func (d *iso2022JP) AppendUTF8(dst, src []byte, last bool) (out []byte, n int) {
	for n < len(src) {
		if run := d.plain(src[n:]); run > 0 {
			dst = append(dst, src[n:n+run]...)
			n += run
			continue
		}
		if src[n] == 0x1B {
			size, whole := d.escape(src[n:], last)
			if !whole {
				break
			}
			if size == 0 {
				d.note(n)
				dst, size = utf8.AppendRune(dst, utf8.RuneError), 1
			}
			n += size
			continue
		}
		r, size := d.character(src[n:])
		if size == 0 {
			if !last {
				break
			}
			r, size = utf8.RuneError, 1
		}
		if r == utf8.RuneError {
			d.note(n)
		}
		dst = utf8.AppendRune(dst, r)
		n += size
	}
	d.read += int64(n)
	return dst, n
}

// plain returns how many octets at the front of b stand for themselves, in ASCII.
func (d *iso2022JP) plain(b []byte) (n int) {
	if d.set != setASCII {
		return 0
	}
	for n < len(b) && b[n] != 0x1B && b[n] < utf8.RuneSelf {
		n++
	}
	return n
}

// escape takes the escape sequence at the front of b, and returns its size: 0
// for one that is unknown. It is not whole if more octets may make one of it.
func (d *iso2022JP) escape(b []byte, last bool) (size int, whole bool) {
	for _, e := range escapes {
		if n := 1 + len(e.sequence); len(b) >= n && string(b[1:n]) == e.sequence {
			d.set = e.set
			return n, true
		}
	}
	if !last {
		for _, e := range escapes {
			if bytes.HasPrefix([]byte(e.sequence), b[1:]) {
				return 0, false
			}
		}
	}
	return 0, true
}

// character takes the character at the front of b, which is no escape sequence.
func (d *iso2022JP) character(b []byte) (r rune, n int) {
	c := b[0]
	switch {
	case c == '\n':
		if d.set > setRoman {
			d.set = setASCII
		}
		return '\n', 1
	case c <= ' ' || c == 0x7F:
		return rune(c), 1
	case c >= utf8.RuneSelf:
		return utf8.RuneError, 1
	}
	switch d.set {
	case setRoman:
		switch c {
		case '\\':
			return '¥', 1
		case '~':
			return '‾', 1
		}
		return rune(c), 1
	case setKatakana:
		if c > 0x5F {
			return utf8.RuneError, 1
		}
		return halfKatakana + rune(c-0x21), 1
	}
	if len(b) < 2 {
		return 0, 0
	}
	if b[1] <= ' ' || b[1] >= 0x7F {
		return utf8.RuneError, 1
	}
	if r = d.cell(int(c-0x21), int(b[1]-0x21)); r == 0 {
		r = utf8.RuneError
	}
	return r, 2
}

// cell returns the character at a row and a column, both from 0, of the set.
func (d *iso2022JP) cell(row, column int) rune {
	switch d.set {
	case setJIS0212:
		return jis0212()[row*94+column]
	case setGB2312:
		return gb18030()[(row+0x20)*190+column+0x60]
	case setKSC5601:
		return cp949()[(row+0x20)*190+column+0x60]
	}
	return jis0208()[row*94+column]
}
