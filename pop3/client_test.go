package pop3_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/pop3"
)

// against runs a client against a server that plays its part of a script: lines
// that begin with "C: " are awaited, which may go on where they end in …, those
// with "S: " sent, with CRLF for |, "S!" closes. The server is at 192.0.2.1 or,
// with loopback, at 127.0.0.1.
func against(t *testing.T, loopback bool, script string, opts *pop3.Options, run func(t *testing.T, c *pop3.Client, err error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		addr := "192.0.2.1:110"
		if loopback {
			addr = "127.0.0.1:110"
		}
		l, err := network.Listen(t.Context(), "tcp", addr)
		require.NoError(t, err)
		var server sync.WaitGroup
		server.Go(func() {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			defer nc.Close()
			in := bufio.NewReader(nc)
			for line := range strings.SplitSeq(strings.Trim(script, "\n"), "\n") {
				line = strings.TrimLeft(line, "\t")
				if text, said := strings.CutPrefix(line, "S: "); said {
					io.WriteString(nc, strings.ReplaceAll(text, "|", "\r\n")+"\r\n")
				} else if want, said := strings.CutPrefix(line, "C: "); said {
					got, err := in.ReadString('\n')
					if prefix, open := strings.CutSuffix(want, "…"); open && strings.HasPrefix(got, prefix) {
						continue
					}
					if !assert.NoError(t, err, "waiting for %q", want) || !assert.Equal(t, want+"\r\n", got) {
						return
					}
				} else if line == "S!" {
					return
				} else if line != "" {
					t.Errorf("script: %q", line)
				}
			}
			rest, _ := io.ReadAll(in)
			assert.Empty(t, string(rest), "more than the script has")
		})
		o := pop3.Options{TLS: pop3.TLSOff}
		if opts != nil {
			o = *opts
		}
		o.Dial = network.Dial
		c, err := pop3.Dial(t.Context(), "tcp", addr, &o)
		run(t, c, err)
		if c != nil {
			c.Close()
		}
		l.Close()
		server.Wait()
	})
}

// withServer runs a client against a server that goes its own way.
func withServer(t *testing.T, server func(nc net.Conn), opts *pop3.Options, run func(t *testing.T, c *pop3.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		nc, far := testkit.Pipe()
		var serving sync.WaitGroup
		serving.Go(func() {
			defer far.Close()
			server(far)
		})
		c, err := pop3.NewClient(t.Context(), nc, opts)
		require.NoError(t, err)
		run(t, c)
		c.Close()
		serving.Wait()
	})
}

// loggedIn plays a script against a client that is logged in.
func loggedIn(t *testing.T, script string, opts *pop3.Options, run func(t *testing.T, c *pop3.Client)) {
	t.Helper()
	against(t, true, "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: PIPELINING\nS: .\nC: USER bob\nS: +OK\nC: PASS hungry\nS: +OK\n"+script, opts, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
		run(t, c)
	})
}

