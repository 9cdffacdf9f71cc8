package telnet

import (
	"errors"
	"fmt"
)

var (
	// ErrIncomplete tells that the octets end before an event does: bring more.
	ErrIncomplete = errors.New("telnet: incomplete")
	// ErrSubnegotiation tells of parameters that are not what the option's RFC
	// asks for.
	ErrSubnegotiation = errors.New("telnet: malformed subnegotiation")
	// ErrEvent is what [Codec.Append] returns for an event that no octets stand
	// for.
	ErrEvent = errors.New("telnet: no such event")
)

// ParseError tells of octets that are outside the grammar.
type ParseError struct {
	// Offset counts octets from the start of a subnegotiation's parameters.
	Offset int64
	// What was being read and what is wrong with it.
	What string
	// Ref is the section that says so.
	Ref string
	// Reply is 0: Telnet has no replies.
	Reply int
	// Err is the cause, such as [ErrSubnegotiation].
	Err error
}

// Error tells what is wrong where, such as
// "telnet: NAWS: not four octets at octet 3 (RFC 1073 §2)".
func (e *ParseError) Error() string {
	return fmt.Sprintf("telnet: %s at octet %d (%s)", e.What, e.Offset, e.Ref)
}

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// LimitError tells which limit the peer reached.
type LimitError struct {
	// Name is the field's name, as in "MaxSubnegotiation".
	Name string
	// Max is the value in force.
	Max int64
	// Reply is 0: Telnet has no replies.
	Reply int
}

// Error names the limit and its value.
func (e *LimitError) Error() string { return fmt.Sprintf("telnet: over %s (%d)", e.Name, e.Max) }
