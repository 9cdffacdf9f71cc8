package dns

import "net/netip"

// NID is a node's identifier in ILNP (RFC 6742 §2.1).
type NID struct {
	// Preference orders them: lower numbers first.
	Preference uint16
	// NodeID is the identifier.
	NodeID [8]byte
}

// Type returns [TypeNID].
func (*NID) Type() Type { return TypeNID }

// Fields shows the preference and the identifier, in text as four groups.
func (d *NID) Fields(c *Codec) {
	c.Uint16(&d.Preference)
	c.hexGroups(d.NodeID[:], 2, ':', "NodeID", "RFC 6742 §2.1.2")
}

// L32 is a locator of 32 bits in ILNP (RFC 6742 §2.2).
type L32 struct {
	// Preference orders them: lower numbers first.
	Preference uint16
	// Locator has the form of an IPv4 address.
	Locator netip.Addr
}

// Type returns [TypeL32].
func (*L32) Type() Type { return TypeL32 }

// Fields shows the preference and the locator.
func (d *L32) Fields(c *Codec) {
	c.Uint16(&d.Preference)
	c.IPv4(&d.Locator)
}

// L64 is a locator of 64 bits in ILNP (RFC 6742 §2.3).
type L64 struct {
	// Preference orders them: lower numbers first.
	Preference uint16
	// Locator has the form of the first half of an IPv6 address.
	Locator [8]byte
}

// Type returns [TypeL64].
func (*L64) Type() Type { return TypeL64 }

// Fields shows the preference and the locator, in text as four groups.
func (d *L64) Fields(c *Codec) {
	c.Uint16(&d.Preference)
	c.hexGroups(d.Locator[:], 2, ':', "Locator64", "RFC 6742 §2.3.2")
}

// LP names where L32 and L64 records are (RFC 6742 §2.4).
type LP struct {
	// Preference orders them: lower numbers first.
	Preference uint16
	// Target is the name.
	Target Name
}

// Type returns [TypeLP].
func (*LP) Type() Type { return TypeLP }

// Fields shows the preference and the name.
func (d *LP) Fields(c *Codec) {
	c.Uint16(&d.Preference)
	c.PlainName(&d.Target)
}

// EUI48 is an address of six octets, as of Ethernet (RFC 7043 §3).
type EUI48 struct{ Address [6]byte }

// Type returns [TypeEUI48].
func (*EUI48) Type() Type { return TypeEUI48 }

// Fields shows the address, in text with hyphens.
func (d *EUI48) Fields(c *Codec) {
	c.hexGroups(d.Address[:], 1, '-', "EUI-48 address", "RFC 7043 §3.2")
}

// EUI64 is an address of eight octets (RFC 7043 §4).
type EUI64 struct{ Address [8]byte }

// Type returns [TypeEUI64].
func (*EUI64) Type() Type { return TypeEUI64 }

// Fields shows the address, in text with hyphens.
func (d *EUI64) Fields(c *Codec) {
	c.hexGroups(d.Address[:], 1, '-', "EUI-64 address", "RFC 7043 §4.2")
}
