package smtp

// Path is a reverse-path or forward-path: a mailbox with a domain
// (RFC 5321 §4.1.2). The zero value is the null reverse-path, "<>", of
// notifications (§4.5.5).
type Path struct {
	// Local is the local part without quotes and backslashes.
	Local string
	// Domain is the domain as it came, in A-labels or U-labels; or what stands
	// between the brackets of an address literal. It is empty for <Postmaster>
	// alone (§4.1.1.3).
	Domain string
	// Literal tells that Domain is an address literal, as in "192.0.2.1" or
	// "IPv6:2001:db8::1" (§4.1.3).
	Literal bool
}

// IsNull tells whether it is the null reverse-path.
func (p Path) IsNull() bool { return p == Path{} }
