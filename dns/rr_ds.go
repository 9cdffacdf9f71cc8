package dns

// DS tells at the parent's side of a cut which key signs the zone below
// (RFC 4034 §5).
type DS struct {
	// KeyTag is the [DNSKEY.KeyTag] of the key.
	KeyTag uint16
	// Algorithm is that of the key.
	Algorithm Algorithm
	// DigestType is how Digest was made.
	DigestType DigestType
	// Digest is that of the key's owner and RDATA (RFC 4034 §5.1.4).
	Digest []byte
}

// Type returns [TypeDS].
func (*DS) Type() Type { return TypeDS }

// Fields shows the key's tag and algorithm, and the digest, which is as long as
// its type says.
func (d *DS) Fields(c *Codec) {
	c.head(d)
	c.Hex(&d.Digest)
	d.check(c)
}

func (c *Codec) head(d *DS) {
	c.Uint16(&d.KeyTag)
	c.Algorithm(&d.Algorithm)
	c.Uint8((*uint8)(&d.DigestType))
}

func (d *DS) check(c *Codec) {
	size := d.DigestType.Size()
	c.must(len(d.Digest) > 0 && (size == 0 || len(d.Digest) == size), "length of digest", "RFC 4034 §5.1.4", ErrValue)
}

// CDS is the DS that a zone asks its parent for (RFC 7344 §3.1).
type CDS struct{ DS }

// Type returns [TypeCDS].
func (*CDS) Type() Type { return TypeCDS }

// IsDelete tells whether the record asks that there be no DS (RFC 8078 §4).
func (d *CDS) IsDelete() bool { return d.Algorithm == AlgorithmDelete }

// Fields shows those of DS.
func (d *CDS) Fields(c *Codec) {
	c.head(&d.DS)
	c.zeroOr(&d.Digest, c.Hex)
	d.check(c)
}

// zeroOr reads octets; "0" alone is one of zero, as RFC 8078 §4 writes the
// request to delete, though it is neither hexadecimal nor base64.
func (c *Codec) zeroOr(v *[]byte, field func(*[]byte)) {
	if c.op == opScan && len(c.tokens)-c.next == 1 && string(c.tokens[c.next].Text) == "0" {
		c.next++
		*v = []byte{0}
		return
	}
	field(v)
}

// TA is a DS of a trust anchor outside the tree of zones. It is not in use.
type TA struct{ DS }

// Type returns [TypeTA].
func (*TA) Type() Type { return TypeTA }

// DLV is a DS in a look-aside zone (RFC 4431 §2). It is not in use
// (RFC 8749 §2).
type DLV struct{ DS }

// Type returns [TypeDLV].
func (*DLV) Type() Type { return TypeDLV }
