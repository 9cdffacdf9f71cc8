package pop3_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
		assert.Equal(t, fmt.Sprintf("+OK %d octets\r\n%s", len(long)+1, long), c.rest())
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

// What a message holds cannot end it, nor be taken for a response; what it lacks
// is added.
func TestHostileMessages(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	tests := []struct{ name, command, text, want string }{
		{"nothing at all", "RETR 1", "", "."},
		{"NUL", "RETR 1", "a\x00b\r\n\x00\r\n", "a\x00b|\x00|."},
		{"octets beyond ASCII", "RETR 1", "\r\n\xff\xfe\r\n", "|\xff\xfe|."},
		{"bare LF around a dot", "RETR 1", "a\n.\n+OK\n", "a|..|+OK|."},
		{"bare CR around a dot", "RETR 1", "a\r.\r+OK\r", "a|..|+OK|."},
		{"a dot alone", "RETR 1", ".", "..|."},
		{"dots without end", "RETR 1", "...\r\n..", "....|...|."},
		{"CR at the end", "RETR 1", "a\r\nb\r", "a|b|."},
		{"a line of 10 MiB", "RETR 1", "\r\n" + long, "|" + long + "|."},
		{"1939-7 TOP without an empty line", "TOP 1 0", "A: b\r\nC: d", "A: b|C: d|."},
		{"1939-7 TOP of a message that begins with its body", "TOP 1 1", "\r\nbody\r\nmore\r\n", "|body|."},
		{"1939-7 TOP of a file with LF", "TOP 1 1", "A: b\n\nbody\nmore\n", "A: b||body|."},
		{"1939-7 TOP of a line without end", "TOP 1 1", "A: b\r\n\r\nbody", "A: b||body|."},
		{"1939-7 TOP ends a header without end", "TOP 1 5", "A: b\r\n", "A: b|."},
		{"1939-7 TOP counts empty lines", "TOP 1 2", "A: b\r\n\r\n\n\r\nbody\n", "A: b||||."},
		{"1939-7 TOP of a dot", "TOP 1 1", "\r\n.\r\nx\r\n", "|..|."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := serve(t, &pop3.Server{Backend: letters(tt.text)}).login()
				c.send(tt.command + "\r\n")
				c.want("+OK…")
				want := strings.ReplaceAll(tt.want, "|", "\r\n") + "\r\n"
				got := make([]byte, len(want))
				_, err := io.ReadFull(c.in, got)
				require.NoError(t, err)
				if want != string(got) {
					t.Fatalf("got %.100q", got)
				}
				c.talk("C: NOOP\nS: +OK")
			})
		})
	}
}

// Wherever a client's octets end: nothing goes without the whole of QUIT, and the
// maildrop is unlocked.
func TestServerCutAnywhere(t *testing.T) {
	const said = "USER bob\r\nPASS hungry\r\nDELE 1\r\nRETR 2\r\nDELE 2\r\nQUIT\r\n"
	for n := range len(said) + 1 {
		synctest.Test(t, func(t *testing.T) {
			m := letters(first, second)
			c := serve(t, &pop3.Server{Backend: m}).dial("127.0.0.1")
			c.send(said[:n])
			c.nc.(interface{ CloseWrite() error }).CloseWrite()
			synctest.Wait()
			assert.False(t, m.isLocked())
			if n < len(said) {
				assert.Equal(t, []string{"7.1", "7.2"}, m.left(), "%q", said[:n])
			} else {
				assert.Empty(t, m.left())
			}
		})
	}
}

// A client that asks for much and reads nothing makes nothing be held but what is
// on its way, and the time of a write ends it.
func TestClientThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters("\r\n" + strings.Repeat("x", 1<<20))
		s := serve(t, &pop3.Server{Backend: m})
		c := s.login()
		var before, behind runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		go io.WriteString(c.nc, "DELE 1\r\nRSET\r\n"+strings.Repeat("RETR 1\r\n", 5000)+"DELE 1\r\nQUIT\r\n")
		synctest.Wait()
		runtime.ReadMemStats(&behind)
		assert.Less(t, behind.TotalAlloc-before.TotalAlloc, uint64(1<<20))
		for m.isLocked() {
			time.Sleep(time.Second)
		}
		assert.InDelta(t, 5*time.Minute, time.Since(begun), float64(time.Second))
		assert.Equal(t, []string{"7.1"}, m.left())
	})
}

// RFC 5034 §4: a line of an exchange may be as long as it says, and no longer.
func TestAuthLineLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took := 0
		srv := &pop3.Server{Backend: letters(), Auth: func(*pop3.Conn) []pop3.SASLServer {
			return []pop3.SASLServer{&odd{step: func(_ int, response []byte) ([]byte, string, error) {
				if response == nil {
					return nil, "", nil
				}
				took = len(response)
				return nil, "", pop3.ErrAuthRefused
			}}}
		}}
		c := serve(t, srv).dial("192.0.2.7")
		c.talk("S: +OK…\nC: AUTH X-ODD\nS: + \nC: " + strings.Repeat("A", 12284) + "\nS: -ERR [AUTH]…")
		assert.Equal(t, 12284/4*3, took)
		c.talk("C: AUTH X-ODD\nS: + \nC: " + strings.Repeat("A", 12288) + "\nS: -ERR The line is too long.\nC: AUTH X-ODD\nS: + \nC: *\nS: -ERR Cancelled.")
	})
	client, server := conns(t, nil)
	io.WriteString(client.NetConn(), strings.Repeat("A", 12286)+"\r\n"+strings.Repeat("A", 12287)+"\r\n")
	line, err := server.ReadAuthLine()
	require.NoError(t, err)
	assert.Len(t, line, 12286)
	_, err = server.ReadAuthLine()
	assert.Equal(t, &pop3.LimitError{Name: "MaxAuthLine", Max: 12288}, err)
}

// RFC 1939 §7: the password is all behind one space; another try begins with
// USER.
func TestPasswordWithSpaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: letters()}).dial("127.0.0.1")
		c.talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS  hungry\nS: -ERR [AUTH]…\nC: PASS hungry\nS: -ERR USER comes first.")
		c.talk("C: USER alice\nS: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: +OK…")
	})
}
