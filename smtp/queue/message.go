package queue

import (
	"context"
	"io"
	"time"

	"applayer/smtp"
)

// Message is a message on its way, as a [Deliverer] gets it. It does not change.
type Message struct {
	// ID names the message in the queue, in the log and in the Received field
	// that a program adds: letters, digits and "-".
	ID string
	// From is the reverse-path, null for reports.
	From smtp.Path
	// Options are what MAIL said beside it.
	Options smtp.MailOptions
	// Size is how many octets Open reads.
	Size int64
	// Arrived is when the queue took the message.
	Arrived time.Time
	// Open opens the content: header and body, lines ending in CRLF, without
	// dot-stuffing. A read fails where the disk did not keep what was written.
	// Each call opens it anew; the caller closes it.
	Open func() (io.ReadCloser, error)
}

// Deliverer takes messages where they go: to other hosts or to
// mailboxes of this one. Its method is called from several goroutines.
type Deliverer interface {
	// Deliver tries to bring m to the recipients, all of one destination (see
	// [Queue.Destination]), and returns a result for each, in their order.
	// Those for which it returns none are tried again.
	//
	// The context ends when the queue stops, or the try takes longer than
	// [Queue.TryTimeout]. What Deliver reports as done is never tried again,
	// so that it must be safe by then.
	Deliver(ctx context.Context, m *Message, to []smtp.Recipient) []Result
}

// DelivererFunc is a function that is a [Deliverer].
type DelivererFunc func(ctx context.Context, m *Message, to []smtp.Recipient) []Result

// Deliver calls f.
func (f DelivererFunc) Deliver(ctx context.Context, m *Message, to []smtp.Recipient) []Result {
	return f(ctx, m, to)
}

// Result is what became of a try for one recipient. The zero value is a message
// that a next host took which itself answers for reports from there on.
type Result struct {
	// Err is nil where the message was taken. A [*smtp.ReplyError] of 5yz is
	// final (RFC 5321 §4.2.1), any other error temporary unless Permanent says
	// otherwise.
	Err error
	// Permanent makes an error final that is no reply.
	Permanent bool
	// Delivered tells that the message is in a mailbox of this host, so that a
	// report of success is ours to make (RFC 3461 §5.2.3).
	Delivered bool
	// Relayed tells that the next host took the message and has no DSN, so that
	// a report of success ends here (RFC 3461 §5.2.2).
	Relayed bool
	// RemoteMTA is the name of the host that answered, empty for none.
	RemoteMTA string
	// Reply is what it answered where it took the message, for the log and for
	// reports of success. It may be left out.
	Reply smtp.Reply
}

// Same returns a slice that has r for each of n recipients.
func Same(n int, r Result) []Result {
	results := make([]Result, n)
	for i := range results {
		results[i] = r
	}
	return results
}
