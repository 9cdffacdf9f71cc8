package smtp_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// meet opens a session with a server of ours, in memory.
func meet(tb testing.TB, server *smtp.Server, opts *smtp.Options) *smtp.Client {
	tb.Helper()
	server.Hostname = "hamburger.edu"
	near, far := testkit.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.ServeConn(context.WithoutCancel(tb.Context()), far)
	}()
	o := smtp.Options{}
	if opts != nil {
		o = *opts
	}
	o.Hello = "crepes.fr"
	c, err := smtp.NewClient(tb.Context(), near, &o)
	require.NoError(tb, err)
	tb.Cleanup(func() {
		c.Close()
		<-done
	})
	return c
}

// What goes in at the client comes out at the server, by each way there is, and
// nothing in a message makes two of it (CVE-2023-51764).
func TestClientAndServer(t *testing.T) {
	messages := []struct{ name, in, out string }{
		{"plain", "Hi.\r\n", "Hi.\r\n"},
		{"nothing", "", ""},
		{"no end of line", "Hi.", "Hi.\r\n"},
		{"dots", ".\r\n..\r\n...\r\n.a\r\n", ".\r\n..\r\n...\r\n.a\r\n"},
		{"an end mark of LF", "a\n.\nMAIL FROM:<x@y.example>\r\n", "a\r\n.\r\nMAIL FROM:<x@y.example>\r\n"},
		{"LF and CRLF", "a\n.\r\nQUIT\r\n", "a\r\n.\r\nQUIT\r\n"},
		{"CRLF and LF", "a\r\n.\nQUIT\r\n", "a\r\n.\r\nQUIT\r\n"},
		{"CR", "a\r.\rQUIT\r\n", "a\r\n.\r\nQUIT\r\n"},
		{"CRLF and CR", "a\r\n.\rQUIT\r\n", "a\r\n.\r\nQUIT\r\n"},
		{"CR CR LF", "a\r\r\n.\r\r\nQUIT\r\n", "a\r\n.\r\nQUIT\r\n"},
		{"large", strings.Repeat("A line of a large message.\r\n.\r\n", 20000), strings.Repeat("A line of a large message.\r\n.\r\n", 20000)},
		{"long lines", strings.Repeat("x", 60000) + "\r\n", strings.Repeat("x", 60000) + "\r\n"},
		{"8 bits", "Subject: caf\xc3\xa9\r\n\r\nHi.\r\n", "Subject: caf\xc3\xa9\r\n\r\nHi.\r\n"},
	}
	ways := []struct {
		name string
		opts smtp.Options
		lmtp bool
		tls  bool
	}{
		{"BDAT", smtp.Options{}, false, false},
		{"small chunks", smtp.Options{ChunkSize: 1000}, false, false},
		{"DATA", smtp.Options{NoChunking: true}, false, false},
		{"one command at a time", smtp.Options{NoPipelining: true}, false, false},
		{"LMTP", smtp.Options{LMTP: true}, true, false},
		{"LMTP by DATA", smtp.Options{LMTP: true, NoChunking: true}, true, false},
		{"TLS", smtp.Options{}, false, true},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				box := &mailbox{onRcpt: func(p smtp.Path, _ smtp.RcptOptions) error {
					if p == carol {
						return smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No.")
					}
					return nil
				}}
				server := &smtp.Server{Backend: box, LMTP: way.lmtp}
				opts := way.opts
				if way.tls {
					server.TLSConfig, opts.TLSConfig = testkit.Certificate(t, "hamburger.edu")
				}
				c := meet(t, server, &opts)
				_, secure := c.TLS()
				assert.Equal(t, way.tls, secure)
				for i, m := range messages {
					e := envelope(bob, carol, alice)
					e.Body = smtp.BodyUnsaid
					var in io.Reader = strings.NewReader(m.in)
					if i%2 == 0 {
						in = iotest.HalfReader(in)
					}
					r, err := c.Send(t.Context(), e, in)
					partial, ok := errors.AsType[*smtp.PartialError](err)
					require.True(t, ok, "%s: %v", m.name, err)
					assert.Equal(t, 2, partial.Taken)
					assert.Equal(t, carol, partial.Refused[0].To)
					assert.True(t, r.DSN)
					letters := box.got()
					require.Len(t, letters, i+1, m.name)
					got := letters[i]
					assert.True(t, got.Text == m.out, "%s: %.100q", m.name, got.Text)
					assert.Equal(t, alice, got.From)
					assert.Equal(t, "crepes.fr", got.Hello)
					assert.Len(t, got.To, 2)
				}
				assert.NoError(t, c.Quit(t.Context()))
			})
		})
	}
}

