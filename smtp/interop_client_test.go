package smtp_test

import (
	"context"
	"crypto/tls"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/smtp"
)

// mailUsers are those of the servers of others.
var mailUsers = map[string]string{"bob": "hungry", "carol": "thirsty"}

// path is the mailbox that s names.
func path(s string) smtp.Path {
	p, err := smtp.ParseMailbox(s)
	if err != nil {
		panic(err)
	}
	return p
}

// fromAlice is an envelope.
func fromAlice(to ...string) smtp.Envelope {
	e, err := smtp.NewEnvelope("alice@crepes.fr", to...)
	if err != nil {
		panic(err)
	}
	return e
}

// dialPeer opens a session with a server of others.
func dialPeer(t *testing.T, addr string, opts smtp.Options) *smtp.Client {
	t.Helper()
	opts.Hello, opts.Trace = "crepes.fr", traceTo(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c, err := smtp.Dial(ctx, "tcp", addr, &opts)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// streamed hides that a message could be looked at twice.
func streamed(text string) io.Reader { return io.MultiReader(strings.NewReader(text)) }

// delivered is a message that a server of others has put into a Maildir of lines
// with LF, behind its trace.
func delivered(t *testing.T, want, got, of string) {
	t.Helper()
	first, _, _ := strings.Cut(header, "\r\n")
	at := strings.Index(got, "\n"+first+"\n")
	require.GreaterOrEqual(t, at, 0, "%q", got[:min(len(got), 300)])
	same(t, strings.ReplaceAll(want, "\r\n", "\n"), got[at+1:], of)
}

func TestInteropClientPostfix(t *testing.T) {
	server, trust := testkit.Certificate(t)
	s := peers.Postfix(t, &peers.Config{TLS: server, Users: mailUsers})
	sendsAll(t, s, trust)
	takesUTF8(t, s)
}

func TestInteropClientExim(t *testing.T) {
	server, trust := testkit.Certificate(t)
	s := peers.Exim(t, &peers.Config{TLS: server, Users: mailUsers})
	sendsAll(t, s, trust)
	takesUTF8(t, s)
}

// sendsAll sends in each way, over sessions of several messages.
func sendsAll(t *testing.T, s *peers.Server, trust *tls.Config) {
	t.Helper()
	ways := []struct {
		name string
		opts smtp.Options
	}{
		{"opportunistic", smtp.Options{TLSConfig: trust}},
		{"required", smtp.Options{TLS: smtp.TLSRequired, TLSConfig: trust}},
		{"implicit", smtp.Options{TLS: smtp.TLSImplicit, TLSConfig: trust}},
		{"in the clear", smtp.Options{TLS: smtp.TLSOff}},
		{"DATA", smtp.Options{TLS: smtp.TLSOff, NoChunking: true}},
		{"without pipelining", smtp.Options{TLS: smtp.TLSOff, NoChunking: true, NoPipelining: true}},
		{"small chunks", smtp.Options{TLS: smtp.TLSOff, ChunkSize: 100}},
	}
	messages := 0
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			addr := s.Addr
			if way.opts.TLS == smtp.TLSImplicit {
				addr = s.TLSAddr
			}
			c := dialPeer(t, addr, way.opts)
			_, secure := c.TLS()
			assert.Equal(t, way.opts.TLS != smtp.TLSOff, secure)
			for body := range bodies {
				receipt, err := c.Send(t.Context(), fromAlice("bob@hamburger.edu"), streamed(message(body)))
				require.NoError(t, err)
				assert.Len(t, receipt.Results, 1)
				messages++
			}
			require.NoError(t, c.Quit(t.Context()))
		})
	}
	// Names tell no order, so each message is looked for by its body.
	got := s.Mail(t, "bob", messages)
	for body := range bodies {
		found := 0
		want := strings.ReplaceAll(message(body), "\r\n", "\n")
		for _, text := range got {
			if strings.HasSuffix(text, "\n"+want) {
				found++
			}
		}
		assert.Equal(t, len(ways), found, body)
	}

	t.Run("20 MB", func(t *testing.T) {
		c := dialPeer(t, s.Addr, smtp.Options{TLSConfig: trust})
		large := largeMessage()
		_, err := c.Send(t.Context(), fromAlice("carol@hamburger.edu"), strings.NewReader(large))
		require.NoError(t, err)
		delivered(t, large, s.Mail(t, "carol", 1)[0], "20 MB")
	})
	t.Run("log in", func(t *testing.T) {
		for _, mechanism := range []smtp.SASLClient{
			nil, smtp.AuthPlain("", "bob", "hungry"), smtp.AuthLogin("bob", "hungry"), smtp.AuthCRAMMD5("bob", "hungry"),
		} {
			c := dialPeer(t, s.Addr, smtp.Options{TLSConfig: trust})
			if mechanism == nil {
				require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
			} else {
				require.NoError(t, c.Auth(t.Context(), mechanism))
			}
			require.NoError(t, c.Noop(t.Context()))
			require.NoError(t, c.Quit(t.Context()))
		}
		c := dialPeer(t, s.Addr, smtp.Options{TLSConfig: trust})
		var refused *smtp.ReplyError
		require.ErrorAs(t, c.Login(t.Context(), "bob", "thirsty"), &refused)
		assert.Equal(t, 535, refused.Code)
		require.NoError(t, c.Noop(t.Context()), "the session goes on")
	})
	t.Run("some refused", func(t *testing.T) {
		for _, opts := range []smtp.Options{{TLS: smtp.TLSOff}, {TLS: smtp.TLSOff, NoChunking: true}, {TLS: smtp.TLSOff, NoPipelining: true}} {
			c := dialPeer(t, s.Addr, opts)
			receipt, err := c.Send(t.Context(), fromAlice("nobody@hamburger.edu", "bob@hamburger.edu", "none@hamburger.edu"), streamed(message("dots")))
			var partial *smtp.PartialError
			require.ErrorAs(t, err, &partial)
			require.Len(t, receipt.Results, 3)
			assert.Error(t, receipt.Results[0].Err)
			assert.NoError(t, receipt.Results[1].Err)
			assert.Error(t, receipt.Results[2].Err)
			messages++

			_, err = c.Send(t.Context(), fromAlice("nobody@hamburger.edu"), streamed(message("dots")))
			var refused *smtp.ReplyError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, 550, refused.Code)
			_, err = c.Send(t.Context(), fromAlice("bob@hamburger.edu"), streamed(message("dots")))
			require.NoError(t, err, "the session goes on")
			messages++
		}
		s.Mail(t, "bob", messages)
	})
	t.Run("other verbs", func(t *testing.T) {
		c := dialPeer(t, s.Addr, smtp.Options{TLS: smtp.TLSOff})
		r, err := c.Verify(t.Context(), "bob@hamburger.edu")
		require.NoError(t, err)
		assert.Contains(t, []int{250, 252}, r.Code)
		_, err = c.Expand(t.Context(), "list")
		assert.Error(t, err)
		require.NoError(t, c.Reset(t.Context()))
		require.NoError(t, c.Hello(t.Context()))
		size, ok := c.Extension("SIZE")
		assert.True(t, ok)
		assert.NotEmpty(t, size)
		tooLarge := fromAlice("bob@hamburger.edu")
		tooLarge.Size, tooLarge.Body = 1<<40, smtp.BodySevenBit
		_, err = c.Send(t.Context(), tooLarge, streamed(message("plain")))
		require.ErrorIs(t, err, smtp.ErrTooLarge)
		require.NoError(t, c.Quit(t.Context()))
	})
	t.Run("DSN", func(t *testing.T) {
		c := dialPeer(t, s.Addr, smtp.Options{TLS: smtp.TLSOff})
		e := fromAlice("bob@hamburger.edu")
		e.Return, e.EnvelopeID = smtp.ReturnHeader, "QQ 314159"
		e.To[0].Notify = smtp.NotifyNever
		e.To[0].Original = smtp.OriginalRecipient{Type: "rfc822", Address: "bob+ketchup@hamburger.edu"}
		receipt, err := c.Send(t.Context(), e, streamed(message("plain")))
		require.NoError(t, err)
		assert.True(t, receipt.DSN)
	})
}

