package dns

// NXT is the NSEC of former times (RFC 2535 §5.2).
type NXT struct {
	// NextName is the next name in canonical order.
	NextName Name
	// Types are those at the owner, all of them below 128.
	Types TypeBitmap
}

// Type returns [TypeNXT].
func (*NXT) Type() Type { return TypeNXT }

// Fields shows the name, which may have been compressed, and the types: one bit
// for each from 0 to 127, without zero octets at the end.
func (d *NXT) Fields(c *Codec) {
	const what, ref = "type bitmap", "RFC 2535 §5.2"
	c.Name(&d.NextName)
	switch c.op {
	case opParse:
		b := c.take(c.end - c.off)
		if c.err != nil || len(b) == 0 {
			return
		}
		if len(b) > 16 || b[0]&0x80 != 0 || b[len(b)-1] == 0 {
			c.off -= len(b)
			c.fail(what, ref, ErrValue)
			return
		}
		block := append([]byte{0, byte(len(b))}, b...)
		d.Types.wire = c.mem.string(block)
	case opPrint:
		c.must(d.fits(), what, ref, ErrValue)
		for t := range d.Types.All() {
			c.numberedType(&t)
		}
	case opScan:
		c.scanTypes(&d.Types, c.numberedType)
		c.must(d.fits(), what, ref, ErrSyntax)
	default:
		if c.must(d.fits(), what, ref, ErrValue); !d.Types.IsEmpty() {
			c.dst = append(c.dst, d.Types.wire[2:]...)
		}
	}
}

// fits tells whether the types are of the first 127 but 0, which tells another
// form of bitmap.
func (d *NXT) fits() bool {
	w := d.Types.wire
	return w == "" || w[0] == 0 && len(w) <= 2+16 && w[2]&0x80 == 0
}
