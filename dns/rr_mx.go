package dns

// MX names a host that takes mail for the owner (RFC 1035 §3.3.9).
type MX struct {
	// Preference orders them: lower numbers first.
	Preference uint16
	// Exchange is the host; the root for no mail at all (RFC 7505 §3).
	Exchange Name
}

// Type returns [TypeMX].
func (*MX) Type() Type { return TypeMX }

// Fields shows the preference and the host.
func (d *MX) Fields(c *Codec) {
	c.Uint16(&d.Preference)
	c.CompressedName(&d.Exchange)
}
