package zone

import (
	"errors"
	"strconv"

	"applayer/dns"
)

// ParseError tells where a master file is wrong, and which rule it breaks.
type ParseError struct {
	// File is the name of the file: that of [ReaderOptions], or an included
	// one's. It may be empty.
	File string
	// Line and Column count from 1; Column counts octets.
	Line, Column int
	// Offset counts octets from the start of the file.
	Offset int64
	// What names the grammar element and what is wrong with it.
	What string
	// Ref is the section of the RFC that was broken, as in "RFC 1035 §5.1".
	Ref string
	// Reply is 0: nobody is answered.
	Reply int
	// Err is the cause: one of package dns' errors, a [*dns.LimitError] where a
	// limit was reached, the error of opening an included file.
	Err error
}

// Error tells file, line, column, what and which rule, such as
// `zone: example.zone:12:5: type "X": syntax (RFC 1035 §5.1)`.
func (e *ParseError) Error() string {
	b := []byte("zone: ")
	if e.File != "" {
		b = append(b, e.File...)
		b = append(b, ':')
	}
	b = strconv.AppendInt(b, int64(e.Line), 10)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(e.Column), 10)
	if e.What != "" {
		b = append(b, ": "...)
		b = append(b, e.What...)
	}
	if e.Err != nil {
		b = append(b, ": "...)
		b = append(b, e.Err.Error()...)
	}
	if e.Ref != "" {
		b = append(b, " ("...)
		b = append(b, e.Ref...)
		b = append(b, ')')
	}
	return string(b)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// fault is what is wrong with an entry, by its place in the entry.
type fault struct {
	at        int
	what, ref string
	err       error
}

func syntax(at int, what, ref string) *fault { return &fault{at, what, ref, dns.ErrSyntax} }

func limitReached(at int, name string, max int) *fault {
	return &fault{at: at, err: &dns.LimitError{Name: name, Max: int64(max)}}
}

// faultOf takes a fault from an error of package dns.
func faultOf(err error) *fault {
	if e, ok := errors.AsType[*dns.ParseError](err); ok {
		return &fault{int(e.Offset), e.What, e.Ref, e.Err}
	}
	return &fault{err: err}
}

// quoted quotes a file's text for an error, cut at 100 octets.
func quoted(s []byte) string { return strconv.Quote(string(s[:min(len(s), 100)])) }
