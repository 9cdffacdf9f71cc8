package dns

// ReplyError is a server's refusal of what it was asked to do, such as a
// transfer.
type ReplyError struct {
	RCode RCode
	// Extended are the reasons that it gave.
	Extended []ExtendedError
}

// Error tells the code and the reasons, such as
// `dns: answer REFUSED: 18 (Prohibited): "not you"`.
func (e *ReplyError) Error() string {
	b := append([]byte("dns: answer "), e.RCode.String()...)
	for _, x := range e.Extended {
		b = append(append(b, ": "...), ExtendedError{Code: x.Code}.String()...)
		if x.Text != "" {
			b = append(append(b, ": "...), quoted(x.Text)...)
		}
	}
	return string(b)
}

// Temporary tells whether the same may be granted later: the server failed, and
// did not refuse.
func (e *ReplyError) Temporary() bool { return e.RCode == RCodeServFail }
