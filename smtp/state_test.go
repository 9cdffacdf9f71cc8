package smtp_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// The table is what the file says, which is there to be read beside the RFCs.
func TestStatesFile(t *testing.T) {
	var b strings.Builder
	require.NoError(t, smtp.WriteStates(&b))
	want, err := os.ReadFile("testdata/states.md")
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())

	b.Reset()
	require.NoError(t, smtp.WriteStatesDOT(&b))
	assert.Contains(t, b.String(), `"Mail" -> "Rcpt" [label="Rcpt"];`)
	for n := range 4 {
		assert.ErrorIs(t, smtp.WriteStates(&failingWriter{n}), errNoRoom)
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
var allowedEvents = map[smtp.State]string{
	smtp.StateStart:          "TurnAway>TurnedAway Hello>Ready Free>Start Reset>Start Quit>Closed End>Closed",
	smtp.StateReady:          "Hello>Ready Free>Ready Reset>Ready StartTLS>Securing Auth>Authenticating Mail>Mail Quit>Closed End>Closed",
	smtp.StateSecuring:       "Secured>Start End>Closed",
	smtp.StateAuthenticating: "AuthEnd>Ready End>Closed",
	smtp.StateMail:           "Rcpt>Rcpt RcptRefused>NoRecipient Hello>Ready Free>Mail Reset>Ready Quit>Closed End>Closed",
	smtp.StateNoRecipient:    "Rcpt>Rcpt RcptRefused>NoRecipient Hello>Ready Free>NoRecipient Reset>Ready Quit>Closed End>Closed",
	smtp.StateRcpt:           "Rcpt>Rcpt RcptRefused>Rcpt Data>Data Chunk>Chunking Hello>Ready Free>Rcpt Reset>Ready Quit>Closed End>Closed",
	smtp.StateData:           "MessageEnd>Ready End>Closed",
	smtp.StateChunking:       "Chunk>Chunking MessageEnd>Ready Hello>Ready Free>Chunking Reset>Ready Quit>Closed End>Closed",
	smtp.StateTurnedAway:     "Quit>Closed End>Closed",
	smtp.StateClosed:         "",
}

// target finds where an event leads in a list of pairs, "" for nowhere.
func target(pairs, event string) string {
	for pair := range strings.FieldsSeq(pairs) {
		if e, to, _ := strings.Cut(pair, ">"); e == event {
			return to
		}
	}
	return ""
}

// Each state and event is a rule or refused, with the reply that a server gives.
func TestEveryPair(t *testing.T) {
	for s := smtp.StateStart; s <= smtp.StateClosed; s++ {
		for e := smtp.EventTurnAway; e <= smtp.EventEnd; e++ {
			to := target(allowedEvents[s], e.String())
			m := smtp.MachineIn(s, smtp.SecurityNone)
			assert.Equal(t, to != "", m.Can(e), "%v in %v", e, s)
			err := m.Do(e)
			if to != "" {
				assert.NoError(t, err)
				assert.Equal(t, to, m.State().String(), "%v in %v", e, s)
				continue
			}
			refused, ok := errors.AsType[*smtp.ProtocolError](err)
			require.True(t, ok, "%v in %v", e, s)
			want := 503
			if s == smtp.StateNoRecipient && (e == smtp.EventData || e == smtp.EventChunk) {
				want = 554 // no recipient was granted
			}
			assert.Equal(t, want, refused.Reply, "%v in %v", e, s)
			assert.Equal(t, smtp.EnhancedCode{5, 5, 1}, refused.Enhanced)
			assert.True(t, refused.Remote)
			assert.Equal(t, s, m.State(), "a refused event moves nothing")
		}
	}
}

// STARTTLS and AUTH succeed once each, and STARTTLS forgets a login before it.
func TestEverySecurityPair(t *testing.T) {
	allowed := map[smtp.Security]string{
		smtp.SecurityNone:     "STARTTLS>TLS AUTH>Login",
		smtp.SecurityLogin:    "STARTTLS>TLS",
		smtp.SecurityTLS:      "AUTH>TLSLogin",
		smtp.SecurityTLSLogin: "",
	}
	for s := smtp.SecurityNone; s <= smtp.SecurityTLSLogin; s++ {
		for e := smtp.SecurityEventSTARTTLS; e <= smtp.SecurityEventAUTH; e++ {
			m := smtp.MachineIn(smtp.StateReady, s)
			to := target(allowed[s], e.String())
			assert.Equal(t, to != "", m.CanSecurity(e), "%v in %v", e, s)
			err := m.DoSecurity(e)
			if to != "" {
				assert.NoError(t, err)
				assert.Equal(t, to, m.Security().String(), "%v in %v", e, s)
				continue
			}
			refused, ok := errors.AsType[*smtp.ProtocolError](err)
			require.True(t, ok, "%v in %v", e, s)
			assert.Equal(t, 503, refused.Reply, "%v in %v", e, s)
			assert.Equal(t, s, m.Security())
		}
	}
}

// Every state can be reached, and all but the last be left.
func TestStatesReachable(t *testing.T) {
	assert.Empty(t, smtp.UnreachableStates())
	assert.Equal(t, []string{"Closed"}, smtp.StuckStates())
	for _, name := range []string{
		smtp.State(99).String(), smtp.Event(99).String(), smtp.Security(99).String(), smtp.SecurityEvent(99).String(),
	} {
		assert.Contains(t, name, "(99)")
	}
}

// A random walk never panics, and a refused event stays refused.
func TestRandomWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m smtp.Machine
	for range 100_000 {
		e := smtp.Event(r.IntN(int(smtp.EventEnd)))
		before := m
		if m.Do(e) != nil {
			require.Equal(t, before, m)
			require.Error(t, m.Do(e))
		}
		if m.State() == smtp.StateClosed {
			m = smtp.Machine{}
		}
	}
}
