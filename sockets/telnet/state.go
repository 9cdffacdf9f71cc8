package telnet

import (
	"io"
	"strconv"

	"applayer/internal/fsm"
)

// State is how far an option has come on one side of a connection.
type State uint8

// The states: the four of RFC 1143 §7, of which those under negotiation stand
// twice for their queue bit, and StateRefused, which is StateNo with the memory
// that the peer does not want the option.
const (
	StateNo              State = iota // off
	StateRefused                      // off, since the peer refused: it is not asked again
	StateWantYes                      // asked for, the answer is awaited
	StateWantYesOpposite              // the same, to be given up once it has come
	StateYes                          // on
	StateWantNo                       // to end, the answer is awaited
	StateWantNoOpposite               // the same, to be asked for again once it has come
	states
)

var stateNames = [states]string{"No", "Refused", "WantYes", "WantYesOpposite", "Yes", "WantNo", "WantNoOpposite"}

// String returns the state's name.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "State(" + strconv.Itoa(int(s)) + ")"
}

// Move is something that happens to an option: the peer says so, or we want it.
type Move uint8

// The moves. WILL and WONT are about the peer's side of an option, DO and DONT
// about ours.
const (
	MoveAccept  Move = iota // the peer says WILL or DO, and we agree
	MoveDecline             // the peer says WILL or DO, and we do not agree
	MoveEnd                 // the peer says WONT or DONT
	MoveEnable              // we want the option on
	MoveDisable             // we want it off
	moves
)

var moveNames = [moves]string{"Accept", "Decline", "End", "Enable", "Disable"}

// String returns the move's name.
func (m Move) String() string {
	if m < moves {
		return moveNames[m]
	}
	return "Move(" + strconv.Itoa(int(m)) + ")"
}

// word is what a rule has us say: DO or DONT about the peer's side of an
// option, WILL or WONT about ours.
type word uint8

const (
	silence word = iota
	yes
	no
)

// rule says that On leads from From to To, what we say then, and where that is
// written.
type rule struct {
	From State
	On   Move
	To   State
	Say  word
	Ref  string
}

// rules are the Q method, whole, in the order of RFC 1143 §7. What it calls an
// error when we ask has no rule; what it calls one when the peer answers has.
var rules = []rule{
	// Upon receipt of WILL or DO.
	{StateNo, MoveAccept, StateYes, yes, "RFC 1143 §7"},
	{StateNo, MoveDecline, StateNo, no, "RFC 1143 §2"},
	{StateRefused, MoveAccept, StateYes, yes, "RFC 1143 §7"},
	{StateRefused, MoveDecline, StateRefused, no, "RFC 1143 §2"},
	{StateYes, MoveAccept, StateYes, silence, "RFC 1143 §2"},
	{StateYes, MoveDecline, StateYes, silence, "RFC 1143 §2"},
	{StateWantNo, MoveAccept, StateNo, silence, "RFC 1143 §7"}, // DONT answered by WILL
	{StateWantNo, MoveDecline, StateNo, silence, "RFC 1143 §7"},
	{StateWantNoOpposite, MoveAccept, StateYes, silence, "RFC 1143 §7"}, // the same
	{StateWantNoOpposite, MoveDecline, StateYes, silence, "RFC 1143 §7"},
	{StateWantYes, MoveAccept, StateYes, silence, "RFC 1143 §7"},
	{StateWantYes, MoveDecline, StateYes, silence, "RFC 1143 §7"},
	{StateWantYesOpposite, MoveAccept, StateWantNo, no, "RFC 1143 §5"},
	{StateWantYesOpposite, MoveDecline, StateWantNo, no, "RFC 1143 §5"},
	// Upon receipt of WONT or DONT.
	{StateNo, MoveEnd, StateNo, silence, "RFC 1143 §2"},
	{StateRefused, MoveEnd, StateRefused, silence, "RFC 1143 §2"},
	{StateYes, MoveEnd, StateNo, no, "RFC 1143 §2"},
	{StateWantNo, MoveEnd, StateNo, silence, "RFC 1143 §7"},
	{StateWantNoOpposite, MoveEnd, StateWantYes, yes, "RFC 1143 §5"},
	{StateWantYes, MoveEnd, StateRefused, silence, "RFC 1143 §2"},
	{StateWantYesOpposite, MoveEnd, StateRefused, silence, "RFC 1143 §7"},
	// If we decide to enable.
	{StateNo, MoveEnable, StateWantYes, yes, "RFC 1143 §7"},
	{StateWantNo, MoveEnable, StateWantNoOpposite, silence, "RFC 1143 §5"},
	{StateWantYesOpposite, MoveEnable, StateWantYes, silence, "RFC 1143 §5"},
	// If we decide to disable.
	{StateYes, MoveDisable, StateWantNo, no, "RFC 1143 §7"},
	{StateWantNoOpposite, MoveDisable, StateWantNo, silence, "RFC 1143 §5"},
	{StateWantYes, MoveDisable, StateWantYesOpposite, silence, "RFC 1143 §5"},
}

var table, says = compile()

func compile() (*fsm.Table[State, Move], *[states][moves]word) {
	all := make([]fsm.Rule[State, Move], len(rules))
	says := new([states][moves]word)
	for i, r := range rules {
		all[i] = fsm.Rule[State, Move]{From: r.From, On: r.On, To: r.To, Ref: r.Ref}
		says[r.From][r.On] = r.Say
	}
	return fsm.Compile(all, states, moves), says
}

// step takes the step that m stands for.
func (s State) step(m Move) (next State, say word, err error) {
	next, _, ok := table.Next(s, m)
	if !ok {
		return s, silence, &ProtocolError{State: s.String(), Event: m.String(), Ref: refusal(s)}
	}
	return next, says[s][m], nil
}

// refusal is the section that a move which we may not make would break.
func refusal(s State) string {
	switch s {
	case StateNo, StateYes:
		return "RFC 1143 §2" // it is so already
	case StateRefused:
		return "RFC 854" // a refusal is obeyed; nobody asks again by himself
	}
	return "RFC 1143 §4" // it is being asked for already
}

// WriteStates writes the rules as a Markdown table.
func WriteStates(w io.Writer) error { return table.WriteStates(w) }

// WriteStatesDOT writes the rules as a graph in the language of Graphviz.
func WriteStatesDOT(w io.Writer) error { return table.WriteStatesDOT(w) }

// ProtocolError tells of something that is not allowed in the state in which
// the option is.
type ProtocolError struct {
	// Remote tells that the peer erred; else the caller did.
	Remote bool
	// State and Event tell what was met where.
	State, Event string
	// Ref is the section that says so.
	Ref string
	// Reply is 0: Telnet has no replies.
	Reply int
}

// Error tells what was met where, such as
// "telnet: no Enable in state Refused (RFC 854)".
func (e *ProtocolError) Error() string {
	s := "telnet: "
	if e.Remote {
		s += "peer: "
	}
	return s + "no " + e.Event + " in state " + e.State + " (" + e.Ref + ")"
}
