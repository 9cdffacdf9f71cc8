package dns

// NSEC tells which types are at its owner, and that there is no name between
// the owner and the next (RFC 4034 §4).
type NSEC struct {
	// NextName is the next name in canonical order, the apex behind the last.
	NextName Name
	// Types are those at the owner.
	Types TypeBitmap
}

// Type returns [TypeNSEC].
func (*NSEC) Type() Type { return TypeNSEC }

// Fields shows the name, whose case is kept (RFC 6840 §5.1), and the types, of
// which there is one at least.
func (d *NSEC) Fields(c *Codec) {
	c.PlainName(&d.NextName)
	c.TypeBitmap(&d.Types)
	c.must(!d.Types.IsEmpty(), "no types", "RFC 4034 §4.1.2", ErrValue)
}

// NSEC3 is the NSEC of names that are hashed (RFC 5155 §3).
type NSEC3 struct {
	// HashAlgorithm is 1 for SHA-1.
	HashAlgorithm uint8
	// Flags is 1 where delegations without DS may have been left out.
	Flags uint8
	// Iterations is how often the hash is taken beyond the first time.
	Iterations uint16
	// Salt is hashed behind the name.
	Salt []byte
	// NextHashed is the next hash in order.
	NextHashed []byte
	// Types are those at the name of which the owner is the hash.
	Types TypeBitmap
}

// NSEC3OptOut is the flag of [NSEC3] that says that unsigned delegations may
// have been left out (RFC 5155 §3.1.2.1).
const NSEC3OptOut = 1

// Type returns [TypeNSEC3].
func (*NSEC3) Type() Type { return TypeNSEC3 }

// Fields shows the parameters, the next hash and the types.
func (d *NSEC3) Fields(c *Codec) {
	c.Uint8(&d.HashAlgorithm)
	c.Uint8(&d.Flags)
	c.Uint16(&d.Iterations)
	c.Hex8(&d.Salt)
	c.Base32Hex8(&d.NextHashed)
	c.TypeBitmap(&d.Types)
}

// NSEC3PARAM tells at the apex how a zone's names are hashed (RFC 5155 §4).
type NSEC3PARAM struct {
	// HashAlgorithm is 1 for SHA-1.
	HashAlgorithm uint8
	// Flags is 0.
	Flags uint8
	// Iterations is how often the hash is taken beyond the first time.
	Iterations uint16
	// Salt is hashed behind the name.
	Salt []byte
}

// Type returns [TypeNSEC3PARAM].
func (*NSEC3PARAM) Type() Type { return TypeNSEC3PARAM }

// Fields shows the parameters.
func (d *NSEC3PARAM) Fields(c *Codec) {
	c.Uint8(&d.HashAlgorithm)
	c.Uint8(&d.Flags)
	c.Uint16(&d.Iterations)
	c.Hex8(&d.Salt)
}
