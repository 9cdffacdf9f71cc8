package fsm_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/fsm"
)

type door uint8

const (
	closed door = iota
	open
	locked
	gone
	doors
)

func (d door) String() string { return [...]string{"closed", "open", "locked", "gone"}[d] }

type hand int8

const (
	pull hand = iota
	push
	turnKey
	hands
)

func (h hand) String() string { return [...]string{"pull", "push", "turn key"}[h] }

var rules = []fsm.Rule[door, hand]{
	{closed, pull, open, "§1"},
	{open, push, closed, "§2"},
	{closed, turnKey, locked, "§3"},
	{locked, turnKey, closed, "§3"},
	{locked, pull, locked, "§4"},
}

var table = fsm.Compile(rules, doors, hands)

func TestNext(t *testing.T) {
	allowed := 0
	for s := range doors {
		for e := range hands {
			next, ref, ok := table.Next(s, e)
			want := fsm.Rule[door, hand]{From: s, On: e, To: s}
			for _, r := range rules {
				if r.From == s && r.On == e {
					want, allowed = r, allowed+1
				}
			}
			assert.Equal(t, want.Ref != "", ok, "%v on %v", s, e)
			assert.Equal(t, want, fsm.Rule[door, hand]{From: s, On: e, To: next, Ref: ref})
		}
	}
	assert.Equal(t, len(rules), allowed)
	for _, outside := range []struct {
		s door
		e hand
	}{{doors, pull}, {closed, hands}, {closed, -1}, {255, 127}} {
		_, _, ok := table.Next(outside.s, outside.e)
		assert.False(t, ok)
	}
	assert.Equal(t, rules, table.Rules())
}

func TestMachine(t *testing.T) {
	m := fsm.NewMachine(table, closed)
	assert.True(t, m.Can(turnKey))
	require.NoError(t, m.Do(turnKey))
	assert.Equal(t, locked, m.State())
	assert.False(t, m.Can(push))
	err := m.Do(push)
	refused, ok := errors.AsType[*fsm.RefusedError](err)
	require.True(t, ok)
	assert.Equal(t, fsm.RefusedError{State: "locked", Event: "push"}, *refused)
	assert.EqualError(t, err, "fsm: no push in state locked")
	assert.Equal(t, locked, m.State(), "a refused event moves nothing")
}

func TestRandomWalk(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m := fsm.NewMachine(table, closed)
	for range 10000 {
		before, e := m.State(), hand(random.IntN(10)-3)
		can := m.Can(e)
		if e < 0 || e >= hands {
			assert.False(t, can)
			continue
		}
		assert.Equal(t, can, m.Do(e) == nil)
		if !can {
			assert.Equal(t, before, m.State())
			assert.Error(t, m.Do(e), "an error stays an error")
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	m := fsm.NewMachine(table, closed)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if m.Do(pull) != nil || m.Do(push) != nil || m.Can(push) {
			t.Error("the door is stuck")
		}
	}))
}

func TestChecks(t *testing.T) {
	assert.Equal(t, []door{gone}, table.Unreachable(closed))
	assert.Equal(t, []door{gone}, table.Stuck())
	assert.Empty(t, table.Stuck(gone))
	var refused []string
	for s, e := range table.Refused() {
		refused = append(refused, s.String()+" "+e.String())
		if s == gone {
			break
		}
	}
	assert.Equal(t, []string{"closed push", "open pull", "open turn key", "locked push", "gone pull"}, refused)
}

func TestCompilePanics(t *testing.T) {
	tests := []struct {
		name  string
		rules []fsm.Rule[door, hand]
		s     door
		e     hand
		want  string
	}{
		{"two rules for one pair", append(table.Rules(), fsm.Rule[door, hand]{From: open, On: push, To: locked}), doors, hands, "two rules for open on push"},
		{"from outside", rules, locked, hands, "outside the table"},
		{"event outside", rules, doors, turnKey, "outside the table"},
		{"to outside", []fsm.Rule[door, hand]{{From: closed, On: pull, To: open}}, open, hands, "outside the table"},
		{"no states", nil, 0, hands, "a table of 0 states"},
		{"no events", nil, doors, 0, "0 events"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() { assert.Contains(t, recover(), tt.want) }()
			fsm.Compile(tt.rules, tt.s, tt.e)
		})
	}
}

func TestWrite(t *testing.T) {
	small := fsm.Compile(rules[:2], doors, hands)
	var b strings.Builder
	require.NoError(t, small.WriteStates(&b))
	assert.Equal(t, "| from | on | to | section |\n|---|---|---|---|\n| closed | pull | open | §1 |\n| open | push | closed | §2 |\n", b.String())
	b.Reset()
	require.NoError(t, small.WriteStatesDOT(&b))
	assert.Equal(t, "digraph states {\n\trankdir=LR;\n\t\"closed\" -> \"open\" [label=\"pull\"];\n\t\"open\" -> \"closed\" [label=\"push\"];\n}\n", b.String())
}

func BenchmarkNext(b *testing.B) {
	s := closed
	for b.Loop() {
		s, _, _ = table.Next(s, turnKey)
	}
}
