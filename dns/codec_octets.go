package dns

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"applayer/internal/ascii"
)

// encoding is how octets stand in text.
type encoding struct {
	append func(dst, src []byte) []byte
	decode func(dst, src []byte) ([]byte, error)
}

// Text of octets reads back as the same, so that bits behind the last octet
// must be zero (RFC 4648 §3.5). Hexadecimal digits are written as capital
// letters, as dig does.
var (
	hexText       = encoding{appendHex, hex.AppendDecode}
	base64Text    = encoding{base64.StdEncoding.AppendEncode, base64.StdEncoding.Strict().AppendDecode}
	base32hexText = encoding{base32.HexEncoding.WithPadding(base32.NoPadding).AppendEncode, decodeBase32Hex}
)

func appendHex(dst, src []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, o := range src {
		dst = append(dst, digits[o>>4], digits[o&15])
	}
	return dst
}

// decodeBase32Hex takes letters of either case (RFC 5155 §3.3).
func decodeBase32Hex(dst, src []byte) ([]byte, error) {
	var bits, n uint // what has been read and not yet made an octet
	for _, o := range src {
		digit := o - '0'
		if digit > 9 {
			if digit = ascii.Lower(o) - 'a' + 10; digit < 10 || digit > 31 {
				return dst, ErrSyntax
			}
		}
		bits, n = bits<<5|uint(digit), n+5
		if n >= 8 {
			n -= 8
			dst = append(dst, byte(bits>>n))
			bits &= 1<<n - 1
		}
	}
	if n >= 5 || bits != 0 {
		return dst, ErrSyntax
	}
	return dst, nil
}

// Hex are the octets to the end of the RDATA, in text hexadecimal digits, which
// blanks may divide.
func (c *Codec) Hex(v *[]byte) { c.rest(v, &hexText) }

// Base64 are the octets to the end of the RDATA, in text base64, which blanks
// may divide.
func (c *Codec) Base64(v *[]byte) { c.rest(v, &base64Text) }

func (c *Codec) rest(v *[]byte, e *encoding) {
	switch c.op {
	case opParse:
		*v = c.mem.bytes(c.take(c.end - c.off))
	case opAppend, opCanonical:
		c.dst = append(c.dst, *v...)
	case opPrint:
		if len(*v) > 0 {
			c.space()
			at := len(c.dst)
			c.dst = splitText(e.append(c.dst, *v), at, c.split)
		}
	case opScan:
		text := c.mem.scratch[:0]
		for c.more() {
			if t, ok := c.word("octets"); ok {
				text = append(text, t.Text...)
			}
		}
		c.mem.scratch = text
		*v = c.decode(text, e)
	}
}

// decode undoes an encoding.
func (c *Codec) decode(text []byte, e *encoding) []byte {
	if c.err != nil {
		return nil
	}
	if c.onward {
		start := len(c.dst)
		var err error
		if c.dst, err = e.decode(c.dst, text); err != nil {
			c.fail("octets "+quoted(text), "RFC 1035 §5.1", ErrSyntax)
			return nil
		}
		return c.dst[start:len(c.dst):len(c.dst)]
	}
	// The octets are put behind the text: it may be that of scratch itself.
	b := append(c.mem.scratch[:0], text...)
	b, err := e.decode(b, b)
	c.mem.scratch = b
	if err != nil {
		c.fail("octets "+quoted(text), "RFC 1035 §5.1", ErrSyntax)
		return nil
	}
	return c.mem.bytes(b[len(text):])
}

// splitText puts a blank behind every width characters of what begins at at; 0
// is none.
func splitText(dst []byte, at, width int) []byte {
	n := len(dst) - at
	if width <= 0 || n <= width {
		return dst
	}
	blanks := (n - 1) / width
	dst = append(dst, make([]byte, blanks)...)
	for k := blanks; k > 0; k-- {
		from := at + k*width
		copy(dst[from+k:], dst[from:min(from+width, at+n)])
		dst[from+k-1] = ' '
	}
	return dst
}

// Hex8 are octets behind their number in 8 bits, in text hexadecimal digits, or
// "-" for none, as the salt of NSEC3 (RFC 5155 §3.3).
func (c *Codec) Hex8(v *[]byte) { c.octets8(v, &hexText, true) }

// Base32Hex8 are octets behind their number in 8 bits, one at least, in text
// base32hex without padding, as the names of NSEC3 (RFC 5155 §3.3).
func (c *Codec) Base32Hex8(v *[]byte) { c.octets8(v, &base32hexText, false) }

