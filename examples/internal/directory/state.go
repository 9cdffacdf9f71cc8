package directory

import (
	"io"

	"applayer/internal/fsm"
)

// State is where a session stands.
type State uint8

// The states of a session.
const (
	StateGuest State = iota
	StateUser
	StateGone
	numStates
)

func (s State) String() string { return [...]string{"guest", "user", "gone"}[s] }

// Event is what a request comes to.
type Event uint8

// The events of a session.
const (
	EventLogin Event = iota
	EventWrongPassword
	EventWhere
	EventLogout
	numEvents
)

func (e Event) String() string {
	return [...]string{"LOGIN", "wrong password", "WHERE", "LOGOUT"}[e]
}

var rules = []fsm.Rule[State, Event]{
	{From: StateGuest, On: EventWrongPassword, To: StateGuest, Ref: "LOGIN"},
	{From: StateGuest, On: EventLogin, To: StateUser, Ref: "LOGIN"},
	{From: StateGuest, On: EventLogout, To: StateGone, Ref: "LOGOUT"},
	{From: StateUser, On: EventWhere, To: StateUser, Ref: "WHERE"},
	{From: StateUser, On: EventLogout, To: StateGone, Ref: "LOGOUT"},
}

var table = fsm.Compile(rules, numStates, numEvents)

// WriteStates writes the table of states as Markdown.
func WriteStates(w io.Writer) error { return table.WriteStates(w) }
