package http1_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

const (
	byClient = http1.SideClient
	byServer = http1.SideServer
)

func states() (all []http1.State) {
	for s := http1.StateIdle; s <= http1.StateError; s++ {
		all = append(all, s)
	}
	return all
}

func events() (all []http1.Event) {
	for e := http1.EventRequest; e <= http1.EventConnectionClosed; e++ {
		all = append(all, e)
	}
	return all
}

// TestStatesFile: the table is what the file says, which is there to be read
// beside the RFC.
func TestStatesFile(t *testing.T) {
	var b strings.Builder
	require.NoError(t, http1.WriteStates(&b))
	want, err := os.ReadFile("testdata/states.md")
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())

	b.Reset()
	require.NoError(t, http1.WriteStatesDOT(&b, byClient))
	assert.Contains(t, b.String(), `"Idle" -> "SendBody" [label="Request"];`)
	for n := range 4 {
		assert.ErrorIs(t, http1.WriteStates(&failingWriter{n}), errFull)
	}
}

var errFull = errors.New("full")

// failingWriter takes n writes.
type failingWriter struct{ n int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestEveryPair: each state and event is a rule or refused, with the section
// that says so. A state that is not the side's own has no rules.
func TestEveryPair(t *testing.T) {
	closed := map[http1.Event]string{http1.EventConnectionClosed: "Closed"}
	sending := map[http1.Event]string{http1.EventData: "SendBody", http1.EventTrailers: "SendBody", http1.EventEndOfMessage: "Done"}
	allowed := map[http1.Side]map[http1.State]map[http1.Event]string{
		byClient: {
			http1.StateIdle:        {http1.EventRequest: "SendBody", http1.EventConnectionClosed: "Closed"},
			http1.StateSendBody:    sending,
			http1.StateDone:        {http1.EventRequest: "SendBody", http1.EventConnectionClosed: "Closed"},
			http1.StateMightSwitch: closed,
			http1.StateMustClose:   closed,
			http1.StateClosed:      closed,
		},
		byServer: {
			http1.StateIdle:         closed,
			http1.StateSendResponse: {http1.EventInterimResponse: "SendResponse", http1.EventResponse: "SendBody"},
			http1.StateMightSwitch:  {http1.EventInterimResponse: "MightSwitch", http1.EventResponse: "SendBody", http1.EventSwitch: "Switched"},
			http1.StateSendBody:     sending,
			http1.StateDone:         closed,
			http1.StateMustClose:    closed,
			http1.StateClosed:       closed,
		},
	}
	refs := func(s http1.State, e http1.Event) string {
		switch {
		case s == http1.StateMustClose || s == http1.StateClosed:
			return "RFC 9112 §9.6"
		case s == http1.StateMightSwitch || s == http1.StateSwitched || e == http1.EventSwitch:
			return "RFC 9110 §7.8"
		case e == http1.EventConnectionClosed:
			return "RFC 9112 §8"
		case e == http1.EventResponse || e == http1.EventInterimResponse:
			return "RFC 9112 §9.2"
		}
		return "RFC 9112 §2.1"
	}
	for by, rules := range allowed {
		for _, s := range states() {
			for _, e := range events() {
				m := http1.MachineIn(by, s)
				want, ok := rules[s][e]
				assert.Equal(t, ok, m.Can(by, e), "%v in %v on %v", by, s, e)
				err := m.DoAlone(by, e)
				if ok {
					assert.NoError(t, err)
					assert.Equal(t, want, m.State(by).String(), "%v in %v on %v", by, s, e)
					continue
				}
				refused, isRefused := errors.AsType[*http1.ProtocolError](err)
				require.True(t, isRefused, "%v in %v on %v: %v", by, s, e, err)
				assert.Equal(t, http1.ProtocolError{State: s.String(), Event: e.String(), Ref: refs(s, e), Reply: 400}, *refused)
				assert.Equal(t, s, m.State(by), "a refused event moves nothing")
			}
		}
	}
}

// step is something that may happen to a machine.
type step struct {
	by   http1.Side
	name string
	do   func(m *http1.Machine) error
}

func steps() []step {
	var all []step
	for _, by := range []http1.Side{byClient, byServer} {
		for _, e := range events() {
			all = append(all, step{by, e.String(), func(m *http1.Machine) error { return m.Do(by, e) }})
		}
		all = append(all,
			step{by, "Last", func(m *http1.Machine) error { m.Last(by); return nil }},
			step{by, "Fail", func(m *http1.Machine) error { m.Fail(by); return nil }})
	}
	return append(all, step{byClient, "Propose", func(m *http1.Machine) error { m.Propose(); return nil }})
}

// TestEveryWalk walks through everything that can be reached with at most three
// requests unanswered, and looks at each place for what must hold in all.
func TestEveryWalk(t *testing.T) {
	seen := map[http1.Machine]bool{{}: true}
	reached, stuck := map[string]bool{}, map[string]bool{}
	for todo := []http1.Machine{{}}; len(todo) > 0; todo = todo[1:] {
		m := todo[0]
		c, s := m.State(byClient), m.State(byServer)
		reached[fmt.Sprint("client ", c)], reached[fmt.Sprint("server ", s)] = true, true
		name := fmt.Sprintf("%v, %v, %d owed", c, s, m.Owed())
		if s == http1.StateSendResponse || s == http1.StateMightSwitch {
			assert.Positive(t, m.Owed(), name)
		}
		if s == http1.StateIdle || s == http1.StateMustClose && c == http1.StateIdle {
			assert.Zero(t, m.Owed(), name)
		}
		if s == http1.StateDone {
			assert.NotEqual(t, http1.StateDone, c, name)
		}
		if s == http1.StateSwitched {
			assert.False(t, m.Can(byClient, http1.EventRequest), name)
		}
		again := m
		again.Join()
		assert.Equal(t, m, again, "%s: the joint rules go on", name)
		left := false
		for _, step := range steps() {
			next := m
			if step.do(&next) != nil {
				assert.Equal(t, m, next, "%s: %s was refused and moved something", name, step.name)
				continue
			}
			left = left || next != m && step.name != "Fail" && step.name != "Last" && step.name != "Propose"
			if next.Owed() <= 3 && !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
		if !left {
			stuck[c.String()+" "+s.String()] = true
		}
	}
	assert.ElementsMatch(t, []string{
		"Closed Closed", "Closed Switched", "Closed Error", "Switched Switched", "Switched Error",
		"Error Closed", "Error Switched", "Error Error",
	}, slices.Collect(maps.Keys(stuck)), "where no event leads on")
	want := map[string]bool{}
	for _, s := range states() {
		want[fmt.Sprint("client ", s)], want[fmt.Sprint("server ", s)] = true, true
	}
	delete(want, "client SendResponse") // the server's alone
	assert.Equal(t, want, reached)
	assert.Greater(t, len(seen), 500)
}

// TestWalks are the dialogues that the rules are there for.
func TestWalks(t *testing.T) {
	tests := []struct {
		name           string
		walk           string
		client, server string
	}{
		{"9112-9.3 one exchange, and the next may follow", "C Request, C EndOfMessage, S Response, S Data, S EndOfMessage", "Idle", "Idle"},
		{"9112-9.3 the response ends before the request", "C Request, S Response, S EndOfMessage", "SendBody", "Done"},
		{"9112-9.3 and the next follows when both have", "C Request, S Response, S EndOfMessage, C EndOfMessage", "Idle", "Idle"},
		{"9112-9.3.2 a request runs ahead", "C Request, C EndOfMessage, C Request, C EndOfMessage", "Done", "SendResponse"},
		{"9112-9.3.2 the second response is owed", "C Request, C EndOfMessage, C Request, C EndOfMessage, S Response, S EndOfMessage", "Done", "SendResponse"},
		{"9112-9.3.2 and sent", "C Request, C EndOfMessage, C Request, C EndOfMessage, S Response, S EndOfMessage, S Response, S EndOfMessage", "Idle", "Idle"},
		{"9112-9.6 the request says close", "C Request, C Last, C EndOfMessage", "MustClose", "SendResponse"},
		{"9112-9.6 its response is the last", "C Request, C Last, C EndOfMessage, S Response, S EndOfMessage", "MustClose", "MustClose"},
		{"9112-9.6 close in the second request leaves the first answered", "C Request, C EndOfMessage, C Request, C Last, C EndOfMessage, S Response, S EndOfMessage", "MustClose", "SendResponse"},
		{"9112-9.6 the response says close: no request may follow", "C Request, C EndOfMessage, S Response, S Last", "MustClose", "SendBody"},
		{"9112-9.6 and those ahead are not answered", "C Request, C EndOfMessage, C Request, C EndOfMessage, S Response, S Last, S EndOfMessage", "MustClose", "MustClose"},
		{"9112-9.6 the client ends its side and is answered", "C Request, C EndOfMessage, C ConnectionClosed", "Closed", "SendResponse"},
		{"9112-9.6 then the server closes", "C Request, C EndOfMessage, C ConnectionClosed, S Response, S EndOfMessage", "Closed", "MustClose"},
		{"9112-9.5 the server closes an idle connection", "S ConnectionClosed", "MustClose", "Closed"},
		{"9112-9.5 the client closes an idle connection", "C ConnectionClosed", "Closed", "MustClose"},
		{"9110-7.8 an upgrade is proposed", "C Request, C Propose, C EndOfMessage", "MightSwitch", "MightSwitch"},
		{"9110-7.8 taken", "C Request, C Propose, C EndOfMessage, S InterimResponse, S Switch", "Switched", "Switched"},
		{"9110-7.8 taken before the request has ended", "C Request, C Propose, S Switch, C EndOfMessage", "Switched", "Switched"},
		{"9110-7.8 refused, and HTTP goes on", "C Request, C Propose, C EndOfMessage, S Response", "Done", "SendBody"},
		{"9110-7.8 refused, and the next follows", "C Request, C Propose, C EndOfMessage, S Response, S EndOfMessage", "Idle", "Idle"},
		{"9110-7.8 proposed behind another request", "C Request, C EndOfMessage, C Request, C Propose, C EndOfMessage", "MightSwitch", "SendResponse"},
		{"9110-7.8 and its turn comes", "C Request, C EndOfMessage, C Request, C Propose, C EndOfMessage, S Response, S EndOfMessage", "MightSwitch", "MightSwitch"},
		{"9110-15.5.1 a broken head is answered", "C Fail", "Error", "SendResponse"},
		{"9110-15.5.1 and the connection closed", "C Fail, S Response, S EndOfMessage", "Error", "MustClose"},
		{"9110-15.5.1 behind the answer to the request before", "C Request, C EndOfMessage, S Response, C Fail, S EndOfMessage", "Error", "SendResponse"},
		{"9110-15.5.1 a broken body is answered once", "C Request, C Fail, S Response, S EndOfMessage", "Error", "MustClose"},
		{"9112-8 a broken response ends the client", "C Request, C EndOfMessage, S Response, S Fail", "MustClose", "Error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m http1.Machine
			for word := range strings.SplitSeq(tt.walk, ", ") {
				require.NoError(t, doStep(&m, word), word)
			}
			assert.Equal(t, tt.client, m.State(byClient).String(), "client")
			assert.Equal(t, tt.server, m.State(byServer).String(), "server")
		})
	}
}

func doStep(m *http1.Machine, word string) error {
	for _, step := range steps() {
		if word == map[http1.Side]string{byClient: "C ", byServer: "S "}[step.by]+step.name {
			return step.do(m)
		}
	}
	return errors.New("no such step")
}

// FuzzMachine: no walk panics, and an error stays an error.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{0, 6, 12, 16, 0})
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		b := make([]byte, 40)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		f.Add(b)
	}
	all := steps()
	f.Fuzz(func(t *testing.T, walk []byte) {
		var m http1.Machine
		for _, b := range walk {
			before := m
			step := all[int(b)%len(all)]
			if err := step.do(&m); err != nil {
				assert.Equal(t, before, m)
				assert.Error(t, step.do(&m))
			}
			assert.GreaterOrEqual(t, m.Owed(), 0)
		}
	})
}

func TestNamesOfStates(t *testing.T) {
	assert.Equal(t, "State(200)", http1.State(200).String())
	assert.Equal(t, "Event(200)", http1.Event(200).String())
	assert.Equal(t, "client server", fmt.Sprint(byClient, byServer))
	err := &http1.ProtocolError{Remote: true, State: "Idle", Event: "Response", Ref: "RFC 9112 §9.2"}
	assert.EqualError(t, err, "http1: peer: no Response in state Idle (RFC 9112 §9.2)")
}

func TestMachineAllocatesNothing(t *testing.T) {
	var m http1.Machine
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for _, s := range []struct {
			by http1.Side
			e  http1.Event
		}{{byClient, http1.EventRequest}, {byClient, http1.EventEndOfMessage}, {byServer, http1.EventResponse}, {byServer, http1.EventEndOfMessage}} {
			if err := m.Do(s.by, s.e); err != nil {
				t.Error(err)
			}
		}
	}))
}
