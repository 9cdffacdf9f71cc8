package dns

import "bytes"

// NULL is anything (RFC 1035 §3.3.10).
type NULL struct{ Octets []byte }

// Type returns [TypeNULL].
func (*NULL) Type() Type { return TypeNULL }

// Fields shows the octets, in text as those of an unknown type, since master
// files have no NULL.
func (d *NULL) Fields(c *Codec) { c.unknown(&d.Octets) }

// EID is an endpoint's identifier in Nimrod, which was never used.
type EID struct{ Endpoint []byte }

// Type returns [TypeEID].
func (*EID) Type() Type { return TypeEID }

// Fields shows the octets, of which there is one at least.
func (d *EID) Fields(c *Codec) {
	c.Hex(&d.Endpoint)
	c.must(len(d.Endpoint) > 0, "no endpoint", "", ErrValue)
}

// NIMLOC is a locator in Nimrod, which was never used.
type NIMLOC struct{ Locator []byte }

// Type returns [TypeNIMLOC].
func (*NIMLOC) Type() Type { return TypeNIMLOC }

// Fields shows the octets, of which there is one at least.
func (d *NIMLOC) Fields(c *Codec) {
	c.Hex(&d.Locator)
	c.must(len(d.Locator) > 0, "no locator", "", ErrValue)
}

// DHCID tells which client of DHCP a name belongs to (RFC 4701 §3).
type DHCID struct {
	// Digest is a type of identifier in two octets, a type of digest in one,
	// and the digest.
	Digest []byte
}

// Type returns [TypeDHCID].
func (*DHCID) Type() Type { return TypeDHCID }

// Fields shows the octets.
func (d *DHCID) Fields(c *Codec) {
	c.Base64(&d.Digest)
	c.must(len(d.Digest) > 3, "no digest behind its type", "RFC 4701 §3.1", ErrValue)
}

// OPENPGPKEY is a key for a mail address (RFC 7929 §2).
type OPENPGPKEY struct {
	// PublicKey is a transferable public key.
	PublicKey []byte
}

// Type returns [TypeOPENPGPKEY].
func (*OPENPGPKEY) Type() Type { return TypeOPENPGPKEY }

// Fields shows the key.
func (d *OPENPGPKEY) Fields(c *Codec) {
	c.Base64(&d.PublicKey)
	c.must(len(d.PublicKey) > 0, "no key", "RFC 7929 §2.1", ErrValue)
}

// CERT is a certificate (RFC 4398 §2).
type CERT struct {
	// CertType is its kind, such as [CertPKIX].
	CertType uint16
	// KeyTag is that of the key in it, as [DNSKEY.KeyTag]; 0 where that has no
	// meaning.
	KeyTag uint16
	// Algorithm is that of the key; 0 where it is not one of DNSSEC's.
	Algorithm Algorithm
	// Certificate is in the form of its kind.
	Certificate []byte
}

// Kinds of certificates (RFC 4398 §2.1).
const (
	CertPKIX    = 1   // X.509
	CertSPKI    = 2   // SPKI
	CertPGP     = 3   // OpenPGP
	CertIPKIX   = 4   // the URL of an X.509 object
	CertISPKI   = 5   // the URL of an SPKI certificate
	CertIPGP    = 6   // the fingerprint and URL of an OpenPGP packet
	CertACPKIX  = 7   // an attribute certificate
	CertIACPKIX = 8   // the URL of an attribute certificate
	CertURI     = 253 // private, by a URI in front
	CertOID     = 254 // private, by an OID in front
)

var certTypeNames = map[uint16]string{
	CertPKIX: "PKIX", CertSPKI: "SPKI", CertPGP: "PGP", CertIPKIX: "IPKIX", CertISPKI: "ISPKI",
	CertIPGP: "IPGP", CertACPKIX: "ACPKIX", CertIACPKIX: "IACPKIX", CertURI: "URI", CertOID: "OID",
}

var certTypes = func() map[string]uint16 {
	m := make(map[string]uint16)
	for t, name := range certTypeNames {
		m[name] = t
	}
	return m
}()

// Type returns [TypeCERT].
func (*CERT) Type() Type { return TypeCERT }

// Fields shows the kind and the algorithm, in text as mnemonics, the tag and
// the certificate.
func (d *CERT) Fields(c *Codec) {
	t, ok := mnemonic(c, certTypes)
	switch {
	case ok:
		d.CertType = t
	case c.op == opPrint && certTypeNames[d.CertType] != "":
		c.dst = append(c.dst, certTypeNames[d.CertType]...)
	default:
		c.Uint16(&d.CertType)
	}
	c.Uint16(&d.KeyTag)
	if c.op == opPrint {
		c.space()
		c.dst = append(c.dst, d.Algorithm.String()...)
	} else {
		c.Algorithm(&d.Algorithm)
	}
	c.Base64(&d.Certificate)
	c.must(len(d.Certificate) > 0, "no certificate", "RFC 4398 §2", ErrValue)
}

// NSAP is a network address of OSI (RFC 1706 §5).
type NSAP struct{ Address []byte }

// Type returns [TypeNSAP].
func (*NSAP) Type() Type { return TypeNSAP }

// Fields shows the address, in text "0x" and hexadecimal digits, which dots may
// divide.
func (d *NSAP) Fields(c *Codec) {
	const what, ref = "NSAP address", "RFC 1706 §7"
	switch c.op {
	case opPrint:
		c.dst = append(c.dst, "0x"...)
		for _, o := range d.Address {
			c.dst = appendHexGroup(c.dst, []byte{o})
		}
	case opScan:
		t, ok := c.word(what)
		if !ok {
			return
		}
		digits, ok := bytes.CutPrefix(t.Text, []byte("0x"))
		if !ok {
			digits, ok = bytes.CutPrefix(t.Text, []byte("0X"))
		}
		c.must(ok, what+" without 0x", ref, ErrSyntax)
		d.Address = c.decode(bytes.ReplaceAll(digits, []byte("."), nil), &hexText)
	default:
		c.Hex(&d.Address)
	}
	c.must(len(d.Address) > 0, what, ref, ErrValue)
}
