package dns

import "strconv"

// Type is the type of a resource record, or of a question (RFC 1035 §3.2.2).
type Type uint16

// The types, as the registry names them. Some are asked for alone: OPT, TKEY,
// TSIG and those from IXFR to ANY are never data of a zone (RFC 6895 §3.1).
const (
	TypeA          Type = 1  // RFC 1035 §3.4.1
	TypeNS         Type = 2  // RFC 1035 §3.3.11
	TypeMD         Type = 3  // RFC 1035 §3.3.4
	TypeMF         Type = 4  // RFC 1035 §3.3.5
	TypeCNAME      Type = 5  // RFC 1035 §3.3.1
	TypeSOA        Type = 6  // RFC 1035 §3.3.13
	TypeMB         Type = 7  // RFC 1035 §3.3.3
	TypeMG         Type = 8  // RFC 1035 §3.3.6
	TypeMR         Type = 9  // RFC 1035 §3.3.8
	TypeNULL       Type = 10 // RFC 1035 §3.3.10
	TypeWKS        Type = 11 // RFC 1035 §3.4.2
	TypePTR        Type = 12 // RFC 1035 §3.3.12
	TypeHINFO      Type = 13 // RFC 1035 §3.3.2
	TypeMINFO      Type = 14 // RFC 1035 §3.3.7
	TypeMX         Type = 15 // RFC 1035 §3.3.9
	TypeTXT        Type = 16 // RFC 1035 §3.3.14
	TypeRP         Type = 17 // RFC 1183 §2.2
	TypeAFSDB      Type = 18 // RFC 1183 §1
	TypeX25        Type = 19 // RFC 1183 §3.1
	TypeISDN       Type = 20 // RFC 1183 §3.2
	TypeRT         Type = 21 // RFC 1183 §3.3
	TypeNSAP       Type = 22 // RFC 1706 §5
	TypeNSAPPTR    Type = 23 // RFC 1706 §6
	TypeSIG        Type = 24 // RFC 2931 §3
	TypeKEY        Type = 25 // RFC 2535 §3
	TypePX         Type = 26 // RFC 2163 §4
	TypeGPOS       Type = 27 // RFC 1712 §3
	TypeAAAA       Type = 28 // RFC 3596 §2.1
	TypeLOC        Type = 29 // RFC 1876 §2
	TypeNXT        Type = 30 // RFC 2535 §5.2
	TypeEID        Type = 31
	TypeNIMLOC     Type = 32
	TypeSRV        Type = 33  // RFC 2782
	TypeNAPTR      Type = 35  // RFC 3403 §4.1
	TypeKX         Type = 36  // RFC 2230 §3
	TypeCERT       Type = 37  // RFC 4398 §2
	TypeDNAME      Type = 39  // RFC 6672 §2.1
	TypeOPT        Type = 41  // RFC 6891 §6.1
	TypeAPL        Type = 42  // RFC 3123 §4
	TypeDS         Type = 43  // RFC 4034 §5
	TypeSSHFP      Type = 44  // RFC 4255 §3.1
	TypeIPSECKEY   Type = 45  // RFC 4025 §2
	TypeRRSIG      Type = 46  // RFC 4034 §3
	TypeNSEC       Type = 47  // RFC 4034 §4
	TypeDNSKEY     Type = 48  // RFC 4034 §2
	TypeDHCID      Type = 49  // RFC 4701 §3
	TypeNSEC3      Type = 50  // RFC 5155 §3
	TypeNSEC3PARAM Type = 51  // RFC 5155 §4
	TypeTLSA       Type = 52  // RFC 6698 §2
	TypeSMIMEA     Type = 53  // RFC 8162 §2
	TypeHIP        Type = 55  // RFC 8005 §5
	TypeCDS        Type = 59  // RFC 7344 §3.1
	TypeCDNSKEY    Type = 60  // RFC 7344 §3.2
	TypeOPENPGPKEY Type = 61  // RFC 7929 §2
	TypeCSYNC      Type = 62  // RFC 7477 §2.1
	TypeZONEMD     Type = 63  // RFC 8976 §2
	TypeSVCB       Type = 64  // RFC 9460 §2
	TypeHTTPS      Type = 65  // RFC 9460 §9
	TypeDSYNC      Type = 66  // RFC 9859 §2
	TypeSPF        Type = 99  // RFC 7208 §3.1
	TypeNID        Type = 104 // RFC 6742 §2.1
	TypeL32        Type = 105 // RFC 6742 §2.2
	TypeL64        Type = 106 // RFC 6742 §2.3
	TypeLP         Type = 107 // RFC 6742 §2.4
	TypeEUI48      Type = 108 // RFC 7043 §3
	TypeEUI64      Type = 109 // RFC 7043 §4
	TypeTKEY       Type = 249 // RFC 2930 §2
	TypeTSIG       Type = 250 // RFC 8945 §4.2
	TypeIXFR       Type = 251 // RFC 1995
	TypeAXFR       Type = 252 // RFC 5936
	TypeMAILB      Type = 253 // RFC 1035 §3.2.3
	TypeMAILA      Type = 254 // RFC 1035 §3.2.3
	TypeANY        Type = 255 // RFC 8482
	TypeURI        Type = 256 // RFC 7553 §4
	TypeCAA        Type = 257 // RFC 8659 §4
	TypeAVC        Type = 258
	TypeAMTRELAY   Type = 260 // RFC 8777 §4
	TypeRESINFO    Type = 261 // RFC 9606
	TypeWALLET     Type = 262
	TypeTA         Type = 32768
	TypeDLV        Type = 32769 // RFC 4431
)