// takesUTF8 sends from and to addresses in UTF-8.
func takesUTF8(t *testing.T, s *peers.Server) {
	t.Helper()
	before := len(s.Mail(t, "bob", 1))
	c := dialPeer(t, s.Addr, smtp.Options{TLS: smtp.TLSOff})
	e := fromAlice("bob@hamburger.edu")
	e.From, e.UTF8, e.Body = path("jérôme@crêpes.example"), true, smtp.BodyEightBit
	_, err := c.Send(t.Context(), e, streamed(message("8 bit")))
	require.NoError(t, err)
	s.Mail(t, "bob", before+1)
}

// TestInteropClientSMTPSink is refused at each command, for now and for good, and
// hung up on.
func TestInteropClientSMTPSink(t *testing.T) {
	for _, verb := range []string{"MAIL", "RCPT", "DATA", "."} {
		for _, fault := range []string{"-f", "-r", "-q"} {
			t.Run(fault+" "+verb, func(t *testing.T) {
				s := peers.SMTPSink(t, &peers.Config{Lines: []string{fault, verb}})
				c := dialPeer(t, s.Addr, smtp.Options{NoPipelining: fault == "-q"})
				receipt, err := c.Send(t.Context(), fromAlice("bob@hamburger.edu", "carol@hamburger.edu"), streamed(message("dots")))
				require.Error(t, err)
				require.Len(t, receipt.Results, 2)
				for _, r := range receipt.Results {
					assert.Error(t, r.Err)
				}
				if fault == "-q" {
					assert.False(t, c.Alive())
					assert.Equal(t, verb == ".", receipt.Doubtful)
					return
				}
				var refused *smtp.ReplyError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, fault == "-r", refused.Temporary())
				require.NoError(t, c.Noop(t.Context()), "the session goes on")
			})
		}
	}
	t.Run("HELO only", func(t *testing.T) {
		s := peers.SMTPSink(t, &peers.Config{Lines: []string{"-f", "EHLO"}})
		c := dialPeer(t, s.Addr, smtp.Options{})
		_, ok := c.Extension("PIPELINING")
		assert.False(t, ok)
		_, err := c.Send(t.Context(), fromAlice("bob@hamburger.edu"), streamed(message("dots")))
		require.NoError(t, err)
		// It ends each message with an empty line.
		delivered(t, message("dots"), strings.TrimSuffix(s.Mail(t, "", 1)[0], "\n"), "dots")
	})
}

func TestInteropClientDovecotLMTP(t *testing.T) {
	server, trust := testkit.Certificate(t)
	s := peers.DovecotLMTP(t, &peers.Config{TLS: server, Users: mailUsers})
	for _, opts := range []smtp.Options{{LMTP: true, TLSConfig: trust}, {LMTP: true, TLS: smtp.TLSOff, NoChunking: true}} {
		c := dialPeer(t, s.Addr, opts)
		receipt, err := c.Send(t.Context(), fromAlice("bob@hamburger.edu", "nobody@hamburger.edu", "carol@hamburger.edu"), streamed(message("dots")))
		var partial *smtp.PartialError
		require.ErrorAs(t, err, &partial)
		require.Len(t, receipt.Results, 3)
		assert.NoError(t, receipt.Results[0].Err)
		assert.Error(t, receipt.Results[1].Err)
		assert.NoError(t, receipt.Results[2].Err)
		require.NoError(t, c.Quit(t.Context()))
	}
	for _, user := range []string{"bob", "carol"} {
		for _, text := range s.Mail(t, user, 2) {
			delivered(t, message("dots"), text, user)
		}
	}
}
