package queue

import (
	"io"
	"strconv"

	"applayer/internal/fsm"
)

// State is how far a recipient of a message has come.
type State uint8

// The states.
const (
	StateWaiting  State = iota // not tried yet
	StateActive                // a try is under way
	StateDeferred              // tried, and to be tried again
	StateDone                  // the message is where it belongs
	StateBounced               // given up
	states
)

var stateNames = [states]string{"Waiting", "Active", "Deferred", "Done", "Bounced"}

// String returns the state's name.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Final tells that the recipient is never tried again.
func (s State) Final() bool { return s == StateDone || s == StateBounced }

// Event is something that happens to a recipient.
type Event uint8

// The events.
const (
	EventTry     Event = iota // a try begins
	EventTaken                // the message was taken
	EventPutOff               // it failed for the time being
	EventRefused              // it failed for good
	EventExpired              // it failed for the time being, and the time is over
	events
)

var eventNames = [events]string{"Try", "Taken", "PutOff", "Refused", "Expired"}

// String returns the event's name.
func (e Event) String() string {
	if e < events {
		return eventNames[e]
	}
	return "Event(" + strconv.Itoa(int(e)) + ")"
}

// rules are the way of a recipient. A final state has no way out: what was
// taken is not sent again, and what was refused is not asked again.
var rules = []fsm.Rule[State, Event]{
	{From: StateWaiting, On: EventTry, To: StateActive, Ref: "RFC 5321 §4.5.4.1"},
	{From: StateActive, On: EventTaken, To: StateDone, Ref: "RFC 5321 §6.1"},
	{From: StateActive, On: EventPutOff, To: StateDeferred, Ref: "RFC 5321 §4.2.1"},
	{From: StateActive, On: EventRefused, To: StateBounced, Ref: "RFC 5321 §4.2.1"},
	{From: StateActive, On: EventExpired, To: StateBounced, Ref: "RFC 5321 §4.5.4.1"},
	{From: StateDeferred, On: EventTry, To: StateActive, Ref: "RFC 5321 §4.5.4.1"},
}

var table = fsm.Compile(rules, states, events)

// WriteStates writes the states of a recipient as a Markdown table.
func WriteStates(w io.Writer) error { return table.WriteStates(w) }

// WriteStatesDOT writes the states of a recipient as a graph in the language of
// Graphviz.
func WriteStatesDOT(w io.Writer) error { return table.WriteStatesDOT(w) }