// typeNames are the mnemonics by number.
var typeNames = map[Type]string{
	TypeA:          "A",
	TypeNS:         "NS",
	TypeMD:         "MD",
	TypeMF:         "MF",
	TypeCNAME:      "CNAME",
	TypeSOA:        "SOA",
	TypeMB:         "MB",
	TypeMG:         "MG",
	TypeMR:         "MR",
	TypeNULL:       "NULL",
	TypeWKS:        "WKS",
	TypePTR:        "PTR",
	TypeHINFO:      "HINFO",
	TypeMINFO:      "MINFO",
	TypeMX:         "MX",
	TypeTXT:        "TXT",
	TypeRP:         "RP",
	TypeAFSDB:      "AFSDB",
	TypeX25:        "X25",
	TypeISDN:       "ISDN",
	TypeRT:         "RT",
	TypeNSAP:       "NSAP",
	TypeNSAPPTR:    "NSAP-PTR",
	TypeSIG:        "SIG",
	TypeKEY:        "KEY",
	TypePX:         "PX",
	TypeGPOS:       "GPOS",
	TypeAAAA:       "AAAA",
	TypeLOC:        "LOC",
	TypeNXT:        "NXT",
	TypeEID:        "EID",
	TypeNIMLOC:     "NIMLOC",
	TypeSRV:        "SRV",
	TypeNAPTR:      "NAPTR",
	TypeKX:         "KX",
	TypeCERT:       "CERT",
	TypeDNAME:      "DNAME",
	TypeOPT:        "OPT",
	TypeAPL:        "APL",
	TypeDS:         "DS",
	TypeSSHFP:      "SSHFP",
	TypeIPSECKEY:   "IPSECKEY",
	TypeRRSIG:      "RRSIG",
	TypeNSEC:       "NSEC",
	TypeDNSKEY:     "DNSKEY",
	TypeDHCID:      "DHCID",
	TypeNSEC3:      "NSEC3",
	TypeNSEC3PARAM: "NSEC3PARAM",
	TypeTLSA:       "TLSA",
	TypeSMIMEA:     "SMIMEA",
	TypeHIP:        "HIP",
	TypeCDS:        "CDS",
	TypeCDNSKEY:    "CDNSKEY",
	TypeOPENPGPKEY: "OPENPGPKEY",
	TypeCSYNC:      "CSYNC",
	TypeZONEMD:     "ZONEMD",
	TypeSVCB:       "SVCB",
	TypeHTTPS:      "HTTPS",
	TypeDSYNC:      "DSYNC",
	TypeSPF:        "SPF",
	TypeNID:        "NID",
	TypeL32:        "L32",
	TypeL64:        "L64",
	TypeLP:         "LP",
	TypeEUI48:      "EUI48",
	TypeEUI64:      "EUI64",
	TypeTKEY:       "TKEY",
	TypeTSIG:       "TSIG",
	TypeIXFR:       "IXFR",
	TypeAXFR:       "AXFR",
	TypeMAILB:      "MAILB",
	TypeMAILA:      "MAILA",
	TypeANY:        "ANY",
	TypeURI:        "URI",
	TypeCAA:        "CAA",
	TypeAVC:        "AVC",
	TypeAMTRELAY:   "AMTRELAY",
	TypeRESINFO:    "RESINFO",
	TypeWALLET:     "WALLET",
	TypeTA:         "TA",
	TypeDLV:        "DLV",
}

// typesByName are the numbers by mnemonic.
var typesByName = func() map[string]Type {
	m := make(map[string]Type, len(typeNames))
	for t, name := range typeNames {
		m[name] = t
	}
	return m
}()

// String returns the mnemonic, or "TYPE" and the number (RFC 3597 §5).
func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// IsMeta tells whether t stands for no data of a zone: OPT, and the numbers of
// questions and meta types (RFC 6895 §3.1).
func (t Type) IsMeta() bool { return t == TypeOPT || t >= 128 && t <= 255 }

// ParseType reads a mnemonic in any case, or "TYPE" and a number (RFC 3597 §5).
func ParseType(s string) (Type, error) {
	if t, ok := lookUpper(typesByName, s); ok {
		return t, nil
	}
	if n, ok := numbered(s, "TYPE"); ok {
		return Type(n), nil
	}
	return 0, textError(0, "type "+quoted(s), "RFC 3597 §5", ErrSyntax)
}
