package pop3_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/pop3"
)

const (
	first  = "Subject: one\r\n\r\nHello.\r\n.a dot\r\n..two\r\n"
	second = "Subject: two\r\n\r\n1\r\n2\r\n3"
)

// Dialogues of a session that is logged in, over two messages.
func TestTransaction(t *testing.T) {
	tests := []struct{ name, script string }{
		{"1939-5 STAT", "C: STAT\nS: +OK 2 62"},
		{"1939-5 LIST", "C: LIST\nS: +OK 2 messages (62 octets)\nS: 1 39\nS: 2 23\nS: ."},
		{"1939-5 LIST of one", "C: LIST 2\nS: +OK 2 23"},
		{"1939-5 LIST of none", "C: LIST 3\nS: -ERR There is no such message."},
		{"1939-4 numbers begin at 1", "C: LIST 0\nS: -ERR There is no such message."},
		{"1939-5 LIST of words", "C: LIST one\nS: -ERR There is no such message.\nC: LIST 1 2\nS: -ERR Syntax: LIST [<message>]"},
		{"1939-5 LIST of more than there can be", "C: LIST 99999999999999999999\nS: -ERR There is no such message."},
		{"1939-3 RETR doubles dots", "C: RETR 1\nS: +OK 39 octets\nS: Subject: one\nS: \nS: Hello.\nS: ..a dot\nS: ...two\nS: ."},
		{"1939-3 a last line without end gets one", "C: RETR 2\nS: +OK 23 octets\nS: Subject: two\nS: \nS: 1\nS: 2\nS: 3\nS: ."},
		{"1939-5 RETR of none", "C: RETR 3\nS: -ERR There is no such message.\nC: RETR\nS: -ERR Syntax: RETR <message>"},
		{"1939-7 TOP", "C: TOP 2 2\nS: +OK The top follows.\nS: Subject: two\nS: \nS: 1\nS: 2\nS: ."},
		{"1939-7 TOP without lines", "C: TOP 2 0\nS: +OK The top follows.\nS: Subject: two\nS: \nS: ."},
		{"1939-7 TOP of more than all", "C: TOP 2 10\nS: +OK The top follows.\nS: Subject: two\nS: \nS: 1\nS: 2\nS: 3\nS: ."},
		{"1939-7 TOP lacks a word", "C: TOP 2\nS: -ERR Syntax: TOP <message> <lines>\nC: TOP 2 -1\nS: -ERR Syntax: TOP <message> <lines>\nC: TOP 3 1\nS: -ERR There is no such message."},
		{"1939-7 UIDL", "C: UIDL\nS: +OK\nS: 1 7.1\nS: 2 7.2\nS: .\nC: UIDL 2\nS: +OK 2 7.2\nC: UIDL 3\nS: -ERR There is no such message."},
		{"1939-5 DELE", "C: DELE 1\nS: +OK Message 1 deleted.\nC: STAT\nS: +OK 1 23\nC: LIST\nS: +OK 1 messages (23 octets)\nS: 2 23\nS: .\nC: UIDL\nS: +OK\nS: 2 7.2\nS: ."},
		{"1939-5 what is deleted is not there", "C: DELE 1\nS: +OK…\nC: DELE 1\nS: -ERR That message is deleted.\nC: LIST 1\nS: -ERR That message is deleted.\nC: UIDL 1\nS: -ERR That message is deleted.\nC: RETR 1\nS: -ERR That message is deleted.\nC: TOP 1 1\nS: -ERR That message is deleted."},
		{"1939-5 RSET", "C: DELE 1\nS: +OK…\nC: RSET\nS: +OK Nothing is deleted.\nC: STAT\nS: +OK 2 62"},
		{"1939-5 NOOP", "C: NOOP\nS: +OK"},
		{"1939-3 any case", "C: list 2\nS: +OK 2 23\nC: nOoP\nS: +OK"},
		{"spaces at the end are none", "C: STAT \nS: +OK 2 62\nC: LIST  2 \nS: +OK 2 23"},
		{"1939-3 an unknown command", "C: XTND XMIT\nS: -ERR There is no such command.\nC: HELP\nS: -ERR There is no such command."},
		{"2449-3 no keyword", "C: A\nS: -ERR That is no command.\nC: RETRIEVE 1\nS: -ERR That is no command.\nC: \nS: -ERR That is no command."},
		{"1939-3 a NUL", "C: LIST\x00\nS: -ERR That is no command.\nC: NOOP\nS: +OK"},
		{"1939-4 not again", "C: USER bob\nS: -ERR Not after the login.\nC: PASS hungry\nS: -ERR Not after the login.\nC: AUTH PLAIN\nS: -ERR Not after the login.\nC: STLS\nS: -ERR Not after the login.\nC: UTF8\nS: -ERR Not after the login."},
		{"6856-3 LANG", "C: LANG\nS: +OK Languages:\nS: en English\nS: .\nC: LANG *\nS: +OK en English it is.\nC: LANG mul\nS: -ERR There is no such language here."},
		{"2449-4 a line of 255 octets", "C: LANG " + strings.Repeat("x", 248) + "\nS: -ERR There is no such language here.\nC: LANG " + strings.Repeat("x", 249) + "\nS: -ERR A command line has 255 octets at most.\nC: NOOP\nS: +OK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := letters(first, second)
				serve(t, &pop3.Server{Backend: m}).login().talk(tt.script)
				synctest.Wait()
				assert.Empty(t, m.commits)
			})
		})
	}
}

