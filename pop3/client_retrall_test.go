package pop3_test

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

// A session that ends while an unread message is thrown away leaves messages out,
// of which the loop is told.
func TestRetrAllTellsOfItsEnd(t *testing.T) {
	const asked = "C: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: RETR 1\nC: RETR 2\nS: +OK\n"
	long := "S: " + strings.Repeat("x", 1000) + "\nS: .\nS: +OK\nS: two\nS: ."
	tests := []struct {
		name, script string
		step         func(m *pop3.Message)
		want         string
	}{
		{"too long to throw away", asked + long, func(*pop3.Message) {}, "text does not end"},
		{"closed in the step", asked + long, func(m *pop3.Message) { m.Close() }, "text does not end"},
		{"the end of the connection", asked + "S: x\nS!", func(*pop3.Message) {}, "unexpected EOF"},
		{"met by a read", asked + "S: x\nS!", func(m *pop3.Message) { io.ReadAll(m) }, "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opts := &pop3.Options{TLS: pop3.TLSOff, Limits: pop3.Limits{MaxDiscard: 999}}
			loggedIn(t, tt.script, opts, func(t *testing.T, c *pop3.Client) {
				var errs []error
				for m, err := range c.RetrAll(t.Context(), slices.Values([]int{1, 2})) {
					errs = append(errs, err)
					if err == nil {
						tt.step(m)
					}
				}
				require.Len(t, errs, 2)
				assert.NoError(t, errs[0])
				assert.ErrorContains(t, errs[1], tt.want)
				assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
			})
		})
	}
}

// Answers that nobody waits for any more would be taken for those of later calls.
func TestRetrAllPanic(t *testing.T) {
	loggedIn(t, "C: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: RETR 1\nC: RETR 2\nS: +OK\nS: one\nS: .", nil, func(t *testing.T, c *pop3.Client) {
		assert.PanicsWithValue(t, "mine", func() {
			for range c.RetrAll(t.Context(), slices.Values([]int{1, 2})) {
				panic("mine")
			}
		})
		assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
	})
}
