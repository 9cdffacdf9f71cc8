package queue

import (
	"fmt"

	"applayer/smtp"
)

// room is what messages take of a queue.
type room struct {
	messages, recipients int
	bytes                int64
}

// roomOf returns what a message takes.
func roomOf(e *entry) room { return room{1, len(e.to), e.msg.Size} }

func (r *room) add(o room) {
	r.messages += o.messages
	r.recipients += o.recipients
	r.bytes += o.bytes
}

func (r *room) sub(o room) { r.add(room{-o.messages, -o.recipients, -o.bytes}) }

// claim is the room of a message that is being submitted.
type claim struct {
	q *Queue
	room
}

// claim takes the room of one more message; that of its content is taken as it
// comes.
func (q *Queue) claim(recipients int) (*claim, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.used.messages >= q.limits.MaxMessages:
		return nil, full(&smtp.LimitError{Name: "MaxMessages", Max: int64(q.limits.MaxMessages)})
	case recipients > q.limits.MaxRecipients-q.used.recipients:
		return nil, full(&smtp.LimitError{Name: "MaxRecipients", Max: int64(q.limits.MaxRecipients)})
	}
	c := &claim{q, room{messages: 1, recipients: recipients}}
	q.used.add(c.room)
	return c, nil
}

// Write takes the room of what is written.
func (c *claim) Write(p []byte) (int, error) {
	c.q.mu.Lock()
	defer c.q.mu.Unlock()
	more := room{bytes: int64(len(p))}
	if more.bytes > c.q.limits.MaxBytes-c.q.used.bytes {
		return 0, full(&smtp.LimitError{Name: "MaxBytes", Max: c.q.limits.MaxBytes})
	}
	c.add(more)
	c.q.used.add(more)
	return len(p), nil
}

// giveBack gives the room back of a message that was not taken.
func (c *claim) giveBack() {
	c.q.mu.Lock()
	defer c.q.mu.Unlock()
	c.q.used.sub(c.room)
}

// full makes an error of ErrFull, with what a server answers.
func full(cause error) error {
	return fmt.Errorf("%w: %w: %w", ErrFull, cause, smtp.Refuse(452, smtp.EnhancedCode{4, 3, 1}, "No room for the message."))
}

// noSpace makes ErrFull of an error of a disk that is full.
func noSpace(err error) error {
	if isNoSpace(err) {
		return full(err)
	}
	return err
}