// RFC 1939 §6: what is marked goes by QUIT, and by nothing else.
func TestUpdate(t *testing.T) {
	tests := []struct {
		name, script string
		left         []string
	}{
		{"QUIT", "C: DELE 1\nS: +OK…\nC: QUIT\nS: +OK Goodbye, 1 messages left.\nS!", []string{"7.2"}},
		{"QUIT behind RSET", "C: DELE 1\nS: +OK…\nC: RSET\nS: +OK…\nC: QUIT\nS: +OK Goodbye, 2 messages left.\nS!", []string{"7.1", "7.2"}},
		{"the end of the connection", "C: DELE 1\nS: +OK…", []string{"7.1", "7.2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := letters(first, second)
				c := serve(t, &pop3.Server{Backend: m}).login()
				c.talk(tt.script)
				c.nc.Close()
				synctest.Wait()
				assert.Equal(t, tt.left, m.left())
				assert.False(t, m.isLocked())
				assert.Equal(t, len(tt.left) == 1, len(m.commits) == 1, "nothing is committed in vain")
			})
		})
	}
}

// RFC 1939 §3: the timer ends the session without a word, and removes nothing.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first)
		c := serve(t, &pop3.Server{Backend: m}).login()
		c.talk("C: DELE 1\nS: +OK…")
		time.Sleep(9*time.Minute + 59*time.Second)
		c.talk("C: NOOP\nS: +OK")
		begun := time.Now()
		assert.Empty(t, c.late())
		assert.Equal(t, 10*time.Minute, time.Since(begun))
		synctest.Wait()
		assert.Equal(t, []string{"7.1"}, m.left())
		assert.False(t, m.isLocked())
	})
}

// A client that sends an octet now and then gets no more time.
func TestSlowLoris(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: letters()}).dial("192.0.2.7")
		c.want("+OK POP3 server ready")
		begun := time.Now()
		var slow sync.WaitGroup
		slow.Go(func() {
			for range 1000 {
				if _, err := io.WriteString(c.nc, "N"); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		assert.Empty(t, c.late())
		assert.Equal(t, 3*time.Minute, time.Since(begun))
		slow.Wait()
	})
}

func TestUpdateFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first, second)
		m.commitErr = errLost
		s := serve(t, &pop3.Server{Backend: m})
		s.login().talk("C: DELE 2\nS: +OK…\nC: QUIT\nS: -ERR [SYS/TEMP] Something is wrong here. Try later.\nS!")
		m.commitErr = pop3.Refuse(pop3.CodeSysPerm, "Some deleted messages not removed.")
		s.login().talk("C: DELE 2\nS: +OK…\nC: QUIT\nS: -ERR [SYS/PERM] Some deleted messages not removed.\nS!")
		assert.Equal(t, [][]int{{1}, {1}}, m.commits)
	})
}

