package dns

import "applayer/internal/ascii"

// HINFO tells a host's machine and system (RFC 1035 §3.3.2); today, that a
// question for all types has no whole answer (RFC 8482 §4.2).
type HINFO struct{ CPU, OS string }

// Type returns [TypeHINFO].
func (*HINFO) Type() Type { return TypeHINFO }

// Fields shows both texts.
func (d *HINFO) Fields(c *Codec) {
	c.Text(&d.CPU)
	c.Text(&d.OS)
}

// NAPTR is a rule that rewrites a string into a name (RFC 3403 §4.1).
type NAPTR struct {
	// Order is the order of rules that must be kept.
	Order uint16
	// Preference orders rules of equal order.
	Preference uint16
	// Flags say what the result is.
	Flags string
	// Services are what the rule leads to.
	Services string
	// Regexp is a substitution; empty where Replacement is the result.
	Regexp string
	// Replacement is the next name; the root where there is a Regexp.
	Replacement Name
}

// Type returns [TypeNAPTR].
func (*NAPTR) Type() Type { return TypeNAPTR }

// Fields shows two numbers, three texts and the name.
func (d *NAPTR) Fields(c *Codec) {
	c.Uint16(&d.Order)
	c.Uint16(&d.Preference)
	c.Text(&d.Flags)
	c.Text(&d.Services)
	c.Text(&d.Regexp)
	c.Name(&d.Replacement)
}

// CAA says who may issue certificates for a name (RFC 8659 §4).
type CAA struct {
	// Flags is 128 where an issuer must know the tag, or issue nothing.
	Flags uint8
	// Tag is the property: issue, issuewild, iodef and others; letters and
	// digits in any case.
	Tag string
	// Value is the property's.
	Value string
}

// CAACritical is the flag of [CAA] that an issuer must know the tag
// (RFC 8659 §4.1.1).
const CAACritical = 128

// Type returns [TypeCAA].
func (*CAA) Type() Type { return TypeCAA }

// Fields shows the flags, the tag without quotes, and the value in them.
func (d *CAA) Fields(c *Codec) {
	c.Uint8(&d.Flags)
	c.letters(&d.Tag)
	c.LongText(&d.Value)
}

var lettersDigits = ascii.Alpha.Or(ascii.Digit)

// letters are letters and digits behind their number, one at least; in text
// without quotes.
func (c *Codec) letters(v *string) {
	const what, ref = "tag of letters and digits", "RFC 8659 §4.1"
	valid := func() bool {
		return len(*v) > 0 && len(*v) <= 255 && ascii.Span(&lettersDigits, *v) == len(*v)
	}
	switch c.op {
	case opParse:
		if c.Text(v); c.err == nil && !valid() {
			c.off -= len(*v)
			c.fail(what, ref, ErrValue)
		}
	case opScan:
		if t, ok := c.word(what); ok {
			*v = c.mem.string(t.Text)
			c.must(valid(), what, ref, ErrSyntax)
		}
	case opPrint:
		c.must(valid(), what, ref, ErrValue)
		c.space()
		c.dst = append(c.dst, *v...)
	default:
		c.must(valid(), what, ref, ErrValue)
		c.appendText(*v)
	}
}

// URI points to a resource by its URI (RFC 7553 §4).
type URI struct {
	// Priority orders the targets: lower numbers first.
	Priority uint16
	// Weight shares the load among those of one priority.
	Weight uint16
	// Target is the URI, which is not empty.
	Target string
}

// Type returns [TypeURI].
func (*URI) Type() Type { return TypeURI }

// Fields shows two numbers and the target.
func (d *URI) Fields(c *Codec) {
	c.Uint16(&d.Priority)
	c.Uint16(&d.Weight)
	c.LongText(&d.Target)
	c.must(d.Target != "", "empty target", "RFC 7553 §4.4", ErrValue)
}

// X25 is an address in a public data network (RFC 1183 §3.1).
type X25 struct{ Address string }

// Type returns [TypeX25].
func (*X25) Type() Type { return TypeX25 }

// Fields shows the address: four digits or more.
func (d *X25) Fields(c *Codec) {
	c.Text(&d.Address)
	c.must(len(d.Address) >= 4 && ascii.Span(&ascii.Digit, d.Address) == len(d.Address),
		"address of four digits or more", "RFC 1183 §3.1", ErrValue)
}

// ISDN is a telephone number (RFC 1183 §3.2).
type ISDN struct {
	// Address is the number.
	Address string
	// Subaddress is what an extension may be reached by.
	Subaddress string
	// HasSubaddress tells that there is one, even if it is empty.
	HasSubaddress bool
}

// Type returns [TypeISDN].
func (*ISDN) Type() Type { return TypeISDN }

// Fields shows the number and the subaddress, if there is one.
func (d *ISDN) Fields(c *Codec) {
	c.Text(&d.Address)
	if c.reads() {
		d.HasSubaddress = c.more()
	}
	if d.HasSubaddress {
		c.Text(&d.Subaddress)
	}
}

// GPOS is a geographical position of former times, in decimal degrees and
// metres (RFC 1712 §3). See [LOC].
type GPOS struct{ Longitude, Latitude, Altitude string }

// Type returns [TypeGPOS].
func (*GPOS) Type() Type { return TypeGPOS }

// Fields shows three texts that are decimal numbers. Their range is not
// checked: the RFC's own examples have longitude and latitude exchanged.
func (d *GPOS) Fields(c *Codec) {
	for _, v := range []*string{&d.Longitude, &d.Latitude, &d.Altitude} {
		c.Text(v)
		c.must(isDecimal(*v), "number "+quoted(*v), "RFC 1712 §3", ErrValue)
	}
}

// isDecimal tells whether s are digits, with a sign in front perhaps, and a
// point and more digits behind.
func isDecimal(s string) bool {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	n := ascii.Span(&ascii.Digit, s)
	if n == 0 || n == len(s) {
		return n > 0
	}
	return s[n] == '.' && n+1 < len(s) && ascii.Span(&ascii.Digit, s[n+1:]) == len(s)-n-1
}