func (c *Codec) octets8(v *[]byte, e *encoding, empty bool) {
	const ref = "RFC 5155 §3.2"
	switch c.op {
	case opParse:
		if n := c.take(1); n != nil {
			*v = c.mem.bytes(c.take(int(n[0])))
		}
	case opScan:
		t, ok := c.word("octets")
		if !ok {
			return
		}
		number := len(c.dst) // where it goes
		if c.onward {
			c.dst = append(c.dst, 0)
		}
		if *v = nil; !empty || string(t.Text) != "-" {
			*v = c.decode(t.Text, e)
			c.must(len(*v) > 0, "no octets", ref, ErrSyntax)
		}
		c.must(len(*v) <= 255, "more than 255 octets", ref, ErrSyntax)
		if c.onward {
			c.dst[number] = byte(len(*v))
		}
		return
	case opPrint:
		c.space()
		if len(*v) == 0 {
			c.dst = append(c.dst, '-')
		}
		c.dst = e.append(c.dst, *v)
	default:
		c.dst = append(append(c.dst, byte(len(*v))), *v...)
	}
	c.must(len(*v) <= 255, "more than 255 octets", ref, ErrValue)
	c.must(empty || len(*v) > 0, "no octets", ref, ErrValue)
}

// octets16 are octets behind their number in 16 bits; in text the number and
// base64.
func (c *Codec) octets16(v *[]byte) {
	switch c.op {
	case opParse:
		if n := c.take(2); n != nil {
			*v = c.mem.bytes(c.take(int(binary.BigEndian.Uint16(n))))
		}
	case opAppend, opCanonical:
		c.must(len(*v) < 1<<16, "octets", "RFC 1035 §3.2.1", ErrValue)
		c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(len(*v)))
		c.dst = append(c.dst, *v...)
	case opPrint:
		n := uint64(len(*v))
		c.decimal(&n, n)
		if n > 0 {
			c.space()
			c.dst = base64Text.append(c.dst, *v)
		}
	case opScan:
		var n uint64
		if c.decimal(&n, 1<<16-1); n == 0 {
			*v = nil
			return
		}
		if t, ok := c.word("octets"); ok {
			*v = c.decode(t.Text, &base64Text)
			c.must(uint64(len(*v)) == n, "octets and their number", "RFC 1035 §5.1", ErrSyntax)
		}
	}
}

// hexGroups are so many octets as v has, in text hexadecimal digits with a mark
// between groups of one octet or of two.
func (c *Codec) hexGroups(v []byte, group int, mark byte, what, ref string) {
	switch c.op {
	case opParse:
		copy(v, c.take(len(v)))
	case opAppend, opCanonical:
		c.dst = append(c.dst, v...)
	case opPrint:
		c.space()
		for i := 0; i < len(v); i += group {
			if i > 0 {
				c.dst = append(c.dst, mark)
			}
			c.dst = appendHexGroup(c.dst, v[i:i+group])
		}
	case opScan:
		if t, ok := c.word(what); ok && !scanHexGroups(v, t.Text, group, mark) {
			c.fail(what+" "+quoted(t.Text), ref, ErrSyntax)
		}
	}
}

// appendHexGroup writes one octet with both its digits, two without the zeros
// in front.
func appendHexGroup(dst, group []byte) []byte {
	if len(group) == 1 {
		return hex.AppendEncode(dst, group)
	}
	return strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(group)), 16)
}

func scanHexGroups(v, text []byte, group int, mark byte) bool {
	clear(v)
	for i := 0; i < len(v); i += group {
		digits := 0
		for ; len(text) > 0 && digits < 2*group; digits++ {
			d, ok := hexDigit(text[0])
			if !ok {
				break
			}
			shiftIn(v[i:i+group], d)
			text = text[1:]
		}
		if digits == 0 || group == 1 && digits != 2 {
			return false
		}
		if i+group < len(v) {
			if len(text) == 0 || text[0] != mark {
				return false
			}
			text = text[1:]
		}
	}
	return len(text) == 0
}

// shiftIn moves octets four bits to the left and puts digit at their end.
func shiftIn(v []byte, digit byte) {
	for i := range v {
		next := digit
		if i+1 < len(v) {
			next = v[i+1] >> 4
		}
		v[i] = v[i]<<4 | next
	}
}
