package smtp

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// What is wrong with octets; a [*ParseError] holds one of them, or
// io.ErrUnexpectedEOF for a connection that ended inside something.
var (
	// ErrIncomplete means that octets are missing: more of them may make a
	// whole.
	ErrIncomplete = errors.New("smtp: incomplete")
	// ErrSyntax means text that is not what the grammar says.
	ErrSyntax = errors.New("syntax")
	// ErrValue means a number or word that its definition excludes.
	ErrValue = errors.New("value")
	// ErrControlOctet means CR, LF or NUL where a line's text stands.
	ErrControlOctet = errors.New("CR, LF or NUL")
	// ErrBareNewline means a CR or LF that is no part of a CRLF.
	ErrBareNewline = errors.New("CR or LF alone")
	// ErrNotASCII means octets beyond ASCII in a transaction without SMTPUTF8.
	ErrNotASCII = errors.New("octet beyond ASCII")
)

// ParseError tells that a command, a reply or a message is outside the grammar.
type ParseError struct {
	// Offset counts octets from the start of the line or stream.
	Offset int64
	// What names the grammar element.
	What string
	// Ref is the section of the RFC that was broken, as in "RFC 5321 §4.1.2".
	Ref string
	// Reply is the code that a server answers, 0 where none is.
	Reply int
	// Enhanced is the status code that goes with Reply.
	Enhanced EnhancedCode
	// Err is the kind: one of this package's errors or io.ErrUnexpectedEOF.
	Err error
}

// Error tells what, where and which rule, such as
// "smtp: Local-part: syntax at byte 4 (RFC 5321 §4.1.2)".
func (e *ParseError) Error() string {
	b := append([]byte("smtp: "), e.What...)
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
	// Enhanced is the status code that goes with Reply.
	Enhanced EnhancedCode
}

// Error tells who did what where, such as
// "smtp: peer: no Rcpt in state Ready (RFC 5321 §4.1.4)".
func (e *ProtocolError) Error() string {
	s := "smtp: "
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
	// Max is the limit; of one of Timeouts, in nanoseconds.
	Max int64
	// Reply is the code that a server answers, 0 where none is.
	Reply int
	// Enhanced is the status code that goes with Reply.
	Enhanced EnhancedCode
}

// Error tells the limit's name and value, such as
// "smtp: limit Timeouts.Command of 5m0s reached".
func (e *LimitError) Error() string {
	value := strconv.FormatInt(e.Max, 10)
	if strings.HasPrefix(e.Name, "Timeouts.") {
		value = time.Duration(e.Max).String()
	}
	return "smtp: limit " + e.Name + " of " + value + " reached"
}

// ReplyError is a refusal: at a client what the server answered, at a server
// what a [Session] wants answered.
type ReplyError struct {
	Reply
	// Command is what was refused, as in "RCPT"; empty where a Session makes
	// the error.
	Command string
}

// maxQuoted is how much of a peer's text an error shows.
const maxQuoted = 100

// Error tells command, code and text, such as
// `smtp: RCPT: reply 550 5.1.1: "No such mailbox."`.
func (e *ReplyError) Error() string {
	b := []byte("smtp: ")
	if e.Command != "" {
		b = append(append(b, e.Command...), ": "...)
	}
	b = strconv.AppendInt(append(b, "reply "...), int64(e.Code), 10)
	if !e.Enhanced.IsZero() {
		b = append(append(b, ' '), e.Enhanced.String()...)
	}
	text := strings.Join(e.Lines, " / ")
	if len(text) > maxQuoted {
		text = text[:maxQuoted]
	}
	return string(strconv.AppendQuoteToASCII(append(b, ": "...), text))
}

// Temporary tells whether the same command may be granted later: 4yz
// (RFC 5321 §4.2.1).
func (e *ReplyError) Temporary() bool { return e.Code/100 == 4 }

// Refuse makes the error with which a [Session] answers a command. The text may
// have several lines, with LF between them.
func Refuse(code int, enhanced EnhancedCode, text string) *ReplyError {
	return &ReplyError{Reply: Reply{Code: code, Enhanced: enhanced, Lines: strings.Split(text, "\n")}}
}
