package dns

import (
	"errors"
	"strconv"
)

// ErrIncomplete means that octets are missing: more of them may make a whole.
var ErrIncomplete = errors.New("dns: incomplete")

// LimitError tells which limit was reached, so that the operator knows which
// field to look at.
type LimitError struct {
	// Name is the field's name, as in "MaxToken".
	Name string
	// Max is the limit.
	Max int64
	// Reply is the RCODE that a server answers; 0 where nobody is answered.
	Reply int
}

// Error tells the limit's name and value.
func (e *LimitError) Error() string {
	return "dns: limit " + e.Name + " of " + strconv.FormatInt(e.Max, 10) + " reached"
}