func TestClientCommands(t *testing.T) {
	loggedIn(t, `
		C: STAT
		S: +OK 2 320
		C: LIST
		S: +OK 2 messages (320 octets)
		S: 1 120
		S: 2 200
		S: .
		C: LIST 2
		S: +OK 2 200
		C: UIDL
		S: +OK
		S: 1 whqtswO00WBw418f9t5JxYwZ
		S: 2 QhdPYR:00WBw1Ph7x7
		S: .
		C: UIDL 3
		S: -ERR no such message, only 2 messages in maildrop
		C: UIDL 2
		S: +OK 2 QhdPYR:00WBw1Ph7x7
		C: RETR 1
		S: +OK 120 octets
		S: Subject: x
		S: 
		S: ..
		S: ..dots
		S: .
		C: TOP 1 0
		S: +OK
		S: Subject: x
		S: 
		S: .
		C: NOOP
		S: +OK
		C: RSET
		S: +OK
		C: LANG *
		S: +OK es Idioma cambiado
		C: CAPA
		S: +OK
		S: PIPELINING
		S: .
		C: DELE 1
		C: DELE 7
		C: DELE 2
		S: +OK
		S: -ERR no such message
		S: +OK
		C: QUIT
		S: +OK bye
		S!`, nil, func(t *testing.T, c *pop3.Client) {
		ctx := t.Context()
		n, size, err := c.Stat(ctx)
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		assert.Equal(t, int64(320), size)
		all, err := c.List(ctx)
		require.NoError(t, err)
		assert.Equal(t, []pop3.Listing{{1, 120}, {2, 200}}, all)
		one, err := c.ListOne(ctx, 2)
		require.NoError(t, err)
		assert.Equal(t, pop3.Listing{2, 200}, one)
		uids, err := c.UIDL(ctx)
		require.NoError(t, err)
		assert.Equal(t, []pop3.UniqueID{{1, "whqtswO00WBw418f9t5JxYwZ"}, {2, "QhdPYR:00WBw1Ph7x7"}}, uids)
		_, err = c.UIDLOne(ctx, 3)
		assert.EqualError(t, err, `pop3: UIDL: refused: "no such message, only 2 messages in maildrop"`)
		uid, err := c.UIDLOne(ctx, 2)
		require.NoError(t, err)
		assert.Equal(t, "QhdPYR:00WBw1Ph7x7", uid.UID)

		m, err := c.Retr(ctx, 1)
		require.NoError(t, err)
		assert.ErrorIs(t, c.Noop(ctx), pop3.ErrBusy)
		text, err := io.ReadAll(iotest.OneByteReader(m))
		require.NoError(t, err)
		assert.Equal(t, "Subject: x\r\n\r\n.\r\n.dots\r\n", string(text))
		require.NoError(t, m.Close())
		require.NoError(t, m.Close())
		_, err = m.Read(make([]byte, 1))
		assert.EqualError(t, err, "pop3: message closed")

		m, err = c.Top(ctx, 1, 0)
		require.NoError(t, err)
		require.NoError(t, m.Close()) // nothing of it was read
		require.NoError(t, c.Noop(ctx))
		require.NoError(t, c.Rset(ctx))
		tag, err := c.Lang(ctx, "*")
		require.NoError(t, err)
		assert.Equal(t, "es", tag)
		_, err = c.Lang(ctx, "")
		assert.ErrorIs(t, err, pop3.ErrValue)
		assert.EqualError(t, c.Dele(ctx, 1, 7, 2), `pop3: DELE 7: refused: "no such message"`)
		require.NoError(t, c.Quit(ctx))
		assert.ErrorIs(t, c.Noop(ctx), net.ErrClosed)
		assert.ErrorIs(t, c.Quit(ctx), net.ErrClosed)
	})
}

// The client holds itself to the table, and sends nothing that it refuses.
func TestClientOutOfOrder(t *testing.T) {
	against(t, true, "S: +OK", nil, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		assert.EqualError(t, c.Noop(t.Context()), "pop3: no Command in state Authorization (RFC 1939 §5)")
		_, err = c.Retr(t.Context(), 1)
		assert.EqualError(t, err, "pop3: no Command in state Authorization (RFC 1939 §5)")
	})
	loggedIn(t, "C: CAPA\nS: +OK\nS: USER\nS: .\nC: NOOP\nS: +OK", nil, func(t *testing.T, c *pop3.Client) {
		assert.EqualError(t, c.UTF8(t.Context()), "pop3: no UTF8 in state Transaction (RFC 6856 §2)")
		assert.EqualError(t, c.StartTLS(t.Context()), "pop3: no STLS in state Transaction (RFC 2595 §4)")
		begun := time.Now()
		assert.EqualError(t, c.Login(t.Context(), "bob", "hungry"), "pop3: no User in state Transaction (RFC 1939 §7)")
		assert.Zero(t, time.Since(begun))
		assert.NoError(t, c.Noop(t.Context()))
	})
	loggedIn(t, "C: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\nC: NOOP\nS: +OK", nil, func(t *testing.T, c *pop3.Client) {
		begun := time.Now()
		assert.EqualError(t, c.Auth(t.Context(), pop3.AuthPlain("", "bob", "hungry")), "pop3: no Auth in state Transaction (RFC 5034 §4)")
		assert.Zero(t, time.Since(begun))
		assert.NoError(t, c.Noop(t.Context()))
	})
}

// Octets that would make another command of an argument are not sent.
func TestClientInjection(t *testing.T) {
	const ready = "S: +OK <1@x>\nC: CAPA\nS: +OK\nS: USER\nS: .\n"
	against(t, true, ready, nil, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		for _, bad := range []string{"bob\r\nQUIT", "bob\nQUIT", "bob\x00", "bob\r"} {
			assert.Error(t, c.Login(t.Context(), bad, "hungry"))
			assert.Error(t, c.APOP(t.Context(), bad, "hungry"))
			_, err := c.Lang(t.Context(), bad)
			assert.ErrorIs(t, err, pop3.ErrControlOctet)
		}
		assert.Error(t, c.APOP(t.Context(), "bob x", "hungry"))
		assert.Error(t, c.Login(t.Context(), "", "hungry"))
		assert.Error(t, c.Login(t.Context(), strings.Repeat("x", 250), "hungry"))
	})
}

