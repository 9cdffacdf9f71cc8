package pop3_test

import (
	"net"
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
