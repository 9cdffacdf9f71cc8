package dns

// SRV names a host and port of a service (RFC 2782).
type SRV struct {
	// Priority orders the targets: lower numbers first.
	Priority uint16
	// Weight shares the load among those of one priority.
	Weight uint16
	// Port is where the service listens.
	Port uint16
	// Target is the host; the root for no such service.
	Target Name
}

// Type returns [TypeSRV].
func (*SRV) Type() Type { return TypeSRV }

// Fields shows the three numbers and the target, which is not compressed.
func (d *SRV) Fields(c *Codec) {
	c.Uint16(&d.Priority)
	c.Uint16(&d.Weight)
	c.Uint16(&d.Port)
	c.Name(&d.Target)
}
