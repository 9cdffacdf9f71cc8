package dns

import "encoding/binary"

// EDNS is what an OPT record says (RFC 6891 §6.1). The upper bits of the
// response code are in [Header.RCode].
type EDNS struct {
	// UDPSize is the longest datagram that the sender takes, in octets.
	UDPSize uint16
	// Version is 0.
	Version uint8
	// DNSSECOK (DO) asks for the records of DNSSEC (RFC 3225 §3).
	DNSSECOK bool
	// Z are the other 15 flags, kept as they came.
	Z uint16
	// Options are in their order.
	Options []Option
}

// Option is an option of EDNS: a code and octets (RFC 6891 §6.1.2).
type Option struct {
	Code OptionCode
	Data []byte
}

const bitDO = 1 << 15

// OPT is the data of the OPT pseudo record; [EDNS] has all of what the record
// says.
type OPT struct{ Options []Option }

// Type returns [TypeOPT].
func (*OPT) Type() Type { return TypeOPT }

// Fields shows the options.
func (d *OPT) Fields(c *Codec) {
	const ref = "RFC 6891 §6.1.2"
	switch c.op {
	case opParse:
		d.Options = d.Options[:0]
		for c.more() {
			head := c.take(4)
			if head == nil {
				return
			}
			b := c.take(int(binary.BigEndian.Uint16(head[2:])))
			if c.err != nil {
				return
			}
			d.Options = append(d.Options, Option{OptionCode(binary.BigEndian.Uint16(head)), c.mem.bytes(b)})
		}
	case opAppend, opCanonical:
		for _, o := range d.Options {
			if len(o.Data) > 1<<16-1 {
				c.fail("option longer than 65535 octets", ref, ErrValue)
				return
			}
			c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(o.Code))
			c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(len(o.Data)))
			c.dst = append(c.dst, o.Data...)
		}
	case opPrint:
		c.err = errNoText
	default:
		c.fail("OPT has no presentation form", "RFC 6891 §6.1.1", ErrSyntax)
	}
}

// setEDNS takes what the OPT record says.
func (m *Message) setEDNS(s Section, owner Name, raw rawRR, options []Option) error {
	const ref = "RFC 6891 §6.1.1"
	fail := func(what string, err error) error {
		return &ParseError{Offset: int64(raw.at), Section: s, What: what, Ref: ref, Reply: int(RCodeFormErr), Err: err}
	}
	switch {
	case s != SectionAdditional:
		return fail("OPT outside the additional section", ErrCount)
	case m.EDNS != nil:
		return fail("second OPT", ErrCount)
	case !owner.IsRoot():
		return fail("owner of OPT", ErrValue)
	}
	m.EDNS = &m.edns
	*m.EDNS = EDNS{
		UDPSize: raw.class, Version: uint8(raw.ttl >> 16),
		DNSSECOK: raw.ttl&bitDO != 0, Z: uint16(raw.ttl) &^ bitDO,
		Options: options,
	}
	m.RCode |= RCode(raw.ttl>>24) << 4
	return nil
}

// ttl is the TTL field of the OPT record in a message with that response code
// (RFC 6891 §6.1.3).
func (e *EDNS) ttl(rcode RCode) uint32 {
	ttl := uint32(rcode>>4)<<24 | uint32(e.Version)<<16 | uint32(e.Z&^bitDO)
	if e.DNSSECOK {
		ttl |= bitDO
	}
	return ttl
}
