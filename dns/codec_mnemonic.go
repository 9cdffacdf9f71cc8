package dns

import (
	"encoding/binary"
	"time"

	"applayer/internal/ascii"
)

// Type is a field of 16 bits, in text a type's mnemonic (RFC 4034 §3.2).
func (c *Codec) Type(v *Type) {
	switch c.op {
	case opPrint:
		c.space()
		c.dst = append(c.dst, v.String()...)
	case opScan:
		if c.scanType(v); c.onward {
			c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(*v))
		}
	default:
		c.Uint16((*uint16)(v))
	}
}

// scanType reads a type's mnemonic, which goes nowhere else than to v.
func (c *Codec) scanType(v *Type) {
	if t, ok := c.word("type"); ok {
		if *v, ok = typeFromText(t.Text); !ok {
			c.fail("type "+quoted(t.Text), "RFC 3597 §5", ErrSyntax)
		}
	}
}

func typeFromText(b []byte) (Type, bool) {
	if t, ok := lookUpper(typesByName, b); ok {
		return t, true
	}
	n, ok := numbered(b, "TYPE")
	return Type(n), ok
}

// numberedType is a Type that is written as a number where it has no mnemonic,
// as it was before RFC 3597 (RFC 2535 §7.2, §7.3).
func (c *Codec) numberedType(v *Type) {
	number := c.op == opPrint && typeNames[*v] == ""
	if c.op == opScan && c.more() {
		number = ascii.Span(&ascii.Digit, c.tokens[c.next].Text) > 0
	}
	if number {
		c.Uint16((*uint16)(v))
		return
	}
	c.Type(v)
}

// mnemonic takes the next token where it is one of the names.
func mnemonic[V any](c *Codec, names map[string]V) (v V, ok bool) {
	if c.op != opScan || !c.more() || c.tokens[c.next].Quoted {
		return v, false
	}
	if v, ok = lookUpper(names, c.tokens[c.next].Text); ok {
		c.next++
	}
	return v, ok
}

// Algorithm is a field of 8 bits, a DNSSEC algorithm: in text a number, read
// also as its mnemonic (RFC 4034 §2.2).
func (c *Codec) Algorithm(v *Algorithm) {
	if a, ok := mnemonic(c, algorithmsByName); ok {
		if *v = a; c.onward {
			c.dst = append(c.dst, byte(a))
		}
		return
	}
	c.Uint8((*uint8)(v))
}

// Time is a field of 32 bits, seconds since 1970, in text the date and time in
// UTC as YYYYMMDDHHmmSS, read also as a number of up to ten digits
// (RFC 4034 §3.2). Such times are compared as serial numbers, and the dates
// after 2106 that the number stands for too are not told (RFC 4034 §3.1.5).
func (c *Codec) Time(v *uint32) {
	switch c.op {
	case opPrint:
		c.space()
		c.dst = time.Unix(int64(*v), 0).UTC().AppendFormat(c.dst, timeLayout)
	case opScan:
		if c.more() && len(c.tokens[c.next].Text) == len(timeLayout) {
			c.scanDate(v)
			return
		}
		c.Uint32(v)
	default:
		c.wire32(v)
	}
}

const timeLayout = "20060102150405"

func (c *Codec) scanDate(v *uint32) {
	t, ok := c.word("time")
	if !ok {
		return
	}
	at, err := time.Parse(timeLayout, string(t.Text))
	s := at.Unix()
	if err != nil || s < 0 || s >= 1<<32 || ascii.Span(&ascii.Digit, t.Text) < len(timeLayout) {
		c.fail("time "+quoted(t.Text), "RFC 4034 §3.2", ErrSyntax)
		return
	}
	*v = uint32(s)
	c.onward32(*v)
}

// rcode is a field of 16 bits, the error of a TSIG or TKEY record, in text a
// mnemonic or a number (RFC 8945 §3).
func (c *Codec) rcode(v *RCode) {
	switch c.op {
	case opPrint:
		switch {
		case *v == RCodeBadSig:
			c.dst = append(c.dst, " BADSIG"...)
		case int(*v) < len(rcodeNames) && rcodeNames[*v] != "":
			c.dst = append(append(c.dst, ' '), rcodeNames[*v]...)
		default:
			c.Uint16((*uint16)(v))
		}
	case opScan:
		if r, ok := mnemonic(c, tsigErrors); ok {
			*v = r
			return
		}
		c.Uint16((*uint16)(v))
	default:
		c.Uint16((*uint16)(v))
	}
}

// tsigErrors are the codes that TSIG and TKEY records may have, by mnemonic.
var tsigErrors = func() map[string]RCode {
	m := map[string]RCode{"BADSIG": RCodeBadSig}
	for r, name := range rcodeNames {
		if name != "" && r != int(RCodeBadVers) {
			m[name] = RCode(r)
		}
	}
	return m
}()
