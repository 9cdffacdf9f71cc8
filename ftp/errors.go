package ftp

import (
	"errors"
	"strconv"
)

// What is wrong with octets; a [*ParseError] holds one of them, or
// io.ErrUnexpectedEOF for a connection that ended inside something.
var (
	// ErrIncomplete means that octets are missing: more of them may make a
	// whole.
	ErrIncomplete = errors.New("ftp: incomplete")
	// ErrSyntax means text that is not what the grammar says.
	ErrSyntax = errors.New("syntax")
	// ErrValue means a number or word that its definition excludes.
	ErrValue = errors.New("value")
	// ErrControlOctet means CR, LF or NUL where a line's text stands.
	ErrControlOctet = errors.New("CR, LF or NUL")
	// ErrProtocol means a network protocol that is neither IPv4 nor IPv6, or
	// that the command cannot speak of (522, RFC 2428 §2).
	ErrProtocol = errors.New("network protocol")
)

// ParseError tells that a command, a reply or what a data connection brought is
// outside the grammar.
type ParseError struct {
	// Offset counts octets from the start of the line or stream.
	Offset int64
	// What names the grammar element.
	What string
	// Ref is the section of the RFC that was broken, as in "RFC 959 §5.3".
	Ref string
	// Reply is the code that a server answers, 0 where none is.
	Reply int
	// Err is the kind: one of this package's errors or io.ErrUnexpectedEOF.
	Err error
}

// Error tells what, where and which rule, such as
// "ftp: host-port: value at byte 4 (RFC 959 §5.3.2)".
func (e *ParseError) Error() string {
	b := append([]byte("ftp: "), e.What...)
	if e.Err != nil {
		b = append(b, ": "...)
		b = append(b, e.Err.Error()...)
	}
	b = append(b, " at byte "...)
	b = strconv.AppendInt(b, e.Offset, 10)
	if e.Ref != "" {
		b = append(b, " ("...)
		b = append(b, e.Ref...)
		b = append(b, ')')
	}
	return string(b)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// ProtocolError tells of a command or reply that is well-formed and not allowed
// where it stands.
type ProtocolError struct {
	// Remote tells that the peer erred; else the caller did.
	Remote bool
	// State and Event tell what was met where.
	State, Event string
	// Ref is the section that says so.
	Ref string
	// Reply is the code that a server answers, where the peer erred.
	Reply int
}

// Error tells who did what where, such as
// "ftp: peer: no RNTO in state Ready (RFC 959 §5.4)".
func (e *ProtocolError) Error() string {
	s := "ftp: "
	if e.Remote {
		s += "peer: "
	}
	return s + "no " + e.Event + " in state " + e.State + " (" + e.Ref + ")"
}

// LimitError tells which limit was reached, so that the operator knows which
// field to look at.
type LimitError struct {
	// Name is the field's name, as in "MaxLine".
	Name string
	// Max is the limit.
	Max int64
	// Reply is the code that a server answers, 0 where none is.
	Reply int
}

// Error tells the limit's name and value.
func (e *LimitError) Error() string {
	return "ftp: limit " + e.Name + " of " + strconv.FormatInt(e.Max, 10) + " reached"
}
