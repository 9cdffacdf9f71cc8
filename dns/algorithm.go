package dns

import "strconv"

// Algorithm is the number of an algorithm of keys and signatures
// (RFC 4034 §A.1).
type Algorithm uint8

// The algorithms. 252 and above stand for others or none.
const (
	AlgorithmDelete           Algorithm = 0 // RFC 8078 §4
	AlgorithmRSAMD5           Algorithm = 1 // not for signing: RFC 6725
	AlgorithmDH               Algorithm = 2
	AlgorithmDSA              Algorithm = 3
	AlgorithmRSASHA1          Algorithm = 5  // RFC 4034 §A.1
	AlgorithmDSANSEC3SHA1     Algorithm = 6  // RFC 5155 §2
	AlgorithmRSASHA1NSEC3SHA1 Algorithm = 7  // RFC 5155 §2
	AlgorithmRSASHA256        Algorithm = 8  // RFC 5702 §2.1
	AlgorithmRSASHA512        Algorithm = 10 // RFC 5702 §2.2
	AlgorithmECCGOST          Algorithm = 12
	AlgorithmECDSAP256SHA256  Algorithm = 13 // RFC 6605 §4
	AlgorithmECDSAP384SHA384  Algorithm = 14 // RFC 6605 §4
	AlgorithmED25519          Algorithm = 15 // RFC 8080 §3
	AlgorithmED448            Algorithm = 16 // RFC 8080 §3
	AlgorithmIndirect         Algorithm = 252
	AlgorithmPrivateDNS       Algorithm = 253 // RFC 4034 §A.1.1
	AlgorithmPrivateOID       Algorithm = 254 // RFC 4034 §A.1.1
)

// algorithmNames are the mnemonics, as BIND prints them.
var algorithmNames = map[Algorithm]string{
	AlgorithmRSAMD5:           "RSAMD5",
	AlgorithmDH:               "DH",
	AlgorithmDSA:              "DSA",
	AlgorithmRSASHA1:          "RSASHA1",
	AlgorithmDSANSEC3SHA1:     "NSEC3DSA",
	AlgorithmRSASHA1NSEC3SHA1: "NSEC3RSASHA1",
	AlgorithmRSASHA256:        "RSASHA256",
	AlgorithmRSASHA512:        "RSASHA512",
	AlgorithmECCGOST:          "ECCGOST",
	AlgorithmECDSAP256SHA256:  "ECDSAP256SHA256",
	AlgorithmECDSAP384SHA384:  "ECDSAP384SHA384",
	AlgorithmED25519:          "ED25519",
	AlgorithmED448:            "ED448",
	AlgorithmIndirect:         "INDIRECT",
	AlgorithmPrivateDNS:       "PRIVATEDNS",
	AlgorithmPrivateOID:       "PRIVATEOID",
}

// algorithmsByName has the registry's names too where they differ.
var algorithmsByName = func() map[string]Algorithm {
	m := map[string]Algorithm{
		"DSA-NSEC3-SHA1":     AlgorithmDSANSEC3SHA1,
		"RSASHA1-NSEC3-SHA1": AlgorithmRSASHA1NSEC3SHA1,
		"ECC-GOST":           AlgorithmECCGOST,
	}
	for a, name := range algorithmNames {
		m[name] = a
	}
	return m
}()

// String returns the mnemonic, or the number.
func (a Algorithm) String() string {
	if name, ok := algorithmNames[a]; ok {
		return name
	}
	return strconv.Itoa(int(a))
}

// DigestType is the number of a digest of keys (RFC 4034 §A.2).
type DigestType uint8

// The digests of DS records.
const (
	DigestSHA1   DigestType = 1 // RFC 4034 §A.2
	DigestSHA256 DigestType = 2 // RFC 4509 §2.1
	DigestGOST   DigestType = 3
	DigestSHA384 DigestType = 4 // RFC 6605 §2
)

// Size returns how many octets the digest has, 0 where it is not known.
func (t DigestType) Size() int {
	switch t {
	case DigestSHA1:
		return 20
	case DigestSHA256, DigestGOST:
		return 32
	case DigestSHA384:
		return 48
	}
	return 0
}
