package resolver

import (
	"io"

	"applayer/internal/fsm"
)

// State is where a question stands in the algorithm of RFC 1034 §5.3.3.
type State uint8

// The states, in the order of that algorithm.
const (
	// StateLocal looks for the answer in what is known: step 1.
	StateLocal State = iota
	// StateServers finds the best servers to ask: step 2.
	StateServers
	// StateAddresses waits until an address of one of them is known.
	StateAddresses
	// StateAsk waits for a reply: step 3.
	StateAsk
	// StateDone has an answer, or knows that there is none to be had.
	StateDone
	stateCount
)

var stateNames = [...]string{"Local", "Servers", "Addresses", "Ask", "Done"}

// String returns the state's name.
func (s State) String() string { return stateNames[s] }

// Event is what moves a question from state to state. Those from EventAnswer
// to EventSilence that come in StateAsk are step 4 of RFC 1034 §5.3.3: the
// analysis of the reply.
type Event uint8

// The events.
const (
	// EventAnswer is the answer, or that there is none to this question: 4a.
	EventAnswer Event = iota
	// EventAlias is a CNAME or DNAME: another name is to be looked up: 4c.
	EventAlias
	// EventUnknown: nothing that is known answers the question.
	EventUnknown
	// EventServer is a server that has been chosen.
	EventServer
	// EventNoAddress: servers are known, but not where they are.
	EventNoAddress
	// EventNoServer: no server is left.
	EventNoServer
	// EventAddresses: the lookup of servers' addresses has ended.
	EventAddresses
	// EventDelegation is a referral to servers closer to the name: 4b.
	EventDelegation
	// EventFurther is the reply to a question with a part of the name; the next
	// has more of it.
	EventFurther
	// EventUseless is a reply from which nothing follows: 4d.
	EventUseless
	// EventSilence is that there was no reply.
	EventSilence
	// EventLimit is a limit that was reached.
	EventLimit
	eventCount
)

var eventNames = [...]string{
	"Answer", "Alias", "Unknown", "Server", "NoAddress", "NoServer", "Addresses",
	"Delegation", "Further", "Useless", "Silence", "Limit",
}

// String returns the event's name.
func (e Event) String() string { return eventNames[e] }

// rules is the resolver's algorithm: RFC 1034 §5.3.3, with the steps by which a
// name is shown (RFC 9156 §3) and bounds on the work (RFC 1035 §7.1).
var rules = []fsm.Rule[State, Event]{
	{From: StateLocal, On: EventAnswer, To: StateDone, Ref: "RFC 1034 §5.3.3"},
	{From: StateLocal, On: EventAlias, To: StateLocal, Ref: "RFC 1034 §5.3.3"},
	{From: StateLocal, On: EventUnknown, To: StateServers, Ref: "RFC 1034 §5.3.3"},
	{From: StateLocal, On: EventLimit, To: StateDone, Ref: "RFC 1035 §7.1"},

	{From: StateServers, On: EventServer, To: StateAsk, Ref: "RFC 1034 §5.3.3"},
	{From: StateServers, On: EventNoAddress, To: StateAddresses, Ref: "RFC 1034 §5.3.3"},
	{From: StateServers, On: EventNoServer, To: StateDone, Ref: "RFC 1035 §7.2"},
	{From: StateServers, On: EventLimit, To: StateDone, Ref: "RFC 1035 §7.1"},

	{From: StateAddresses, On: EventAddresses, To: StateServers, Ref: "RFC 1034 §5.3.3"},
	{From: StateAddresses, On: EventAnswer, To: StateDone, Ref: "RFC 9609 §3"},
	{From: StateAddresses, On: EventLimit, To: StateDone, Ref: "RFC 1035 §7.1"},

	{From: StateAsk, On: EventAnswer, To: StateDone, Ref: "RFC 1034 §5.3.3"},
	{From: StateAsk, On: EventDelegation, To: StateServers, Ref: "RFC 1034 §5.3.3"},
	{From: StateAsk, On: EventFurther, To: StateServers, Ref: "RFC 9156 §3"},
	{From: StateAsk, On: EventAlias, To: StateLocal, Ref: "RFC 1034 §5.3.3"},
	{From: StateAsk, On: EventUseless, To: StateServers, Ref: "RFC 1034 §5.3.3"},
	{From: StateAsk, On: EventSilence, To: StateServers, Ref: "RFC 1035 §7.2"},
	{From: StateAsk, On: EventLimit, To: StateDone, Ref: "RFC 1035 §7.1"},
}

var table = fsm.Compile(rules, stateCount, eventCount)

// WriteStates writes the table of states as Markdown.
func WriteStates(w io.Writer) error { return table.WriteStates(w) }

// WriteStatesDOT writes the table of states as a graph.
func WriteStatesDOT(w io.Writer) error { return table.WriteStatesDOT(w) }
