package dns_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func allStates() (all []dns.State) {
	for s := dns.StateReady; s <= dns.StateFailed; s++ {
		all = append(all, s)
	}
	return all
}

func allEvents() (all []dns.Event) {
	for e := dns.EventAskUDP; e <= dns.EventGiveUp; e++ {
		all = append(all, e)
	}
	return all
}

// TestStatesFile: the table is what the file says, which is there to be read
// beside the RFCs.
func TestStatesFile(t *testing.T) {
	var b strings.Builder
	require.NoError(t, dns.WriteStates(&b))
	want, err := os.ReadFile("testdata/states.md")
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())

	b.Reset()
	require.NoError(t, dns.WriteStatesDOT(&b))
	assert.Contains(t, b.String(), `"UDP" -> "MustTCP" [label="Truncated"];`)
}

// TestEveryPair: each state and event is a rule or refused.
func TestEveryPair(t *testing.T) {
	allowed := map[dns.State]map[dns.Event]dns.State{
		dns.StateReady: {
			dns.EventAskUDP: dns.StateUDP, dns.EventAskTCP: dns.StateTCP, dns.EventGiveUp: dns.StateFailed,
		},
		dns.StateUDP: {
			dns.EventMismatch: dns.StateUDP,
			dns.EventForgery:  dns.StateMustTCP, dns.EventNotKept: dns.StateMustTCP,
			dns.EventTruncated: dns.StateMustTCP, dns.EventBadCookies: dns.StateMustTCP,
			dns.EventEDNSRefused: dns.StateReady, dns.EventBadCookie: dns.StateReady,
			dns.EventBroken: dns.StateReady, dns.EventTimeout: dns.StateReady,
			dns.EventAnswer: dns.StateAnswered, dns.EventGiveUp: dns.StateFailed,
		},
		dns.StateMustTCP: {dns.EventAskTCP: dns.StateTCP, dns.EventGiveUp: dns.StateFailed},
		dns.StateTCP: {
			dns.EventMismatch:    dns.StateTCP,
			dns.EventEDNSRefused: dns.StateMustTCP, dns.EventBadCookie: dns.StateMustTCP,
			dns.EventBroken: dns.StateMustTCP, dns.EventTimeout: dns.StateMustTCP,
			dns.EventAnswer: dns.StateAnswered, dns.EventGiveUp: dns.StateFailed,
		},
	}
	for _, s := range allStates() {
		for _, e := range allEvents() {
			m := dns.MachineIn(s)
			want, ok := allowed[s][e]
			assert.Equal(t, ok, m.Can(e), "%v in %v", e, s)
			err := m.Do(e)
			if ok {
				assert.NoError(t, err)
				assert.Equal(t, want, m.State(), "%v in %v", e, s)
				continue
			}
			refused, isRefused := errors.AsType[*dns.ProtocolError](err)
			require.True(t, isRefused, "%v in %v: %v", e, s, err)
			assert.Equal(t, dns.ProtocolError{State: s.String(), Event: e.String(), Ref: "RFC 1035 §7"}, *refused)
			assert.Equal(t, s, m.State(), "a refused event moves nothing")
		}
	}
	assert.Equal(t, "State(6)", dns.State(6).String())
	assert.Equal(t, "Event(13)", dns.Event(13).String())
}

// TestStatesReached: every state can be reached, and left but for the last ones.
// Once a stream is demanded nothing leads back to UDP.
func TestStatesReached(t *testing.T) {
	reached := map[dns.State]bool{dns.StateReady: true}
	var walk func(from dns.State, onlyTCP bool)
	walk = func(from dns.State, onlyTCP bool) {
		left := false
		for _, e := range allEvents() {
			m := dns.MachineIn(from)
			if m.Do(e) != nil {
				continue
			}
			left = true
			to := m.State()
			if onlyTCP {
				assert.NotContains(t, []dns.State{dns.StateReady, dns.StateUDP}, to, "%v in %v", e, from)
			}
			if !reached[to] {
				reached[to] = true
				walk(to, onlyTCP || to == dns.StateMustTCP)
			}
		}
		assert.Equal(t, from != dns.StateAnswered && from != dns.StateFailed, left, "%v", from)
	}
	walk(dns.StateReady, false)
	assert.Len(t, reached, len(allStates()))
}

// TestStateWalks: whatever happens, an error stays where it is and an end an end.
func TestStateWalks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var m dns.Machine
		for range 50 {
			before := m.State()
			err := m.Do(dns.Event(r.IntN(15)))
			if err != nil || before == dns.StateAnswered || before == dns.StateFailed {
				require.Equal(t, before, m.State())
				require.Error(t, err)
			}
		}
	}
}
