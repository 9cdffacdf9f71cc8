package dns

// rdataTypes makes an empty value of each type that has a form of its own; one
// table for all that reads records.
var rdataTypes = map[Type]func() RData{
	TypeA:     func() RData { return new(A) },
	TypeAAAA:  func() RData { return new(AAAA) },
	TypeOPT:   func() RData { return new(OPT) },
	TypeTSIG:  func() RData { return new(TSIG) },
	TypeCNAME: func() RData { return new(CNAME) },
	TypeDNAME: func() RData { return new(DNAME) },
	TypeMX:    func() RData { return new(MX) },
	TypeNS:    func() RData { return new(NS) },
	TypePTR:   func() RData { return new(PTR) },
	TypeSOA:   func() RData { return new(SOA) },
	TypeSRV:   func() RData { return new(SRV) },
	TypeTXT:   func() RData { return new(TXT) },
}
