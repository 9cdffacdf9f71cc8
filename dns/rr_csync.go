package dns

// CSYNC asks the parent to take records from the zone (RFC 7477 §2.1).
type CSYNC struct {
	// Serial is the serial number from which on that may be done.
	Serial uint32
	// Flags are the sum of CSYNCImmediate and CSYNCSOAMinimum.
	Flags uint16
	// Types are those of the records.
	Types TypeBitmap
}

// Flags of [CSYNC] (RFC 7477 §2.1.1.2).
const (
	CSYNCImmediate  = 1 // without someone who agrees
	CSYNCSOAMinimum = 2 // only from Serial on
)

// Type returns [TypeCSYNC].
func (*CSYNC) Type() Type { return TypeCSYNC }

// Fields shows serial, flags and types.
func (d *CSYNC) Fields(c *Codec) {
	c.Uint32(&d.Serial)
	c.Uint16(&d.Flags)
	c.TypeBitmap(&d.Types)
}
