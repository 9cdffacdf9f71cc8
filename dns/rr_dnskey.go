package dns

import (
	"encoding/binary"
	"strings"

	"applayer/internal/ascii"
)

// Flags of a DNSKEY (RFC 4034 §2.1.1, RFC 5011 §7).
const (
	KeyFlagZone   = 0x0100 // signs the zone
	KeyFlagRevoke = 0x0080 // is given up
	KeyFlagSEP    = 0x0001 // is meant to be what a DS points to
)

// DNSKEY is a public key of a zone (RFC 4034 §2).
type DNSKEY struct {
	// Flags are the sum of KeyFlagZone and others.
	Flags uint16
	// Protocol is 3.
	Protocol uint8
	// Algorithm is what the key is for.
	Algorithm Algorithm
	// PublicKey is in the algorithm's form.
	PublicKey []byte
}

// Type returns [TypeDNSKEY].
func (*DNSKEY) Type() Type { return TypeDNSKEY }

// Fields shows flags, protocol, algorithm and key.
func (d *DNSKEY) Fields(c *Codec) {
	c.Uint16(&d.Flags)
	c.Uint8(&d.Protocol)
	c.Algorithm(&d.Algorithm)
	c.Base64(&d.PublicKey)
	d.check(c)
}

// keyFlagNoKey are the two bits that say that there is no key (RFC 2535 §3.1.2).
const keyFlagNoKey = 0xc000

func (d *DNSKEY) check(c *Codec) {
	c.must(len(d.PublicKey) > 0 || d.Flags&keyFlagNoKey == keyFlagNoKey, "no key", "RFC 4034 §2.1.4", ErrValue)
}

// KeyTag returns the number by which DS and RRSIG records name the key; keys
// may share it (RFC 4034 §B).
func (d *DNSKEY) KeyTag() uint16 {
	if d.Algorithm == AlgorithmRSAMD5 {
		if n := len(d.PublicKey); n >= 3 {
			return binary.BigEndian.Uint16(d.PublicKey[n-3:])
		}
		return 0
	}
	sum := uint32(d.Flags) + uint32(d.Protocol)<<8 + uint32(d.Algorithm)
	for i, o := range d.PublicKey {
		if i%2 == 0 {
			sum += uint32(o) << 8
		} else {
			sum += uint32(o)
		}
	}
	return uint16(sum + sum>>16)
}

// CDNSKEY is the key that a zone asks its parent to point to (RFC 7344 §3.2).
type CDNSKEY struct{ DNSKEY }

// Type returns [TypeCDNSKEY].
func (*CDNSKEY) Type() Type { return TypeCDNSKEY }

// IsDelete tells whether the record asks that there be no DS (RFC 8078 §4).
func (d *CDNSKEY) IsDelete() bool { return d.Algorithm == AlgorithmDelete }

// Fields shows those of DNSKEY.
func (d *CDNSKEY) Fields(c *Codec) {
	c.Uint16(&d.Flags)
	c.Uint8(&d.Protocol)
	c.Algorithm(&d.Algorithm)
	c.zeroOr(&d.PublicKey, c.Base64)
	d.check(c)
}

// KEY is a public key for other ends than the signatures of a zone, as SIG(0)
// (RFC 2535 §3, RFC 2931 §2.4).
type KEY struct{ DNSKEY }

// Type returns [TypeKEY].
func (*KEY) Type() Type { return TypeKEY }

// Fields shows those of DNSKEY; flags and protocol are read as mnemonics too
// (RFC 2535 §7.1).
func (d *KEY) Fields(c *Codec) {
	if !c.keyFlags(&d.Flags) {
		c.Uint16(&d.Flags)
	}
	if p, ok := mnemonic(c, keyProtocols); ok {
		d.Protocol = p
	} else {
		c.Uint8(&d.Protocol)
	}
	c.Algorithm(&d.Algorithm)
	c.Base64(&d.PublicKey)
	d.check(c)
	c.must(len(d.PublicKey) == 0 || d.Flags&keyFlagNoKey != keyFlagNoKey, "key where the flags say that there is none", "RFC 2535 §3.1.2", ErrValue)
}

var keyProtocols = map[string]uint8{"TLS": 1, "EMAIL": 2, "DNSSEC": 3, "IPSEC": 4, "ALL": 255}

// keyFlags are the values of flags by mnemonic, bits of fields of two bits
// apart (RFC 2535 §7.1).
var keyFlags = map[string]uint16{
	"NOCONF": 0x4000, "NOAUTH": 0x8000, "NOKEY": 0xc000,
	"FLAG2": 0x2000, "EXTEND": 0x1000, "FLAG4": 0x0800, "FLAG5": 0x0400,
	"USER": 0, "ZONE": 0x0100, "HOST": 0x0200, "NTYP3": 0x0300,
	"FLAG8": 0x0080, "FLAG9": 0x0040, "FLAG10": 0x0020, "FLAG11": 0x0010,
	"SIG0": 0, "SIG1": 1, "SIG2": 2, "SIG3": 3, "SIG4": 4, "SIG5": 5, "SIG6": 6, "SIG7": 7,
	"SIG8": 8, "SIG9": 9, "SIG10": 10, "SIG11": 11, "SIG12": 12, "SIG13": 13, "SIG14": 14, "SIG15": 15,
}

// keyFlags takes the next token where it is mnemonics with bars between them.
func (c *Codec) keyFlags(v *uint16) bool {
	if c.op != opScan || !c.more() {
		return false
	}
	text := c.tokens[c.next].Text
	if len(text) == 0 || c.tokens[c.next].Quoted || !ascii.Alpha.Has(text[0]) {
		return false
	}
	c.next++
	*v = 0
	for name := range strings.SplitSeq(string(text), "|") {
		flag, ok := lookUpper(keyFlags, name)
		if !ok {
			c.fail("flag "+quoted(name), "RFC 2535 §7.1", ErrSyntax)
			return true
		}
		*v |= flag
	}
	return true
}
