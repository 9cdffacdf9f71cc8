package maildir

import "strconv"

// ParseError tells that a name is none that the format allows.
type ParseError struct {
	// Offset counts octets from the start of the name.
	Offset int64
	// What names what is wrong.
	What string
	// Ref is the section that was broken, "" where no RFC says.
	Ref string
	// Reply is 0: the format has no replies.
	Reply int
	// Err is the cause, if there is one.
	Err error
}

// Error tells what, where and which rule.
func (e *ParseError) Error() string {
	s := "maildir: " + e.What + " at byte " + strconv.FormatInt(e.Offset, 10)
	if e.Ref != "" {
		s += " (" + e.Ref + ")"
	}
	return s
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }
