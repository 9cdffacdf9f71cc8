package resolver_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forwarder is the simplest resolver there is: it sends each question on to one
// server and takes the first reply, within two seconds.
func forwarder(m *memoryNet) subject {
	return func(_ netip.AddrPort, tcp bool, msg []byte) []byte {
		c, err := m.DialContext(context.Background(), map[bool]string{false: "udp", true: "tcp"}[tcp], "192.0.2.53:53")
		if err != nil {
			return nil
		}
		defer c.Close()
		b := make([]byte, 4096)
		if tcp {
			_, _ = c.Write(append([]byte{byte(len(msg) >> 8), byte(len(msg))}, msg...))
			n, err := c.Read(b)
			if err != nil || n < 2 {
				return nil
			}
			return b[2:n]
		}
		_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, _ = c.Write(msg)
		n, err := c.Read(b)
		if err != nil {
			return nil
		}
		return b[:n]
	}
}

// playText plays a scenario against the forwarder.
func playText(t *testing.T, steps string) error {
	t.Helper()
	const servers = `SCENARIO_BEGIN x
RANGE_BEGIN 0 9
	ADDRESS 192.0.2.53
	ENTRY_BEGIN
	ADJUST copy_id sleep=1
	REPLY QR RA NOERROR
	SECTION QUESTION
	slow. IN A
	SECTION ANSWER
	slow. 7 IN A 192.0.2.1
	ENTRY_END
	ENTRY_BEGIN
	ADJUST copy_id
	REPLY QR RA NOERROR
	SECTION QUESTION
	fast. IN A
	SECTION ANSWER
	fast. 7 IN A 192.0.2.2
	ENTRY_END
	ENTRY_BEGIN
	ADJUST do_not_answer
	SECTION QUESTION
	silent. IN A
	ENTRY_END
	ENTRY_BEGIN
	ADJUST wrong_id
	REPLY QR
	SECTION QUESTION
	wrong. IN A
	ENTRY_END
RANGE_END
`
	s, err := parseScenario(servers + steps + "\nSCENARIO_END\n")
	require.NoError(t, err)
	var failed error
	synctest.Test(t, func(t *testing.T) {
		m, err := newMemoryNet(s)
		require.NoError(t, err)
		p := &player{s: s, net: m, ask: forwarder(m)}
		failed = p.play()
		p.Close()
	})
	return failed
}

func question(name string) string {
	return "ENTRY_BEGIN\nSECTION QUESTION\n" + name + " IN A\nENTRY_END\n"
}

func answer(name, addr string) string {
	return "ENTRY_BEGIN\nMATCH all\nREPLY QR RA\nSECTION QUESTION\n" + name + " IN A\nSECTION ANSWER\n" + name + " IN A " + addr + "\nENTRY_END\n"
}

// Each step, once where it holds and once where it does not.
func TestScenarioPlayer(t *testing.T) {
	slow, fast := answer("slow.", "192.0.2.1"), answer("fast.", "192.0.2.2")
	tests := []struct {
		name, steps string
		want        string // part of the error, "" for none
	}{
		{"an answer", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_ANSWER\n" + fast, ""},
		{"another answer", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_ANSWER\n" + answer("fast.", "192.0.2.1"), "step 2 CHECK_ANSWER"},
		{"over TCP", "STEP 1 QUERY TCP\n" + question("fast.") + "STEP 2 CHECK_ANSWER\n" + fast + "STEP 3 CHECK_TRAFFIC MIN 1\nENTRY_BEGIN\nMATCH TCP\nENTRY_END\n", ""},
		{"an answer of another ID", "STEP 1 QUERY\n" + question("wrong.") + "STEP 2 CHECK_ANSWER\n" + question("wrong."), "has ID"},
		{"two questions at once", "STEP 1 QUERY\n" + question("slow.") + "STEP 2 QUERY\n" + question("fast.") + "STEP 3 CHECK_ANSWER\n" + fast + "STEP 4 CHECK_ANSWER\n" + slow, ""},
		{"an answer without a question", "STEP 1 CHECK_ANSWER\n" + fast, "no question is open"},
		{"an answer in time", "STEP 1 QUERY\n" + question("slow.") + "STEP 2 CHECK_ANSWER WITHIN 1\n" + slow, ""},
		{"an answer too late", "STEP 1 QUERY\n" + question("slow.") + "STEP 2 CHECK_ANSWER WITHIN 0.9\n" + slow, "took 1s"},
		{"no answer, where one is due", "STEP 1 QUERY\n" + question("silent.") + "STEP 2 CHECK_ANSWER\n" + slow, "no answer"},
		{"no answer", "STEP 1 QUERY\n" + question("silent.") + "STEP 2 CHECK_NO_ANSWER", ""},
		{"an answer, where none is due", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_NO_ANSWER", "was answered"},
		{"a message that nobody answers", "STEP 1 QUERY\n" + question("unknown.") + "STEP 2 CHECK_NO_ANSWER", "nothing in the scenario answers"},
		{"a range that has ended", "STEP 10 QUERY\n" + question("fast.") + "STEP 11 CHECK_NO_ANSWER", "nothing in the scenario answers"},
		{"the messages since the last question", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_ANSWER\n" + fast + "STEP 3 QUERY\n" + question("slow.") + "STEP 4 CHECK_TRAFFIC MIN 1 MAX 1\nSTEP 5 CHECK_TRAFFIC SINCE 0 MIN 2 MAX 2\nSTEP 6 CHECK_ANSWER\n" + slow, ""},
		{"too many messages", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_TRAFFIC MAX 0", "1 messages, want 0 at most"},
		{"too few messages", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_TRAFFIC ADDRESS 192.0.2.54 MIN 1", "0 messages, want 1 at least"},
		{"a step answers instead of a range", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_OUT_QUERY\n" + question("fast.") + "STEP 3 REPLY\nENTRY_BEGIN\nADJUST copy_id\nREPLY QR RA\nSECTION QUESTION\nfast. IN A\nSECTION ANSWER\nfast. IN A 192.0.2.3\nENTRY_END\nSTEP 4 CHECK_ANSWER\n" + answer("fast.", "192.0.2.3"), ""},
		{"a message that was checked is answered by a range", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_OUT_QUERY ADDRESS 192.0.2.53\n" + question("fast.") + "STEP 3 CHECK_ANSWER\n" + fast, ""},
		{"a message that is not sent", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_OUT_QUERY\n" + question("slow."), "no such message"},
		{"a message to another server", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 CHECK_OUT_QUERY ADDRESS 192.0.2.54\n" + question("fast."), "no such message"},
		{"a reply to nothing", "STEP 1 REPLY\n" + question("fast."), "no message waits"},
		{"a time-out", "STEP 1 QUERY\n" + question("fast.") + "STEP 2 TIMEOUT\nSTEP 3 CHECK_NO_ANSWER", ""},
		{"a time-out of nothing", "STEP 1 TIMEOUT", "no message was sent"},
		{"time passes", "STEP 1 QUERY\n" + question("slow.") + "STEP 2 TIME_PASSES ELAPSE 3\nSTEP 3 CHECK_ANSWER WITHIN 1\n" + slow, ""},
		{"nothing", "STEP 1 NOTHING", ""},
		{"a step of other players", "STEP 1 CHECK_AUTOTRUST", errUnplayed.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := playText(t, tt.steps)
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tt.want)
		})
	}
}
