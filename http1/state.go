package http1

import (
	"io"
	"strconv"

	"applayer/internal/fsm"
)

// Side is an end of a connection, named for what it sends.
type Side uint8

// The sides.
const (
	SideClient Side = iota // sends requests
	SideServer             // sends responses
)

// String returns "client" or "server".
func (s Side) String() string { return [...]string{"client", "server"}[s&1] }

// State is how far a side has come in what it sends.
type State uint8

// The states. SendResponse is the server's alone.
const (
	StateIdle         State = iota // between messages
	StateSendResponse              // a response is owed
	StateSendBody                  // the head is sent, the message not yet
	StateDone                      // the message is sent, the other side's is not
	StateMustClose                 // nothing may follow but the end
	StateClosed                    // ended
	StateMightSwitch               // waits for the answer to an upgrade or CONNECT; or owes it
	StateSwitched                  // another protocol is spoken
	StateError                     // its message is broken: nothing more is read of it
	states
)

var stateNames = [states]string{"Idle", "SendResponse", "SendBody", "Done", "MustClose", "Closed", "MightSwitch", "Switched", "Error"}

// String returns the state's name.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Event is something that a side does.
type Event uint8

// The events.
const (
	EventRequest          Event = iota // a request's head
	EventInterimResponse               // the head of a 1xx response, save a 101
	EventResponse                      // the head of a final response
	EventSwitch                        // a 101, or a 2xx to CONNECT
	EventData                          // octets of a body
	EventTrailers                      // a trailer section with fields
	EventEndOfMessage                  // the end of a message, with a body or without
	EventConnectionClosed              // the side sends nothing more
	events
)

var eventNames = [events]string{"Request", "InterimResponse", "Response", "Switch", "Data", "Trailers", "EndOfMessage", "ConnectionClosed"}

// String returns the event's name.
func (e Event) String() string {
	if e < events {
		return eventNames[e]
	}
	return "Event(" + strconv.Itoa(int(e)) + ")"
}

// rule says that On leads from From to To, as section Ref has it.
type rule struct {
	From State
	On   Event
	To   State
	Ref  string
}

// requestRules are the order of what a client sends.
var requestRules = []rule{
	{StateIdle, EventRequest, StateSendBody, "RFC 9112 §2.1"},
	{StateSendBody, EventData, StateSendBody, "RFC 9112 §6"},
	{StateSendBody, EventTrailers, StateSendBody, "RFC 9112 §7.1.2"},
	{StateSendBody, EventEndOfMessage, StateDone, "RFC 9112 §6.3"},
	{StateDone, EventRequest, StateSendBody, "RFC 9112 §9.3.2"}, // pipelining
	{StateIdle, EventConnectionClosed, StateClosed, "RFC 9112 §9.5"},
	{StateDone, EventConnectionClosed, StateClosed, "RFC 9112 §9.6"},
	{StateMightSwitch, EventConnectionClosed, StateClosed, "RFC 9112 §9.6"},
	{StateMustClose, EventConnectionClosed, StateClosed, "RFC 9112 §9.6"},
	{StateClosed, EventConnectionClosed, StateClosed, "RFC 9112 §9.6"},
}

// responseRules are the order of what a server sends.
var responseRules = []rule{
	{StateSendResponse, EventInterimResponse, StateSendResponse, "RFC 9110 §15.2"},
	{StateSendResponse, EventResponse, StateSendBody, "RFC 9112 §9.2"},
	{StateMightSwitch, EventInterimResponse, StateMightSwitch, "RFC 9110 §15.2"},
	{StateMightSwitch, EventSwitch, StateSwitched, "RFC 9110 §7.8"},
	{StateMightSwitch, EventResponse, StateSendBody, "RFC 9110 §7.8"},
	{StateSendBody, EventData, StateSendBody, "RFC 9112 §6"},
	{StateSendBody, EventTrailers, StateSendBody, "RFC 9112 §7.1.2"},
	{StateSendBody, EventEndOfMessage, StateDone, "RFC 9112 §6.3"},
	{StateIdle, EventConnectionClosed, StateClosed, "RFC 9112 §9.5"},
	{StateDone, EventConnectionClosed, StateClosed, "RFC 9112 §9.6"},
	{StateMustClose, EventConnectionClosed, StateClosed, "RFC 9112 §9.6"},
	{StateClosed, EventConnectionClosed, StateClosed, "RFC 9112 §9.6"},
}

var tables = [2]*fsm.Table[State, Event]{
	SideClient: compile(requestRules),
	SideServer: compile(responseRules),
}

