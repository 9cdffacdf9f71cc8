package smtp

import (
	"context"
	"io"
)

// Backend is where a server's mail goes.
type Backend interface {
	// NewSession begins the dialogue with a client that has just connected. An
	// error turns him away: a [*ReplyError] with that reply, any other with
	// 421. Behind 554 the connection stays until the client says QUIT
	// (RFC 5321 §3.1), behind any other it ends.
	NewSession(ctx context.Context, c *Conn) (Session, error)
}

// Session is one client's dialogue. Its methods are called one at a time. The
// context ends with the connection and when the server begins to shut down.
//
// An error that is, or wraps, a [*ReplyError] is answered with its reply, and one
// of 421 ends the session (RFC 5321 §3.8); any other error is answered 451 4.3.0,
// and the log has it.
type Session interface {
	// Mail begins a transaction. What it checks first has been checked: syntax,
	// order, size against the limit, SMTPUTF8 and the options against what is
	// announced.
	Mail(ctx context.Context, from Path, opts MailOptions) error
	// Rcpt adds a recipient.
	Rcpt(ctx context.Context, to Path, opts RcptOptions) error
	// Data takes the message of the transaction: its octets as they were before
	// dot-stuffing, lines ending in CRLF. It must be safe when Data returns nil,
	// since the client is told 250 then: on the disk, with its folder synced.
	// The transaction is over when it returns, and Reset is not called for it.
	//
	// A read fails when the connection does, or the message breaks a rule, or the
	// client gives it up ([ErrAborted]); the error is then to be returned, wrapped
	// or not, and nothing to be kept: only io.EOF says that the message is whole.
	// What Data leaves unread is thrown away. The reader is also an io.WriterTo,
	// so that io.Copy needs no buffer. It may not be used when Data has returned.
	//
	// The context of Data goes on when the server begins to shut down, and ends
	// when it cuts its connections.
	Data(ctx context.Context, message io.Reader) error
	// Reset forgets the transaction, if one is under way: RSET, EHLO, or a
	// message that never came.
	Reset()
	// Close ends the session. It is called once, also when the connection
	// broke.
	Close() error
}

// LMTPSession is a [Session] of a server that speaks LMTP, where each recipient
// is answered by itself (RFC 2033 §4.2). Without it Data's error is answered
// once for each recipient.
type LMTPSession interface {
	Session
	// LMTPData is Data, with an answer for each recipient: status is to be
	// called once for each, with its index in the order of the granted Rcpt
	// calls and nil or an error. Those not told when it returns have its error.
	LMTPData(ctx context.Context, message io.Reader, status func(i int, err error)) error
}

// VerifySession is a [Session] that answers VRFY. Without it that is 252.
type VerifySession interface {
	Session
	// Verify returns what is known of a user or address (RFC 5321 §3.5).
	Verify(ctx context.Context, arg string) (Reply, error)
}
