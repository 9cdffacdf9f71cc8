package cookie

import (
	"errors"
	"fmt"

	"applayer/sockets"
)

// Causes of a [PolicyError]: why a well-formed cookie was not taken.
var (
	// ErrHost means that the request's host is neither a name of letters,
	// digits, hyphens and dots (A-labels for other scripts) nor an address.
	ErrHost = errors.New("host is neither a name nor an address")
	// ErrDomain means that the host does not belong to the cookie's domain.
	ErrDomain = errors.New("domain does not cover the host")
	// ErrPublicSuffix means that unrelated parties share the cookie's domain.
	ErrPublicSuffix = errors.New("domain is a public suffix")
	// ErrInsecure means that an insecure origin set a Secure cookie, or one
	// that would hide a Secure cookie.
	ErrInsecure = errors.New("not over a secure connection")
	// ErrPrefix means that the name starts with __Secure- or __Host- and the
	// attributes do not fit.
	ErrPrefix = errors.New("attributes do not fit the name's prefix")
	// ErrSameSite means that SameSite forbids to take the cookie here.
	ErrSameSite = errors.New("SameSite forbids it here")
	// ErrThirdParty means that [JarOptions.BlockThirdParty] forbids it.
	ErrThirdParty = errors.New("third party")
	// ErrRefused means that [JarOptions.Accept] returned false.
	ErrRefused = errors.New("refused")
)

// ParseError tells that octets are outside the grammar of a cookie, a date or
// a jar file, or that a value cannot be written as one.
type ParseError struct {
	// Offset counts octets from the start of what was parsed, in a file from
	// its start; for a value that cannot be written, from that value's start.
	Offset int64
	// What names the grammar element that was expected.
	What string
	// Ref is the section that defines it, as in "RFC 6265 §5.2".
	Ref string
	// Reply is the status that a server answers: 400 for a Cookie field, else 0.
	Reply int
	// Line is the line of a file, from 1; 0 where there are no lines.
	Line int
	// Err is the cause, if there is one.
	Err error
}

func (e *ParseError) Error() string {
	s := "cookie: " + e.What
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	s += fmt.Sprintf(" at byte %d", e.Offset)
	if e.Line != 0 {
		s += fmt.Sprintf(" in line %d", e.Line)
	}
	if e.Ref != "" {
		s += " (" + e.Ref + ")"
	}
	return s
}

func (e *ParseError) Unwrap() error { return e.Err }

// PolicyError tells why a [Jar] did not take a cookie that is well-formed.
type PolicyError struct {
	// Name is the cookie's name, Host the request's host.
	Name, Host string
	// Ref is the section that asks for it, empty for a choice of the user's.
	Ref string
	// Err is one of ErrHost, ErrDomain, ErrPublicSuffix, ErrInsecure,
	// ErrPrefix, ErrSameSite, ErrThirdParty and ErrRefused.
	Err error
}

func (e *PolicyError) Error() string {
	s := fmt.Sprintf("cookie: %q of %q: %v", cut(e.Name), cut(e.Host), e.Err)
	if e.Ref != "" {
		s += " (" + e.Ref + ")"
	}
	return s
}

func (e *PolicyError) Unwrap() error { return e.Err }

// LimitError tells which field of [Limits] was reached.
type LimitError = sockets.LimitError

// cut keeps what a peer sent to a length that a log can bear.
func cut(s string) string { return s[:min(len(s), 100)] }
