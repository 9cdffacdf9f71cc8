package dns

// TLSA binds a certificate or a public key to a service (RFC 6698 §2).
type TLSA struct {
	// Usage is how the certificate is used (RFC 6698 §2.1.1).
	Usage uint8
	// Selector is what of it is matched (RFC 6698 §2.1.2).
	Selector uint8
	// MatchingType is how it is matched: whole or by a digest
	// (RFC 6698 §2.1.3).
	MatchingType uint8
	// Association is what it is matched with.
	Association []byte
}

// Type returns [TypeTLSA].
func (*TLSA) Type() Type { return TypeTLSA }

// Fields shows three numbers and the octets.
func (d *TLSA) Fields(c *Codec) {
	c.Uint8(&d.Usage)
	c.Uint8(&d.Selector)
	c.Uint8(&d.MatchingType)
	c.Hex(&d.Association)
	c.must(len(d.Association) > 0, "no association data", "RFC 6698 §2.1.4", ErrValue)
}

// SMIMEA binds a certificate to a mail address, as TLSA does to a service
// (RFC 8162 §2).
type SMIMEA struct{ TLSA }

// Type returns [TypeSMIMEA].
func (*SMIMEA) Type() Type { return TypeSMIMEA }

// SSHFP is the fingerprint of a host's key (RFC 4255 §3.1).
type SSHFP struct {
	// Algorithm is the key's: 1 RSA, 2 DSA, 3 ECDSA, 4 Ed25519, 6 Ed448.
	Algorithm uint8
	// FingerprintType is 1 for SHA-1, 2 for SHA-256.
	FingerprintType uint8
	// Fingerprint is the digest of the key.
	Fingerprint []byte
}

// Type returns [TypeSSHFP].
func (*SSHFP) Type() Type { return TypeSSHFP }

// Fields shows two numbers and the digest, which is as long as its type says.
func (d *SSHFP) Fields(c *Codec) {
	c.Uint8(&d.Algorithm)
	c.Uint8(&d.FingerprintType)
	c.Hex(&d.Fingerprint)
	ok := len(d.Fingerprint) > 0
	switch d.FingerprintType {
	case 1:
		ok = len(d.Fingerprint) == 20
	case 2:
		ok = len(d.Fingerprint) == 32
	}
	c.must(ok, "length of fingerprint", "RFC 4255 §3.1.3", ErrValue)
}

// ZONEMD is the digest of a zone (RFC 8976 §2).
type ZONEMD struct {
	// Serial is that of the zone's SOA.
	Serial uint32
	// Scheme is 1 for a digest of all records in canonical order.
	Scheme uint8
	// Hash is 1 for SHA-384, 2 for SHA-512.
	Hash uint8
	// Digest is that of the zone.
	Digest []byte
}

// Type returns [TypeZONEMD].
func (*ZONEMD) Type() Type { return TypeZONEMD }

// Fields shows three numbers and the digest, of 12 octets at least and as long
// as its hash says.
func (d *ZONEMD) Fields(c *Codec) {
	c.Uint32(&d.Serial)
	c.Uint8(&d.Scheme)
	c.Uint8(&d.Hash)
	c.Hex(&d.Digest)
	ok := len(d.Digest) >= 12
	switch d.Hash {
	case 1:
		ok = len(d.Digest) == 48
	case 2:
		ok = len(d.Digest) == 64
	}
	c.must(ok, "length of digest", "RFC 8976 §2.2.4", ErrValue)
}
