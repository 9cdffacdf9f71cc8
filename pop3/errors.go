package pop3

import (
	"errors"
	"strconv"
)

// What is wrong with octets; a [*ParseError] holds one of them, or
// io.ErrUnexpectedEOF for a connection that ended inside something.
var (
	// ErrIncomplete means that octets are missing: more of them may make a
	// whole.
	ErrIncomplete = errors.New("pop3: incomplete")
	// ErrSyntax means text that is not what the grammar says.
	ErrSyntax = errors.New("syntax")
	// ErrValue means a number or word that its definition excludes.
	ErrValue = errors.New("value")
	// ErrControlOctet means CR, LF or NUL where a line's text stands.
	ErrControlOctet = errors.New("CR, LF or NUL")
)

// ParseError tells that a command or a response is outside the grammar.
type ParseError struct {
	// Offset counts octets from the start of the line or stream.
	Offset int64
	// What names the grammar element.
	What string
	// Ref is the section of the RFC that was broken, as in "RFC 2449 §3".
	Ref string
	// Reply is always 0: whatever is wrong, a server answers -ERR.
	Reply int
	// Err is the kind: one of this package's errors or io.ErrUnexpectedEOF.
	Err error
}

// Error tells what, where and which rule, such as
// "pop3: scan listing: syntax at byte 4 (RFC 1939 §5)".
func (e *ParseError) Error() string {
	b := append([]byte("pop3: "), e.What...)
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

// ProtocolError tells of a command or response that is well-formed and not
// allowed where it stands.
type ProtocolError struct {
	// Remote tells that the peer erred; else the caller did.
	Remote bool
	// State and Event tell what was met where.
	State, Event string
	// Ref is the section that says so.
	Ref string
	// Reply is always 0: a server answers -ERR.
	Reply int
}

// Error tells who did what where, such as
// "pop3: peer: no Command in state Authorization (RFC 1939 §5)".
func (e *ProtocolError) Error() string {
	s := "pop3: "
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
	// Reply is always 0: a server answers -ERR.
	Reply int
}

// Error tells the limit's name and value.
func (e *LimitError) Error() string {
	return "pop3: limit " + e.Name + " of " + strconv.FormatInt(e.Max, 10) + " reached"
}

// ReplyError is a refusal: at a client the -ERR that the server answered, at a
// server what a [Backend] wants answered.
type ReplyError struct {
	Response
	// Command is what was refused, as in "RETR"; empty where a Backend makes
	// the error.
	Command string
}

// maxQuoted is how much of a peer's text an error shows.
const maxQuoted = 100

// Error tells command, code and text, such as
// `pop3: PASS: refused [IN-USE]: "Another session has the maildrop."`.
func (e *ReplyError) Error() string {
	b := []byte("pop3: ")
	if e.Command != "" {
		b = append(append(b, e.Command...), ": "...)
	}
	b = append(b, "refused"...)
	if e.Code != "" {
		b = append(append(append(b, " ["...), e.Code[:min(len(e.Code), maxQuoted)]...), ']')
	}
	return string(strconv.AppendQuoteToASCII(append(b, ": "...), e.Text[:min(len(e.Text), maxQuoted)]))
}

// Temporary tells whether the same command may be granted later, by the
// response code: another session has the maildrop, the last login was not long
// ago, or the system has a problem that passes. Without response code nobody
// knows.
func (e *ReplyError) Temporary() bool {
	return e.Code.Is(CodeInUse) || e.Code.Is(CodeLoginDelay) || e.Code.Is(CodeSysTemp)
}

// Is makes errors.Is find [ErrAuthRefused] in a refusal with the response code
// AUTH and [ErrInUse] in one with IN-USE.
func (e *ReplyError) Is(target error) bool {
	return target == ErrAuthRefused && e.Code.Is(CodeAuth) || target == ErrInUse && e.Code.Is(CodeInUse)
}

// Refuse makes the error with which a [Backend] answers a command.
func Refuse(code ResponseCode, text string) *ReplyError {
	return &ReplyError{Response: Response{Status: StatusErr, Code: code, Text: text}}
}
