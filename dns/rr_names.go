package dns

// MINFO names those who look after a mailing list (RFC 1035 §3.3.7).
type MINFO struct {
	// Responsible is the mailbox of who runs it.
	Responsible Name
	// Errors is the mailbox for what cannot be delivered.
	Errors Name
}

// Type returns [TypeMINFO].
func (*MINFO) Type() Type { return TypeMINFO }

// Fields shows both names.
func (d *MINFO) Fields(c *Codec) {
	c.CompressedName(&d.Responsible)
	c.CompressedName(&d.Errors)
}

// RP names a person responsible for the owner (RFC 1183 §2.2).
type RP struct {
	// Mailbox is the person's; the root for none.
	Mailbox Name
	// Text is where TXT records tell more; the root for nowhere.
	Text Name
}

// Type returns [TypeRP].
func (*RP) Type() Type { return TypeRP }

// Fields shows both names, which are not compressed (RFC 3597 §4).
func (d *RP) Fields(c *Codec) {
	c.Name(&d.Mailbox)
	c.Name(&d.Text)
}

// AFSDB names a server of a cell of AFS or DCE (RFC 1183 §1).
type AFSDB struct {
	// Subtype is 1 for AFS, 2 for DCE.
	Subtype uint16
	// Host is the server.
	Host Name
}

// Type returns [TypeAFSDB].
func (*AFSDB) Type() Type { return TypeAFSDB }

// Fields shows the subtype and the host.
func (d *AFSDB) Fields(c *Codec) {
	c.Uint16(&d.Subtype)
	c.Name(&d.Host)
}

// RT names a host that relays to the owner (RFC 1183 §3.3).
type RT struct {
	// Preference orders them: lower numbers first.
	Preference uint16
	// Host is the relay.
	Host Name
}

// Type returns [TypeRT].
func (*RT) Type() Type { return TypeRT }

// Fields shows the preference and the host.
func (d *RT) Fields(c *Codec) {
	c.Uint16(&d.Preference)
	c.Name(&d.Host)
}

// KX names a host that exchanges keys for the owner (RFC 2230 §3).
type KX struct {
	// Preference orders them: lower numbers first.
	Preference uint16
	// Exchanger is the host.
	Exchanger Name
}

// Type returns [TypeKX].
func (*KX) Type() Type { return TypeKX }

// Fields shows the preference and the host.
func (d *KX) Fields(c *Codec) {
	c.Uint16(&d.Preference)
	c.Name(&d.Exchanger)
}

// PX maps between mail addresses of the Internet and of X.400 (RFC 2163 §4).
type PX struct {
	// Preference orders them: lower numbers first.
	Preference uint16
	// Map822 and MapX400 are the two forms of a domain.
	Map822, MapX400 Name
}

// Type returns [TypePX].
func (*PX) Type() Type { return TypePX }

// Fields shows the preference and both names.
func (d *PX) Fields(c *Codec) {
	c.Uint16(&d.Preference)
	c.Name(&d.Map822)
	c.Name(&d.MapX400)
}

// DSYNC tells where a child's notifications for its parent go (RFC 9859 §2).
type DSYNC struct {
	// RRType is the type of the records that it is about: CDS or CSYNC.
	RRType Type
	// Scheme is how; 1 is [DSYNCNotify].
	Scheme uint8
	// Port is where the target listens.
	Port uint16
	// Target is the host.
	Target Name
}

// DSYNCNotify is the scheme of [DSYNC] by which NOTIFY messages are sent
// (RFC 9859 §2).
const DSYNCNotify = 1

// Type returns [TypeDSYNC].
func (*DSYNC) Type() Type { return TypeDSYNC }

var dsyncSchemes = map[string]uint8{"NOTIFY": DSYNCNotify}

// Fields shows the type, the scheme by its name if it has one, the port and the
// target.
func (d *DSYNC) Fields(c *Codec) {
	c.Type(&d.RRType)
	scheme, ok := mnemonic(c, dsyncSchemes)
	switch {
	case ok:
		d.Scheme = scheme
	case c.op == opPrint && d.Scheme == DSYNCNotify:
		c.dst = append(c.dst, " NOTIFY"...)
	default:
		c.Uint8(&d.Scheme)
	}
	c.Uint16(&d.Port)
	c.PlainName(&d.Target)
}
