package mime

// ScanContentType is what the scanner takes from a Content-Type field.
func ScanContentType(value []byte) (name, boundary string, has bool) {
	c := scanContentType(value, (*Options)(nil).inForce(), nil)
	return string(c.typ) + "/" + string(c.subtype), string(c.boundary), c.hasBoundary
}

// ParseAddressesRaw is ParseAddressList for ENVELOPE.
func ParseAddressesRaw(s string) AddressList {
	return parseAddresses(s, (*Options)(nil).inForce(), nil, true)
}

// ParseParamsRaw reads parameters for BODYSTRUCTURE.
func ParseParamsRaw(s string) Params {
	return parseParams(&lexer{s: s, o: (*Options)(nil).inForce(), stops: ";"}, true)
}

// ContentTypeScan returns a function that scans value as the scanner does.
func ContentTypeScan(value []byte) func() {
	o := (*Options)(nil).inForce()
	r := newReport(o)
	return func() { scanContentType(value, o, r) }
}
