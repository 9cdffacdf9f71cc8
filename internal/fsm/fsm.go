// Package fsm holds the order of a protocol as data: rules that name a state,
// an event and the next state, each with the section it stands on, compiled
// into a dense array. The same table holds both ends to the rules; it can be
// printed, and tested pair by pair.
package fsm

import (
	"fmt"
	"slices"
)

// Int is what states and events are made of: small integers that count from
// zero, with a String method where they are to be printed.
type Int interface {
	~int | ~int8 | ~int16 | ~int32 | ~uint | ~uint8 | ~uint16 | ~uint32
}

// Rule says that event On leads from state From to state To, as section Ref
// has it.
type Rule[S, E Int] struct {
	From S
	On   E
	To   S
	Ref  string
}

// Table is a compiled set of rules. It never changes and may be shared.
type Table[S, E Int] struct {
	rules  []Rule[S, E]
	cells  []int16 // a rule's index plus one for each state and event, 0 for none
	states int
	events int
}

// maxCells bounds a table: rules are written by hand.
const maxCells = 1 << 20

// Compile makes a table of the rules. States and events count from 0 up to,
// and without, the two bounds. It panics where a rule is outside them or two
// rules stand for one state and event: that is a mistake in the program.
func Compile[S, E Int](rules []Rule[S, E], states S, events E) *Table[S, E] {
	t := &Table[S, E]{rules: slices.Clone(rules), states: int(states), events: int(events)}
	if t.states <= 0 || t.events <= 0 || t.states > maxCells/t.events || len(rules) > 1<<15-2 {
		panic(fmt.Sprintf("fsm: a table of %d states, %d events and %d rules", t.states, t.events, len(rules)))
	}
	t.cells = make([]int16, t.states*t.events)
	for i, r := range rules {
		cell, ok := t.cell(r.From, r.On)
		if !ok || r.To < 0 || int(r.To) >= t.states {
			panic(fmt.Sprintf("fsm: rule %v on %v to %v is outside the table", r.From, r.On, r.To))
		}
		if t.cells[cell] != 0 {
			panic(fmt.Sprintf("fsm: two rules for %v on %v", r.From, r.On))
		}
		t.cells[cell] = int16(i + 1)
	}
	return t
}

func (t *Table[S, E]) cell(s S, e E) (int, bool) {
	if s < 0 || int(s) >= t.states || e < 0 || int(e) >= t.events {
		return 0, false
	}
	return int(s)*t.events + int(e), true
}

// Next returns the state to which event e leads from s, and the section that
// says so. It is not ok where no rule allows e in s; then the state is s.
func (t *Table[S, E]) Next(s S, e E) (next S, ref string, ok bool) {
	cell, ok := t.cell(s, e)
	if !ok || t.cells[cell] == 0 {
		return s, "", false
	}
	r := &t.rules[t.cells[cell]-1]
	return r.To, r.Ref, true
}

// Rules returns the rules in the order in which they were written.
func (t *Table[S, E]) Rules() []Rule[S, E] { return slices.Clone(t.rules) }

// RefusedError tells that no rule allows an event in a state.
type RefusedError struct{ State, Event string }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("fsm: no %s in state %s", e.Event, e.State)
}

// Machine walks a table. It is for one goroutine at a time.
type Machine[S, E Int] struct {
	table *Table[S, E]
	state S
}

// NewMachine returns a machine that stands in state start.
func NewMachine[S, E Int](t *Table[S, E], start S) Machine[S, E] {
	return Machine[S, E]{table: t, state: start}
}

// State returns the state in which the machine stands.
func (m *Machine[S, E]) State() S { return m.state }

// Can tells whether e is allowed in the machine's state.
func (m *Machine[S, E]) Can(e E) bool {
	_, _, ok := m.table.Next(m.state, e)
	return ok
}

// Do takes the step that e stands for. Where no rule allows it, the error is a
// [*RefusedError] and the machine stays where it is.
func (m *Machine[S, E]) Do(e E) error {
	next, _, ok := m.table.Next(m.state, e)
	if !ok {
		return &RefusedError{State: fmt.Sprint(m.state), Event: fmt.Sprint(e)}
	}
	m.state = next
	return nil
}
