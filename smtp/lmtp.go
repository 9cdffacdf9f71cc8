package smtp

import (
	"context"
	"io"
	"slices"
)

// answers are what became of a message: one answer, or in LMTP one for each
// recipient (RFC 2033 §4.2).
type answers struct {
	each   []error // of the recipients, or the only one
	told   []bool
	lmtp   bool
	broken error // what is wrong with the message or its connection
	first  [1]error
}

// answersFor makes the answers to the message of the transaction.
func answersFor(d *dialogue) *answers {
	a := &answers{lmtp: d.srv.LMTP}
	if a.each = a.first[:]; a.lmtp {
		a.each = make([]error, d.recipients)
	}
	return a
}

// deliver has the session take the message.
func (a *answers) deliver(s Session, ctx context.Context, message io.Reader) {
	l, ok := s.(LMTPSession)
	if !a.lmtp || !ok {
		a.fill(s.Data(ctx, message))
		return
	}
	a.told = make([]bool, len(a.each))
	a.fill(l.LMTPData(ctx, message, a.tell))
}

// tell is the status function of [LMTPSession]: the first word counts.
func (a *answers) tell(i int, err error) {
	if i >= 0 && i < len(a.told) && !a.told[i] {
		a.each[i], a.told[i] = err, true
	}
}

// fill answers those that were not told.
func (a *answers) fill(err error) {
	for i := range a.each {
		if a.told == nil || !a.told[i] {
			a.each[i] = err
		}
	}
}

// all is for a message that is not as it should be, whatever the session made of
// it.
func (a *answers) all(broken error) {
	a.broken = broken
	for i := range a.each {
		a.each[i] = broken
	}
}

// granted tells whether the message was taken for anybody.
func (a *answers) granted() bool {
	return slices.ContainsFunc(a.each, func(err error) bool { return err == nil })
}

// firstRefused is the index of the first refusal, -1 where there is none.
func (a *answers) firstRefused() int {
	return slices.IndexFunc(a.each, func(err error) bool { return err != nil })
}

// replies are the answers as the client gets them. A message that was broken in
// the middle of its chunks has one, since its end was never asked about.
func (a *answers) replies(d *dialogue) []Reply {
	replies := make([]Reply, len(a.each))
	for i, err := range a.each {
		switch {
		case err == nil:
			replies[i] = replyAccepted
		case a.broken != nil:
			replies[i] = d.refusalReply(err)
		default:
			replies[i] = d.sessionReply(err)
		}
	}
	return replies
}
