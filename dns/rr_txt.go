package dns

// TXT is text: one character-string or more, each of up to 255 octets of any
// value (RFC 1035 §3.3.14).
type TXT struct{ Texts []string }

// Type returns [TypeTXT].
func (*TXT) Type() Type { return TypeTXT }

// Fields shows the character-strings.
func (d *TXT) Fields(c *Codec) { c.Texts(&d.Texts) }

// SPF is a mail policy as TXT has it now (RFC 7208 §3.1).
type SPF struct{ TXT }

// Type returns [TypeSPF].
func (*SPF) Type() Type { return TypeSPF }

// AVC describes an application's visibility and control; its data is that of
// TXT.
type AVC struct{ TXT }

// Type returns [TypeAVC].
func (*AVC) Type() Type { return TypeAVC }

// RESINFO tells a resolver's properties, each as key or key=value in a text
// (RFC 9606 §3).
type RESINFO struct{ TXT }

// Type returns [TypeRESINFO].
func (*RESINFO) Type() Type { return TypeRESINFO }

// WALLET maps a name to an address of a currency; its data is that of TXT.
type WALLET struct{ TXT }

// Type returns [TypeWALLET].
func (*WALLET) Type() Type { return TypeWALLET }
