package form

import (
	"errors"
	"fmt"

	"applayer/sockets"
)

// ParseError tells that a form, or the type that announces it, is outside the
// grammar.
type ParseError struct {
	// Offset counts octets from the start of the body, or of the value for a
	// Content-Type.
	Offset int64
	// What names the grammar element that was expected.
	What string
	// Ref is the section that defines it.
	Ref string
	// Reply is the status that a server answers: 400, or 415 for a type or an
	// encoding that is not taken.
	Reply int
	// Err is the cause, if there is one.
	Err error
}

func (e *ParseError) Error() string {
	what := e.What
	if e.Err != nil {
		what = fmt.Sprintf("%s: %v", what, e.Err)
	}
	s := fmt.Sprintf("form: %s at byte %d", what, e.Offset)
	if e.Ref != "" {
		s += " (" + e.Ref + ")"
	}
	return s
}

func (e *ParseError) Unwrap() error { return e.Err }

// Causes in a ParseError.
var (
	errUTF8      = errors.New("not UTF-8")
	errPercent   = errors.New("percent sign without two hexadecimal digits")
	errControl   = errors.New("control character")
	errTwice     = errors.New("given twice")
	errMissing   = errors.New("missing")
	errForbidden = errors.New("not allowed in a form")
	errLonger    = errors.New("form: file longer than its announced size")
	errSize      = errors.New("form: file of a negative size")
	errBare      = errors.New("a name without a value that is empty or has one")
)

// tooMuch is the error for a limit that the peer exceeded (RFC 9110 §15.5.14).
func tooMuch(name string, limit int64) error {
	return &sockets.LimitError{Name: name, Max: limit, Reply: 413}
}
