package dns

import (
	"io"
	"strconv"

	"applayer/internal/fsm"
)

// State is how far a question to a server has come.
type State uint8

// The states.
const (
	StateReady    State = iota // to be asked, over UDP or a stream
	StateUDP                   // asked over UDP
	StateMustTCP               // to be asked over a stream, and not otherwise
	StateTCP                   // asked over a stream: TCP or TLS
	StateAnswered              // the answer is there
	StateFailed                // given up
	states
)

var stateNames = [states]string{"Ready", "UDP", "MustTCP", "TCP", "Answered", "Failed"}

// String returns the state's name.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Event is something that happens to a question.
type Event uint8

// The events.
const (
	EventAskUDP      Event = iota // the query is sent over UDP
	EventAskTCP                   // the query is sent over a stream
	EventMismatch                 // a message came that does not answer it
	EventForgery                  // too many of them came
	EventNotKept                  // a message answers it but for what servers may not keep: case, cookie
	EventTruncated                // an answer came with TC set
	EventEDNSRefused              // FORMERR or NOTIMP without OPT, to a query with one
	EventBadCookie                // BADCOOKIE, with a new server cookie
	EventBadCookies               // BADCOOKIE again
	EventAnswer                   // any other answer came
	EventBroken                   // what came cannot be read, or the connection ended, or there was none
	EventTimeout                  // nothing came in time
	EventGiveUp                   // no try is left, or nobody waits any more
	events
)

var eventNames = [events]string{
	"AskUDP", "AskTCP", "Mismatch", "Forgery", "NotKept", "Truncated", "EDNSRefused",
	"BadCookie", "BadCookies", "Answer", "Broken", "Timeout", "GiveUp",
}

// String returns the event's name.
func (e Event) String() string {
	if e < events {
		return eventNames[e]
	}
	return "Event(" + strconv.Itoa(int(e)) + ")"
}

// rules are the order of one question: over UDP, and over a stream where UDP
// will not do. TC over a stream means nothing, and is an answer like any other.
var rules = []fsm.Rule[State, Event]{
	{From: StateReady, On: EventAskUDP, To: StateUDP, Ref: "RFC 1035 §4.2.1"},
	{From: StateReady, On: EventAskTCP, To: StateTCP, Ref: "RFC 7766 §5"},
	{From: StateReady, On: EventGiveUp, To: StateFailed, Ref: "RFC 1035 §7.2"},

	{From: StateUDP, On: EventMismatch, To: StateUDP, Ref: "RFC 5452 §9.1"},
	{From: StateUDP, On: EventForgery, To: StateMustTCP, Ref: "RFC 5452 §9.3"},
	{From: StateUDP, On: EventNotKept, To: StateMustTCP, Ref: "RFC 5452 §9.3"},
	{From: StateUDP, On: EventTruncated, To: StateMustTCP, Ref: "RFC 7766 §5"},
	{From: StateUDP, On: EventEDNSRefused, To: StateReady, Ref: "RFC 6891 §6.2.2"},
	{From: StateUDP, On: EventBadCookie, To: StateReady, Ref: "RFC 7873 §5.3"},
	{From: StateUDP, On: EventBadCookies, To: StateMustTCP, Ref: "RFC 7873 §5.3"},
	{From: StateUDP, On: EventAnswer, To: StateAnswered, Ref: "RFC 1035 §7.3"},
	{From: StateUDP, On: EventBroken, To: StateReady, Ref: "RFC 1035 §7.3"},
	{From: StateUDP, On: EventTimeout, To: StateReady, Ref: "RFC 1035 §4.2.1"},
	{From: StateUDP, On: EventGiveUp, To: StateFailed, Ref: "RFC 1035 §7.2"},

	{From: StateMustTCP, On: EventAskTCP, To: StateTCP, Ref: "RFC 7766 §5"},
	{From: StateMustTCP, On: EventGiveUp, To: StateFailed, Ref: "RFC 1035 §7.2"},

	{From: StateTCP, On: EventMismatch, To: StateTCP, Ref: "RFC 7766 §7"},
	{From: StateTCP, On: EventEDNSRefused, To: StateMustTCP, Ref: "RFC 6891 §6.2.2"},
	{From: StateTCP, On: EventBadCookie, To: StateMustTCP, Ref: "RFC 7873 §5.3"},
	{From: StateTCP, On: EventAnswer, To: StateAnswered, Ref: "RFC 1035 §7.3"},
	{From: StateTCP, On: EventBroken, To: StateMustTCP, Ref: "RFC 7766 §6.2.4"},
	{From: StateTCP, On: EventTimeout, To: StateMustTCP, Ref: "RFC 7766 §6.2.4"},
	{From: StateTCP, On: EventGiveUp, To: StateFailed, Ref: "RFC 1035 §7.2"},
}

var exchangeTable = fsm.Compile(rules, states, events)

// Machine keeps the order of one question to one server: whether it may be
// asked over UDP, and what a reply or its absence leads to. The zero value is
// [StateReady]. It is for one goroutine at a time.
type Machine struct{ state State }

// State returns how far the question has come.
func (m *Machine) State() State { return m.state }

// Can tells whether e may happen.
func (m *Machine) Can(e Event) bool {
	_, _, ok := exchangeTable.Next(m.state, e)
	return ok
}

// Do takes the step that e stands for. An event that no rule allows is a
// [*ProtocolError] and changes nothing.
func (m *Machine) Do(e Event) error {
	next, _, ok := exchangeTable.Next(m.state, e)
	if !ok {
		return &ProtocolError{State: m.state.String(), Event: e.String(), Ref: "RFC 1035 §7"}
	}
	m.state = next
	return nil
}

// WriteStates writes the rules as a Markdown table.
func WriteStates(w io.Writer) error { return exchangeTable.WriteStates(w) }

// WriteStatesDOT writes the rules as a graph in the language of Graphviz.
func WriteStatesDOT(w io.Writer) error { return exchangeTable.WriteStatesDOT(w) }
