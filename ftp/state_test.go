package ftp_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// The table is what the file says, which is there to be read beside the RFCs.
func TestStatesFile(t *testing.T) {
	var b strings.Builder
	require.NoError(t, ftp.WriteStates(&b))
	want, err := os.ReadFile("testdata/states.md")
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())

	b.Reset()
	require.NoError(t, ftp.WriteStatesDOT(&b))
	assert.Contains(t, b.String(), `"UserGiven" -> "Authenticating" [label="Pass"];`)
	for n := range 6 {
		assert.ErrorIs(t, ftp.WriteStates(&failingWriter{n}), errNoRoom)
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

// The pairs of the dialogue that are allowed, by state, each event with the
// state that it leads to. What is not here is refused.
var allowedEvents = map[ftp.State]string{
	ftp.StateStart:          "Free>Start Host>Start User>UserGiven Reset>Start Quit>Closed End>Closed",
	ftp.StateUserGiven:      "Free>UserGiven Host>Start User>UserGiven Pass>Authenticating Reset>Start Quit>Closed End>Closed",
	ftp.StateAccountWanted:  "Free>AccountWanted User>UserGiven Acct>Authenticating Reset>Start Quit>Closed End>Closed",
	ftp.StateAuthenticating: "Login>Ready AccountNeeded>AccountWanted LoginRefused>Start End>Closed",
	ftp.StateReady: "Free>Ready Acct>Ready User>UserGiven Reset>Start Command>Ready Setup>Ready RenameFrom>Renaming " +
		"Restart>Restarting Transfer>Transferring Quit>Closed End>Closed",
	ftp.StateRenaming: "Free>Ready Acct>Ready User>UserGiven Reset>Start Command>Ready Setup>Ready RenameFrom>Renaming " +
		"RenameTo>Ready Restart>Restarting Transfer>Transferring Quit>Closed End>Closed",
	ftp.StateRestarting: "Free>Ready Acct>Ready User>UserGiven Reset>Start Command>Ready Setup>Restarting RenameFrom>Renaming " +
		"Restart>Restarting Transfer>Transferring Quit>Closed End>Closed",
	ftp.StateTransferring: "Abort>Transferring TransferEnd>Ready End>Closed",
	ftp.StateClosed:       "",
}

// Each state and event is a rule or refused, with the reply that a server gives.
func TestEveryPair(t *testing.T) {
	for s := ftp.StateStart; s <= ftp.StateClosed; s++ {
		for e := ftp.EventFree; e <= ftp.EventEnd; e++ {
			to := ""
			for pair := range strings.FieldsSeq(allowedEvents[s]) {
				if event, next, _ := strings.Cut(pair, ">"); event == e.String() {
					to = next
				}
			}
			m := ftp.MachineIn(s, ftp.DataNone, ftp.ProtectionNone)
			assert.Equal(t, to != "", m.Can(e), "%v in %v", e, s)
			err := m.Do(e)
			if to != "" {
				assert.NoError(t, err)
				assert.Equal(t, to, m.State().String(), "%v in %v", e, s)
				continue
			}
			refused, ok := errors.AsType[*ftp.ProtocolError](err)
			require.True(t, ok, "%v in %v", e, s)
			needsLogin := e >= ftp.EventCommand && e <= ftp.EventTransfer
			want := 503
			if s <= ftp.StateAccountWanted && needsLogin {
				want = 530
			}
			assert.Equal(t, want, refused.Reply, "%v in %v", e, s)
			assert.True(t, refused.Remote)
			assert.Equal(t, s, m.State(), "a refused event moves nothing")
		}
	}
}

// RFC 2428 §4: behind EPSV ALL nothing but EPSV leads to a data connection,
// whatever happens; and there is one transfer a data connection.
func TestEveryDataPair(t *testing.T) {
	allowed := map[ftp.DataState]string{
		ftp.DataNone:        "Port>Active Pasv>Passive Epsv>Passive EpsvAll>OnlyNone Close>None",
		ftp.DataPassive:     "Port>Active Pasv>Passive Epsv>Passive EpsvAll>OnlyNone Use>InUse Close>None",
		ftp.DataActive:      "Port>Active Pasv>Passive Epsv>Passive EpsvAll>OnlyNone Use>InUse Close>None",
		ftp.DataInUse:       "Close>None",
		ftp.DataOnlyNone:    "Epsv>OnlyPassive EpsvAll>OnlyNone Close>OnlyNone",
		ftp.DataOnlyPassive: "Epsv>OnlyPassive EpsvAll>OnlyNone Use>OnlyInUse Close>OnlyNone",
		ftp.DataOnlyInUse:   "Close>OnlyNone",
	}
	for s := ftp.DataNone; s <= ftp.DataOnlyInUse; s++ {
		for e := ftp.DataEventPort; e <= ftp.DataEventClose; e++ {
			m := ftp.MachineIn(ftp.StateReady, s, ftp.ProtectionNone)
			err := m.DoData(e)
			to := target(allowed[s], e.String())
			if to != "" {
				assert.NoError(t, err)
				assert.Equal(t, to, m.Data().String(), "%v in %v", e, s)
				continue
			}
			want := 501
			if e == ftp.DataEventUse {
				want = 425
			}
			refused, ok := errors.AsType[*ftp.ProtocolError](err)
			require.True(t, ok, "%v in %v", e, s)
			assert.Equal(t, want, refused.Reply, "%v in %v", e, s)
			assert.Equal(t, s, m.Data())
		}
	}
}

// RFC 4217: PBSZ follows AUTH, PROT follows PBSZ, neither follows CCC, and REIN
// ends it all.
func TestEveryProtectionPair(t *testing.T) {
	allowed := map[ftp.Protection]string{
		ftp.ProtectionNone:           "AUTH>Control REIN>None",
		ftp.ProtectionControl:        "PBSZ>ControlSized CCC>Cleared REIN>None",
		ftp.ProtectionControlSized:   "PBSZ>ControlSized PROTP>Private PROTC>ControlSized CCC>Cleared REIN>None",
		ftp.ProtectionPrivate:        "PBSZ>Private PROTP>Private PROTC>ControlSized CCC>ClearedPrivate REIN>None",
		ftp.ProtectionCleared:        "REIN>None",
		ftp.ProtectionClearedPrivate: "REIN>None",
	}
	for s := ftp.ProtectionNone; s <= ftp.ProtectionClearedPrivate; s++ {
		for e := ftp.ProtectionEventAUTH; e <= ftp.ProtectionEventREIN; e++ {
			m := ftp.MachineIn(ftp.StateReady, ftp.DataNone, s)
			err := m.DoProtection(e)
			to := target(allowed[s], strings.ReplaceAll(e.String(), " ", ""))
			if to != "" {
				assert.NoError(t, err)
				assert.Equal(t, to, m.Protection().String(), "%v in %v", e, s)
				continue
			}
			want := 503
			if e == ftp.ProtectionEventCCC {
				want = 533
			}
			refused, ok := errors.AsType[*ftp.ProtocolError](err)
			require.True(t, ok, "%v in %v", e, s)
			assert.Equal(t, want, refused.Reply, "%v in %v", e, s)
			assert.Equal(t, s, m.Protection())
		}
	}
}

// target finds where an event leads in a list of pairs.
func target(pairs, event string) string {
	for pair := range strings.FieldsSeq(pairs) {
		if e, to, _ := strings.Cut(pair, ">"); e == event {
			return to
		}
	}
	return ""
}

// Every state can be reached, and all but the last be left.
func TestStatesReachable(t *testing.T) {
	assert.Empty(t, ftp.UnreachableStates())
	assert.Equal(t, []string{"Closed"}, ftp.StuckStates())
	for _, name := range []string{ftp.State(99).String(), ftp.Event(99).String(), ftp.DataState(99).String(),
		ftp.DataEvent(99).String(), ftp.Protection(99).String(), ftp.ProtectionEvent(99).String()} {
		assert.Contains(t, name, "(99)")
	}
}

// A random walk never panics, and a refused event stays refused.
func TestRandomWalk(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m ftp.Machine
	for range 100_000 {
		e := ftp.Event(r.IntN(int(ftp.EventEnd)))
		before := m
		if m.Do(e) != nil {
			require.Equal(t, before, m)
			require.Error(t, m.Do(e))
		}
		if m.State() == ftp.StateClosed {
			m = ftp.Machine{}
		}
		require.Equal(t, m.State() >= ftp.StateReady && m.State() <= ftp.StateTransferring, m.LoggedIn())
	}
	assert.NotPanics(t, func() { ftp.WriteStates(&bytes.Buffer{}) })
}
