package sockets

import (
	"errors"
	"fmt"
)

// ErrServerClosed is what Serve and ListenAndServe return after
// [Server.Shutdown] or [Server.Close].
var ErrServerClosed = errors.New("sockets: server closed")

// ParseError tells that octets are outside the grammar: a socket address, a
// transcript line, a port range.
type ParseError struct {
	// Offset counts octets from the start of what was parsed.
	Offset int64
	// What names the grammar element that was expected.
	What string
	// Ref is the section that defines it, as in "RFC 6335 §6".
	Ref string
	// Reply is what a server answers; 0 where the protocol has no such thing.
	Reply int
	// Err is the cause, if there is one.
	Err error
}

func (e *ParseError) Error() string {
	s := fmt.Sprintf("sockets: %s at byte %d", e.What, e.Offset)
	if e.Err != nil {
		s = fmt.Sprintf("sockets: %s: %v at byte %d", e.What, e.Err, e.Offset)
	}
	if e.Ref != "" {
		s += " (" + e.Ref + ")"
	}
	return s
}

func (e *ParseError) Unwrap() error { return e.Err }

// LimitError tells which limit a peer reached, so that the operator knows
// which field of [Limits] to look at.
type LimitError struct {
	// Name is the field's name, as in "MaxConnsPerPeer".
	Name string
	// Max is the value in force; of a duration, the nanoseconds.
	Max int64
	// Reply is what a server answers; 0 where the protocol has no such thing.
	Reply int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("sockets: limit %s of %d reached", e.Name, e.Max)
}
