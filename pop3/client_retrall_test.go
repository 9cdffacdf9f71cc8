package pop3_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

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

// While answers are ahead of what was read, more is asked for.
func TestRetrAllOfAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters(slices.Repeat([]string{first}, 300)...)})
		c, err := pop3.NewClient(t.Context(), s.dial("127.0.0.1").nc, &pop3.Options{Window: 10, AllowInsecureAuth: true})
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
		n := 0
		for m, err := range c.Sync(t.Context(), func(string) bool { return false }) {
			require.NoError(t, err)
			text, err := io.ReadAll(m)
			require.NoError(t, err)
			require.Equal(t, first, string(text))
			if n++; n == 1 {
				for m, err := range c.RetrAll(t.Context(), slices.Values([]int{1})) {
					assert.Nil(t, m)
					assert.Equal(t, pop3.ErrBusy, err)
					n++
				}
			}
		}
		assert.Equal(t, 301, n)
	})
}

// A command that cannot be sent, behind others that were, ends the session, whose
// answers nobody waits for; the first of all does not.
func TestPipelineBreaks(t *testing.T) {
	const script = "C: CAPA\nS: +OK\nS: PIPELINING\nS: .\n"
	opts := &pop3.Options{TLS: pop3.TLSOff, Limits: pop3.Limits{MaxLine: len("PASS hungry\r\n")}}
	const tooLong = 1_000_000
	retr := func(ctx context.Context, c *pop3.Client, numbers ...int) (err error) {
		for _, err = range c.RetrAll(ctx, slices.Values(numbers)) {
		}
		return err
	}
	dele := func(ctx context.Context, c *pop3.Client, numbers ...int) error { return c.Dele(ctx, numbers...) }
	for name, call := range map[string]func(context.Context, *pop3.Client, ...int) error{"RETR": retr, "DELE": dele} {
		t.Run(name, func(t *testing.T) {
			loggedIn(t, script, opts, func(t *testing.T, c *pop3.Client) {
				_, isLimit := errors.AsType[*pop3.LimitError](call(t.Context(), c, 1, tooLong))
				assert.True(t, isLimit)
				assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
			})
			loggedIn(t, script+"C: NOOP\nS: +OK", opts, func(t *testing.T, c *pop3.Client) {
				_, isLimit := errors.AsType[*pop3.LimitError](call(t.Context(), c, tooLong, 1))
				assert.True(t, isLimit)
				assert.NoError(t, c.Noop(t.Context()))
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
