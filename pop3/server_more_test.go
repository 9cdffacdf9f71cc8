package pop3_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

func TestListenAndServe(t *testing.T) {
	srv := &pop3.Server{Backend: letters()}
	assert.Error(t, srv.ListenAndServe("tcp", "256.0.0.1:0"))
	done := make(chan error, 1)
	path := t.TempDir() + "/pop3"
	go func() { done <- srv.ListenAndServe("unix", path) }()
	var nc net.Conn
	require.Eventually(t, func() (is bool) {
		var err error
		nc, err = net.Dial("unix", path)
		return err == nil
	}, 10*time.Second, time.Millisecond)
	c, err := pop3.NewClient(t.Context(), nc, nil)
	require.NoError(t, err)
	require.NoError(t, c.Login(t.Context(), "bob", "hungry"), "nobody stands between")
	assert.NotNil(t, c.LocalAddr())
	require.NoError(t, c.Quit(t.Context()))
	require.NoError(t, srv.Shutdown(t.Context()))
	assert.ErrorIs(t, <-done, pop3.ErrServerClosed)
}

// A login that comes to nothing does not count for LOGIN-DELAY.
func TestLoginDelayUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters()
		m.openErr = errLost
		s := serve(t, &pop3.Server{Backend: m, LoginDelay: time.Hour})
		s.dial("127.0.0.1").talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: -ERR [SYS/TEMP]…")
		m.openErr = nil
		s.login()
	})
}

// A Maildrop that breaks the rule of unique-ids ends the listing, and the client
// does not take it for whole.
func TestBadUniqueID(t *testing.T) {
	for _, uid := range []string{"", "a b", strings.Repeat("x", 71)} {
		synctest.Test(t, func(t *testing.T) {
			m := letters(first)
			m.messages = append(m.messages, letter{uid: uid})
			s := serve(t, &pop3.Server{Backend: m})
			c := s.login()
			c.talk("C: UIDL 2\nS: -ERR [SYS/TEMP]…\nC: UIDL\nS: +OK\nS: 1 7.1\nS!")
		})
	}
}

// Names and passwords are compared as SASLprep makes them; what it refuses is
// refused (RFC 6856 §2.2).
func TestNamesArePrepared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters()})
		s.dial("127.0.0.1").talk("S: +OK…\nC: USER b\u00adob\nS: +OK…\nC: PASS \uff48ungry\nS: +OK…")
		for _, bad := range []string{"hungry\x07", "hungry\xff", "hungry\ue000"} {
			s.dial("127.0.0.1").talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS " + bad + "\nS: -ERR [AUTH]…")
		}
	})
}

// Arguments that lack something.
func TestSyntax(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: letters()}).dial("127.0.0.1")
		c.talk("S: +OK…\nC: USER\nS: -ERR Syntax: USER <name>\nC: USER \nS: -ERR Syntax: USER <name>\nC: USER bob\nS: +OK…\nC: PASS\nS: -ERR Syntax: PASS <password>")
		c.talk("C: APOP bob\nS: -ERR Not behind USER.\nC: QUIT now\nS: -ERR Syntax: QUIT\nC: CAPA x\nS: -ERR Syntax: CAPA\nC: PASS hungry\nS: +OK…")
	})
}

// counting counts the messages that are opened and closed.
type counting struct {
	*mail
	opened, closed int
	fail           int // the opening that fails
}

func (c *counting) Open(ctx context.Context, identity string) (pop3.Maildrop, error) {
	d, err := c.mail.Open(ctx, identity)
	return countingDrop{d, c}, err
}

type countingDrop struct {
	pop3.Maildrop
	c *counting
}

func (d countingDrop) Open(ctx context.Context, i int) (io.ReadCloser, error) {
	r, err := d.Maildrop.Open(ctx, i)
	if err != nil {
		return nil, err
	}
	if d.c.opened++; d.c.opened == d.c.fail {
		r.Close()
		return nil, errLost
	}
	return countingReader{r, d.c}, nil
}

type countingReader struct {
	io.ReadCloser
	c *counting
}

func (r countingReader) Close() error {
	r.c.closed++
	return r.ReadCloser.Close()
}

