package dns

import "encoding/binary"

// HIP is a host's identity and where to meet it (RFC 8005 §5).
type HIP struct {
	// Algorithm is the key's: 1 DSA, 2 RSA, as [IPSECKEY] has it, and others.
	Algorithm uint8
	// HIT is the digest by which the host is known.
	HIT []byte
	// PublicKey is in the algorithm's form.
	PublicKey []byte
	// RendezvousServers are in order of preference.
	RendezvousServers []Name
}

// Type returns [TypeHIP].
func (*HIP) Type() Type { return TypeHIP }

// Fields shows algorithm, HIT, key and servers. On the wire the lengths stand
// in front: that of the HIT, the algorithm, that of the key.
func (d *HIP) Fields(c *Codec) {
	switch c.op {
	case opParse:
		if head := c.take(4); head != nil {
			d.Algorithm = head[1]
			d.HIT = c.mem.bytes(c.take(int(head[0])))
			d.PublicKey = c.mem.bytes(c.take(int(binary.BigEndian.Uint16(head[2:]))))
		}
	case opPrint:
		c.Uint8(&d.Algorithm)
		c.Hex8(&d.HIT)
		c.space()
		c.dst = base64Text.append(c.dst, d.PublicKey)
	case opScan:
		c.Uint8(&d.Algorithm)
		c.Hex8(&d.HIT)
		if t, ok := c.word("public key"); ok {
			d.PublicKey = c.decode(t.Text, &base64Text)
		}
	default:
		c.must(len(d.HIT) <= 255 && len(d.PublicKey) < 1<<16, "length of HIT or key", "RFC 8005 §5", ErrValue)
		c.dst = append(c.dst, byte(len(d.HIT)), d.Algorithm)
		c.dst = binary.BigEndian.AppendUint16(c.dst, uint16(len(d.PublicKey)))
		c.dst = append(append(c.dst, d.HIT...), d.PublicKey...)
	}
	c.must(len(d.HIT) > 0 && len(d.PublicKey) > 0, "no HIT or no key", "RFC 8005 §5", ErrValue)
	c.names(&d.RendezvousServers)
}

// names are names to the end of the RDATA, none compressed.
func (c *Codec) names(v *[]Name) {
	if !c.reads() {
		for i := range *v {
			c.PlainName(&(*v)[i])
		}
		return
	}
	*v = nil
	for c.more() {
		var n Name
		c.PlainName(&n)
		*v = append(*v, n)
	}
}