// What servers may not say ends the session.
func TestClientHostileServer(t *testing.T) {
	lim := pop3.Limits{MaxListing: 40, MaxMessages: 2, MaxMessageBytes: 20, MaxResponse: 64, MaxDiscard: 10}
	list := func(ctx context.Context, c *pop3.Client) error { _, err := c.List(ctx); return err }
	retr := func(ctx context.Context, c *pop3.Client) error {
		m, err := c.Retr(ctx, 1)
		if err == nil {
			_, err = io.Copy(io.Discard, m)
			m.Close()
		}
		return err
	}
	tests := []struct {
		name, script string
		call         func(ctx context.Context, c *pop3.Client) error
		want         string
	}{
		{"listing outside the grammar", "C: LIST\nS: +OK\nS: one 2\nS: .", list, "pop3: LIST: pop3: message-number: syntax at byte 0 (RFC 1939 §5)"},
		{"listing too long", "C: LIST\nS: +OK\nS: 1 2 " + strings.Repeat("x", 50) + "\nS: .", list, "pop3: LIST: pop3: limit MaxListing of 40 reached"},
		{"too many messages", "C: LIST\nS: +OK\nS: 1 2\nS: 2 2\nS: 3 2\nS: .", list, "pop3: LIST: pop3: limit MaxMessages of 2 reached"},
		{"line without end", "C: LIST\nS: " + strings.Repeat("x", 100), list, "pop3: LIST: pop3: limit MaxDiscard of 10 reached"},
		{"response too long", "C: LIST\nS: +OK " + strings.Repeat("x", 62), list, "pop3: LIST: pop3: limit MaxResponse of 64 reached"},
		{"no response", "C: LIST\nS: hello", list, "pop3: LIST: pop3: status: syntax at byte 41 (RFC 2449 §3)"},
		{"a challenge out of AUTH", "C: LIST\nS: + QQ==", list, "pop3: peer: no challenge in state Transaction (RFC 5034 §4)"},
		{"the end in a listing", "C: LIST\nS: +OK\nS: 1 2\nS!", list, "pop3: LIST: unexpected EOF"},
		{"the end in place of a response", "C: LIST\nS!", list, "pop3: LIST: unexpected EOF"},
		{"the end in a message", "C: RETR 1\nS: +OK\nS: x\nS!", retr, "pop3: message 1: unexpected EOF"},
		{"message too large", "C: RETR 1\nS: +OK\nS: 0123456789\nS: 0123456789\nS: .", retr, "pop3: message 1: pop3: limit MaxMessageBytes of 20 reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			loggedIn(t, tt.script, &pop3.Options{TLS: pop3.TLSOff, Limits: lim}, func(t *testing.T, c *pop3.Client) {
				err := tt.call(t.Context(), c)
				require.Error(t, err)
				assert.EqualError(t, err, tt.want)
				assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
			})
		})
	}
}

// A response that nobody asked for is not taken for the next one's.
func TestClientUnaskedResponse(t *testing.T) {
	loggedIn(t, "C: NOOP\nS: +OK|+OK 9 9", nil, func(t *testing.T, c *pop3.Client) {
		require.NoError(t, c.Noop(t.Context()))
		_, _, err := c.Stat(t.Context())
		assert.EqualError(t, err, "pop3: peer: no response that nobody asked for in state Transaction (RFC 1939 §3)")
		assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
	})
	loggedIn(t, "C: NOOP\nS: +OK|-ERR [SYS/TEMP] going down", nil, func(t *testing.T, c *pop3.Client) {
		require.NoError(t, c.Noop(t.Context()))
		_, _, err := c.Stat(t.Context())
		assert.EqualError(t, err, `pop3: STAT: refused [SYS/TEMP]: "going down"`)
	})
}

// A message that is not read is thrown away, up to a bound.
func TestClientUnreadMessage(t *testing.T) {
	loggedIn(t, "C: RETR 1\nS: +OK\nS: "+strings.Repeat("x", 1000)+"\nS: .\nC: NOOP\nS: +OK", nil, func(t *testing.T, c *pop3.Client) {
		m, err := c.Retr(t.Context(), 1)
		require.NoError(t, err)
		_, err = m.Read(make([]byte, 10))
		require.NoError(t, err)
		require.NoError(t, m.Close())
		require.NoError(t, c.Noop(t.Context()))
	})
	loggedIn(t, "C: RETR 1\nS: +OK\nS: "+strings.Repeat("x", 1000)+"\nS: .", &pop3.Options{TLS: pop3.TLSOff, Limits: pop3.Limits{MaxDiscard: 999}}, func(t *testing.T, c *pop3.Client) {
		m, err := c.Retr(t.Context(), 1)
		require.NoError(t, err)
		require.NoError(t, m.Close())
		assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
	})
}

