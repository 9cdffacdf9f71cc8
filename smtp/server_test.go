package smtp_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
	"applayer/sockets"
)

// The lecture's dialogue, with the space behind the colon.
func TestServerLecture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		play(t, &smtp.Server{Backend: m}, `
			S: 220 hamburger.edu ESMTP
			C: HELO crepes.fr
			S: 250 Hello crepes.fr, pleased to meet you
			C: MAIL FROM: <alice@crepes.fr>
			S: 250 2.1.0 OK
			C: RCPT TO: <bob@hamburger.edu>
			S: 250 2.1.5 OK
			C: DATA
			S: 354 Start mail input; end with <CRLF>.<CRLF>
			C: Do you like ketchup?
			C: How about pickles?
			C: .
			S: 250 2.0.0 Message accepted for delivery
			C: QUIT
			S: 221 2.0.0 hamburger.edu closing connection
			END`)
		got := m.got()
		require.Len(t, got, 1)
		assert.Equal(t, "alice@crepes.fr", got[0].From.String())
		assert.Equal(t, "bob@hamburger.edu", got[0].To[0].String())
		assert.Equal(t, "Do you like ketchup?\r\nHow about pickles?\r\n", got[0].Text)
		assert.Equal(t, "crepes.fr", got[0].Hello)
		assert.Equal(t, "SMTP", got[0].Protocol)
		assert.False(t, got[0].Cancelled)
		assert.Zero(t, m.resets)
		assert.Equal(t, 1, m.closes)
	})
}

// What EHLO offers is what the server's fields, TLS and the login make of it.
func TestServerEHLO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := call(t, &smtp.Server{Backend: new(mailbox)})
		c.want("220")
		assert.Equal(t, []string{
			"250-hamburger.edu greets crepes.fr", "250-PIPELINING", "250-SIZE 52428800", "250-8BITMIME", "250-SMTPUTF8",
			"250-ENHANCEDSTATUSCODES", "250-CHUNKING", "250-DSN", "250 HELP",
		}, c.do("EHLO crepes.fr", "250"))

		c = call(t, &smtp.Server{
			Backend: new(mailbox), Without: []string{"chunking", "SMTPUTF8", "DSN", "8BITMIME"},
			Limits: smtp.Limits{MaxMessageBytes: -1},
		})
		c.want("220")
		assert.Equal(t, []string{
			"250-hamburger.edu greets [192.0.2.1]", "250-PIPELINING", "250-SIZE 0", "250-ENHANCEDSTATUSCODES", "250 HELP",
		}, c.do("EHLO [192.0.2.1]", "250"))
		c.play(`
			C: MAIL FROM:<a@b> BODY=8BITMIME
			S: 555 5.5.4
			C: MAIL FROM:<a@b> SMTPUTF8
			S: 555 5.5.4
			C: MAIL FROM:<a@b> RET=FULL
			S: 555 5.5.4
			C: MAIL FROM:<a@b> ENVID=x
			S: 555 5.5.4
			C: MAIL FROM:<a@b> BODY=7BIT SIZE=99999999999
			S: 250
			C: RCPT TO:<c@d> NOTIFY=NEVER
			S: 555 5.5.4
			C: RCPT TO:<c@d>
			S: 250
			C: BDAT 6
			C> NOOP\r\n
			S: 502 5.5.1
			C: NOOP
			S: 250`)
		play(t, &smtp.Server{Backend: new(mailbox), Without: []string{"SIZE"}}, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<> SIZE=1\nS: 555 5.5.4")
	})
}

