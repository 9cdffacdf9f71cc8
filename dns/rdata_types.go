package dns

// rdataTypes makes an empty value of each type that has a form of its own; one
// table for all that reads records.
var rdataTypes = [...]func() RData{
	TypeA:          func() RData { return new(A) },
	TypeNS:         func() RData { return new(NS) },
	TypeMD:         func() RData { return new(MD) },
	TypeMF:         func() RData { return new(MF) },
	TypeCNAME:      func() RData { return new(CNAME) },
	TypeSOA:        func() RData { return new(SOA) },
	TypeMB:         func() RData { return new(MB) },
	TypeMG:         func() RData { return new(MG) },
	TypeMR:         func() RData { return new(MR) },
	TypeNULL:       func() RData { return new(NULL) },
	TypeWKS:        func() RData { return new(WKS) },
	TypePTR:        func() RData { return new(PTR) },
	TypeHINFO:      func() RData { return new(HINFO) },
	TypeMINFO:      func() RData { return new(MINFO) },
	TypeMX:         func() RData { return new(MX) },
	TypeTXT:        func() RData { return new(TXT) },
	TypeRP:         func() RData { return new(RP) },
	TypeAFSDB:      func() RData { return new(AFSDB) },
	TypeX25:        func() RData { return new(X25) },
	TypeISDN:       func() RData { return new(ISDN) },
	TypeRT:         func() RData { return new(RT) },
	TypeNSAP:       func() RData { return new(NSAP) },
	TypeNSAPPTR:    func() RData { return new(NSAPPTR) },
	TypeSIG:        func() RData { return new(SIG) },
	TypeKEY:        func() RData { return new(KEY) },
	TypePX:         func() RData { return new(PX) },
	TypeGPOS:       func() RData { return new(GPOS) },
	TypeAAAA:       func() RData { return new(AAAA) },
	TypeLOC:        func() RData { return new(LOC) },
	TypeNXT:        func() RData { return new(NXT) },
	TypeEID:        func() RData { return new(EID) },
	TypeNIMLOC:     func() RData { return new(NIMLOC) },
	TypeSRV:        func() RData { return new(SRV) },
	TypeNAPTR:      func() RData { return new(NAPTR) },
	TypeKX:         func() RData { return new(KX) },
	TypeCERT:       func() RData { return new(CERT) },
	TypeDNAME:      func() RData { return new(DNAME) },
	TypeOPT:        func() RData { return new(OPT) },
	TypeAPL:        func() RData { return new(APL) },
	TypeDS:         func() RData { return new(DS) },
	TypeSSHFP:      func() RData { return new(SSHFP) },
	TypeIPSECKEY:   func() RData { return new(IPSECKEY) },
	TypeRRSIG:      func() RData { return new(RRSIG) },
	TypeNSEC:       func() RData { return new(NSEC) },
	TypeDNSKEY:     func() RData { return new(DNSKEY) },
	TypeDHCID:      func() RData { return new(DHCID) },
	TypeNSEC3:      func() RData { return new(NSEC3) },
	TypeNSEC3PARAM: func() RData { return new(NSEC3PARAM) },
	TypeTLSA:       func() RData { return new(TLSA) },
	TypeSMIMEA:     func() RData { return new(SMIMEA) },
	TypeHIP:        func() RData { return new(HIP) },
	TypeCDS:        func() RData { return new(CDS) },
	TypeCDNSKEY:    func() RData { return new(CDNSKEY) },
	TypeOPENPGPKEY: func() RData { return new(OPENPGPKEY) },
	TypeCSYNC:      func() RData { return new(CSYNC) },
	TypeZONEMD:     func() RData { return new(ZONEMD) },
	TypeSVCB:       func() RData { return new(SVCB) },
	TypeHTTPS:      func() RData { return new(HTTPS) },
	TypeDSYNC:      func() RData { return new(DSYNC) },
	TypeSPF:        func() RData { return new(SPF) },
	TypeNID:        func() RData { return new(NID) },
	TypeL32:        func() RData { return new(L32) },
	TypeL64:        func() RData { return new(L64) },
	TypeLP:         func() RData { return new(LP) },
	TypeEUI48:      func() RData { return new(EUI48) },
	TypeEUI64:      func() RData { return new(EUI64) },
	TypeTKEY:       func() RData { return new(TKEY) },
	TypeTSIG:       func() RData { return new(TSIG) },
	TypeURI:        func() RData { return new(URI) },
	TypeCAA:        func() RData { return new(CAA) },
	TypeAVC:        func() RData { return new(AVC) },
	TypeAMTRELAY:   func() RData { return new(AMTRELAY) },
	TypeRESINFO:    func() RData { return new(RESINFO) },
	TypeWALLET:     func() RData { return new(WALLET) },
}

// newRData returns an empty value of type t: an [*Unknown] where this package
// does not know it.
func newRData(t Type) RData {
	switch {
	case int(t) < len(rdataTypes) && rdataTypes[t] != nil:
		return rdataTypes[t]()
	case t == TypeTA:
		return new(TA)
	case t == TypeDLV:
		return new(DLV)
	}
	return &Unknown{RRType: t}
}
