package dns

import (
	"encoding/hex"
	"strconv"

	"applayer/internal/ascii"
)

// Unknown is the data of a type without a form of its own here: octets
// (RFC 3597).
type Unknown struct {
	// RRType is the record's type.
	RRType Type
	// Octets are the RDATA.
	Octets []byte
}

// Type returns RRType.
func (d *Unknown) Type() Type { return d.RRType }

// Fields shows the octets: in text "\#", their number, and hexadecimal digits
// (RFC 3597 §5).
func (d *Unknown) Fields(c *Codec) { c.unknown(&d.Octets) }

// unknown is all of the RDATA, of a type that says no more of it.
func (c *Codec) unknown(v *[]byte) {
	switch c.op {
	case opPrint:
		c.dst = appendUnknownText(c.dst, *v, c.split)
	case opScan:
		*v = c.scanUnknown()
	default:
		c.Hex(v)
	}
}

func appendUnknownText(dst, octets []byte, split int) []byte {
	dst = append(dst, `\# `...)
	dst = strconv.AppendInt(dst, int64(len(octets)), 10)
	if len(octets) == 0 {
		return dst
	}
	dst = append(dst, ' ')
	at := len(dst)
	return splitText(appendHex(dst, octets), at, split)
}

// isUnknownForm tells whether tokens are "\#", which any type's RDATA may be
// written with (RFC 3597 §5).
func isUnknownForm(tokens []Token) bool {
	return len(tokens) > 0 && string(tokens[0].Text) == `\#` && !tokens[0].Quoted
}

// scanUnknown reads "\#", a number and so many octets as hexadecimal digits,
// which spaces may divide.
func (c *Codec) scanUnknown() []byte {
	const ref = "RFC 3597 §5"
	mark, ok := c.token(`\#`)
	if !ok {
		return nil
	}
	if !isUnknownForm([]Token{*mark}) {
		c.fail(`\#`, ref, ErrSyntax)
		return nil
	}
	count, ok := c.word("length of RDATA")
	if !ok {
		return nil
	}
	n, used, err := ascii.Decimal(count.Text, 1<<16-1)
	if err != nil || used != len(count.Text) {
		c.fail("length of RDATA "+quoted(count.Text), ref, ErrSyntax)
		return nil
	}
	b := c.mem.scratch[:0]
	for c.more() {
		t, ok := c.word("octets")
		if !ok {
			return nil
		}
		if b, err = hex.AppendDecode(b, t.Text); err != nil {
			c.fail("octets "+quoted(t.Text), ref, ErrSyntax)
			return nil
		}
	}
	c.mem.scratch = b
	if uint64(len(b)) != n {
		c.fail("octets and their number", ref, ErrSyntax)
		return nil
	}
	return c.mem.bytes(b)
}
