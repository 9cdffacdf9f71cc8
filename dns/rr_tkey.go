package dns

// TKEY agrees on a secret key for TSIG (RFC 2930 §2).
type TKEY struct {
	// Algorithm names the algorithm that the key is for.
	Algorithm Name
	// Inception and Expiration bound when the key may be used: seconds since
	// 1970, compared as serial numbers.
	Inception, Expiration uint32
	// Mode is how the key is made (RFC 2930 §2.5).
	Mode uint16
	// Error is what a server found wrong.
	Error RCode
	// Key is what the mode makes of it.
	Key []byte
	// Other is not used.
	Other []byte
}

// Type returns [TypeTKEY].
func (*TKEY) Type() Type { return TypeTKEY }

// Fields shows the algorithm, times, mode, error and two groups of octets. The
// text is that of dig; no RFC has one.
func (d *TKEY) Fields(c *Codec) {
	c.Name(&d.Algorithm)
	c.Time(&d.Inception)
	c.Time(&d.Expiration)
	c.Uint16(&d.Mode)
	c.rcode(&d.Error)
	c.octets16(&d.Key)
	c.octets16(&d.Other)
}
