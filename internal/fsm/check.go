package fsm

import (
	"iter"
	"slices"
)

// Unreachable returns the states that no walk from start comes to.
func (t *Table[S, E]) Unreachable(start S) []S {
	reached := make([]bool, t.states)
	reached[start] = true
	for grown := true; grown; {
		grown = false
		for _, r := range t.rules {
			if reached[r.From] && !reached[r.To] {
				reached[r.To], grown = true, true
			}
		}
	}
	return t.statesWhere(func(s S) bool { return !reached[s] })
}

// Stuck returns the states that no rule leaves, without those named as final.
func (t *Table[S, E]) Stuck(final ...S) []S {
	left := make([]bool, t.states)
	for _, r := range t.rules {
		left[r.From] = left[r.From] || r.To != r.From
	}
	return t.statesWhere(func(s S) bool { return !left[s] && !slices.Contains(final, s) })
}

func (t *Table[S, E]) statesWhere(is func(S) bool) []S {
	var out []S
	for s := range t.states {
		if is(S(s)) {
			out = append(out, S(s))
		}
	}
	return out
}

// Refused yields every pair of a state and an event that has no rule, so that
// a test can list them with the replies they get.
func (t *Table[S, E]) Refused() iter.Seq2[S, E] {
	return func(yield func(S, E) bool) {
		for i, rule := range t.cells {
			if rule == 0 && !yield(S(i/t.events), E(i%t.events)) {
				return
			}
		}
	}
}
