package smtp

import "applayer/internal/ascii"

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

// IsASCII tells whether it can be said without SMTPUTF8 (RFC 6531 §3.3).
func (p Path) IsASCII() bool { return isASCII(p.Local) && isASCII(p.Domain) }

// String returns the mailbox as in "bob@hamburger.edu", quoted where it must be;
// "" for the null reverse-path. It is for people: [AppendPath] checks.
func (p Path) String() string {
	if p.IsNull() {
		return ""
	}
	return string(p.appendMailbox(make([]byte, 0, len(p.Local)+len(p.Domain)+3)))
}

// Canonical returns the form in which paths are compared: the domain in A-labels
// and lower case, an address literal in its shortest form. The local part stays
// as it is, since its case belongs to its host (RFC 5321 §2.4), but for
// Postmaster (§4.5.1).
func (p Path) Canonical() Path {
	if ascii.EqualFold(p.Local, postmaster) {
		p.Local = postmaster
	}
	switch {
	case p.Literal:
		p.Domain = canonicalLiteral(p.Domain)
	default:
		if a, err := ToASCII(p.Domain); err == nil {
			p.Domain = a
		}
	}
	return p
}

// Equal tells whether two paths name the same mailbox: A-labels and U-labels of
// a domain are the same.
func (p Path) Equal(q Path) bool { return p == q || p.Canonical() == q.Canonical() }

// postmaster is the local part that each domain has (RFC 5321 §4.5.1).
const postmaster = "postmaster"