// A message that was closed has no hold on the session, by its context or by
// another Close.
func TestClientClosedMessage(t *testing.T) {
	const script = "C: RETR 1\nS: +OK\nS: x\nS: .\nC: NOOP\nS: +OK\nC: RETR 2\nS: +OK\nS: x\nS: .\nC: NOOP\nS: +OK"
	loggedIn(t, script, nil, func(t *testing.T, c *pop3.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		m, err := c.Retr(ctx, 1)
		require.NoError(t, err)
		require.NoError(t, m.Close())
		cancel()
		require.NoError(t, c.Noop(t.Context()))
		other, err := c.Retr(t.Context(), 2)
		require.NoError(t, err)
		require.NoError(t, m.Close())
		assert.Equal(t, pop3.ErrBusy, c.Noop(t.Context()))
		require.NoError(t, other.Close())
		require.NoError(t, c.Noop(t.Context()))
	})
}

// No more is written of a message than its limit.
func TestClientMessageTooLarge(t *testing.T) {
	opts := &pop3.Options{TLS: pop3.TLSOff, Limits: pop3.Limits{MaxMessageBytes: 20_000}}
	script := "C: RETR 1\nS: +OK\nS: " + strings.Repeat("0123456789|", 3000) + "\nS: ."
	loggedIn(t, script, opts, func(t *testing.T, c *pop3.Client) {
		m, err := c.Retr(t.Context(), 1)
		require.NoError(t, err)
		var got strings.Builder
		n, err := io.Copy(&got, m)
		assert.EqualError(t, err, "pop3: message 1: pop3: limit MaxMessageBytes of 20000 reached")
		assert.LessOrEqual(t, n, int64(20_000))
		assert.Equal(t, int(n), got.Len())
		_, err = io.Copy(&got, m)
		assert.EqualError(t, err, "pop3: message 1: pop3: limit MaxMessageBytes of 20000 reached")
		m.Close()
	})
}

// A failure of what a message is written to is not the session's.
func TestClientWriteToFails(t *testing.T) {
	loggedIn(t, "C: RETR 1\nS: +OK\nS: xxxx\nS: .\nC: NOOP\nS: +OK", nil, func(t *testing.T, c *pop3.Client) {
		m, err := c.Retr(t.Context(), 1)
		require.NoError(t, err)
		_, err = io.Copy(&failingWriter{0}, m)
		assert.ErrorIs(t, err, errNoRoom)
		require.NoError(t, m.Close())
		require.NoError(t, c.Noop(t.Context()))
	})
}

