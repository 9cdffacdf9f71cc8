package mime

import (
	"errors"
	"strconv"
)

// Errors that [ParseError], [LimitError] and [Defect] wrap or that functions
// return as they are.
var (
	// ErrIncomplete means that the octets hold no whole unit yet: bring more. It
	// is returned as it is, never wrapped.
	ErrIncomplete = errors.New("mime: incomplete")
	// ErrUnknownCharset means text in a charset for which there is no decoder.
	ErrUnknownCharset = errors.New("mime: unknown charset")
	// ErrUnknownEncoding means a body in a Content-Transfer-Encoding that is none
	// of RFC 2045 §6.1. It is to be treated as application/octet-stream
	// (RFC 2045 §6.4).
	ErrUnknownEncoding = errors.New("mime: unknown content-transfer-encoding")
	// ErrHeaderInjection means a value to be written that holds CR, LF or NUL,
	// which would let it end the field and begin another.
	ErrHeaderInjection = errors.New("mime: CR, LF or NUL in a value")
)

// ParseError tells that a message is outside the grammar of RFC 5322 or
// RFC 2045 and their kin.
type ParseError struct {
	// Offset counts octets from the start of the message, or of the value that
	// a function was given.
	Offset int64
	// Field is the name of the header field that is wrong, "" where it is none.
	Field string
	// What names the grammar element and what is wrong with it.
	What string
	// Ref is the section that was broken, as in "RFC 5322 §3.4".
	Ref string
	// Reply is 0: the format has no replies of its own.
	Reply int
	// Err is the cause, if there is one, such as [ErrUnknownCharset].
	Err error
}

// Error tells what, where and which rule, such as
// "mime: From: unterminated quoted string at byte 42 (RFC 5322 §3.2.4)".
func (e *ParseError) Error() string {
	b := []byte("mime: ")
	if e.Field != "" {
		q := strconv.Quote(e.Field[:min(len(e.Field), 100)])
		b = append(b, q[1:len(q)-1]...)
		b = append(b, ": "...)
	}
	b = append(b, e.What...)
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

// LimitError tells which limit a message went beyond, so that the operator
// knows which field of [Limits] to look at.
type LimitError struct {
	// Name is the field's name, as in "MaxFields".
	Name string
	// Max is the limit.
	Max int64
	// Reply is 0: the format has no replies of its own.
	Reply int
}

// Error tells the limit's name and value.
func (e *LimitError) Error() string {
	return "mime: limit " + e.Name + " of " + strconv.FormatInt(e.Max, 10) + " reached"
}
