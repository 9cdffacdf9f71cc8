package dns

import "encoding/binary"

// TSIG signs the message that it ends (RFC 8945 §4.2).
type TSIG struct {
	// KeyName names the key: the record's owner, which its RDATA has not.
	KeyName Name
	// Algorithm names the algorithm.
	Algorithm Name
	// TimeSigned is when, in seconds since 1970: 48 bits.
	TimeSigned uint64
	// Fudge is how many seconds the clocks may differ.
	Fudge uint16
	// MAC is the message authentication code.
	MAC []byte
	// OriginalID is the message's ID before a forwarder changed it.
	OriginalID uint16
	// Error is what a server found wrong with the request's TSIG.
	Error RCode
	// Other is the server's time where Error is [RCodeBadTime].
	Other []byte
}

// Type returns [TypeTSIG].
func (*TSIG) Type() Type { return TypeTSIG }

// setTSIG takes the TSIG record, which must be the last.
func (m *Message) setTSIG(s Section, owner Name, raw rawRR, last bool, t *TSIG) error {
	if s != SectionAdditional || !last {
		return &ParseError{Offset: int64(raw.at), Section: s, What: "TSIG that is not the last record", Ref: "RFC 8945 §5.1", Reply: int(RCodeFormErr), Err: ErrCount}
	}
	if Class(raw.class) != ClassANY {
		return &ParseError{Offset: int64(raw.at), Section: s, What: "class of TSIG", Ref: "RFC 8945 §4.2", Reply: int(RCodeFormErr), Err: ErrValue}
	}
	t.KeyName = owner
	m.TSIG = t
	return nil
}

// Fields shows what follows the key's name.
func (d *TSIG) Fields(c *Codec) {
	c.Name(&d.Algorithm)
	c.uint48(&d.TimeSigned)
	c.Uint16(&d.Fudge)
	c.octets16(&d.MAC)
	c.Uint16(&d.OriginalID)
	c.rcode(&d.Error)
	c.octets16(&d.Other)
}

// uint48 is a field of 48 bits, in text a decimal number.
func (c *Codec) uint48(v *uint64) {
	switch c.op {
	case opParse:
		if b := c.take(6); b != nil {
			*v = uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
		}
	case opAppend, opCanonical:
		c.must(*v < 1<<48, "number longer than 48 bits", "RFC 8945 §4.2", ErrValue)
		c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(*v>>32))
		c.dst = binary.BigEndian.AppendUint32(c.dst, uint32(*v))
	default:
		c.decimal(v, 1<<48-1)
	}
}
