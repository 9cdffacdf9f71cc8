package dns

import "errors"

// CompressedName is a domain name that is compressed where it may be: those of
// the types of RFC 1035 alone (RFC 3597 §4).
func (c *Codec) CompressedName(v *Name) {
	if c.op == opAppend && c.comp != nil && v.IsValid() && c.err == nil {
		c.dst = c.comp.AppendName(c.dst, *v)
		return
	}
	c.name(v, true, true)
}

// Name is a domain name that is never sent compressed, but read so, since old
// senders compressed it; its canonical form is in lower case (RFC 3597 §4,
// RFC 4034 §6.2).
func (c *Codec) Name(v *Name) { c.name(v, true, true) }

// PlainName is a domain name of the types that came after RFC 3597: never
// compressed, its case kept in canonical form.
func (c *Codec) PlainName(v *Name) { c.name(v, false, false) }

// LowerName is a domain name that is never compressed, and in canonical form in
// lower case: that of RRSIG (RFC 4034 §3.1.7, RFC 6840 §5.1).
func (c *Codec) LowerName(v *Name) { c.name(v, false, true) }

func (c *Codec) name(v *Name, pointers, lower bool) {
	if c.err != nil {
		return
	}
	switch c.op {
	case opParse:
		// A name may point out of the RDATA, but not run over its end.
		n, next, err := c.mem.name(c.msg, c.off)
		switch {
		case err != nil:
			c.err = err
		case next > c.end:
			c.fail("name", "RFC 1035 §3.2.1", ErrRDLength)
		case !pointers && next-c.off != n.Len():
			c.fail("name", "RFC 3597 §4", ErrPointer)
		default:
			*v, c.off = n, next
		}
	case opScan:
		if t, ok := c.word("name"); ok {
			c.scanName(t, v)
		}
	default:
		switch {
		case !v.IsValid():
			c.fail("name", "RFC 1035 §3.1", ErrLabel)
		case c.op == opPrint:
			c.space()
			c.dst = v.appendText(c.dst)
		case c.op == opCanonical && lower:
			c.dst = v.AppendCanonical(c.dst)
		default:
			c.dst = v.AppendWire(c.dst)
		}
	}
}

// scanName reads a name from text.
func (c *Codec) scanName(t *Token, v *Name) {
	var err error
	if c.onward {
		c.dst, err = appendScannedName(c.dst, t, c.origin)
	} else {
		*v, err = scanName(t, c.origin, c.mem)
	}
	if err != nil {
		if e, ok := errors.AsType[*ParseError](err); ok {
			e.Offset += int64(t.Offset)
		}
		c.err = err
	}
}

func scanName(t *Token, origin Name, mem *memory) (Name, error) {
	if isAt(t) && origin.IsValid() {
		return origin, nil
	}
	var wire [MaxName]byte
	b, err := appendScannedName(wire[:0], t, origin)
	if err != nil {
		return Name{}, err
	}
	return Name{mem.string(b)}, nil
}

// isAt tells whether a token is the origin.
func isAt(t *Token) bool { return len(t.Text) == 1 && t.Text[0] == '@' && !t.Quoted }

// appendScannedName appends the octets of a name of a master file: relative to
// the origin without a dot at its end, the origin itself as "@" (RFC 1035 §5.1).
func appendScannedName(dst []byte, t *Token, origin Name) ([]byte, error) {
	if isAt(t) {
		if !origin.IsValid() {
			return dst, textError(0, "@ without an origin", "RFC 1035 §5.1", ErrSyntax)
		}
		return origin.AppendWire(dst), nil
	}
	start := len(dst)
	dst, absolute, err := appendNameText(dst, t.Text)
	if err != nil || absolute {
		return dst, err
	}
	if !origin.IsValid() {
		return dst, textError(0, "relative name "+quoted(t.Text)+" without an origin", "RFC 1035 §5.1", ErrSyntax)
	}
	if len(dst)-start-1+origin.Len() > MaxName {
		return dst, textError(0, "name", "RFC 1035 §2.3.4", ErrNameTooLong)
	}
	return origin.AppendWire(dst[:len(dst)-1]), nil
}
