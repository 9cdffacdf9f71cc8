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

// MD named a host that takes mail for the owner; MX does now
// (RFC 1035 §3.3.4).
type MD struct{ Host Name }

// Type returns [TypeMD].
func (*MD) Type() Type { return TypeMD }

// Fields shows the host.
func (d *MD) Fields(c *Codec) { c.CompressedName(&d.Host) }

// MF named a host that forwards mail for the owner; MX does now
// (RFC 1035 §3.3.5).
type MF struct{ Host Name }

// Type returns [TypeMF].
func (*MF) Type() Type { return TypeMF }

// Fields shows the host.
func (d *MF) Fields(c *Codec) { c.CompressedName(&d.Host) }

// MB names the host of a mailbox (RFC 1035 §3.3.3).
type MB struct{ Host Name }

// Type returns [TypeMB].
func (*MB) Type() Type { return TypeMB }

// Fields shows the host.
func (d *MB) Fields(c *Codec) { c.CompressedName(&d.Host) }

// MG names a mailbox that is a member of the owner, a group
// (RFC 1035 §3.3.6).
type MG struct{ Mailbox Name }

// Type returns [TypeMG].
func (*MG) Type() Type { return TypeMG }

// Fields shows the mailbox.
func (d *MG) Fields(c *Codec) { c.CompressedName(&d.Mailbox) }

// MR names the mailbox that the owner is called now (RFC 1035 §3.3.8).
type MR struct{ NewName Name }

// Type returns [TypeMR].
func (*MR) Type() Type { return TypeMR }

// Fields shows the new name.
func (d *MR) Fields(c *Codec) { c.CompressedName(&d.NewName) }

// NSAPPTR points from an NSAP address to a name (RFC 1706 §6).
type NSAPPTR struct{ Target Name }

// Type returns [TypeNSAPPTR].
func (*NSAPPTR) Type() Type { return TypeNSAPPTR }

// Fields shows the target.
func (d *NSAPPTR) Fields(c *Codec) { c.PlainName(&d.Target) }