// The numbers hold for the session, whatever is delivered meanwhile.
func TestNewMailShowsInTheNextSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first)
		s := serve(t, &pop3.Server{Backend: m})
		c := s.login()
		m.add(second)
		c.talk("C: STAT\nS: +OK 1 39\nC: RETR 2\nS: -ERR…\nC: QUIT\nS: +OK Goodbye, 1 messages left.\nS!")
		s.login().talk("C: STAT\nS: +OK 2 62")
	})
}

func TestMaildropInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first)
		s := serve(t, &pop3.Server{Backend: m})
		c := s.login()
		other := s.dial("127.0.0.1")
		other.talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: -ERR [IN-USE] Another session has the maildrop.")
		c.talk("C: QUIT\nS: +OK…\nS!")
		other.talk("C: USER bob\nS: +OK…\nC: PASS hungry\nS: +OK The maildrop has 1 messages (39 octets).")
	})
}

// Whatever Open says is answered as such.
func TestOpenFails(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{errLost, "-ERR [SYS/TEMP] Something is wrong here. Try later."},
		{pop3.Refuse(pop3.CodeSysPerm, "The maildrop is broken."), "-ERR [SYS/PERM] The maildrop is broken."},
		{&pop3.ReplyError{Response: pop3.Response{Text: "Its status is not +OK."}}, "-ERR Its status is not +OK."},
		{pop3.Refuse("", "a\r\n+OK"), "-ERR [SYS/TEMP] Something is wrong here. Try later."},
		{pop3.Refuse(pop3.CodeInUse, "Later."), "-ERR [IN-USE] Later."},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			m := letters()
			m.openErr = tt.err
			c := serve(t, &pop3.Server{Backend: m}).dial("127.0.0.1")
			c.talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: " + tt.want)
			c.talk("C: STAT\nS: -ERR Log in first.\nC: QUIT\nS: +OK Goodbye.\nS!")
		})
	}
}

func TestTooManyMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first, second)
		c := serve(t, &pop3.Server{Backend: m, Limits: pop3.Limits{MaxMessages: 1}}).dial("127.0.0.1")
		c.talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: -ERR [SYS/PERM] The maildrop has too many messages.")
		assert.False(t, m.isLocked())
	})
}

// A message of which a part is missing must not look whole.
func TestMessageLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first)
		m.messages = append(m.messages, letter{uid: "l", err: errLost}, letter{uid: "m", text: strings.Repeat("0123456\r\n", 8<<10), err: errLost})
		c := serve(t, &pop3.Server{Backend: m, SendUTF8: true}).login()
		c.talk("C: RETR 2\nS: -ERR [SYS/TEMP] Something is wrong here. Try later.")
		c.send("RETR 3\r\n")
		all := c.rest()
		assert.True(t, strings.HasPrefix(all, "+OK 73728 octets\r\n"))
		assert.False(t, strings.HasSuffix(all, "\r\n.\r\n"))
	})
}

// RFC 6856 §2.1 and §5.
func TestUTF8(t *testing.T) {
	long := strings.Repeat("X-Long: "+strings.Repeat("x", 60)+"\r\n", 1000)
	texts := []string{"Subject: \u00e9\r\n\r\n", "Subject: e\r\n\r\n\u00e9\r\n", long + "Subject: \u00e9\r\n\r\n", long + "\r\n\u00e9\r\n", "A: b\n\rB: \u00e9\n\n"}
	t.Run("without", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := serve(t, &pop3.Server{Backend: letters(texts...)}).login()
			c.talk("C: RETR 1\nS: -ERR [UTF8] That message needs the command UTF8.\nC: TOP 1 0\nS: -ERR [UTF8] That message needs the command UTF8.")
			c.talk("C: RETR 2\nS: +OK 18 octets\nS: Subject: e\nS: \nS: \u00e9\nS: .")
			c.talk("C: RETR 3\nS: -ERR [UTF8] That message needs the command UTF8.\nC: RETR 5\nS: -ERR [UTF8] That message needs the command UTF8.\nC: RETR 4\nS: +OK 70006 octets")
		})
	})
	t.Run("with", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := serve(t, &pop3.Server{Backend: letters(texts...)}).dial("127.0.0.1")
			c.talk("S: +OK…\nC: UTF8\nS: +OK UTF-8 it is.\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: +OK…")
			c.talk("C: RETR 1\nS: +OK 15 octets\nS: Subject: \u00e9\nS: \nS: .")
		})
	})
}

