package queue

import (
	"log/slog"
	"time"

	"applayer/smtp"
)

// Queue is mail on its way. Its fields are set before it is opened and not
// changed after.
type Queue struct {
	// Dir is the folder that holds the queue. It is made if it is not there, and
	// is locked: one process has it at a time.
	Dir string
	// Deliverer takes the messages where they go.
	Deliverer Deliverer
	// Hostname is the name of this host in reports (default what the system
	// says).
	Hostname string
	// Destination tells which recipients go the same way, so that one call of
	// the Deliverer gets them all and MaxPerDestination counts them as one. The
	// default is the domain.
	Destination func(to smtp.Path) string
	// Schedule says when a message is tried again.
	Schedule Schedule
	// MaxAge is after what time a message is given up (default 5 days;
	// RFC 5321 §4.5.4.1 asks for 4 or 5 at least).
	MaxAge time.Duration
	// DelayAfter is after what time a sender is told of a delay who asked for it
	// by NOTIFY=DELAY (default 4 hours, negative never).
	DelayAfter time.Duration
	// TryTimeout bounds a call of the Deliverer (default 1 hour, negative not at
	// all).
	TryTimeout time.Duration
	// Grace is how long tries may go on that are under way when the context of
	// Run ends (default 10 seconds, negative not at all).
	Grace time.Duration
	// DoubleBounce is who gets the reports that would go to a null reverse-path.
	// They are dropped where it is null (RFC 5321 §4.5.5).
	DoubleBounce smtp.Path
	// Limits bounds what the queue holds and does at a time.
	Limits Limits
	// Logger hears of what goes on; nil is silent.
	Logger *slog.Logger
}
