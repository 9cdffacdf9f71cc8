package dns

// TXT is text: one character-string or more, each of up to 255 octets of any
// value (RFC 1035 §3.3.14).
type TXT struct{ Texts []string }

// Type returns [TypeTXT].
func (*TXT) Type() Type { return TypeTXT }

// Fields shows the character-strings.
func (d *TXT) Fields(c *Codec) { c.Texts(&d.Texts) }
