package smtp

import (
	"fmt"
	"strings"
)

// Receipt tells what became of a message that [Client.Send] was given.
type Receipt struct {
	// Results tells it of each recipient, in the order of the envelope.
	Results []Result
	// Reply is the answer to the whole message; zero where it was not sent, and
	// over LMTP, which has one for each recipient.
	Reply Reply
	// DSN tells that the server took the parameters of RFC 3461, if any were
	// given. Where it is false, who asked to hear of success is to be told by
	// this host that the message was relayed (RFC 3461 §5.2.2).
	DSN bool
	// Doubtful tells that the connection was lost when the whole message had
	// been sent, and no answer to it had come: the server may have it
	// (RFC 5321 §6.1).
	Doubtful bool
}

// Result tells what became of a message for one recipient.
type Result struct {
	// To is the recipient.
	To Path
	// Reply is the last answer that concerns him, zero where there is none.
	Reply Reply
	// Err is nil if the server has taken the message for him, and is then
	// responsible for it.
	Err error
}

// PartialError tells that a message was taken for some of its recipients and not
// for others. errors.Is and errors.As look into the causes of all.
type PartialError struct {
	// Refused are the results of those that will not get it.
	Refused []Result
	// Taken is the number of those that will.
	Taken int
}

// Error tells how many, and the first of them, such as
// `smtp: refused for 1 of 3 recipients: bob@hamburger.edu: RCPT: reply 550 5.1.1: "No such mailbox."`.
func (e *PartialError) Error() string {
	s := fmt.Sprintf("smtp: refused for %d of %d recipients", len(e.Refused), len(e.Refused)+e.Taken)
	if len(e.Refused) > 0 {
		s += ": " + e.Refused[0].To.String() + ": " + strings.TrimPrefix(e.Refused[0].Err.Error(), "smtp: ")
	}
	return s
}

// Unwrap returns the causes.
func (e *PartialError) Unwrap() []error {
	errs := make([]error, len(e.Refused))
	for i, r := range e.Refused {
		errs[i] = r.Err
	}
	return errs
}

// Err sums up the results: nil if all recipients are taken care of, the one
// cause if none is, else a [*PartialError].
func (r *Receipt) Err() error {
	var refused []Result
	for _, to := range r.Results {
		if to.Err != nil {
			refused = append(refused, to)
		}
	}
	switch len(refused) {
	case 0:
		return nil
	case len(r.Results):
		return refused[0].Err
	}
	return &PartialError{Refused: refused, Taken: len(r.Results) - len(refused)}
}
