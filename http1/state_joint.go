package http1

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"applayer/internal/fsm"
)

// fact is something that is known beside the states and decides where they go:
// a set of the facts below.
type fact uint8

const (
	lastRequest  fact        = 1 << iota // the newest request is the last one
	lastResponse                         // the newest response is the last one
	proposed                             // the newest request asks for another protocol
	owed                                 // a request is owed a response
	ahead                                // more than one is
	facts        = 1 << iota             // how many sets there are
)

func (f fact) String() string {
	var names []string
	for i, name := range []string{"last request", "last response", "switch proposed", "response owed", "requests ahead"} {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// anyState stands in a joint rule for every state, and for no change.
const anyState = states

// joint is a rule that binds the sides: where they stand as Client and Server,
// all facts of If hold and none of Unless, the one of them that To names goes
// there.
type joint struct {
	client, server State
	on, unless     fact
	by             Side
	to             State
	ref            string
}

// joints are the rules, in the order in which they are tried.
var joints = []joint{
	// A request is answered.
	{anyState, StateIdle, owed, 0, SideServer, StateSendResponse, "RFC 9112 §9.2"},
	// Another protocol.
	{anyState, StateSendResponse, proposed, ahead, SideServer, StateMightSwitch, "RFC 9110 §7.8"},
	{StateDone, anyState, proposed, 0, SideClient, StateMightSwitch, "RFC 9110 §7.8"},
	{StateMightSwitch, StateSwitched, 0, 0, SideClient, StateSwitched, "RFC 9110 §7.8"},
	{StateMightSwitch, anyState, 0, proposed, SideClient, StateDone, "RFC 9110 §7.8"},
	{StateMightSwitch, StateClosed, 0, 0, SideClient, StateMustClose, "RFC 9112 §9.5"},
	// The last message.
	{StateDone, anyState, lastRequest, 0, SideClient, StateMustClose, "RFC 9112 §9.6"},
	{StateDone, anyState, lastResponse, 0, SideClient, StateMustClose, "RFC 9112 §9.6"},
	{StateIdle, anyState, lastResponse, 0, SideClient, StateMustClose, "RFC 9112 §9.6"},
	{anyState, StateDone, lastResponse, 0, SideServer, StateMustClose, "RFC 9112 §9.6"},
	{StateMustClose, StateDone, 0, owed, SideServer, StateMustClose, "RFC 9112 §9.6"},
	// The end of one side ends the other.
	{StateClosed, StateIdle, 0, owed, SideServer, StateMustClose, "RFC 9112 §9.6"},
	{StateClosed, StateDone, 0, owed, SideServer, StateMustClose, "RFC 9112 §9.6"},
	{StateIdle, StateClosed, 0, 0, SideClient, StateMustClose, "RFC 9112 §9.5"},
	{StateDone, StateClosed, 0, 0, SideClient, StateMustClose, "RFC 9112 §9.5"},
	{StateError, StateDone, 0, owed, SideServer, StateMustClose, "RFC 9112 §9.5"},
	{StateIdle, StateError, 0, 0, SideClient, StateMustClose, "RFC 9112 §9.5"},
	{StateDone, StateError, 0, 0, SideClient, StateMustClose, "RFC 9112 §9.5"},
	// The next message.
	{anyState, StateDone, owed, 0, SideServer, StateSendResponse, "RFC 9112 §9.3.2"},
	{StateDone, StateDone, 0, owed, SideServer, StateIdle, "RFC 9112 §9.3"},
	{StateDone, StateIdle, 0, owed, SideClient, StateIdle, "RFC 9112 §9.3"},
}

// pair is the states of both sides in one.
type pair uint8

func pairOf(client, server State) pair { return pair(client)*pair(states) + pair(server) }

func (p pair) states() [2]State { return [2]State{State(p / pair(states)), State(p % pair(states))} }

// product says for every pair of states and set of facts where the joint rules
// lead, all of them together. A pair that no rule moves is not in it.
var product = compileJoints()

func compileJoints() *fsm.Table[pair, fact] {
	var rules []fsm.Rule[pair, fact]
	for p := range pair(states * states) {
		for f := range fact(facts) {
			to, ref := p, ""
			for range len(joints) { // no chain is longer, if the rules make no circle
				next, because := joinOnce(to, f)
				if next == to {
					break
				}
				to, ref = next, because
			}
			if to != p {
				rules = append(rules, fsm.Rule[pair, fact]{From: p, On: f, To: to, Ref: ref})
			}
		}
	}
	return fsm.Compile(rules, pair(states*states), fact(facts))
}

// joinOnce applies the first joint rule that holds.
func joinOnce(p pair, f fact) (pair, string) {
	s := p.states()
	for _, j := range joints {
		if (j.client == anyState || j.client == s[SideClient]) && (j.server == anyState || j.server == s[SideServer]) &&
			f&j.on == j.on && f&j.unless == 0 {
			s[j.by] = j.to
			return pairOf(s[SideClient], s[SideServer]), j.ref
		}
	}
	return p, ""
}

// join moves the sides as the facts now have it.
func (m *Machine) join() {
	f := m.facts
	if m.owed > 0 {
		f |= owed
	}
	if m.owed > 1 {
		f |= ahead
	}
	next, _, _ := product.Next(pairOf(m.states[SideClient], m.states[SideServer]), f)
	m.states = next.states()
}

// writeJoints writes the joint rules as a Markdown table.
func writeJoints(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("\n# What binds the two\n\n| client | server | if | unless | then | section |\n|---|---|---|---|---|---|\n")
	for _, j := range joints {
		fmt.Fprintf(&b, "| %s | %s | %v | %v | %v %v | %s |\n", nameOf(j.client), nameOf(j.server), j.on, j.unless, j.by, j.to, j.ref)
	}
	_, err := b.WriteTo(w)
	return err
}

func nameOf(s State) string {
	if s == anyState {
		return "any"
	}
	return s.String()
}
