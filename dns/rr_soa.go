package dns

// SOA marks the start of a zone of authority (RFC 1035 §3.3.13). Times are in
// seconds.
type SOA struct {
	// MName is the zone's primary name server.
	MName Name
	// RName is the mailbox of the person responsible: its first label is the
	// local part.
	RName Name
	// Serial is the version of the zone, in sequence space (RFC 1982).
	Serial uint32
	// Refresh is how long a secondary waits before it looks for a new version.
	Refresh uint32
	// Retry is how long it waits after it could not.
	Retry uint32
	// Expire is when the zone is no longer authoritative without a look.
	Expire uint32
	// Minimum bounds how long an answer that there is nothing is kept
	// (RFC 2308 §4).
	Minimum uint32
}

// Type returns [TypeSOA].
func (*SOA) Type() Type { return TypeSOA }

// Fields shows the two names and the five numbers.
func (d *SOA) Fields(c *Codec) {
	c.CompressedName(&d.MName)
	c.CompressedName(&d.RName)
	c.Uint32(&d.Serial)
	c.Seconds(&d.Refresh)
	c.Seconds(&d.Retry)
	c.Seconds(&d.Expire)
	c.Seconds(&d.Minimum)
}
