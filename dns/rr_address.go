package dns

import "net/netip"

// A is a host's IPv4 address (RFC 1035 §3.4.1).
type A struct{ Addr netip.Addr }

// Type returns [TypeA].
func (*A) Type() Type { return TypeA }

// Fields shows the address.
func (d *A) Fields(c *Codec) { c.IPv4(&d.Addr) }

// AAAA is a host's IPv6 address (RFC 3596 §2.1). One that holds a mapped IPv4
// address keeps it so.
type AAAA struct{ Addr netip.Addr }

// Type returns [TypeAAAA].
func (*AAAA) Type() Type { return TypeAAAA }

// Fields shows the address.
func (d *AAAA) Fields(c *Codec) { c.IPv6(&d.Addr) }
