package ftp

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
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

// Refusals that a [*ReplyError] is, beside fs.ErrNotExist and fs.ErrPermission
// which 550 may mean both.
var (
	// ErrNotLoggedIn is 530 and 532.
	ErrNotLoggedIn = errors.New("ftp: not logged in")
	// ErrNotFound is 550 for a name that stands for nothing or may not be used.
	ErrNotFound = errors.New("ftp: file unavailable")
	// ErrDataConn is 425 and 426: the data connection was not opened or broke.
	ErrDataConn = errors.New("ftp: data connection")
	// ErrTLSRequired is 521, 522, 533 and 534, and 530 or 550 in the clear where the
	// text asks for TLS.
	ErrTLSRequired = errors.New("ftp: TLS required")
)

// ReplyError is a server's refusal.
type ReplyError struct {
	Code int
	// Text is what the server said, LF between lines. It is the peer's: Error
	// quotes and cuts it.
	Text string
}

// maxQuoted is how much of a peer's text an error shows.
const maxQuoted = 100

// Error tells code and text, such as `ftp: reply 550: "No such file."`.
func (e *ReplyError) Error() string {
	text := e.Text
	if len(text) > maxQuoted {
		text = text[:maxQuoted]
	}
	return "ftp: reply " + strconv.Itoa(e.Code) + ": " + strconv.QuoteToASCII(text)
}

// Temporary tells whether the same command may be granted later: 4yz
// (RFC 959 §4.2.1).
func (e *ReplyError) Temporary() bool { return e.Code/100 == 4 }

// Is tells which of this package's errors, and of io/fs's, the reply means.
func (e *ReplyError) Is(target error) bool {
	switch target {
	case ErrNotLoggedIn:
		return e.Code == 530 || e.Code == 532
	case ErrNotFound, fs.ErrNotExist, fs.ErrPermission:
		return e.Code == 550
	case ErrDataConn:
		return e.Code == 425 || e.Code == 426
	case ErrNoSpace:
		return e.Code == 452 || e.Code == 552
	case ErrTLSRequired:
		return e.Code == 521 || e.Code == 522 || e.Code == 533 || e.Code == 534
	}
	return false
}
