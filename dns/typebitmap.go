package dns

import (
	"iter"
	"slices"
)

// TypeBitmap is a set of types, as NSEC, NSEC3 and CSYNC have it
// (RFC 4034 §4.1.2). The zero value is the empty set; == compares sets.
type TypeBitmap struct {
	// wire are blocks in ascending order: window, number of octets, octets.
	wire string
}

// NewTypeBitmap returns the set of those types.
func NewTypeBitmap(types ...Type) TypeBitmap {
	return TypeBitmap{string(appendTypeBitmap(nil, slices.Clone(types)))}
}

// Has tells whether t is in the set.
func (b TypeBitmap) Has(t Type) bool {
	for w := b.wire; len(w) >= 2; w = w[2+int(w[1]):] {
		if w[0] == byte(t>>8) {
			i := int(t & 0xff)
			return i/8 < int(w[1]) && w[2+i/8]&(0x80>>(i%8)) != 0
		}
	}
	return false
}

// IsEmpty tells whether no type is in the set.
func (b TypeBitmap) IsEmpty() bool { return b.wire == "" }

// All goes through the types in ascending order.
func (b TypeBitmap) All() iter.Seq[Type] {
	return func(yield func(Type) bool) {
		for w := b.wire; len(w) >= 2; w = w[2+int(w[1]):] {
			for i := range 8 * int(w[1]) {
				if w[2+i/8]&(0x80>>(i%8)) != 0 && !yield(Type(w[0])<<8|Type(i)) {
					return
				}
			}
		}
	}
}

// String returns the mnemonics with blanks between them.
func (b TypeBitmap) String() string {
	var text []byte
	for t := range b.All() {
		if len(text) > 0 {
			text = append(text, ' ')
		}
		text = append(text, t.String()...)
	}
	return string(text)
}

// appendTypeBitmap appends the blocks of types, which it sorts.
func appendTypeBitmap(dst []byte, types []Type) []byte {
	slices.Sort(types)
	for i := 0; i < len(types); {
		window := types[i] >> 8
		var block [32]byte
		n := 0
		for ; i < len(types) && types[i]>>8 == window; i++ {
			bit := int(types[i] & 0xff)
			block[bit/8] |= 0x80 >> (bit % 8)
			n = bit/8 + 1
		}
		dst = append(append(dst, byte(window), byte(n)), block[:n]...)
	}
	return dst
}

// checkTypeBitmap tells whether b are blocks as they must be: windows in
// ascending order, each of 1 to 32 octets of which the last is not zero
// (RFC 4034 §4.1.2).
func checkTypeBitmap(b []byte) bool {
	last := -1
	for len(b) > 0 {
		if len(b) < 3 || int(b[0]) <= last {
			return false
		}
		n := int(b[1])
		if n < 1 || n > 32 || len(b) < 2+n || b[1+n] == 0 {
			return false
		}
		last = int(b[0])
		b = b[2+n:]
	}
	return true
}

// TypeBitmap is a set of types to the end of the RDATA, in text mnemonics.
func (c *Codec) TypeBitmap(v *TypeBitmap) {
	switch c.op {
	case opParse:
		b := c.take(c.end - c.off)
		if !checkTypeBitmap(b) {
			c.off -= len(b)
			c.fail("type bitmap", "RFC 4034 §4.1.2", ErrValue)
			return
		}
		v.wire = c.mem.string(b)
	case opPrint:
		for t := range v.All() {
			c.space()
			c.dst = append(c.dst, t.String()...)
		}
	case opScan:
		c.scanTypes(v, c.scanType)
	default:
		c.dst = append(c.dst, v.wire...)
	}
}

// scanTypes reads types to the end of the text, in any order.
func (c *Codec) scanTypes(v *TypeBitmap, field func(*Type)) {
	var few [32]Type
	types := few[:0]
	for c.more() {
		var t Type
		field(&t)
		types = append(types, t)
	}
	b := appendTypeBitmap(c.mem.scratch[:0], types)
	c.mem.scratch = b
	if v.wire = c.mem.string(b); c.onward {
		c.dst = append(c.dst, b...)
	}
}
