package queue

import "applayer/smtp"

// Trace is what a program may hear of a queue. A nil function is left out. They
// are called from several goroutines, and not under a lock; Run waits for them, so
// that they must not wait for it, as [Queue.Close] does.
type Trace struct {
	// Queued tells of a message that was taken, also of a report.
	Queued func(m *Message, to []smtp.Recipient)
	// Try tells that a try begins.
	Try func(m *Message, to []smtp.Recipient)
	// Tried tells what became of it.
	Tried func(m *Message, to []smtp.Recipient, results []Result)
	// Ended tells that a message is out of the queue.
	Ended func(m *Message)
	// Corrupt tells of a file that was set aside.
	Corrupt func(file string, err error)
}

func (t *Trace) queued(m *Message, to []smtp.Recipient) {
	if t != nil && t.Queued != nil {
		t.Queued(m, to)
	}
}

func (t *Trace) try(m *Message, to []smtp.Recipient) {
	if t != nil && t.Try != nil {
		t.Try(m, to)
	}
}

func (t *Trace) tried(m *Message, to []smtp.Recipient, results []Result) {
	if t != nil && t.Tried != nil {
		t.Tried(m, to, results)
	}
}

func (t *Trace) ended(m *Message) {
	if t != nil && t.Ended != nil {
		t.Ended(m)
	}
}

func (t *Trace) corrupt(file string, err error) {
	if t != nil && t.Corrupt != nil {
		t.Corrupt(file, err)
	}
}