// A message is opened once, but for a header that is longer than a buffer, and
// closed whatever became of it.
func TestMessagesAreClosed(t *testing.T) {
	long := strings.Repeat("X: y\r\n", 10<<10)
	for _, tt := range []struct {
		text, command string
		opened        int
	}{
		{first, "RETR 1", 1},
		{first, "TOP 1 0", 1},
		{"A: b\r\n", "RETR 1", 1},
		{"\u00e9: b\r\n", "RETR 1", 1},
		{"\r\n" + long, "RETR 1", 1},
		{long + "\r\n", "RETR 1", 2},
		{long + "\r\n", "TOP 1 0", 2},
		{long + "\u00e9: b\r\n\r\n", "RETR 1", 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &counting{mail: letters(tt.text)}
			r := serve(t, &pop3.Server{Backend: c}).login()
			r.send(tt.command + "\r\nQUIT\r\n")
			r.rest()
			assert.Equal(t, tt.opened, c.opened, "%s of %.20q", tt.command, tt.text)
			assert.Equal(t, c.opened, c.closed)
		})
	}
}

// RFC 2449 §6.7: what was not had is not removed by EXPIRE 0.
func TestExpireOnlyWhatWasHad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters("\u00e9: b\r\n\r\n", first, first)
		m.messages[1].err = errLost
		c := serve(t, &pop3.Server{Backend: &counting{mail: m, fail: 3}, Expire: pop3.ExpireAtOnce}).login()
		c.talk("C: RETR 1\nS: -ERR [UTF8]…\nC: RETR 2\nS: -ERR [SYS/TEMP]…\nC: RETR 3\nS: -ERR [SYS/TEMP]…\nC: QUIT\nS: +OK Goodbye, 3 messages left.\nS!")
		assert.Empty(t, m.commits)
	})
}

// A long header that cannot be looked through is not sent.
func TestLongHeaderFails(t *testing.T) {
	long := strings.Repeat("X: y\r\n", 10<<10) + "\r\n"
	synctest.Test(t, func(t *testing.T) {
		serve(t, &pop3.Server{Backend: &counting{mail: letters(long), fail: 2}}).login().
			talk("C: RETR 1\nS: -ERR [SYS/TEMP]…\nC: RETR 1\nS: +OK…")
	})
	synctest.Test(t, func(t *testing.T) {
		m := letters(long)
		m.messages[0].text = strings.TrimSpace(long)
		m.messages[0].err = errLost
		serve(t, &pop3.Server{Backend: m}).login().talk("C: RETR 1\nS: -ERR [SYS/TEMP]…\nC: NOOP\nS: +OK")
	})
}

// sizes counts how often it is asked for a size.
type sizes struct {
	pop3.Maildrop
	asked *int
}

func (s sizes) Stat(i int) int64 {
	*s.asked++
	return s.Maildrop.Stat(i)
}

type sizesMail struct {
	*mail
	asked int
}

func (m *sizesMail) Open(ctx context.Context, identity string) (pop3.Maildrop, error) {
	d, err := m.mail.Open(ctx, identity)
	return sizes{d, &m.asked}, err
}

// A command of few octets does little, however large the maildrop.
func TestShortCommandsAreCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &sizesMail{mail: letters(slices.Repeat([]string{"x"}, 1000)...)}
		c := serve(t, &pop3.Server{Backend: m}).login()
		for range 1000 {
			c.talk("C: DELE 1\nS: +OK…\nC: STAT\nS: +OK 999 999\nC: RSET\nS: +OK…\nC: STAT\nS: +OK 1000 1000")
		}
		assert.LessOrEqual(t, m.asked, 3000)
	})
}

// A greeting that would be read as something else is not said, and the log has
// why.
func TestGreetingThatIsNone(t *testing.T) {
	for _, greeting := range []string{"[AUTH] hello", "hello\r\n+OK"} {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			srv := &pop3.Server{Backend: letters(), Greeting: greeting, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			serve(t, srv).dial("192.0.2.7").end()
			synctest.Wait()
			assert.Contains(t, log.String(), "level=ERROR msg=response peer=192.0.2.7")
		})
	}
}

// A list of capabilities that cannot be told whole has no end.
func TestCapabilityThatIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: letters(), Implementation: "caf\u00e9"}).dial("192.0.2.7")
		c.talk("S: +OK…\nC: CAPA\nS: +OK…\nS: TOP")
		assert.NotContains(t, c.rest(), "\r\n.\r\n")
	})
}