func TestPipelining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first, second)
		c := serve(t, &pop3.Server{Backend: m}).dial("127.0.0.1")
		c.want("+OK POP3 server ready")
		c.send("USER bob\r\nPASS hungry\r\nSTAT\r\nLIST 1\r\nRETR 2\r\nDELE 2\r\nBAD!!\r\nNO")
		c.talk("S: +OK Password?\nS: +OK The maildrop has 2 messages (62 octets).\nS: +OK 2 62\nS: +OK 1 39\nS: +OK 23 octets\nS: Subject: two\nS: \nS: 1\nS: 2\nS: 3\nS: .\nS: +OK Message 2 deleted.\nS: -ERR That is no command.")
		c.send("OP\r\nQUIT\r\nSTAT\r\n")
		c.talk("S: +OK\nS: +OK Goodbye, 1 messages left.\nS!")
	})
}

func TestCapabilities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &pop3.Server{Backend: letters(), LoginDelay: 1500 * time.Millisecond, Expire: pop3.ExpireNever, Implementation: "applayer"}
		s := serve(t, srv)
		s.dial("192.0.2.7").talk("S: +OK…\nC: CAPA\nS: +OK Capabilities:\nS: TOP\nS: UIDL\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\nS: UTF8 USER\nS: LANG\nS: LOGIN-DELAY 2\nS: EXPIRE NEVER\nS: IMPLEMENTATION applayer\nS: .")
		s.login().talk("C: CAPA\nS: +OK Capabilities:\nS: TOP\nS: UIDL\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\nS: USER\nS: SASL PLAIN\nS: UTF8 USER\nS: LANG\nS: LOGIN-DELAY 2\nS: EXPIRE NEVER\nS: IMPLEMENTATION applayer\nS: .")
	})
}

// RFC 2449 §8.1.1.
func TestLoginDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters(), LoginDelay: time.Minute})
		s.login().talk("C: QUIT\nS: +OK…\nS!")
		s.dial("127.0.0.1").talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: -ERR [LOGIN-DELAY] The last login was not long enough ago.")
		time.Sleep(time.Minute)
		s.login()
	})
}

// RFC 2449 §6.7: EXPIRE 0.
func TestExpireAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first, second, first)
		s := serve(t, &pop3.Server{Backend: m, Expire: pop3.ExpireAtOnce})
		s.login().talk("C: RETR 2\nS: +OK 23 octets\nS: Subject: two\nS: \nS: 1\nS: 2\nS: 3\nS: .\nC: TOP 3 0\nS: +OK…\nS: Subject: one\nS: \nS: .\nC: DELE 1\nS: +OK…\nC: QUIT\nS: +OK Goodbye, 1 messages left.\nS!")
		assert.Equal(t, []string{"7.3"}, m.left())
	})
	for _, tt := range []struct{ retr, dele int }{{70, 1}, {1, 70}} {
		synctest.Test(t, func(t *testing.T) {
			m := letters(slices.Repeat([]string{"x"}, 70)...)
			c := serve(t, &pop3.Server{Backend: m, Expire: pop3.ExpireAtOnce}).login()
			c.talk(fmt.Sprintf("C: RETR %d\nS: +OK…\nS: x\nS: .\nC: DELE %d\nS: +OK…\nC: QUIT\nS: +OK…\nS!", tt.retr, tt.dele))
			assert.Equal(t, [][]int{{0, 69}}, m.commits)
		})
	}
}