func TestClientCancelled(t *testing.T) {
	loggedIn(t, "C: NOOP", nil, func(t *testing.T, c *pop3.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Noop(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
		assert.ErrorIs(t, c.Noop(ctx), context.DeadlineExceeded)
	})
	t.Run("in a message", func(t *testing.T) {
		loggedIn(t, "C: RETR 1\nS: +OK\nS: x", nil, func(t *testing.T, c *pop3.Client) {
			ctx, cancel := context.WithCancel(t.Context())
			m, err := c.Retr(ctx, 1)
			require.NoError(t, err)
			time.AfterFunc(time.Second, cancel)
			_, err = io.ReadAll(m)
			assert.ErrorIs(t, err, context.Canceled)
			m.Close()
			assert.ErrorIs(t, c.Noop(t.Context()), net.ErrClosed)
		})
	})
	t.Run("a silent server", func(t *testing.T) {
		loggedIn(t, "C: NOOP", nil, func(t *testing.T, c *pop3.Client) {
			begun := time.Now()
			assert.Error(t, c.Noop(t.Context()))
			assert.Equal(t, 2*time.Minute, time.Since(begun))
		})
	})
	t.Run("a message that stalls", func(t *testing.T) {
		loggedIn(t, "C: RETR 1\nS: +OK\nS: x", nil, func(t *testing.T, c *pop3.Client) {
			m, err := c.Retr(t.Context(), 1)
			require.NoError(t, err)
			begun := time.Now()
			_, err = io.ReadAll(m)
			assert.Error(t, err)
			assert.Equal(t, time.Minute, time.Since(begun))
			m.Close()
		})
	})
}

// RETR goes ahead of the answers, so many at once and no more.
func TestRetrAll(t *testing.T) {
	script := "C: CAPA\nS: +OK\nS: PIPELINING\nS: .\n" +
		"C: RETR 1\nC: RETR 2\nC: RETR 3\nC: RETR 4\nS: +OK\nS: one\nS: .\nS: -ERR lost\nC: RETR 5\nC: RETR 6\nS: +OK\nS: three\nS: .\n" +
		"S: +OK\nS: four\nS: .\nS: +OK\nS: five\nS: .\nS: +OK\nS: six\nS: .\nC: NOOP\nS: +OK"
	loggedIn(t, script, &pop3.Options{TLS: pop3.TLSOff, Window: 4}, func(t *testing.T, c *pop3.Client) {
		var got []string
		for m, err := range c.RetrAll(t.Context(), slices.Values([]int{1, 2, 3, 4, 5, 6})) {
			if err != nil {
				got = append(got, err.Error())
				continue
			}
			if m.Number == 3 {
				continue // not read
			}
			text, err := io.ReadAll(m)
			require.NoError(t, err)
			got = append(got, string(text))
		}
		assert.Equal(t, []string{"one\r\n", `pop3: RETR 2: refused: "lost"`, "four\r\n", "five\r\n", "six\r\n"}, got)
		require.NoError(t, c.Noop(t.Context()))
	})
	t.Run("left early", func(t *testing.T) {
		script := "C: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: RETR 1\nC: RETR 2\nC: RETR 3\nS: +OK\nS: one\nS: .\nS: +OK\nS: two\nS: .\nS: -ERR\nC: NOOP\nS: +OK"
		loggedIn(t, script, nil, func(t *testing.T, c *pop3.Client) {
			for m, err := range c.RetrAll(t.Context(), slices.Values([]int{1, 2, 3})) {
				require.NoError(t, err)
				assert.Equal(t, 1, m.Number)
				break
			}
			require.NoError(t, c.Noop(t.Context()))
		})
	})
	t.Run("without PIPELINING", func(t *testing.T) {
		script := "C: CAPA\nS: -ERR\nC: RETR 1\nS: +OK\nS: one\nS: .\nC: RETR 2\nS: +OK\nS: two\nS: .\nC: NOOP\nS: +OK"
		loggedIn(t, script, nil, func(t *testing.T, c *pop3.Client) {
			n := 0
			for _, err := range c.RetrAll(t.Context(), slices.Values([]int{1, 2})) {
				require.NoError(t, err)
				n++
			}
			assert.Equal(t, 2, n)
			require.NoError(t, c.Noop(t.Context()))
		})
	})
	t.Run("the connection ends", func(t *testing.T) {
		script := "C: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: RETR 1\nC: RETR 2\nS: +OK\nS: one\nS!"
		loggedIn(t, script, nil, func(t *testing.T, c *pop3.Client) {
			var errs []error
			for m, err := range c.RetrAll(t.Context(), slices.Values([]int{1, 2})) {
				if err == nil {
					_, err = io.ReadAll(m)
				}
				errs = append(errs, err)
			}
			require.Len(t, errs, 2) // of the message, and of the one that did not come
			assert.ErrorIs(t, errs[0], io.ErrUnexpectedEOF)
			assert.ErrorIs(t, errs[1], io.ErrUnexpectedEOF)
		})
	})
}

func TestSync(t *testing.T) {
	script := "C: UIDL\nS: +OK\nS: 1 a\nS: 2 b\nS: 3 c\nS: .\nC: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: RETR 1\nC: RETR 3\nS: +OK\nS: one\nS: .\nS: +OK\nS: three\nS: .\nC: UIDL\nS: -ERR"
	loggedIn(t, script, nil, func(t *testing.T, c *pop3.Client) {
		got := map[string]string{}
		for m, err := range c.Sync(t.Context(), func(uid string) bool { return uid == "b" }) {
			require.NoError(t, err)
			text, err := io.ReadAll(m)
			require.NoError(t, err)
			got[m.UID] = string(text)
		}
		assert.Equal(t, map[string]string{"a": "one\r\n", "c": "three\r\n"}, got)
		steps := 0
		for m, err := range c.Sync(t.Context(), func(string) bool { return false }) {
			steps++
			assert.Nil(t, m)
			assert.EqualError(t, err, `pop3: UIDL: refused: ""`)
		}
		assert.Equal(t, 1, steps)
	})
}
