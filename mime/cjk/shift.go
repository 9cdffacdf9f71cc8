package cjk

import "unicode/utf8"

// The octets that shift ISO-2022-KR to pairs and back (RFC 1557).
const (
	shiftOut = 0x0E
	shiftIn  = 0x0F
)

// shifted reads a charset of seven bits with two states, ASCII and pairs of
// octets, whose lines begin in ASCII: HZ (RFC 1843) and ISO-2022-KR (RFC 1557).
type shifted struct {
	hz    bool
	pairs bool // the state
	damage
}

// AppendUTF8 implements [mime.Decoder].
func (d *shifted) AppendUTF8(dst, src []byte, last bool) (out []byte, n int) {
	for n < len(src) {
		text, size, ok := d.next(src[n:])
		if size == 0 {
			if !last {
				break
			}
			text, size, ok = "\uFFFD", 1, false
		}
		if !ok {
			d.note(n)
		}
		dst = append(dst, text...)
		n += size
	}
	d.read += int64(n)
	return dst, n
}

// next takes the mark or the character at the front of b, and returns how many
// octets it is: none if b is only the front of it. It is not ok if it stands for
// nothing.
func (d *shifted) next(b []byte) (text string, n int, ok bool) {
	switch c := b[0]; {
	case c >= utf8.RuneSelf:
		return "\uFFFD", 1, false
	case c == '\n':
		d.pairs = false
		return "\n", 1, true
	case d.hz && c == '~':
		return d.tilde(b)
	case !d.hz && (c == shiftOut || c == shiftIn):
		d.pairs = c == shiftOut
		return "", 1, true
	case !d.hz && c == 0x1B:
		return designation(b)
	case !d.pairs || c <= ' ' || c == 0x7F:
		return string(rune(c)), 1, true
	}
	if len(b) < 2 {
		return "", 0, false
	}
	if b[1] <= ' ' || b[1] >= 0x7F {
		return "\uFFFD", 1, false
	}
	cells := cp949
	if d.hz {
		cells = gb18030
	}
	if r := cells()[int(b[0]-0x21+0x20)*190+int(b[1]-0x21)+0x60]; r != 0 {
		return string(r), 2, true
	}
	return "\uFFFD", 2, false
}

// tilde takes what begins with "~" in HZ: "~{" and "~}" shift, "~~" is "~", and a
// line end behind one is none (RFC 1843). Among pairs only "~}" is a mark, and no
// pair begins with "~".
func (d *shifted) tilde(b []byte) (text string, n int, ok bool) {
	if len(b) < 2 {
		return "", 0, false
	}
	switch c := b[1]; {
	case d.pairs && c == '}', !d.pairs && c == '{':
		d.pairs = c == '{'
		return "", 2, true
	case !d.pairs && c == '~':
		return "~", 2, true
	case !d.pairs && c == '\n':
		return "", 2, true
	}
	return "\uFFFD", 1, false
}

// designation takes the escape sequence that stands at the front of text in
// ISO-2022-KR and says nothing.
func designation(b []byte) (text string, n int, ok bool) {
	const sequence = "\x1b$)C"
	for i := range sequence {
		if i == len(b) {
			return "", 0, false
		}
		if b[i] != sequence[i] {
			return "\uFFFD", 1, false
		}
	}
	return "", len(sequence), true
}
