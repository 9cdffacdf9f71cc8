package telnet_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/telnet"
)

var updateStates = flag.Bool("update-states", false, "rewrite testdata/states.md")

// TestStatesFile: the table is what the file says, which is there to be read
// beside the RFC.
func TestStatesFile(t *testing.T) {
	var b strings.Builder
	require.NoError(t, telnet.WriteStates(&b))
	if *updateStates {
		require.NoError(t, os.WriteFile("testdata/states.md", []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile("testdata/states.md")
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())

	b.Reset()
	require.NoError(t, telnet.WriteStatesDOT(&b))
	assert.Contains(t, b.String(), `"WantYes" -> "Yes" [label="Accept"];`)
}

const (
	no, refused, wantYes, wantYesOpposite = telnet.StateNo, telnet.StateRefused, telnet.StateWantYes, telnet.StateWantYesOpposite
	yes, wantNo, wantNoOpposite           = telnet.StateYes, telnet.StateWantNo, telnet.StateWantNoOpposite
)

// outcome is what a move leads to: the state, and what is said about the peer's
// side of the option.
type outcome struct {
	to  telnet.State
	say telnet.Command
}

// qMethod is RFC 1143 §7 once more, by state; a move that is not there is
// refused.
var qMethod = map[telnet.State]map[telnet.Move]outcome{
	no: {
		telnet.MoveAccept:  {yes, telnet.CommandDo},
		telnet.MoveDecline: {no, telnet.CommandDont},
		telnet.MoveEnd:     {no, 0},
		telnet.MoveEnable:  {wantYes, telnet.CommandDo},
	},
	refused: {
		telnet.MoveAccept:  {yes, telnet.CommandDo},
		telnet.MoveDecline: {refused, telnet.CommandDont},
		telnet.MoveEnd:     {refused, 0},
	},
	yes: {
		telnet.MoveAccept:  {yes, 0},
		telnet.MoveDecline: {yes, 0},
		telnet.MoveEnd:     {no, telnet.CommandDont},
		telnet.MoveDisable: {wantNo, telnet.CommandDont},
	},
	wantNo: {
		telnet.MoveAccept:  {no, 0},
		telnet.MoveDecline: {no, 0},
		telnet.MoveEnd:     {no, 0},
		telnet.MoveEnable:  {wantNoOpposite, 0},
	},
	wantNoOpposite: {
		telnet.MoveAccept:  {yes, 0},
		telnet.MoveDecline: {yes, 0},
		telnet.MoveEnd:     {wantYes, telnet.CommandDo},
		telnet.MoveDisable: {wantNo, 0},
	},
	wantYes: {
		telnet.MoveAccept:  {yes, 0},
		telnet.MoveDecline: {yes, 0},
		telnet.MoveEnd:     {refused, 0},
		telnet.MoveDisable: {wantYesOpposite, 0},
	},
	wantYesOpposite: {
		telnet.MoveAccept:  {wantNo, telnet.CommandDont},
		telnet.MoveDecline: {wantNo, telnet.CommandDont},
		telnet.MoveEnd:     {refused, 0},
		telnet.MoveEnable:  {wantYes, 0},
	},
}

// mirror gives the word about our side for that about the peer's.
var mirror = map[telnet.Command]telnet.Command{
	0: 0, telnet.CommandDo: telnet.CommandWill, telnet.CommandDont: telnet.CommandWont,
	telnet.CommandWill: telnet.CommandDo, telnet.CommandWont: telnet.CommandDont,
}

// lead leads an option into a state.
func lead(t *testing.T, n *telnet.Negotiator, side telnet.Side, o telnet.Option, s telnet.State) {
	t.Helper()
	will, wont := telnet.CommandWill, telnet.CommandWont
	if side == telnet.SideLocal {
		will, wont = telnet.CommandDo, telnet.CommandDont
	}
	enable := func() { n.Enable(side, o) }
	disable := func() { n.Disable(side, o) }
	agree := func() { n.Receive(will, o) }
	refuse := func() { n.Receive(wont, o) }
	for _, do := range map[telnet.State][]func(){
		no:              nil,
		refused:         {enable, refuse},
		wantYes:         {enable},
		wantYesOpposite: {enable, disable},
		yes:             {enable, agree},
		wantNo:          {enable, agree, disable},
		wantNoOpposite:  {enable, agree, disable, enable},
	}[s] {
		do()
	}
	require.Equal(t, s, n.State(side, o))
}

// TestEveryPair: every state with every move, on both sides, for each of the
// 256 options, is as RFC 1143 §7 has it, and moves no other option.
func TestEveryPair(t *testing.T) {
	require.Len(t, qMethod, int(telnet.StateWantNoOpposite)+1)
	for _, side := range []telnet.Side{telnet.SideLocal, telnet.SideRemote} {
		for s, rules := range qMethod {
			for m := telnet.MoveAccept; m <= telnet.MoveDisable; m++ {
				want, allowed := rules[m]
				for o := range 256 {
					checkPair(t, side, telnet.Option(o), s, m, want, allowed)
				}
			}
		}
	}
}

func checkPair(t *testing.T, side telnet.Side, o telnet.Option, s telnet.State, m telnet.Move, want outcome, allowed bool) {
	var n telnet.Negotiator
	lead(t, &n, side, o, s)
	will, wont := telnet.CommandWill, telnet.CommandWont
	if side == telnet.SideLocal {
		will, wont = telnet.CommandDo, telnet.CommandDont
		want.say = mirror[want.say]
	}
	var said telnet.Command
	var err error
	switch m {
	case telnet.MoveAccept:
		n.Local, n.Remote = telnet.Options(o), telnet.Options(o)
		said = n.Receive(will, o)
	case telnet.MoveDecline:
		said = n.Receive(will, o)
	case telnet.MoveEnd:
		said = n.Receive(wont, o)
	case telnet.MoveEnable:
		said, err = n.Enable(side, o)
	case telnet.MoveDisable:
		said, err = n.Disable(side, o)
	}
	if !allowed {
		wrong, ok := errors.AsType[*telnet.ProtocolError](err)
		require.True(t, ok, "%v %v in %v on %v: %v", side, o, s, m, err)
		assert.Equal(t, s.String(), wrong.State)
		assert.Equal(t, m.String(), wrong.Event)
		assert.NotEmpty(t, wrong.Ref)
		want = outcome{to: s}
	} else {
		require.NoError(t, err, "%v %v in %v on %v", side, o, s, m)
	}
	if n.State(side, o) != want.to || said != want.say {
		t.Errorf("%v %v in %v on %v: %v and %v, want %v and %v", side, o, s, m, n.State(side, o), said, want.to, want.say)
	}
	if n.Enabled(side, o) != (want.to == yes) {
		t.Errorf("%v %v: an option is on in state Yes alone", side, o)
	}
	for other := range 256 {
		if telnet.Option(other) != o && n.State(side, telnet.Option(other)) != no || n.State(1-side, telnet.Option(other)) != no {
			t.Fatalf("%v %v in %v on %v moved option %d", side, o, s, m, other)
		}
	}
}

func TestStateNames(t *testing.T) {
	assert.Equal(t, "WantYesOpposite", wantYesOpposite.String())
	assert.Equal(t, "State(9)", telnet.State(9).String())
	assert.Equal(t, "Disable", telnet.MoveDisable.String())
	assert.Equal(t, "Move(9)", telnet.Move(9).String())
	assert.Equal(t, "local", telnet.SideLocal.String())
	assert.Equal(t, "remote", telnet.SideRemote.String())
	assert.Equal(t, "telnet: no Enable in state Refused (RFC 854)", (&telnet.ProtocolError{State: "Refused", Event: "Enable", Ref: "RFC 854"}).Error())
	assert.Equal(t, "telnet: peer: no x in state y (z)", (&telnet.ProtocolError{Remote: true, State: "y", Event: "x", Ref: "z"}).Error())
}
