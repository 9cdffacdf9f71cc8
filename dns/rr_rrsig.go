package dns

// RRSIG is the signature of an RR set (RFC 4034 §3).
type RRSIG struct {
	// TypeCovered is the type of the set.
	TypeCovered Type
	// Algorithm is that of the key.
	Algorithm Algorithm
	// Labels is how many labels the owner has, without the root's and an
	// asterisk in front: fewer than there are for what a wildcard gave.
	Labels uint8
	// OriginalTTL is the set's time to live in the zone.
	OriginalTTL uint32
	// Expiration and Inception bound when the signature may be used: seconds
	// since 1970, compared as serial numbers (RFC 4034 §3.1.5).
	Expiration, Inception uint32
	// KeyTag names the key; see [DNSKEY.KeyTag].
	KeyTag uint16
	// SignerName is the owner of the key.
	SignerName Name
	// Signature is in the algorithm's form.
	Signature []byte
}

// Type returns [TypeRRSIG].
func (*RRSIG) Type() Type { return TypeRRSIG }

// Fields shows what is signed and how, the signer and the signature.
func (d *RRSIG) Fields(c *Codec) {
	c.Type(&d.TypeCovered)
	d.key(c)
	c.LowerName(&d.SignerName)
	d.signature(c)
}

// key shows what stands between the type and the signer.
func (d *RRSIG) key(c *Codec) {
	c.Algorithm(&d.Algorithm)
	c.Uint8(&d.Labels)
	c.Uint32(&d.OriginalTTL)
	c.Time(&d.Expiration)
	c.Time(&d.Inception)
	c.Uint16(&d.KeyTag)
}

func (d *RRSIG) signature(c *Codec) {
	c.Base64(&d.Signature)
	c.must(len(d.Signature) > 0, "no signature", "RFC 4034 §3.1.8", ErrValue)
}

// SIG is the RRSIG of former times, and the signature of a message by a public
// key (RFC 2535 §4, RFC 2931 §3).
type SIG struct{ RRSIG }

// Type returns [TypeSIG].
func (*SIG) Type() Type { return TypeSIG }

// Fields shows those of RRSIG; the signer may have been compressed
// (RFC 3597 §4). The text of a type without a name is a number: 0 for a message.
func (d *SIG) Fields(c *Codec) {
	c.numberedType(&d.TypeCovered)
	d.key(c)
	c.Name(&d.SignerName)
	d.signature(c)
}