// Each malformed or misplaced command has its reply, and the session goes on.
func TestServerBadInput(t *testing.T) {
	const hello, mail, rcpt = "EHLO a\r\n", "EHLO a\r\nMAIL FROM:<a@b>\r\n", "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
	tests := []struct{ name, before, line, want string }{
		{"5321-4.2.4 unknown verb", "", "WILD thing\r\n", "500 5.5.2"},
		{"5321-4.1.1 no verb", "", " \r\n", "500 5.5.2"},
		{"5321-4.1.1 empty line", "", "\r\n", "500 5.5.2"},
		{"5321-2.3.8 bare CR", hello, "NOOP a\rQUIT\r\n", "500 5.5.2"},
		{"5321-2.3.8 bare LF", hello, "NOOP a\nQUIT\r\n", "500 5.5.2"},
		{"5321-2.3.8 NUL", hello, "NOOP \x00\r\n", "500 5.5.2"},
		{"5321-4.5.3.1.4 long line", hello, "NOOP " + strings.Repeat("x", 600) + "\r\n", "500 5.5.2"},
		{"5321-4.2.4 EXPN", hello, "EXPN list\r\n", "502 5.5.1"},
		{"1985 ETRN", hello, "ETRN x.org\r\n", "502 5.5.1"},
		{"2033-4.1 LHLO to SMTP", "", "LHLO a\r\n", "500 5.5.1"},
		{"5321-4.1.4 MAIL first", "", "MAIL FROM:<a@b>\r\n", "503 5.5.1"},
		{"5321-4.1.4 RCPT first", "", "RCPT TO:<a@b>\r\n", "503 5.5.1"},
		{"5321-4.1.4 DATA first", "", "DATA\r\n", "503 5.5.1"},
		{"4954-4 AUTH without mechanisms", hello, "AUTH PLAIN\r\n", "502 5.5.1"},
		{"3207-4 STARTTLS without TLS", hello, "STARTTLS\r\n", "502 5.5.1"},
		{"5321-4.1.1.1 EHLO without a name", "", "EHLO\r\n", "501 Error"}, // and no status code (RFC 2034 §4)
		{"5321-4.1.4 RCPT before MAIL", hello, "RCPT TO:<a@b>\r\n", "503 5.5.1"},
		{"5321-4.1.4 DATA before MAIL", hello, "DATA\r\n", "503 5.5.1"},
		{"5321-4.1.4 second MAIL", mail, "MAIL FROM:<c@d>\r\n", "503 5.5.1"},
		{"5321-4.1.4 DATA before RCPT", mail, "DATA\r\n", "503 5.5.1"},
		{"5321-4.1.1.4 DATA with an argument", rcpt, "DATA now\r\n", "501 5.5.4"},
		{"5321-4.1.1.5 RSET with an argument", hello, "RSET now\r\n", "501 5.5.4"},
		{"5321-4.1.1.10 QUIT with an argument", hello, "QUIT now\r\n", "501 5.5.4"},
		{"5321-4.1.1.2 MAIL without FROM", hello, "MAIL <a@b>\r\n", "501 5.5.4"},
		{"5321-4.1.1.2 MAIL without a path", hello, "MAIL FROM:\r\n", "501 5.1.7"},
		{"5321-4.1.2 bad reverse-path", hello, "MAIL FROM:<a@>\r\n", "501 5.1.7"},
		{"5321-4.1.2 bad forward-path", mail, "RCPT TO:<@b>\r\n", "501 5.1.3"},
		{"5321-4.1.1.3 null forward-path", mail, "RCPT TO:<>\r\n", "501 5.1.3"},
		{"5321-4.5.3.1.1 long local part", mail, "RCPT TO:<" + strings.Repeat("x", 65) + "@b>\r\n", "501 5.1.3"},
		{"5321-4.1.1.11 unknown parameter of MAIL", hello, "MAIL FROM:<a@b> COLOR=red\r\n", "555 5.5.4"},
		{"5321-4.1.1.11 unknown parameter of RCPT", mail, "RCPT TO:<a@b> COLOR=red\r\n", "555 5.5.4"},
		{"1870-6.1 too large", hello, "MAIL FROM:<a@b> SIZE=52428801\r\n", "552 5.3.4"},
		{"3030-3 binary is not offered", hello, "MAIL FROM:<a@b> BODY=BINARYMIME\r\n", "555 5.5.4"},
		{"4954-5 AUTH= is not offered", hello, "MAIL FROM:<a@b> AUTH=<>\r\n", "555 5.5.4"},
		{"6531-3.5 UTF-8 without SMTPUTF8", mail, "RCPT TO:<päm@b>\r\n", "553 5.6.7"},
		{"3030-2 BDAT before RCPT", mail, "BDAT 4\r\nab\r\n", "503 5.5.1"},
		{"3030-2 BDAT before EHLO", "", "BDAT 4 LAST\r\nab\r\n", "503 5.5.1"},
		{"5321-4.1.1.6 VRFY of nothing", hello, "VRFY\r\n", "501 5.5.4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(mailbox)
				c := call(t, &smtp.Server{Backend: m})
				c.want("220")
				c.send(tt.before)
				for range strings.Count(tt.before, "\n") {
					c.want("250")
				}
				c.send(tt.line)
				c.want(tt.want)
				c.do("NOOP", "250")
				c.do("QUIT", "221")
				assert.Empty(t, m.got())
			})
		})
	}
}

