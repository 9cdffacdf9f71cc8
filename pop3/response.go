package pop3

import (
	"bytes"
	"strings"

	"applayer/internal/ascii"
)

// Status is the first word of a response.
type Status uint8

// The statuses (RFC 1939 §3, RFC 5034 §4).
const (
	StatusOK       Status = iota // +OK: granted
	StatusErr                    // -ERR: refused
	StatusContinue               // +: a challenge, whose text is in base64
	statuses
)

var statusNames = [statuses]string{"+OK", "-ERR", "+"}

// String returns the status as it stands on the wire.
func (s Status) String() string { return statusNames[min(s, StatusContinue)] }

// ResponseCode tells a program why, at the front of a response's text, in
// brackets (RFC 2449 §8). Its levels of detail have slashes between them, and
// its case does not matter. It is empty for none.
type ResponseCode string

// The response codes of RFC 2449 §8.1, RFC 3206 and RFC 6856 §5.
const (
	CodeInUse      ResponseCode = "IN-USE"      // another session has the maildrop
	CodeLoginDelay ResponseCode = "LOGIN-DELAY" // the last login was not long ago
	CodeAuth       ResponseCode = "AUTH"        // the credentials are not right
	CodeSysTemp    ResponseCode = "SYS/TEMP"    // a problem of the server's that passes
	CodeSysPerm    ResponseCode = "SYS/PERM"    // one that somebody must see to
	CodeUTF8       ResponseCode = "UTF8"        // the message needs the command UTF8
)

// Is tells whether the code is want, or want with more detail, which is to be
// ignored (RFC 2449 §8).
func (c ResponseCode) Is(want ResponseCode) bool {
	return want != "" && len(c) >= len(want) && ascii.EqualFold(c[:len(want)], want) &&
		(len(c) == len(want) || c[len(want)] == '/')
}

// Response is the first line of a server's answer; what a command of several
// lines brings follows it.
type Response struct {
	Status Status
	// Code is the response code, "" for none.
	Code ResponseCode
	// Text is what stands behind, without the line end.
	Text string
}

// String returns the response as it stands on the wire, without its end.
func (r Response) String() string { return string(r.append(nil)) }

// ParseResponse reads the response at the front of b, which is n octets long
// with its end. [ErrIncomplete] means that more must come. LF alone ends a line
// too.
func ParseResponse(b []byte, lim *Limits) (r Response, n int, err error) {
	in := lim.inForce()
	n, err = findLine(b, 0, in.MaxResponse)
	if err != nil {
		return Response{}, 0, err
	}
	r, err = parseResponse(bytes.TrimSuffix(b[:n-1], []byte{'\r'}))
	return r, n, err
}

// findLine returns the length of the line at the front of b, LF included, in
// which the first from octets hold none.
func findLine(b []byte, from, max int) (int, error) {
	i := bytes.IndexByte(b[from:], '\n')
	if n := from + i + 1; i >= 0 && n <= max {
		return n, nil
	}
	if i >= 0 || len(b) >= max {
		return 0, &LimitError{Name: "MaxResponse", Max: int64(max)}
	}
	return 0, ErrIncomplete
}

// parseResponse takes a line without its end.
func parseResponse(line []byte) (Response, error) {
	var r Response
	for s := range statuses {
		rest, found := bytes.CutPrefix(line, []byte(statusNames[s]))
		if !found || len(rest) > 0 && rest[0] != ' ' {
			continue
		}
		at := len(line) - len(rest)
		if i := bytes.IndexAny(rest, "\r\n\x00"); i >= 0 {
			return r, &ParseError{Offset: int64(at + i), What: "response text", Ref: "RFC 2449 §3", Err: ErrControlOctet}
		}
		r.Status = s
		if len(rest) > 0 {
			rest = rest[1:]
		}
		r.Text = string(rest)
		if s != StatusContinue {
			r.Code, r.Text = splitCode(r.Text)
		}
		return r, nil
	}
	return r, &ParseError{What: "status", Ref: "RFC 2449 §3", Err: ErrSyntax}
}

// codeOctets are rchar and the slash between levels (RFC 2449 §3). What has a
// space in its brackets is text.
var codeOctets = ascii.VChar.Without(ascii.Chars("]"))

// splitCode takes the response code from the front of a text, and one space
// behind it.
func splitCode(text string) (ResponseCode, string) {
	if !strings.HasPrefix(text, "[") {
		return "", text
	}
	n := 1 + ascii.Span(&codeOctets, text[1:])
	if n == 1 || n == len(text) || text[n] != ']' {
		return "", text
	}
	return ResponseCode(text[1:n]), strings.TrimPrefix(text[n+1:], " ")
}

// AppendResponse appends r as a line with its end. What would end the line, or
// be taken for a response code, is refused.
func AppendResponse(dst []byte, r Response) ([]byte, error) {
	if i := strings.IndexAny(r.Text, "\r\n\x00"); i >= 0 {
		return dst, &ParseError{Offset: int64(i), What: "response text", Ref: "RFC 2449 §3", Err: ErrControlOctet}
	}
	code, _ := splitCode(r.Text)
	switch {
	case r.Status >= statuses:
		return dst, &ParseError{What: "status", Ref: "RFC 2449 §3", Err: ErrValue}
	case r.Code == "" && code != "" && r.Status != StatusContinue:
		return dst, &ParseError{What: "response text", Ref: "RFC 2449 §6.4", Err: ErrValue}
	case r.Code != "" && (r.Status == StatusContinue || ascii.Span(&codeOctets, string(r.Code)) != len(r.Code)):
		return dst, &ParseError{What: "resp-code", Ref: "RFC 2449 §3", Err: ErrSyntax}
	}
	return append(r.append(dst), '\r', '\n'), nil
}

// append appends r without its end. A challenge has its space even when it is
// empty (RFC 5034 §4).
func (r Response) append(dst []byte) []byte {
	dst = append(dst, r.Status.String()...)
	if r.Code != "" {
		dst = append(append(append(dst, " ["...), r.Code...), ']')
	}
	if r.Text != "" || r.Status == StatusContinue {
		dst = append(append(dst, ' '), r.Text...)
	}
	return dst
}

// ok makes a response that grants.
func ok(text string) Response { return Response{Text: text} }

// refused makes one that does not.
func refused(code ResponseCode, text string) Response {
	return Response{Status: StatusErr, Code: code, Text: text}
}
