package queue

import (
	"time"

	"applayer/internal/fsm"
	"applayer/smtp"
)

// recipient is a recipient of a message and what became of it so far.
type recipient struct {
	smtp.Recipient
	dest string // where he is
	way  fsm.Machine[State, Event]
	last outcome // of the last try, if there was one
	// delayTold and told say that the sender has a report of the delay and of
	// the end.
	delayTold, told bool
}

// do notes the outcome of a try that has begun.
func (r *recipient) do(o outcome) error {
	if err := r.way.Do(o.event); err != nil {
		return err
	}
	r.last = o
	return nil
}

// final tells that the recipient is never tried again.
func (r *recipient) final() bool { return r.way.State().Final() }

// entry is a message in the queue.
type entry struct {
	msg      Message
	to       []recipient
	reports  int  // that were made
	delayDue bool // the time for a notice of delay has come
	damaged  bool // the content is not what was written

	// What follows the engine does not look at.
	file   file   // where it is
	report *entry // a report that is written and not yet noted

	// What follows is the engine's.
	jobs    map[*job]bool // those that are not over
	ready   [lanes][]*job // those that may begin, in their order
	held    []*job        // those that wait until a report is made
	delay   *timer        // of the notice of delay, nil for none
	busy    int           // how many jobs are ready or are tried
	active  int           // how many are tried
	listed  [lanes]bool   // it stands in the ring of a lane
	unsaved bool          // the disk lacks what the memory has
	removed bool          // somebody took it out
	chore   chore         // what is being done, or is to be done, on the disk
}

// newEntry returns an entry of a message that nobody tried yet.
func newEntry(m Message, to []smtp.Recipient) *entry {
	e := &entry{msg: m, to: make([]recipient, len(to))}
	for i, r := range to {
		e.to[i] = recipient{Recipient: r, way: fsm.NewMachine(table, StateWaiting)}
	}
	return e
}

// route says where the recipients are.
func (e *entry) route(destination func(smtp.Path) string) {
	for i := range e.to {
		e.to[i].dest = destination(e.to[i].Path)
	}
}

// bound moves times that cannot be, since the clock was ahead when they were
// written: a message did not arrive later than now, and no wait is longer than up
// to the latest.
func (e *entry) bound(now, latest time.Time) {
	if e.msg.Arrived.After(now) {
		e.msg.Arrived = now
	}
	for i := range e.to {
		if next := &e.to[i].last.next; next.After(latest) {
			*next = latest
		}
	}
}

// over tells that no recipient will be tried again.
func (e *entry) over() bool {
	for i := range e.to {
		if !e.to[i].final() {
			return false
		}
	}
	return true
}

// job is what is left of a message for one destination.
type job struct {
	e     *entry
	dest  string
	to    []int // indexes of recipients that are not final
	next  time.Time
	stage stage
	lane  laneName
	timer *timer // that wakes it
}

// stage is where a job is.
type stage uint8

const (
	stageAsleep  stage = iota // until its time
	stageHeld                 // until its message has a report
	stageReady                // in the list of its message
	stageBlocked              // in the list of its destination
	stageActive               // a try is under way
	stageDead                 // its message was taken out: wherever it is, it is passed over
)

// hold lets a job wait for the report of its message. What the report says must not
// change while it is made, or a crash could leave it told in part.
func (j *job) hold() {
	j.stage = stageHeld
	j.e.held = append(j.e.held, j)
}

// recipients returns who the job is for.
func (j *job) recipients() []smtp.Recipient {
	to := make([]smtp.Recipient, len(j.to))
	for i, n := range j.to {
		to[i] = j.e.to[n].Recipient
	}
	return to
}

// tries returns how often the job was tried.
func (j *job) tries() int {
	n := 0
	for _, i := range j.to {
		n = max(n, j.e.to[i].last.tries)
	}
	return n
}

// told notes that the sender has a report of recipients: of the end, or else of
// the delay.
func (e *entry) told(to []int) {
	e.reports++
	for _, i := range to {
		if r := &e.to[i]; r.final() {
			r.told = true
		} else {
			r.delayTold = true
		}
	}
}
