package dns

// ProtocolError tells of a message, or of something done, that is well-formed
// and not allowed where it stands.
type ProtocolError struct {
	// Remote tells that the peer erred; else the caller did.
	Remote bool
	// State and Event tell what was met where.
	State, Event string
	// Ref is the section that says so.
	Ref string
	// Reply is the RCODE that a server answers, where the peer erred.
	Reply int
}

// Error tells who did what where, such as
// "dns: peer: no second SOA in state Transfer (RFC 5936 §2.2)".
func (e *ProtocolError) Error() string {
	s := "dns: "
	if e.Remote {
		s += "peer: "
	}
	return s + "no " + e.Event + " in state " + e.State + " (" + e.Ref + ")"
}
