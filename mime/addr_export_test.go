package mime

// ScanContentType is what the scanner takes from a Content-Type field.
func ScanContentType(value []byte) (name, boundary string, has bool) {
	c := scanContentType(value, (*Options)(nil).inForce(), nil)
	return string(c.typ) + "/" + string(c.subtype), string(c.boundary), c.hasBoundary
}