// What is granted without a transaction, and VRFY by the session.
func TestServerFreeCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		play(t, &smtp.Server{Backend: new(mailbox), Greeting: "at your service"}, `
			S: 220 hamburger.edu at your service
			C: noop
			S: 250 2.0.0
			C: RSET
			S: 250 2.0.0
			C: HELP me
			S: 214 2.0.0
			C: VRFY bob
			S: 252 2.0.0
			C: quit
			S: 221
			END`)
		m := &mailbox{onVerify: func(arg string) (smtp.Reply, error) {
			if arg == "bob" {
				return smtp.Reply{Code: 250, Enhanced: smtp.EnhancedCode{2, 1, 5}, Lines: []string{"<bob@hamburger.edu>"}}, nil
			}
			return smtp.Reply{}, smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such user.")
		}}
		play(t, &smtp.Server{Backend: m}, `
			S: 220
			C: VRFY bob
			S: 250 2.1.5 <bob@hamburger.edu>
			C: VRFY eve
			S: 550 5.1.1 No such user.`)
	})
}

// A refusal of the backend is answered as it is, any other error by 451, and
// neither ends the session.
func TestServerBackendErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := errors.New("the disk is full")
		m := &mailbox{
			onMail: func(p smtp.Path, _ smtp.MailOptions) error {
				switch p.Local {
				case "spam":
					return smtp.Refuse(550, smtp.EnhancedCode{5, 7, 1}, "Not you.\nAgain.")
				case "odd":
					return smtp.Refuse(250, smtp.EnhancedCode{}, "No refusal.")
				case "odder":
					return smtp.Refuse(600, smtp.EnhancedCode{}, "No reply.")
				}
				return nil
			},
			onRcpt: func(p smtp.Path, _ smtp.RcptOptions) error {
				if p.Local == "nobody" {
					return smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such mailbox.")
				}
				return nil
			},
			onData: func(io.Reader) error { return disk },
		}
		var log bytes.Buffer
		srv := &smtp.Server{Backend: m, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		play(t, srv, `
			S: 220
			C: EHLO crepes.fr
			S: 250
			C: MAIL FROM:<spam@b>
			S: 550 5.7.1 Again.
			C: MAIL FROM:<odd@b>
			S: 451 4.3.0
			C: MAIL FROM:<odder@b>
			S: 451 4.3.0
			C: RCPT TO:<bob@d>
			S: 503 5.5.1
			C: MAIL FROM:<a@b>
			S: 250
			C: RCPT TO:<nobody@d>
			S: 550 5.1.1 No such mailbox.
			C: DATA
			S: 554 5.5.1
			C: BDAT 4 LAST
			C: ab
			S: 554 5.5.1
			C: RCPT TO:<bob@d>
			S: 250
			C: DATA
			S: 354
			C: unread
			C: .
			S: 451 4.3.0
			C: DATA
			S: 503
			C: QUIT
			S: 221
			END`)
		assert.Contains(t, log.String(), "the disk is full")
		assert.Contains(t, log.String(), "rcpts=1")
	})
}

// A backend that turns a client away: by 554, behind which the client says QUIT
// and is told 503 to anything else (RFC 5321 §3.1), or by 421, which ends it all.
func TestServerTurnsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{onSession: func(*smtp.Conn) error { return smtp.Refuse(554, smtp.EnhancedCode{5, 7, 1}, "Not you.") }}
		play(t, &smtp.Server{Backend: m}, `
			S: 554 Not you.
			C: EHLO a
			S: 503 5.5.1
			C: MAIL FROM:<a@b>
			S: 503 5.5.1
			C: NOOP
			S: 503 5.5.1
			C: BDAT 6
			C> QUIT\r\n
			S: 503 5.5.1
			C: LHLO a
			S: 503 5.5.1
			C: STARTTLS
			S: 503 5.5.1
			C: AUTH PLAIN
			S: 503 5.5.1
			C: QUIT
			S: 221
			END`)
		c := play(t, &smtp.Server{Backend: m, Limits: smtp.Limits{MaxErrors: 3}}, "S: 554\nC: EHLO a\nS: 503\nC: RSET\nS: 503\nC: HELP\nS: 421 4.7.0\nEND")
		<-c.done
		c = play(t, &smtp.Server{Backend: m}, "S: 554")
		begun := time.Now()
		c.want("421 4.4.2")
		assert.Equal(t, 5*time.Minute, time.Since(begun))
		c.end()
		m = &mailbox{onSession: func(*smtp.Conn) error { return errors.New("no memory") }}
		play(t, &smtp.Server{Backend: m}, "S: 421 Service\nEND")
		assert.Zero(t, m.closes)
	})
}

