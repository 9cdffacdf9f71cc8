package pop3

import (
	"context"
	"errors"
	"io"
)

// ErrInUse is what [Backend].Open returns where another session has the
// maildrop: the client is told -ERR [IN-USE].
var ErrInUse = errors.New("pop3: another session has the maildrop")

// Backend is where a server's users and their mail are. Its methods are called
// from many sessions at once.
//
// An error that is, or wraps, a [*ReplyError] is answered as that says, and so
// are [ErrAuthRefused] and [ErrInUse]; any other is answered
// -ERR [SYS/TEMP], and the log has it. The context ends with the connection.
type Backend interface {
	// Login tells who it is that has a name and a password: the identity by
	// which Open knows him. Where there is none the error is [ErrAuthRefused],
	// and takes as long to find for a name that nobody has.
	Login(ctx context.Context, user, password string) (identity string, err error)
	// Open locks and opens the maildrop of somebody who has logged in, against
	// other POP3 sessions (RFC 1939 §4). Where one has it the error is
	// [ErrInUse]. Delivery of new mail goes on; a session does not see it.
	Open(ctx context.Context, identity string) (Maildrop, error)
}

// APOPBackend is a [Backend] that keeps passwords so that they can be read,
// which APOP needs (RFC 1939 §7). With it the greeting has a timestamp.
type APOPBackend interface {
	Backend
	// Secret returns the password of a user, and his identity. The name is as
	// SASLprep makes it. For one that nobody has the error is [ErrAuthRefused];
	// an empty password is refused, too.
	Secret(ctx context.Context, user string) (password, identity string, err error)
}

// Maildrop is a user's messages as they were when it was opened. Message i, of
// 0 up to Len, has the message-number i+1. What the messages are, their sizes
// and unique-ids does not change while it is open; nobody else removes them.
// Its methods are called one at a time.
type Maildrop interface {
	// Len counts the messages.
	Len() int
	// Stat returns the size of message i in octets, as Open gives them: lines
	// end in CRLF (RFC 1939 §11).
	Stat(i int) int64
	// UID returns the unique-id of message i: 1 to 70 octets of 0x21 to 0x7E,
	// the same in each session, and never another message's (RFC 1939 §7).
	UID(i int) string
	// Open returns the octets of message i, its lines ending in CRLF, without
	// dot-stuffing. A CR or LF that stands alone is sent as CRLF. A message that
	// has been lost meanwhile is an error, and so are fewer octets than Stat says.
	Open(ctx context.Context, i int) (io.ReadCloser, error)
	// Commit removes the messages whose indexes it is given, in ascending order:
	// the session has come to its UPDATE state (RFC 1939 §6). They must be gone
	// for good when it returns nil. With an error some may be left. It is
	// called once, before Close, and not where the session ends without QUIT.
	Commit(ctx context.Context, deleted []int) error
	// Close unlocks the maildrop. It is called once, however the session ended.
	Close() error
}
