package queue

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"applayer/smtp"
)

// Entry is a message in the queue, as [Queue.List] tells of it.
type Entry struct {
	Message
	// To are the recipients.
	To []Recipient
}

// Recipient is a recipient of a message and how far it has come.
type Recipient struct {
	smtp.Recipient
	// State is where it stands.
	State State
	// Tries is how often it was tried.
	Tries int
	// Next is when it is tried again; the zero time is at once, or never in a
	// final state.
	Next time.Time
	// Reply is what was answered last, a code of 0 for an error that was no
	// reply. It is empty before the first try.
	Reply smtp.Reply
	// RemoteMTA is who answered.
	RemoteMTA string
}

// List returns what is in the queue, in the order of arrival.
func (q *Queue) List() []Entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := make([]Entry, 0, len(q.entries))
	for _, e := range q.entries {
		if !e.removed {
			list = append(list, e.snapshot())
		}
	}
	slices.SortFunc(list, func(a, b Entry) int { return byArrival(&a.Message, &b.Message) })
	return list
}

// byArrival orders messages as they came; those of one time by their names.
func byArrival(a, b *Message) int {
	return cmp.Or(a.Arrived.Compare(b.Arrived), strings.Compare(a.ID, b.ID))
}

// snapshot returns what is told of a message.
func (e *entry) snapshot() Entry {
	s := Entry{Message: e.msg, To: make([]Recipient, len(e.to))}
	for i := range e.to {
		r := &e.to[i]
		s.To[i] = Recipient{Recipient: r.Recipient, State: r.way.State(), Tries: r.last.tries, Next: r.last.next, RemoteMTA: r.last.remote}
		if r.last.text != "" || r.last.code != 0 {
			s.To[i].Reply = smtp.Reply{Code: r.last.code, Enhanced: r.last.status, Lines: []string{r.last.text}}
		}
	}
	return s
}

// Flush tries all messages that wait for their next try.
func (q *Queue) Flush() error {
	done, err := q.use()
	if err != nil {
		return err
	}
	defer done()
	q.mu.Lock()
	q.engine.Flush(time.Now())
	q.mu.Unlock()
	q.changed()
	return nil
}

// Remove takes a message out of the queue and off the disk; nobody is told. A try
// that is under way goes on to its end. The error is [ErrNotFound] for a name that
// is not there.
func (q *Queue) Remove(id string) error {
	done, err := q.use()
	if err != nil {
		return err
	}
	defer done()
	q.mu.Lock()
	e := q.entries[id]
	if e == nil || e.removed {
		q.mu.Unlock()
		return ErrNotFound
	}
	q.engine.Remove(e)
	q.mu.Unlock()
	q.changed()
	return q.spool.remove(id)
}