func compile(rules []rule) *fsm.Table[State, Event] {
	all := make([]fsm.Rule[State, Event], len(rules))
	for i, r := range rules {
		all[i] = fsm.Rule[State, Event](r)
	}
	return fsm.Compile(all, states, events)
}

// Machine keeps the order of a connection: the state of the client's side and
// of the server's, and how they bind each other. Both ends use the same: what
// one does, the other receives. The zero value is a new connection. It is for
// one goroutine at a time.
//
// Requests may run ahead of responses (pipelining, RFC 9112 §9.3.2): the
// client's side goes on from Done, and the machine counts the requests that are
// owed a response.
type Machine struct {
	states [2]State
	facts  fact
	owed   int
}

// State returns the state of a side.
func (m *Machine) State(by Side) State { return m.states[by&1] }

// Owed counts the requests whose final response has not ended.
func (m *Machine) Owed() int { return m.owed }

// Can tells whether the side may do e.
func (m *Machine) Can(by Side, e Event) bool {
	_, _, ok := tables[by&1].Next(m.states[by&1], e)
	return ok
}

// Do takes the step that e stands for. An event that no rule allows is a
// [*ProtocolError] and changes nothing; whoever received it calls
// [Machine.Fail].
func (m *Machine) Do(by Side, e Event) error {
	by &= 1
	next, _, ok := tables[by].Next(m.states[by], e)
	if !ok {
		return &ProtocolError{State: m.states[by].String(), Event: e.String(), Ref: refusal(m.states[by], e), Reply: StatusBadRequest}
	}
	switch {
	case e == EventRequest:
		m.owed++
	case e == EventResponse && m.states[by] == StateMightSwitch:
		m.facts &^= proposed // a final response refuses
	case e == EventEndOfMessage && by == SideServer:
		m.owed--
	}
	m.states[by] = next
	m.join()
	return nil
}

// Last tells that the side's newest message is the last one on the connection:
// it said close, or is framed so that nothing can follow (RFC 9112 §9.3). A
// server's word ends the client's requests too, at once.
func (m *Machine) Last(by Side) {
	m.facts |= [2]fact{lastRequest, lastResponse}[by&1]
	m.join()
}

// Propose tells that the client's newest request asks for another protocol: by
// Upgrade (RFC 9110 §7.8) or CONNECT (RFC 9110 §9.3.6). Nothing may follow it
// before the answer.
func (m *Machine) Propose() {
	m.facts |= proposed
	m.join()
}

// Fail tells that what the side sends can't be understood any more. A server
// still owes an answer to a request that began.
func (m *Machine) Fail(by Side) {
	by &= 1
	if by == SideClient && (m.states[by] == StateIdle || m.states[by] == StateDone) {
		m.owed++ // for the request whose head is broken
	}
	m.states[by] = StateError
	m.join()
}

// refusal is the section that an event in the wrong place broke.
func refusal(s State, e Event) string {
	switch {
	case s == StateMustClose || s == StateClosed:
		return "RFC 9112 §9.6"
	case s == StateMightSwitch || s == StateSwitched || e == EventSwitch:
		return "RFC 9110 §7.8"
	case e == EventConnectionClosed:
		return "RFC 9112 §8"
	case e == EventResponse || e == EventInterimResponse:
		return "RFC 9112 §9.2"
	}
	return "RFC 9112 §2.1"
}

// WriteStates writes the rules of both sides and those that join them as
// Markdown tables.
func WriteStates(w io.Writer) error {
	for by, title := range []string{"# What a client sends\n\n", "\n# What a server sends\n\n"} {
		if _, err := io.WriteString(w, title); err != nil {
			return err
		}
		if err := tables[by].WriteStates(w); err != nil {
			return err
		}
	}
	return writeJoints(w)
}

// WriteStatesDOT writes the rules of a side as a graph in the language of
// Graphviz.
func WriteStatesDOT(w io.Writer, by Side) error { return tables[by&1].WriteStatesDOT(w) }

// ProtocolError tells of a message that is well-formed and not allowed where it
// stands.
type ProtocolError struct {
	// Remote tells that the peer erred; else the caller did.
	Remote bool
	// State and Event tell what was met where.
	State, Event string
	// Ref is the section that says so.
	Ref string
	// Reply is the status code that a server answers, where the peer erred.
	Reply int
}

// Error tells who did what where, such as
// "http1: peer: no Response in state Idle (RFC 9112 §9.2)".
func (e *ProtocolError) Error() string {
	s := "http1: "
	if e.Remote {
		s += "peer: "
	}
	return s + "no " + e.Event + " in state " + e.State + " (" + e.Ref + ")"
}
