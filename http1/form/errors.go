package form

import (
	"errors"
	"fmt"

	"applayer/http1"
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

// Is tells whether target is [http1.ErrMalformed], the class of this error.
func (e *ParseError) Is(target error) bool { return target == http1.ErrMalformed }

// LimitError tells which field of [Limits] was exceeded. Its class is
// [http1.ErrTooLarge], its Reply 413.
type LimitError = http1.LimitError

// Status returns the status code that a server answers to an error of this
// package or of a request's body: the Reply of a [ParseError], [LimitError] or
// [http1.ParseError], and 500 for anything else, which is not the peer's fault
// or is a connection that no answer will reach.
func Status(err error) int {
	if e, ok := errors.AsType[*ParseError](err); ok && e.Reply != 0 {
		return e.Reply
	}
	if e, ok := errors.AsType[*LimitError](err); ok && e.Reply != 0 {
		return e.Reply
	}
	if e, ok := errors.AsType[*http1.ParseError](err); ok && e.Reply != 0 {
		return e.Reply
	}
	return http1.StatusInternalServerError
}

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
	errSeek      = errors.New("form: place outside of the body")
	errBare      = errors.New("a name without a value that is empty or has one")
)

// tooMuch is the error for a limit that the peer exceeded (RFC 9110 §15.5.14).
func tooMuch(name string, limit int64) error {
	return &LimitError{Name: name, Max: limit, Reply: 413}
}
