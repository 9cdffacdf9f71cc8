package directory_test

import (
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/directory"
	"applayer/internal/testkit"
	"applayer/sockets"
)

func check(user, password string) bool {
	return user == "alice" && password == "wonder" || user == "bob" && password == "secret"
}

var remote = netip.MustParseAddrPort("[::ffff:192.0.2.1]:40000")

func TestRequests(t *testing.T) {
	tests := []struct {
		name     string
		requests []string
		replies  []string
	}{
		{"a session", []string{"LOGIN bob secret 5000", "WHERE bob", "LOGOUT"}, []string{"OK bob", "AT bob 192.0.2.1:5000", "OK bye"}},
		{"two words: where he is connected from", []string{"login bob secret", "where bob"}, []string{"OK bob", "AT bob 192.0.2.1:40000"}},
		{"an address", []string{"LOGIN bob secret 127.0.0.2:5", "WHERE bob"}, []string{"OK bob", "AT bob 127.0.0.2:5"}},
		{"any address is the connection's", []string{"LOGIN bob secret 0.0.0.0:5", "WHERE bob"}, []string{"OK bob", "AT bob 192.0.2.1:5"}},
		{"wrong password", []string{"LOGIN bob wonder", "WHERE bob"}, []string{"NO wrong user or password", "NO LOGIN first"}},
		{"unknown user", []string{"LOGIN eve secret"}, []string{"NO wrong user or password"}},
		{"right after wrong", []string{"LOGIN bob x", "LOGIN bob secret"}, []string{"NO wrong user or password", "OK bob"}},
		{"not here", []string{"LOGIN bob secret", "WHERE alice"}, []string{"OK bob", "NO alice is not here"}},
		{"twice", []string{"LOGIN bob secret", "LOGIN alice wonder"}, []string{"OK bob", "NO you are bob, LOGOUT first"}},
		{"logout before login", []string{"LOGOUT", "LOGOUT", "WHERE bob", "LOGIN bob secret"}, []string{"OK bye", "NO you are gone", "NO you are gone", "NO you are gone"}},
		{"no request", []string{"", "HELO", "LOGIN bob", "WHERE", "WHERE a b", "LOGOUT now", "LOGIN bob secret 0", "LOGIN bob secret x:1", "LOGIN bob secret 1.2.3.4:0"},
			[]string{"BAD LOGIN, WHERE or LOGOUT", "BAD LOGIN, WHERE or LOGOUT", "BAD LOGIN user password [port]", "BAD WHERE user", "BAD WHERE user", "BAD LOGOUT", "BAD port", "BAD port", "BAD port"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := directory.New(check).Session(remote)
			for i, request := range tt.requests {
				assert.Equal(t, tt.replies[i], s.Do(request), request)
			}
		})
	}
}

func TestLatestLoginCounts(t *testing.T) {
	d := directory.New(check)
	first, second, asks := d.Session(remote), d.Session(remote), d.Session(remote)
	first.Do("LOGIN bob secret 1")
	second.Do("LOGIN bob secret 2")
	asks.Do("LOGIN alice wonder")
	first.End()
	assert.Equal(t, "AT bob 192.0.2.1:2", asks.Do("WHERE bob"))
	second.End()
	assert.Equal(t, "NO bob is not here", asks.Do("WHERE bob"))
}

// TestStates goes through every pair of state and event: it is a rule, or it
// is refused with the reply that stands here.
func TestStates(t *testing.T) {
	table := directory.Table
	assert.Empty(t, table.Unreachable(directory.StateGuest))
	assert.Empty(t, table.Stuck(directory.StateGone))
	requests := map[directory.Event]string{
		directory.EventLogin:         "LOGIN bob secret",
		directory.EventWrongPassword: "LOGIN bob wrong",
		directory.EventWhere:         "WHERE bob",
		directory.EventLogout:        "LOGOUT",
	}
	ways := map[directory.State][]string{
		directory.StateGuest: nil,
		directory.StateUser:  {"LOGIN bob secret"},
		directory.StateGone:  {"LOGIN bob secret", "LOGOUT"},
	}
	want := map[string]string{
		"guest WHERE":         "NO LOGIN first",
		"user LOGIN":          "NO you are bob, LOGOUT first",
		"user wrong password": "NO you are bob, LOGOUT first",
		"gone LOGIN":          "NO you are gone",
		"gone wrong password": "NO you are gone",
		"gone WHERE":          "NO you are gone",
		"gone LOGOUT":         "NO you are gone",
	}
	refused := map[string]string{}
	for state, event := range table.Refused() {
		s := directory.New(check).Session(remote)
		for _, request := range ways[state] {
			require.Contains(t, s.Do(request), "OK ")
		}
		require.Equal(t, state, s.State())
		refused[state.String()+" "+event.String()] = s.Do(requests[event])
		assert.Equal(t, state, s.State(), "what is refused changes nothing")
	}
	assert.Equal(t, want, refused)

	golden, err := os.ReadFile("testdata/states.md")
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, directory.WriteStates(&b))
	assert.Equal(t, string(golden), b.String())
}

func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := testkit.Pipe()
		defer near.Close()
		done := make(chan error, 1)
		go func() {
			defer far.Close()
			done <- directory.New(check).Serve(t.Context(), far, remote)
		}()
		c := directory.NewClient(near)
		start := time.Now()
		err := c.Login("bob", "wonder", "5000")
		assert.EqualError(t, err, `refused: "NO wrong user or password"`)
		assert.Equal(t, directory.WrongDelay, time.Since(start), "a wrong password waits")
		require.NoError(t, c.Login("bob", "secret", "5000"))
		assert.Equal(t, directory.WrongDelay, time.Since(start), "a right one does not")
		addr, err := c.Where("bob")
		require.NoError(t, err)
		assert.Equal(t, "192.0.2.1:5000", addr.String())
		_, err = c.Where("alice")
		assert.Error(t, err)
		_, err = c.Where("alice\r\nLOGOUT")
		assert.EqualError(t, err, "WHERE: not a word")
		io.WriteString(near, "LOGOUT\n")
		assert.NoError(t, <-done)
	})
}

func TestServeEnds(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"three wrong passwords": {strings.Repeat("LOGIN bob x\r\n", 4), "too many wrong passwords"},
		"a line without end":    {strings.Repeat("a", 600), "line too long"},
		"half a line":           {"LOGIN", "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := testkit.Pipe()
				defer far.Close()
				io.WriteString(near, tt.in)
				near.Close()
				err := directory.New(check).Serve(t.Context(), struct {
					io.Reader
					io.Writer
				}{far, io.Discard}, remote)
				assert.ErrorContains(t, err, tt.want)
			})
		})
	}
}

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"LOGIN bob secret 5000":   "LOGIN bob ***",
		"login bob two words 500": "login bob ***",
		" LOGIN bob secret":       "LOGIN bob ***",
		"LOGIN  bob secret":       "LOGIN bob ***",
		"login\tbob\tsecret":      "login bob ***",
		"WHERE bob":               "WHERE bob",
	} {
		assert.Equal(t, want, directory.Redact(sockets.TranscriptLine{Text: in}).Text)
	}
}