// The receipt of a message that the server refuses, and the next message.
func TestClientAndServerRefusals(t *testing.T) {
	for _, chunking := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			box := new(mailbox)
			c := meet(t, &smtp.Server{Backend: box, Limits: smtp.Limits{MaxMessageBytes: 5000, MaxRecipients: 3}},
				&smtp.Options{NoChunking: !chunking, ChunkSize: 1000})

			// The size is not known before.
			large := struct{ io.Reader }{strings.NewReader(strings.Repeat("Ketchup.\r\n", 1000))}
			r, err := c.Send(t.Context(), envelope(bob), large)
			e, ok := errors.AsType[*smtp.ReplyError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, 552, e.Code)
			assert.False(t, r.Doubtful)

			_, err = c.Send(t.Context(), envelope(bob), strings.NewReader(strings.Repeat("Ketchup.\r\n", 1000)))
			assert.ErrorIs(t, err, smtp.ErrTooLarge)

			to := []smtp.Path{bob, carol, alice}
			for i := range 5 {
				to = append(to, smtp.Path{Local: fmt.Sprint("user", i), Domain: "hamburger.edu"})
			}
			r, err = c.Send(t.Context(), envelope(to...), strings.NewReader("Hi.\r\n"))
			assert.Error(t, err)
			for i, result := range r.Results {
				assert.Equal(t, i < 3, result.Err == nil)
				if i >= 3 {
					assert.Equal(t, 452, result.Reply.Code)
				}
			}
			r, err = c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
			assert.NoError(t, err)
			assert.Equal(t, smtp.EnhancedCode{2, 0, 0}, r.Reply.Enhanced)
			assert.Len(t, box.got(), 2)
		})
	}
}

