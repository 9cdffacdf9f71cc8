package queue

import "applayer/smtp"

// action is what a report says of a recipient (RFC 3464 §2.3.3).
type action uint8

const (
	actionNone action = iota
	actionFailed
	actionDelayed
	actionDelivered
	actionRelayed
	actions
)

var actionNames = [actions]string{"none", "failed", "delayed", "delivered", "relayed"}

// item is a recipient with what is to be told of him.
type item struct {
	n      int // his index
	action action
}

// items are what a report tells.
type items []item

// recipients returns the indexes.
func (l items) recipients() []int {
	var to []int
	for _, i := range l {
		to = append(to, i.n)
	}
	return to
}

// has tells whether something of the kind is told.
func (l items) has(a action) bool {
	for _, i := range l {
		if i.action == a {
			return true
		}
	}
	return false
}

// news returns what the sender of a message is to be told and does not know yet.
func (q *Queue) news(e *entry) items {
	to, second := q.reportTo(e)
	if to.IsNull() {
		return nil
	}
	var list items
	for n := range e.to {
		r := &e.to[n]
		a := r.action(e.delayDue)
		if second {
			// NOTIFY was for the sender, and there is none.
			a = actionNone
			if r.way.State() == StateBounced && !r.told {
				a = actionFailed
			}
		}
		if a != actionNone {
			list = append(list, item{n, a})
		}
	}
	return list
}

// reportTo returns who is told of a message, null for nobody. second tells that it
// is not its sender, who is null himself: nothing is ever sent to him
// (RFC 5321 §4.5.5), but somebody here may want to know (RFC 3461 §5.2). What
// cannot reach that one either ends there.
func (q *Queue) reportTo(e *entry) (to smtp.Path, second bool) {
	if !e.msg.From.IsNull() {
		return e.msg.From, false
	}
	for i := range e.to {
		if e.to[i].Equal(q.DoubleBounce) {
			return smtp.Path{}, true
		}
	}
	return q.DoubleBounce, true
}

// action returns what the sender is to be told of a recipient: what NOTIFY asks
// for, and of failures if it asks for nothing (RFC 3461 §5.2).
func (r *recipient) action(delayDue bool) action {
	asked := func(n smtp.Notify) bool { return r.Notify&n != 0 }
	switch r.way.State() {
	case StateBounced:
		if !r.told && (r.Notify == 0 || asked(smtp.NotifyFailure)) {
			return actionFailed
		}
	case StateDone:
		switch {
		case r.told || !asked(smtp.NotifySuccess):
		case r.last.where == whereDelivered:
			return actionDelivered // RFC 3461 §5.2.3
		case r.last.where == whereRelayed:
			return actionRelayed // RFC 3461 §5.2.2
		}
	default:
		if delayDue && !r.delayTold && asked(smtp.NotifyDelay) {
			return actionDelayed // RFC 3461 §5.2.5
		}
	}
	return actionNone
}
