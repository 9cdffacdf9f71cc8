package pop3

import (
	"io"
	"strconv"

	"applayer/internal/fsm"
)

// State is how far a session has come (RFC 1939 §3).
type State uint8

// The states. The first three are the RFC's AUTHORIZATION.
const (
	StateAuthorization  State = iota // nobody is logged in
	StateUserGiven                   // USER was granted, PASS should follow
	StateAuthenticating              // it is looked up who that is
	StateTransaction                 // the maildrop is open
	StateUpdate                      // QUIT: what is marked is being removed
	StateClosed                      // over
	states
)

var stateNames = [states]string{"Authorization", "UserGiven", "Authenticating", "Transaction", "Update", "Closed"}

// String returns the state's name.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Event is something that happens to a session: a command or what became of
// one.
type Event uint8

// The events.
const (
	EventFree    Event = iota // CAPA or LANG
	EventUTF8                 // UTF8
	EventSTLS                 // STLS
	EventUser                 // USER, granted
	EventPass                 // PASS
	EventApop                 // APOP
	EventAuth                 // AUTH
	EventLogin                // the user is who he says, and his maildrop is open
	EventRefused              // he is not, or it cannot be opened
	EventCommand              // STAT, LIST, RETR, DELE, NOOP, RSET, TOP or UIDL
	EventQuit                 // QUIT
	EventUpdated              // what was marked is removed, or some of it
	EventEnd                  // the connection ended, or the timer
	events
)

var eventNames = [events]string{
	"Free", "UTF8", "STLS", "User", "Pass", "Apop", "Auth", "Login", "Refused", "Command", "Quit", "Updated", "End",
}

// String returns the event's name.
func (e Event) String() string {
	if e < events {
		return eventNames[e]
	}
	return "Event(" + strconv.Itoa(int(e)) + ")"
}

// rules are the order of a session. UPDATE is entered by QUIT alone.
var rules = []fsm.Rule[State, Event]{
	{From: StateAuthorization, On: EventFree, To: StateAuthorization, Ref: "RFC 2449 §5"},
	{From: StateAuthorization, On: EventUTF8, To: StateAuthorization, Ref: "RFC 6856 §2"},
	{From: StateAuthorization, On: EventSTLS, To: StateAuthorization, Ref: "RFC 2595 §4"},
	{From: StateAuthorization, On: EventUser, To: StateUserGiven, Ref: "RFC 1939 §7"},
	{From: StateAuthorization, On: EventApop, To: StateAuthenticating, Ref: "RFC 1939 §7"},
	{From: StateAuthorization, On: EventAuth, To: StateAuthenticating, Ref: "RFC 5034 §4"},
	{From: StateAuthorization, On: EventQuit, To: StateClosed, Ref: "RFC 1939 §4"},
	{From: StateAuthorization, On: EventEnd, To: StateClosed, Ref: "RFC 1939 §6"},

	// Clients try another name without PASS before it, and ask for TLS late.
	{From: StateUserGiven, On: EventFree, To: StateUserGiven, Ref: "RFC 2449 §5"},
	{From: StateUserGiven, On: EventUTF8, To: StateUserGiven, Ref: "RFC 6856 §2"},
	{From: StateUserGiven, On: EventSTLS, To: StateAuthorization, Ref: "RFC 2595 §4"},
	{From: StateUserGiven, On: EventUser, To: StateUserGiven, Ref: "RFC 1939 §7"},
	{From: StateUserGiven, On: EventPass, To: StateAuthenticating, Ref: "RFC 1939 §7"},
	{From: StateUserGiven, On: EventAuth, To: StateAuthenticating, Ref: "RFC 5034 §4"},
	{From: StateUserGiven, On: EventQuit, To: StateClosed, Ref: "RFC 1939 §4"},
	{From: StateUserGiven, On: EventEnd, To: StateClosed, Ref: "RFC 1939 §6"},

	{From: StateAuthenticating, On: EventLogin, To: StateTransaction, Ref: "RFC 1939 §4"},
	{From: StateAuthenticating, On: EventRefused, To: StateAuthorization, Ref: "RFC 1939 §4"},
	{From: StateAuthenticating, On: EventEnd, To: StateClosed, Ref: "RFC 1939 §6"},

	{From: StateTransaction, On: EventFree, To: StateTransaction, Ref: "RFC 2449 §5"},
	{From: StateTransaction, On: EventCommand, To: StateTransaction, Ref: "RFC 1939 §5"},
	{From: StateTransaction, On: EventQuit, To: StateUpdate, Ref: "RFC 1939 §6"},
	{From: StateTransaction, On: EventEnd, To: StateClosed, Ref: "RFC 1939 §6"},

	{From: StateUpdate, On: EventUpdated, To: StateClosed, Ref: "RFC 1939 §6"},
	{From: StateUpdate, On: EventEnd, To: StateClosed, Ref: "RFC 1939 §6"},
}

var table = fsm.Compile(rules, states, events)

// Machine keeps the order of a session. The zero value is one that begins. It is
// for one goroutine at a time.
type Machine struct{ state State }

// State returns how far the session has come.
func (m *Machine) State() State { return m.state }

// Can tells whether e may happen.
func (m *Machine) Can(e Event) bool {
	_, _, ok := table.Next(m.state, e)
	return ok
}

// Do takes the step that e stands for. An event that no rule allows is a
// [*ProtocolError] of the peer's, and changes nothing.
func (m *Machine) Do(e Event) error {
	next, _, ok := table.Next(m.state, e)
	if !ok {
		return &ProtocolError{Remote: true, State: m.state.String(), Event: e.String(), Ref: refusal(m.state, e)}
	}
	m.state = next
	return nil
}

// refusal is the section that an event in the wrong place broke.
func refusal(s State, e Event) string {
	switch e {
	case EventUTF8:
		return "RFC 6856 §2"
	case EventSTLS:
		return "RFC 2595 §4"
	case EventUser, EventPass, EventApop:
		return "RFC 1939 §7"
	case EventAuth:
		return "RFC 5034 §4"
	case EventCommand:
		return "RFC 1939 §5"
	case EventFree, EventQuit:
		if s != StateAuthenticating {
			return "RFC 1939 §6"
		}
	}
	return "RFC 1939 §3"
}

// verbEvents are the commands as the table sees them.
var verbEvents = [numVerbs]Event{
	VerbAPOP: EventApop, VerbAUTH: EventAuth, VerbCAPA: EventFree, VerbDELE: EventCommand,
	VerbLANG: EventFree, VerbLIST: EventCommand, VerbNOOP: EventCommand, VerbPASS: EventPass,
	VerbQUIT: EventQuit, VerbRETR: EventCommand, VerbRSET: EventCommand, VerbSTAT: EventCommand,
	VerbSTLS: EventSTLS, VerbTOP: EventCommand, VerbUIDL: EventCommand, VerbUSER: EventUser,
	VerbUTF8: EventUTF8,
}

// WriteStates writes the rules as a Markdown table.
func WriteStates(w io.Writer) error {
	if _, err := io.WriteString(w, "# The session\n\n"); err != nil {
		return err
	}
	return table.WriteStates(w)
}

// WriteStatesDOT writes the rules as a graph in the language of Graphviz.
func WriteStatesDOT(w io.Writer) error { return table.WriteStatesDOT(w) }