// Login by each mechanism that both have, the best first.
func TestClientAndServerLogin(t *testing.T) {
	const password = "hungry"
	verifier := map[crypto.Hash]smtp.SCRAMVerifier{}
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		v, err := smtp.NewSCRAMVerifier(h, password, []byte("pepper and salt"), 4096)
		require.NoError(t, err)
		verifier[h] = v
	}
	check := func(_ context.Context, _, user, given string) (string, error) {
		if user != "bob" || given != password {
			return "", smtp.ErrAuthRefused
		}
		return user, nil
	}
	scram := func(h crypto.Hash) func(*smtp.Conn) []smtp.SASLServer {
		return func(c *smtp.Conn) []smtp.SASLServer {
			return smtp.ServeSCRAM(c, h, func(_ context.Context, _, user string) (smtp.SCRAMVerifier, error) {
				if user != "bob" {
					return smtp.SCRAMVerifier{}, smtp.ErrAuthRefused
				}
				return verifier[h], nil
			})
		}
	}
	plain := func(*smtp.Conn) []smtp.SASLServer { return []smtp.SASLServer{smtp.ServePlain(check)} }
	login := func(*smtp.Conn) []smtp.SASLServer { return []smtp.SASLServer{smtp.ServeLogin(check)} }
	all := func(c *smtp.Conn) []smtp.SASLServer {
		return append(append(append(plain(c), login(c)...), scram(crypto.SHA1)(c)...), scram(crypto.SHA256)(c)...)
	}
	tests := []struct {
		name string
		auth func(*smtp.Conn) []smtp.SASLServer
		tls  bool
		want string // what AUTH names
	}{
		{"PLAIN", plain, true, "PLAIN"},
		{"LOGIN", login, true, "LOGIN"},
		{"SCRAM-SHA-1 in the clear", scram(crypto.SHA1), false, "SCRAM-SHA-1"},
		{"SCRAM-SHA-256 in the clear", scram(crypto.SHA256), false, "SCRAM-SHA-256"},
		{"the best of all in the clear", all, false, "SCRAM-SHA-256"},
		{"the best of all over TLS", all, true, "SCRAM-SHA-256-PLUS"},
		{"bound to TLS", scram(crypto.SHA1), true, "SCRAM-SHA-1-PLUS"},
	}
	for _, tt := range tests {
		for _, right := range []bool{true, false} {
			t.Run(fmt.Sprint(tt.name, " ", right), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					box := new(mailbox)
					server := &smtp.Server{Backend: box, Submission: true, Auth: tt.auth, AllowInsecureAuth: true}
					var said []string
					opts := &smtp.Options{Trace: &smtp.Trace{Line: func(server bool, line []byte) {
						if f := strings.Fields(string(line)); !server && f[0] == "AUTH" {
							said = append(said, f[1])
						}
					}}}
					if tt.tls {
						server.TLSConfig, opts.TLSConfig = testkit.Certificate(t, "hamburger.edu")
					}
					c := meet(t, server, opts)
					given := password
					if !right {
						given = "thirsty"
					}
					err := c.Login(t.Context(), "bob", given)
					assert.Equal(t, []string{tt.want}, said)
					_, sent := c.Send(t.Context(), envelope(carol), strings.NewReader("Hi.\r\n"))
					if right {
						assert.NoError(t, err)
						assert.NoError(t, sent)
						assert.Equal(t, "bob", box.got()[0].Identity)
						return
					}
					e, ok := errors.AsType[*smtp.ReplyError](err)
					assert.True(t, ok && e.Code == 535, "%v", err)
					e, ok = errors.AsType[*smtp.ReplyError](sent)
					assert.True(t, ok && e.Code == 530, "%v", sent)
				})
			})
		}
	}
}

// A message takes two writes where the server permits: one for all commands and
// one for the message, whatever the number of recipients (RFC 2920 §3.1,
// RFC 3030 §2).
func TestClientWrites(t *testing.T) {
	tests := []struct {
		name   string
		opts   smtp.Options
		server smtp.Server
		want   int
	}{
		{name: "DATA", opts: smtp.Options{NoChunking: true}, want: 2},
		{name: "BDAT", want: 2},
		{name: "without PIPELINING", server: smtp.Server{Without: []string{"PIPELINING"}}, want: 1 + 20 + 1},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.server.Backend, tt.server.Hostname = new(mailbox), "hamburger.edu"
				near, far := testkit.Pipe()
				done := make(chan struct{})
				go func() {
					defer close(done)
					tt.server.ServeConn(context.WithoutCancel(t.Context()), far)
				}()
				counted := &countedConn{Conn: near}
				c, err := smtp.NewClient(t.Context(), counted, &tt.opts)
				require.NoError(t, err)
				var to []smtp.Path
				for i := range 20 {
					to = append(to, smtp.Path{Local: fmt.Sprint("user", i), Domain: "hamburger.edu"})
				}
				for range 2 {
					counted.writes = 0
					_, err = c.Send(t.Context(), envelope(to...), strings.NewReader(ketchup))
					assert.NoError(t, err)
					assert.Equal(t, tt.want, counted.writes)
				}
				c.Close()
				<-done
			})
		})
	}
}

// countedConn counts writes.
type countedConn struct {
	net.Conn
	writes int
}

func (c *countedConn) Write(b []byte) (int, error) {
	c.writes++
	return c.Conn.Write(b)
}
