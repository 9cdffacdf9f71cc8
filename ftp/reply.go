package ftp

import (
	"strconv"
	"strings"

	"applayer/internal/reply"
)

// Reply is a server's answer (RFC 959 §4.2).
type Reply struct {
	// Code is three digits, of which the first tells most: 1 begun, 2 done,
	// 3 more is needed, 4 failed and may be tried again, 5 failed.
	Code int
	// Lines is the text, a line each, without codes and line ends. There is one
	// at least.
	Lines []string
}

// Text returns the lines with LF between them.
func (r Reply) Text() string { return strings.Join(r.Lines, "\n") }

// String returns the reply on one line, for logs.
func (r Reply) String() string { return strconv.Itoa(r.Code) + " " + strings.Join(r.Lines, " / ") }

// Err returns nil for a reply below 400, else a [*ReplyError].
func (r Reply) Err() error {
	if r.Code < 400 {
		return nil
	}
	return &ReplyError{Code: r.Code, Text: r.Text()}
}

// ParseReply reads the reply at the front of b, which is n octets long, with its
// end. [ErrIncomplete] means that more must come. Lines between the first and
// the last are free (RFC 959 §4.2); one that repeats the code and a hyphen is
// taken without them, since that is how many servers write each line. LF alone
// ends a line too.
func ParseReply(b []byte, lim *Limits) (r Reply, n int, err error) {
	in := lim.inForce()
	code, lines, n, err := reply.Parse(b, replyFormat(&in))
	if err == nil && !isCode(code) {
		n, err = 0, reply.ErrCode
	}
	if err != nil {
		return Reply{}, 0, replyError(err, n, &in)
	}
	return Reply{Code: code, Lines: lines}, n, nil
}

// AppendReply appends r. A line between the first and the last that begins with
// three digits gets a space before it, as RFC 959 §4.2 asks. A text with CR, LF
// or NUL is refused, since it would be two replies.
func AppendReply(dst []byte, r Reply) ([]byte, error) {
	if !isCode(r.Code) {
		return dst, &ParseError{What: "reply code", Ref: "RFC 959 §4.2", Err: ErrValue}
	}
	dst, n, err := reply.Append(dst, r.Code, r.Lines, reply.Format{})
	if err != nil {
		at := strings.IndexAny(r.Lines[n], "\r\n\x00")
		return dst, &ParseError{Offset: int64(at), What: "reply text", Ref: "RFC 959 §4.2", Err: ErrControlOctet}
	}
	return dst, nil
}

// isCode tells whether a reply may have the code: one of the five kinds of
// RFC 959 §4.2, or the sixth, a protected reply (RFC 2228 §4).
func isCode(code int) bool { return 100 <= code && code < 700 }

// replyFormat is FTP's form under limits in force, for [reply.Finder].
func replyFormat(in *Limits) reply.Format {
	return reply.Format{Max: in.MaxReply, MaxLines: in.MaxReplyLines}
}

// replyError says in this package's terms what is wrong at octet n of a reply.
func replyError(err error, n int, in *Limits) error {
	switch err {
	case reply.ErrIncomplete:
		return ErrIncomplete
	case reply.ErrTooLong:
		return &LimitError{Name: "MaxReply", Max: int64(in.MaxReply)}
	case reply.ErrTooManyLines:
		return &LimitError{Name: "MaxReplyLines", Max: int64(in.MaxReplyLines)}
	default:
		return &ParseError{Offset: int64(n), What: "reply code", Ref: "RFC 959 §4.2", Err: ErrSyntax}
	}
}
