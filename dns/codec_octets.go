package dns

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
)

// Hex are the octets to the end of the RDATA, in text hexadecimal digits, which
// spaces may divide.
func (c *Codec) Hex(v *[]byte) { c.octets(v, hex.AppendEncode, hex.AppendDecode) }

// Base64 are the octets to the end of the RDATA, in text base64, which spaces
// may divide.
func (c *Codec) Base64(v *[]byte) {
	c.octets(v, base64.StdEncoding.AppendEncode, base64.StdEncoding.AppendDecode)
}

func (c *Codec) octets(v *[]byte, encode func(dst, src []byte) []byte, decode func(dst, src []byte) ([]byte, error)) {
	switch c.op {
	case opParse:
		*v = c.mem.bytes(c.rest())
	case opAppend, opCanonical:
		c.dst = append(c.dst, *v...)
	case opPrint:
		if len(*v) > 0 {
			c.space()
			c.dst = encode(c.dst, *v)
		}
	case opScan:
		b := c.mem.scratch[:0]
		for c.more() {
			t, _ := c.token("octets")
			b = append(b, t.Text...)
		}
		c.mem.scratch = b
		octets, err := decode(nil, b)
		if err != nil {
			c.fail("octets "+quoted(b), "RFC 1035 §5.1", ErrSyntax)
			return
		}
		*v = octets
	}
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
		if len(*v) > 1<<16-1 {
			c.fail("octets", "RFC 1035 §3.2.1", ErrValue)
			return
		}
		c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(len(*v)))
		c.dst = append(c.dst, *v...)
	case opPrint:
		n := uint64(len(*v))
		c.decimal(&n, n)
		if n > 0 {
			c.space()
			c.dst = base64.StdEncoding.AppendEncode(c.dst, *v)
		}
	case opScan:
		var n uint64
		if c.decimal(&n, 1<<16-1); n == 0 {
			*v = nil
			return
		}
		t, ok := c.token("octets")
		if !ok {
			return
		}
		b, err := base64.StdEncoding.AppendDecode(nil, t.Text)
		if err != nil || uint64(len(b)) != n {
			c.fail("octets "+quoted(t.Text), "RFC 1035 §5.1", ErrSyntax)
			return
		}
		*v = b
	}
}
