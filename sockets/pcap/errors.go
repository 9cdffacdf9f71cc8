package pcap

import (
	"errors"
	"fmt"
)

// ErrNoIP marks a packet without IP inside, such as ARP: there is nothing
// below it that this package decodes.
var ErrNoIP = errors.New("no IP packet")

// ErrTooLong is the cause of a [ParseError] where a length is larger than the
// field or the format can hold.
var ErrTooLong = errors.New("too long")

// ErrFormat is the cause of a [ParseError] where a file is neither a classic
// capture nor pcapng.
var ErrFormat = errors.New("neither pcap nor pcapng")

// ParseError tells that octets are outside the grammar of a capture file or
// of a header in a packet.
type ParseError struct {
	// Offset counts octets from the start of the file, or of the header for
	// the pure functions.
	Offset int64
	// What names the grammar element that was expected.
	What string
	// Ref is the section that defines it, as in "RFC 791 §3.1".
	Ref string
	// Reply is 0: nobody answers a capture.
	Reply int
	// Err is the cause, if there is one; io.ErrUnexpectedEOF for a file or a
	// packet cut short.
	Err error
}

func (e *ParseError) Error() string {
	s := "pcap: " + e.What
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	s += fmt.Sprintf(" at byte %d", e.Offset)
	if e.Ref != "" {
		s += " (" + e.Ref + ")"
	}
	return s
}

func (e *ParseError) Unwrap() error { return e.Err }

// LimitError tells which field of [Limits] a capture went beyond.
type LimitError struct {
	// Name is the field's name, as in "MaxPacket".
	Name string
	// Max is the value in force.
	Max int64
	// Reply is 0: nobody answers a capture.
	Reply int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("pcap: limit %s of %d reached", e.Name, e.Max)
}
