package dns

import "net/netip"

// How a gateway or a relay is told (RFC 4025 §2.3, RFC 8777 §4.2.3).
const (
	GatewayNone = 0 // there is none
	GatewayIPv4 = 1 // by an IPv4 address
	GatewayIPv6 = 2 // by an IPv6 address
	GatewayName = 3 // by a name
)

// Gateway is a host told in one of several ways.
type Gateway struct {
	// Addr is the address of [GatewayIPv4] and [GatewayIPv6].
	Addr netip.Addr
	// Host is the name of [GatewayName].
	Host Name
	// Octets are all of a relay that is told in a way not known here.
	Octets []byte
}

// gateway is a field of a kind that stands before it; none is a dot in text. It
// tells whether it knows the kind.
func (c *Codec) gateway(kind uint8, v *Gateway, ref string) (known bool) {
	switch kind {
	case GatewayNone:
		c.dot(ref)
	case GatewayIPv4:
		c.IPv4(&v.Addr)
	case GatewayIPv6:
		c.IPv6(&v.Addr)
	case GatewayName:
		c.PlainName(&v.Host)
	default:
		return false
	}
	return true
}

// dot is a field that is nothing, in text a dot.
func (c *Codec) dot(ref string) {
	switch c.op {
	case opPrint:
		c.space()
		c.dst = append(c.dst, '.')
	case opScan:
		if t, ok := c.word("dot"); ok {
			c.must(string(t.Text) == ".", "dot for no gateway", ref, ErrSyntax)
		}
	}
}

// IPSECKEY is a public key for IPsec (RFC 4025 §2).
type IPSECKEY struct {
	// Precedence orders them: lower numbers first.
	Precedence uint8
	// GatewayType is which of Gateway is meant, such as [GatewayIPv4].
	GatewayType uint8
	// Algorithm is the key's: 1 DSA, 2 RSA, 0 for no key.
	Algorithm uint8
	// Gateway is whom to build the tunnel to.
	Gateway Gateway
	// PublicKey is in the algorithm's form.
	PublicKey []byte
}

// Type returns [TypeIPSECKEY].
func (*IPSECKEY) Type() Type { return TypeIPSECKEY }

// Fields shows three numbers, the gateway and the key.
func (d *IPSECKEY) Fields(c *Codec) {
	c.Uint8(&d.Precedence)
	c.Uint8(&d.GatewayType)
	c.Uint8(&d.Algorithm)
	known := c.gateway(d.GatewayType, &d.Gateway, "RFC 4025 §2.3")
	c.must(known, "gateway type", "RFC 4025 §2.3", ErrValue)
	c.Base64(&d.PublicKey)
	c.must(d.Algorithm == 0 || len(d.PublicKey) > 0, "no key", "RFC 4025 §2.4", ErrValue)
}

// AMTRELAY names a relay for multicast (RFC 8777 §4).
type AMTRELAY struct {
	// Precedence orders them: lower numbers first.
	Precedence uint8
	// Discovery tells that the relay can be asked for another first (D).
	Discovery bool
	// RelayType is which of Relay is meant, such as [GatewayIPv4].
	RelayType uint8
	// Relay is the relay.
	Relay Gateway
}

// Type returns [TypeAMTRELAY].
func (*AMTRELAY) Type() Type { return TypeAMTRELAY }

// Fields shows the precedence, the bit and the type, which share an octet on
// the wire, and the relay.
func (d *AMTRELAY) Fields(c *Codec) {
	const ref = "RFC 8777 §4.2"
	c.Uint8(&d.Precedence)
	bit := uint8(0)
	if d.Discovery {
		bit = 1
	}
	c.must(d.RelayType < 128, "relay type", ref, ErrValue)
	if c.op == opPrint || c.op == opScan {
		c.Uint8(&bit)
		c.must(bit <= 1, "discovery bit", ref, ErrSyntax)
		c.Uint8(&d.RelayType)
		c.must(d.RelayType < 128, "relay type", ref, ErrSyntax)
	} else {
		octet := bit<<7 | d.RelayType
		if c.Uint8(&octet); c.op == opParse {
			bit, d.RelayType = octet>>7, octet&127
		}
	}
	if c.reads() {
		d.Discovery = bit == 1
	}
	switch known := c.gateway(d.RelayType, &d.Relay, ref); {
	case known:
	case c.op == opPrint && c.err == nil:
		c.err = errNoText // it is passed on all the same (RFC 8777 §4.2.3)
	case c.op == opScan:
		c.fail("relay type", "RFC 8777 §4.2.3", ErrSyntax)
	default:
		c.Hex(&d.Relay.Octets)
	}
}
