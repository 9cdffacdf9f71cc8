package smtp

import (
	"errors"
	"strconv"
	"strings"

	"applayer/internal/reply"
)

// Reply is a server's answer (RFC 5321 §4.2).
type Reply struct {
	// Code is three digits, of which the first tells most: 2 done, 3 more is
	// needed, 4 failed and may be tried again, 5 failed.
	Code int
	// Enhanced is the status code at the front of each line (RFC 2034 §4), zero
	// where there is none, its class is not that of Code, or some lines have
	// another.
	Enhanced EnhancedCode
	// Lines is the text, a line each, without codes and line ends.
	Lines []string
}

// Text returns the lines with LF between them.
func (r Reply) Text() string { return strings.Join(r.Lines, "\n") }

// String returns the reply on one line, for logs.
func (r Reply) String() string {
	s := strconv.Itoa(r.Code)
	if !r.Enhanced.IsZero() {
		s += " " + r.Enhanced.String()
	}
	return s + " " + strings.Join(r.Lines, " / ")
}

// ParseReply reads the reply at the front of b, which is n octets long, with its
// end. [ErrIncomplete] means that more must come. Each line has the code
// (RFC 5321 §4.2.1): another one in a later line is a [*ParseError].
func ParseReply(b []byte, lim *Limits) (r Reply, n int, err error) {
	in := lim.inForce()
	return parseReply(b, &in)
}

// parseReply is ParseReply under limits in force.
func parseReply(b []byte, in *Limits) (r Reply, n int, err error) {
	code, lines, n, err := reply.Parse(b, replyFormat(in))
	if err == nil && !isCode(code) {
		n, err = 0, reply.ErrCode
	}
	if err != nil {
		return Reply{}, 0, replyError(err, n, in)
	}
	r = Reply{Code: code, Lines: lines}
	r.cutEnhanced()
	return r, n, nil
}

// cutEnhanced takes the status code out of the lines, if each has the same.
func (r *Reply) cutEnhanced() {
	c, n := cutEnhanced(r.Lines[0])
	if n == 0 || !c.agrees(r.Code) {
		return
	}
	code := r.Lines[0][:n]
	for _, l := range r.Lines {
		if rest, ok := strings.CutPrefix(l, code); !ok || rest != "" && rest[0] != ' ' {
			return
		}
	}
	r.Enhanced = c
	for i, l := range r.Lines {
		r.Lines[i] = l[min(n+1, len(l)):]
	}
}

// AppendReply appends r, its status code in each line. A text with CR, LF or NUL
// is refused, since it would be two replies, and so is a status code of another
// class than the code has.
func AppendReply(dst []byte, r Reply) ([]byte, error) {
	switch {
	case !isCode(r.Code):
		return dst, &ParseError{What: "Reply-code", Ref: "RFC 5321 §4.2", Err: ErrValue}
	case !r.Enhanced.IsZero() && !r.Enhanced.agrees(r.Code):
		return dst, &ParseError{What: "status-code", Ref: "RFC 2034 §4", Err: ErrValue}
	}
	for _, l := range r.Lines {
		if i := indexControl(l); i >= 0 {
			return dst, &ParseError{Offset: int64(i), What: "textstring", Ref: "RFC 5321 §4.2", Err: ErrControlOctet}
		}
	}
	if len(r.Lines) == 0 {
		return r.appendLine(dst, ' ', ""), nil
	}
	for i, l := range r.Lines {
		separator := byte('-')
		if i == len(r.Lines)-1 {
			separator = ' '
		}
		dst = r.appendLine(dst, separator, l)
	}
	return dst, nil
}

// appendLine appends one line. Where a status code is all the text, nothing
// stands behind it.
func (r *Reply) appendLine(dst []byte, separator byte, text string) []byte {
	dst = append(strconv.AppendInt(dst, int64(r.Code), 10), separator)
	if !r.Enhanced.IsZero() {
		dst = r.Enhanced.append(dst)
		if text != "" {
			dst = append(dst, ' ')
		}
	}
	return append(append(dst, text...), '\r', '\n')
}

// isCode tells whether a reply may have the code (RFC 5321 §4.2: Reply-code). Of
// the second digit no more is asked than that it is one: 6 to 9 are met.
func isCode(code int) bool { return 200 <= code && code < 600 }

// replyFormat is SMTP's form under limits in force.
func replyFormat(in *Limits) reply.Format {
	return reply.Format{EachLine: true, MaxLine: in.MaxReplyLine, MaxLines: in.MaxReplyLines}
}

// replyError says in this package's terms what is wrong at octet n of a reply.
func replyError(err error, n int, in *Limits) error {
	switch {
	case errors.Is(err, reply.ErrIncomplete):
		return ErrIncomplete
	case errors.Is(err, reply.ErrLineTooLong):
		return &LimitError{Name: "MaxReplyLine", Max: int64(in.MaxReplyLine)}
	case errors.Is(err, reply.ErrTooManyLines):
		return &LimitError{Name: "MaxReplyLines", Max: int64(in.MaxReplyLines)}
	case errors.Is(err, reply.ErrLineEnd):
		return &ParseError{Offset: int64(n), What: "Reply-line end", Ref: "RFC 5321 §2.3.8", Err: ErrBareNewline}
	case errors.Is(err, reply.ErrOtherCode):
		return &ParseError{Offset: int64(n), What: "Reply-code", Ref: "RFC 5321 §4.2.1", Err: ErrValue}
	default:
		return &ParseError{Offset: int64(n), What: "Reply-code", Ref: "RFC 5321 §4.2", Err: ErrSyntax}
	}
}