// EHLO and RSET end a transaction, and the session hears of it once.
func TestServerReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		c := play(t, &smtp.Server{Backend: m}, `
			S: 220
			C: EHLO a
			S: 250
			C: RSET
			S: 250
			C: MAIL FROM:<a@b>
			S: 250
			C: RSET
			S: 250
			C: MAIL FROM:<a@b>
			S: 250
			C: RCPT TO:<c@d>
			S: 250
			C: EHLO a
			S: 250
			C: RCPT TO:<c@d>
			S: 503
			C: MAIL FROM:<>
			S: 250
			C: RCPT TO:<c@d>
			S: 250
			C: RCPT TO:<e@d>
			S: 250`)
		c.nc.Close()
		<-c.done
		assert.Equal(t, 3, m.resets)
		assert.Equal(t, 1, m.closes)
		assert.Empty(t, m.got())
	})
}

// One line a transaction.
func TestServerLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		strip := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "time" || a.Key == "dur" || a.Key == "peer" {
				return slog.Attr{}
			}
			return a
		}
		srv := &smtp.Server{Backend: new(mailbox), Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: strip}))}
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<a@b>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: DATA\nS: 354\nC: x\nC: .\nS: 250\nC: QUIT\nS: 221\nEND")
		<-c.done
		assert.Equal(t, "level=INFO msg=message from=a@b rcpts=1 bytes=3 reply=\"250 2.0.0 Message accepted for delivery\"\n", log.String())
	})
}

// What a backend answers is made fit to be sent, and what is not offered is not
// said.
func TestServerOddReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{onRcpt: func(p smtp.Path, _ smtp.RcptOptions) error {
			switch p.Local {
			case "a":
				return &smtp.ReplyError{Reply: smtp.Reply{Code: 550, Enhanced: smtp.EnhancedCode{4, 1, 1}, Lines: []string{"a\r\n250 b", "größe"}}}
			case "b":
				return &smtp.ReplyError{Reply: smtp.Reply{Code: 550}}
			case "c":
				return smtp.Refuse(550, smtp.EnhancedCode{5, 1000, 1}, "Beyond three digits.")
			case "d":
				return smtp.Refuse(550, smtp.EnhancedCode{5, 100, 100}, strings.Repeat("x", 1000))
			}
			return nil
		}}
		c := play(t, &smtp.Server{Backend: m}, "S: 220\nC: EHLO häm\nS: 250\nC: MAIL FROM:<>\nS: 250")
		assert.Equal(t, []string{"550-a??250 b", "550 gr????e"}, c.do("RCPT TO:<a@b>", "550"))
		assert.Equal(t, []string{"550 "}, c.do("RCPT TO:<b@b>", "550"))
		assert.Equal(t, []string{"550 Beyond three digits."}, c.do("RCPT TO:<c@b>", "550"))
		assert.Equal(t, []string{"550 5.100.100 " + strings.Repeat("x", 496)}, c.do("RCPT TO:<d@b>", "550"))
		for _, code := range []int{0, 199, 354, 600} {
			m := &mailbox{onVerify: func(string) (smtp.Reply, error) { return smtp.Reply{Code: code}, nil }}
			play(t, &smtp.Server{Backend: m}, "S: 220\nC: VRFY a\nS: 451 4.3.0\nC: NOOP\nS: 250")
		}
		play(t, &smtp.Server{Backend: m, Without: []string{"ENHANCEDSTATUSCODES"}}, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<>\nS: 250 OK\nC: X\nS: 500 Command unknown")
		c = play(t, &smtp.Server{Backend: m}, "S: 220\nC: EHLO häm")
		assert.Equal(t, "250-hamburger.edu greets h??m", c.want("250")[0])
	})
}