// RFC 5034 §4.
func TestAuth(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	good, bad := b64("\x00bob\x00hungry"), b64("\x00bob\x00thirsty")
	const in = "S: +OK The maildrop has 0 messages (0 octets)."
	tests := []struct{ name, script string }{
		{"initial response", "C: AUTH PLAIN " + good + "\n" + in},
		{"any case", "C: auth plain " + good + "\n" + in},
		{"without initial response", "C: AUTH PLAIN\nS: + \nC: " + good + "\n" + in},
		{"an empty initial response", "C: AUTH PLAIN =\nS: -ERR That is not what the mechanism asks for.\nC: QUIT\nS: +OK…"},
		{"cancelled", "C: AUTH PLAIN\nS: + \nC: *\nS: -ERR Cancelled.\nC: AUTH PLAIN " + good + "\n" + in},
		{"refused", "C: AUTH PLAIN " + bad + "\nS: -ERR [AUTH] Name or password is not right.\nC: AUTH PLAIN " + good + "\n" + in},
		{"another identity", "C: AUTH PLAIN " + b64("alice\x00bob\x00hungry") + "\nS: -ERR [AUTH] Name or password is not right."},
		{"not base64", "C: AUTH PLAIN !\nS: -ERR That is not base64.\nC: AUTH PLAIN\nS: + \nC: AAA=BBB\nS: -ERR That is not base64."},
		{"the pad in the middle", "C: AUTH PLAIN =AAA\nS: -ERR That is not base64."},
		{"unknown", "C: AUTH X\nS: -ERR There is no such mechanism.\nC: AUTH\nS: -ERR Syntax: AUTH <mechanism> [<initial-response>]"},
		{"a line as long as may be", "C: AUTH PLAIN\nS: + \nC: " + strings.Repeat("AAAA", 3071) + "\nS: -ERR That is not what the mechanism asks for."},
		{"a longer line", "C: AUTH PLAIN\nS: + \nC: " + strings.Repeat("AAAA", 3072) + "\nS: -ERR The line is too long.\nC: NOOP\nS: -ERR Log in first."},
		{"not twice", "C: AUTH PLAIN " + good + "\n" + in + "\nC: AUTH PLAIN " + good + "\nS: -ERR Not after the login."},
		{"behind USER", "C: USER bob\nS: +OK…\nC: AUTH PLAIN " + good + "\n" + in},
		{"forgets USER", "C: USER bob\nS: +OK…\nC: AUTH PLAIN " + bad + "\nS: -ERR [AUTH]…\nC: PASS hungry\nS: -ERR USER comes first."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := serve(t, &pop3.Server{Backend: letters()}).dial("127.0.0.1")
				c.talk("S: +OK…\n" + tt.script)
			})
		})
	}
}

// RFC 1939 §7: APOP, with the RFC's own proof.
func TestApop(t *testing.T) {
	assert.Equal(t, "c4c9334bac560ecc979e58001b3e22fb", string(pop3.ApopDigest("<1896.697170952@dbc.mtview.ca.us>", "tanstaaf")))
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: secretMail{letters(first)}, Hostname: "hamburger.edu"})
		seen := map[string]bool{}
		for _, tt := range []struct{ user, password, want string }{
			{"bob", "hungry", "+OK The maildrop has 1 messages (39 octets)."},
			{"bob", "thirsty", "-ERR [AUTH] Name or password is not right."},
			{"alice", "", "-ERR [AUTH] Name or password is not right."},
		} {
			c := s.dial("192.0.2.7") // in the clear, which is what APOP is for
			greeting, err := c.in.ReadString('\n')
			require.NoError(t, err)
			require.Regexp(t, `^\+OK POP3 server ready <[a-z0-9]+@hamburger\.edu>\r\n$`, greeting)
			stamp := greeting[strings.Index(greeting, "<") : len(greeting)-2]
			assert.False(t, seen[stamp])
			seen[stamp] = true
			c.talk("C: APOP " + tt.user + " " + string(pop3.ApopDigest(stamp, tt.password)) + "\nS: " + tt.want)
		}
		s.dial("127.0.0.1").talk("S: +OK…\nC: USER bob\nS: +OK…\nC: APOP bob x\nS: -ERR Not behind USER.")
	})
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: letters()}).dial("127.0.0.1")
		c.talk("S: +OK POP3 server ready\nC: APOP bob x\nS: -ERR There is no APOP here.")
	})
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := letters(first)
		s := serve(t, &pop3.Server{Backend: m})
		c := s.login()
		c.talk("C: DELE 1\nS: +OK…")
		synctest.Wait()
		require.NoError(t, s.srv.Shutdown(t.Context()))
		c.talk("S: -ERR [SYS/TEMP] The server is shutting down.\nS!")
		assert.Equal(t, []string{"7.1"}, m.left())
	})
}
