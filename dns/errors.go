package dns

import (
	"errors"
	"strconv"
)

// What is wrong with a message, a name or a record; a [*ParseError] holds one
// of them, or io.ErrUnexpectedEOF for octets that are missing.
var (
	// ErrTrailingBytes means octets behind the last record of a message.
	ErrTrailingBytes = errors.New("octets behind the message")
	// ErrPointer means a compression pointer that does not go back, or goes
	// back too often (RFC 1035 §4.1.4).
	ErrPointer = errors.New("compression pointer")
	// ErrLabel means a label that is empty, longer than 63 octets, of a type
	// other than 00 and 11, or written with characters that stand for none.
	ErrLabel = errors.New("label")
	// ErrNameTooLong means a name of more than 255 octets (RFC 1035 §2.3.4).
	ErrNameTooLong = errors.New("name longer than 255 octets")
	// ErrRDLength means RDATA that does not end where its fields do.
	ErrRDLength = errors.New("RDATA length")
	// ErrCount means more records than the octets can hold, or a second record
	// of which there is one at most.
	ErrCount = errors.New("count")
	// ErrValue means a field whose value its definition excludes.
	ErrValue = errors.New("value")
	// ErrSyntax means text that is not a record's presentation form.
	ErrSyntax = errors.New("syntax")
)

// ParseError tells that a message, a record or a name is outside the grammar.
type ParseError struct {
	// Offset counts octets from the start of the message, or of the text.
	Offset int64
	// Section is the section of the message in which the error lies.
	Section Section
	// What names the grammar element.
	What string
	// Ref is the section of the RFC that was broken, as in "RFC 1035 §4.1.4".
	Ref string
	// Reply is the RCODE that a server answers.
	Reply int
	// Err is the kind: one of this package's errors or io.ErrUnexpectedEOF.
	Err error
}

// Error tells what, where and which rule, such as
// "dns: answer: owner name: compression pointer at byte 40 (RFC 1035 §4.1.4)".
func (e *ParseError) Error() string {
	b := []byte("dns: ")
	if e.Section != SectionNone {
		b = append(b, e.Section.String()...)
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
