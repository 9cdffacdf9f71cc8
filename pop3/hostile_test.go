package pop3_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

// A limit that is negative is none, in each way that a line is read.
func TestNoLimits(t *testing.T) {
	none := &pop3.Limits{MaxLine: -1, MaxAuthLine: -1, MaxDiscard: -1, MaxResponse: -1}
	long := strings.Repeat("x", 100_000)
	client, server := conns(t, none)
	require.NoError(t, client.WriteCommand(pop3.Command{Verb: pop3.VerbPASS, Arg: []byte(long)}))
	require.NoError(t, client.WriteAuthLine([]byte(long)))
	require.NoError(t, client.Flush())
	cmd, err := server.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, long, string(cmd.Arg))
	line, err := server.ReadAuthLine()
	require.NoError(t, err)
	assert.Equal(t, long, string(line))
	require.NoError(t, server.WriteResponse(pop3.Response{Text: long}))
	require.NoError(t, server.Flush())
	r, err := client.ReadResponse()
	require.NoError(t, err)
	assert.Equal(t, long, r.Text)
}

// shrunk is a maildrop whose messages are not as long as it says.
type shrunk struct {
	*mail
	by int64
}

func (s shrunk) Open(ctx context.Context, identity string) (pop3.Maildrop, error) {
	d, err := s.mail.Open(ctx, identity)
	return shrunkDrop{d, s.by}, err
}

type shrunkDrop struct {
	pop3.Maildrop
	by int64
}

func (d shrunkDrop) Stat(i int) int64 { return d.Maildrop.Stat(i) + d.by }

// A message that has become shorter than LIST said must not look whole: a short
// one is refused, and the end of a long one is not marked.
func TestMessageShrunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := "Subject: long\r\n\r\n" + strings.Repeat("0123456\r\n", 8<<10)
		c := serve(t, &pop3.Server{Backend: shrunk{letters(first, long), 1}}).login()
		c.talk("C: RETR 1\nS: -ERR [SYS/TEMP] Something is wrong here. Try later.\nC: NOOP\nS: +OK\nC: TOP 2 1\nS: +OK…\nS: Subject: long\nS: \nS: 0123456\nS: .")
		c.send("RETR 2\r\n")
		all, err := io.ReadAll(c.in)
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("+OK %d octets\r\n%s", len(long)+1, long), string(all))
	})
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: shrunk{letters(second), -1}}).login()
		c.talk("C: RETR 1\nS: +OK 22 octets\nS: Subject: two\nS: \nS: 1\nS: 2\nS: 3\nS: .")
	})
}

// RFC 1939 §7: lines is a number, which may be more than there can be.
func TestNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: letters(second)}).login()
		const all = "S: +OK The top follows.\nS: Subject: two\nS: \nS: 1\nS: 2\nS: 3\nS: .\n"
		for _, lines := range []string{"00003", "2147483648", "4294967295", "9223372036854775808", strings.Repeat("9", 200)} {
			c.talk("C: TOP 1 " + lines + "\n" + all)
		}
		for _, lines := range []string{"-1", "+1", "1.0", "0x1", "\u0661", "1\x00"} {
			c.send("TOP 1 " + lines + "\r\n")
			c.want("-ERR…")
		}
		c.talk("C: LIST 0001\nS: +OK 1 23")
		for _, number := range []string{"0", "2", "4294967297", "18446744073709551617", "+1", "-1", "\u0661", "1x"} {
			c.talk("C: LIST " + number + "\nS: -ERR There is no such message.")
		}
	})
}
