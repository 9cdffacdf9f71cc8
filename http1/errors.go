package http1

import (
	"errors"
	"strconv"
)

// ErrIncomplete means that the octets hold no whole unit yet: bring more. It
// is returned as it is, never wrapped.
var ErrIncomplete = errors.New("http1: incomplete")

// The classes of errors, for errors.Is. A [*ParseError] or [*LimitError] is of
// exactly one.
var (
	// ErrMalformed is the class of octets outside the grammar.
	ErrMalformed = errors.New("http1: malformed message")
	// ErrFraming is the class of messages whose end cannot be told: what
	// follows them on the connection must not be read (RFC 9112 §6.3).
	ErrFraming = errors.New("http1: message framing")
	// ErrTooLarge is the class of what goes beyond a limit.
	ErrTooLarge = errors.New("http1: too large")
	// ErrVersion is the class of major versions other than 1.
	ErrVersion = errors.New("http1: version not supported")
)

// ParseError tells that a message is outside the grammar of RFC 9112 or
// RFC 9110.
type ParseError struct {
	// Offset counts octets: on a [Conn] from the start of the stream, in a
	// function that was given octets from their start.
	Offset int64
	// Line counts the lines of a head from 1; 0 is no head.
	Line int
	// Field is the name of the field that is wrong, if it is one.
	Field string
	// What names the grammar element and what is wrong with it.
	What string
	// Ref is the section that the message broke, as in "RFC 9112 §5.1".
	Ref string
	// Reply is the status code that a server answers.
	Reply int
	// Class is [ErrMalformed], [ErrFraming] or [ErrVersion].
	Class error
	// Err is the cause, if there is one, such as io.ErrUnexpectedEOF.
	Err error
}

// Error tells what, where and which rule, such as
// "http1: field name: space before colon at byte 42 (RFC 9112 §5.1)".
func (e *ParseError) Error() string {
	b := append([]byte("http1: "), e.What...)
	if e.Field != "" {
		b = append(b, " of "...)
		b = strconv.AppendQuote(b, e.Field[:min(len(e.Field), 100)])
	}
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

// Is tells whether target is the error's class.
func (e *ParseError) Is(target error) bool { return target == e.Class }

// malformed makes the error of octets outside the grammar, which a server
// answers with 400 (RFC 9110 §15.5.1).
func malformed(offset int, what, ref string) *ParseError {
	return &ParseError{Offset: int64(offset), What: what, Ref: ref, Reply: StatusBadRequest, Class: ErrMalformed}
}

// misframed makes the error of a message whose end cannot be told.
func misframed(field, what, ref string) *ParseError {
	return &ParseError{Field: field, What: what, Ref: ref, Reply: StatusBadRequest, Class: ErrFraming}
}

// LimitError tells which limit a message went beyond, so that the operator
// knows which field of [Limits] to look at. Its class is [ErrTooLarge].
type LimitError struct {
	// Name is the field's name, as in "MaxFields".
	Name string
	// Max is the value in force.
	Max int64
	// Reply is the status code that a server answers: 413, 414 or 431.
	Reply int
}

// Error names the limit and its value.
func (e *LimitError) Error() string {
	return "http1: limit " + e.Name + " of " + strconv.FormatInt(e.Max, 10) + " reached"
}

// Is tells whether target is [ErrTooLarge].
func (e *LimitError) Is(target error) bool { return target == ErrTooLarge }
