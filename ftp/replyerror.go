package ftp

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Refusals that a [*ReplyError] is, beside those of io/fs and of file systems.
var (
	// ErrNotLoggedIn is 530 and 532.
	ErrNotLoggedIn = errors.New("ftp: not logged in")
	// ErrNotFound is 550 for a name that stands for nothing or may not be used.
	ErrNotFound = errors.New("ftp: file unavailable")
	// ErrDataConn is 425 and 426: the data connection was not opened or broke.
	ErrDataConn = errors.New("ftp: data connection")
	// ErrTLSRequired is 521, 522, 533 and 534, and 421, 530 and 550 where the
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
//
// 550 is for all that ails a file. Servers tell in the text which it is, so
// fs.ErrExist is one whose text says that, and fs.ErrNotExist and
// fs.ErrPermission are both met unless the text says one of them.
func (e *ReplyError) Is(target error) bool {
	switch target {
	case ErrNotLoggedIn:
		return e.Code == 530 || e.Code == 532
	case ErrNotFound:
		return e.Code == 550
	case fs.ErrNotExist, fs.ErrPermission, fs.ErrExist:
		return e.isFile(target)
	case ErrDataConn:
		return e.Code == 425 || e.Code == 426
	case ErrNoSpace:
		return e.Code == 452 || e.Code == 552
	case ErrName:
		return e.Code == 553
	case ErrTLSRequired:
		return e.asksTLS()
	}
	return false
}

// isFile tells whether the reply is target, one of io/fs's three, by the words
// that vsftpd, ProFTPD, Pure-FTPd, IIS, FileZilla and pyftpdlib use.
func (e *ReplyError) isFile(target error) bool {
	exist := e.says("already exist", "file exists", "directory exists")
	if target == fs.ErrExist {
		return exist && (e.Code == 550 || e.Code == 521 || e.Code == 553)
	}
	if e.Code != 550 || exist {
		return false
	}
	missing := e.says("no such", "not found", "not exist", "cannot find", "can't find")
	denied := e.says("denied", "permission", "not permitted", "not allowed", "forbidden")
	if target == fs.ErrNotExist {
		return missing || !denied
	}
	return denied || !missing
}

// asksTLS tells whether the server wants TLS. The codes of RFC 4217 §10.2 and
// RFC 2228 §5.1 are for that, but what refuses a login or a file in the clear is
// often a 530, 550 or 421.
func (e *ReplyError) asksTLS() bool {
	switch e.Code {
	case 521:
		return !e.says("exist") // a directory, by the second appendix of RFC 959
	case 522:
		return !e.says("network protocol") // of EPRT and EPSV (RFC 2428 §2)
	case 533, 534:
		return true
	case 421, 530, 550:
		return e.says("tls", "ssl", "encrypt") && e.says("requir", "must", "not allow", "not accept", "reconnect using")
	}
	return false
}

// says tells whether the text has one of words, which are in lower case.
func (e *ReplyError) says(words ...string) bool {
	text := strings.ToLower(e.Text[:min(len(e.Text), 1024)])
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}
