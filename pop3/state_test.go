package pop3_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

// The table is what the file says, which is there to be read beside the RFCs.
func TestStatesFile(t *testing.T) {
	var b strings.Builder
	require.NoError(t, pop3.WriteStates(&b))
	want, err := os.ReadFile("testdata/states.md")
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())

	b.Reset()
	require.NoError(t, pop3.WriteStatesDOT(&b))
	assert.Contains(t, b.String(), `"Transaction" -> "Update" [label="Quit"];`)
	for n := range 2 {
		assert.ErrorIs(t, pop3.WriteStates(&failingWriter{n}), errNoRoom)
	}
}

var errNoRoom = errors.New("no room")

// failingWriter takes n writes.
type failingWriter struct{ n int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, errNoRoom
	}
	return len(p), nil
}

// The pairs that are allowed, by state, each event with the state that it leads
// to. What is not here is refused.
var allowedEvents = map[pop3.State]string{
	pop3.StateAuthorization: "Free>Authorization UTF8>Authorization STLS>Authorization User>UserGiven " +
		"Apop>Authenticating Auth>Authenticating Quit>Closed End>Closed",
	pop3.StateUserGiven: "Free>UserGiven UTF8>UserGiven STLS>Authorization User>UserGiven " +
		"Pass>Authenticating Auth>Authenticating Quit>Closed End>Closed",
	pop3.StateAuthenticating: "Login>Transaction Refused>Authorization End>Closed",
	pop3.StateTransaction:    "Free>Transaction Command>Transaction Quit>Update End>Closed",
	pop3.StateUpdate:         "Updated>Closed End>Closed",
	pop3.StateClosed:         "",
}

// The section that a refused pair broke.
func refusedRef(s pop3.State, e pop3.Event) string {
	switch e {
	case pop3.EventUTF8:
		return "RFC 6856 §2"
	case pop3.EventSTLS:
		return "RFC 2595 §4"
	case pop3.EventUser, pop3.EventPass, pop3.EventApop:
		return "RFC 1939 §7"
	case pop3.EventAuth:
		return "RFC 5034 §4"
	case pop3.EventCommand:
		return "RFC 1939 §5"
	}
	if (e == pop3.EventFree || e == pop3.EventQuit) && (s == pop3.StateUpdate || s == pop3.StateClosed) {
		return "RFC 1939 §6"
	}
	return "RFC 1939 §3"
}

// Each state and event is a rule or refused.
func TestEveryPair(t *testing.T) {
	for s := pop3.StateAuthorization; s <= pop3.StateClosed; s++ {
		for e := pop3.EventFree; e <= pop3.EventEnd; e++ {
			to := ""
			for pair := range strings.FieldsSeq(allowedEvents[s]) {
				if event, next, _ := strings.Cut(pair, ">"); event == e.String() {
					to = next
				}
			}
			m := pop3.MachineIn(s)
			assert.Equal(t, to != "", m.Can(e), "%v in %v", e, s)
			err := m.Do(e)
			if to != "" {
				assert.NoError(t, err)
				assert.Equal(t, to, m.State().String(), "%v in %v", e, s)
				continue
			}
			want := &pop3.ProtocolError{Remote: true, State: s.String(), Event: e.String(), Ref: refusedRef(s, e)}
			assert.Equal(t, want, err, "%v in %v", e, s)
			assert.Equal(t, s, m.State(), "a refused event moves nothing")
		}
	}
}

// Every state can be reached, and all but the last be left.
func TestStatesReachable(t *testing.T) {
	assert.Empty(t, pop3.UnreachableStates())
	assert.Equal(t, []pop3.State{pop3.StateClosed}, pop3.StuckStates())
	assert.Equal(t, "State(99)", pop3.State(99).String())
	assert.Equal(t, "Event(99)", pop3.Event(99).String())
	assert.Equal(t, "unknown", pop3.Verb(99).String())
}

// A random walk never panics, a refused event stays refused, and UPDATE comes by
// QUIT out of TRANSACTION alone.
func TestRandomWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m pop3.Machine
	for range 100_000 {
		e := pop3.Event(r.IntN(int(pop3.EventEnd)))
		before := m
		if m.Do(e) != nil {
			require.Equal(t, before, m)
			require.Error(t, m.Do(e))
		} else if m.State() == pop3.StateUpdate {
			require.Equal(t, pop3.StateTransaction, before.State())
			require.Equal(t, pop3.EventQuit, e)
		}
		if m.State() == pop3.StateClosed {
			m = pop3.Machine{}
		}
	}
}
