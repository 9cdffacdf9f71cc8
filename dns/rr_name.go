package dns

// NS names an authoritative name server of a zone (RFC 1035 §3.3.11).
type NS struct{ Host Name }

// Type returns [TypeNS].
func (*NS) Type() Type { return TypeNS }

// Fields shows the host.
func (d *NS) Fields(c *Codec) { c.CompressedName(&d.Host) }

// CNAME says that its owner is an alias (RFC 1035 §3.3.1).
type CNAME struct{ Target Name }

// Type returns [TypeCNAME].
func (*CNAME) Type() Type { return TypeCNAME }

// Fields shows the canonical name.
func (d *CNAME) Fields(c *Codec) { c.CompressedName(&d.Target) }

// PTR points to another name, as from an address to a host (RFC 1035 §3.3.12).
type PTR struct{ Target Name }

// Type returns [TypePTR].
func (*PTR) Type() Type { return TypePTR }

// Fields shows the target.
func (d *PTR) Fields(c *Codec) { c.CompressedName(&d.Target) }

// DNAME redirects all names below its owner (RFC 6672 §2.1).
type DNAME struct{ Target Name }

// Type returns [TypeDNAME].
func (*DNAME) Type() Type { return TypeDNAME }

// Fields shows the target, which is not compressed (RFC 6672 §2.5).
func (d *DNAME) Fields(c *Codec) { c.Name(&d.Target) }