// A session that answers 421 ends the dialogue, whatever it was asked
// (RFC 5321 §3.8).
func TestServerSessionEnds(t *testing.T) {
	bye := smtp.Refuse(421, smtp.EnhancedCode{4, 3, 2}, "Going down.")
	tests := []struct {
		name   string
		m      *mailbox
		script string
		resets int
	}{
		{"MAIL", &mailbox{onMail: func(smtp.Path, smtp.MailOptions) error { return bye }}, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<>", 0},
		{"RCPT", &mailbox{onRcpt: func(smtp.Path, smtp.RcptOptions) error { return bye }}, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>", 1},
		{"DATA", &mailbox{onData: func(io.Reader) error { return bye }}, toData + "C: x\nC: .", 0},
		{"BDAT", &mailbox{onData: func(io.Reader) error { return bye }}, toRcpt + "C: BDAT 3 LAST\nC: x", 0},
		{"VRFY", &mailbox{onVerify: func(string) (smtp.Reply, error) { return bye.Reply, nil }}, "S: 220\nC: VRFY a", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := play(t, &smtp.Server{Backend: tt.m}, tt.script)
				c.play("S: 421 4.3.2 Going down.\nEND")
				<-c.done
				assert.Equal(t, tt.resets, tt.m.resets)
				assert.Equal(t, 1, tt.m.closes)
			})
		})
	}
}

// A panic of the backend costs its connection alone, and nothing is told of the
// message.
func TestServerPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{onData: func(io.Reader) error { panic("no") }}
		c := play(t, &smtp.Server{Backend: m}, toData+"END")
		assert.ErrorContains(t, <-c.done, "panicked")
		assert.Equal(t, 1, m.closes)
	})
}

// ORCPT in its own encoding needs no SMTPUTF8 (RFC 6533 §3), and DSN's parameters
// come to the session as they were said.
func TestServerDSN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		play(t, &smtp.Server{Backend: m}, `
			S: 220
			C: EHLO a
			S: 250
			C: MAIL FROM:<a@b> RET=HDRS ENVID=QQ+2B314 SIZE=12 BODY=8BITMIME
			S: 250
			C: RCPT TO:<c@d> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+40y
			S: 250
			C: RCPT TO:<e@f> NOTIFY=NEVER,FAILURE
			S: 501 5.5.4
			C: RCPT TO:<e@f> NOTIFY=NEVER ORCPT=utf-8;\x{E9}@y
			S: 250
			C: DATA
			S: 354
			C: .
			S: 250`)
		require.Len(t, m.got(), 1)
		l := m.got()[0]
		assert.Equal(t, smtp.MailOptions{Size: 12, Body: smtp.BodyEightBit, Return: smtp.ReturnHeader, EnvelopeID: "QQ+314"}, l.Options)
		assert.Equal(t, smtp.RcptOptions{Notify: smtp.NotifySuccess | smtp.NotifyDelay, Original: smtp.OriginalRecipient{Type: "rfc822", Address: "x@y"}}, l.To[0].RcptOptions)
		assert.Equal(t, smtp.NotifyNever, l.To[1].Notify)
		assert.Equal(t, "é@y", l.To[1].Original.Address)
	})
}

// A server over a listener: one connection too many is told so, and Shutdown ends
// Serve.
func TestServerServe(t *testing.T) {
	testkit.NoLeaks(t)
	network := testkit.NewNetwork()
	l, err := network.Listen(t.Context(), "tcp", "192.0.2.1:25")
	require.NoError(t, err)
	srv := &smtp.Server{Hostname: "hamburger.edu", Backend: new(mailbox), Conns: sockets.Limits{MaxConns: 1}}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	dial := func() *caller {
		nc, err := network.Dial(t.Context(), "tcp", "192.0.2.1:25")
		require.NoError(t, err)
		return &caller{tb: t, nc: nc, r: bufio.NewReader(nc)}
	}
	first := dial()
	first.want("220 hamburger.edu")
	second := dial()
	second.want("421 hamburger.edu too many connections")
	second.end()
	second.nc.Close()
	go srv.Shutdown(t.Context())
	first.want("421 4.3.2")
	first.end()
	first.nc.Close()
	assert.ErrorIs(t, <-done, smtp.ErrServerClosed)
	assert.ErrorIs(t, srv.ListenAndServe("tcp", "127.0.0.1:0"), smtp.ErrServerClosed)
	assert.NoError(t, srv.Close())
}

// Without a name of its own a server has the system's.
func TestServerHostname(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := testkit.Pipe()
		defer client.Close()
		srv := &smtp.Server{Backend: new(mailbox)}
		go srv.ServeConn(t.Context(), server)
		c := &caller{tb: t, nc: client, r: bufio.NewReader(client)}
		assert.Regexp(t, `^220 [^ ]+ ESMTP$`, c.line())
		c.do("QUIT", "221 2.0.0 ")
	})
}
