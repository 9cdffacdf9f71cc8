package smtp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// A call that is cut short leaves a session that has ended, and says why.
func TestClientCancelled(t *testing.T) {
	why := errors.New("enough")
	for name, script := range map[string]string{
		"at MAIL":    hello() + "C: MAIL FROM:<alice@crepes.fr>\nC*\n",
		"at the end": hello() + "C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\nC: DATA\nS: 354 go\nC*\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, nil, script)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(why) })
				from := time.Now()
				r, err := c.Send(ctx, envelope(bob), strings.NewReader(ketchup))
				assert.ErrorIs(t, err, why)
				assert.Equal(t, time.Second, time.Since(from))
				assert.Equal(t, name == "at the end", r.Doubtful)
				assert.False(t, c.Alive())
				err = c.Noop(t.Context())
				assert.ErrorIs(t, err, net.ErrClosed)
				assert.ErrorIs(t, err, why)
				_, err = c.Send(t.Context(), envelope(bob), strings.NewReader(ketchup))
				assert.ErrorIs(t, err, net.ErrClosed)
			})
		})
	}
	c := client(t, nil, hello()+"C: NOOP\nS: 250 ok\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	assert.ErrorIs(t, c.Noop(ctx), why)
	assert.NoError(t, c.Noop(t.Context()), "nothing had begun")
}

// A server that takes nothing more ends the wait for a write, and the deadline of
// a context ends it sooner.
func TestClientStuckServer(t *testing.T) {
	endless := readerFunc(func(p []byte) (int, error) { return copy(p, strings.Repeat("abcdef\r\n", 100)), nil })
	for _, deadline := range []time.Duration{time.Hour, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			near, far := testkit.Pipe()
			defer far.Close()
			go func() {
				io.WriteString(far, "220 hi\r\n")
				b := make([]byte, 100)
				for _, reply := range []string{"250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"} {
					far.Read(b)
					io.WriteString(far, reply)
				}
			}()
			c, err := smtp.NewClient(t.Context(), near, nil)
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			from := time.Now()
			r, err := c.Send(ctx, envelope(bob), endless)
			assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			assert.Equal(t, min(deadline, 3*time.Minute), time.Since(from), "RFC 5321 §4.5.3.2.5")
			assert.False(t, r.Doubtful)
		})
	}
}

// A server that closes in the middle of a message mostly says why.
func TestClientLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, nil, hello()+"C: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\nC: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\nC: DATA\nS: 354 go\nC: abcdef\nS: 552 5.3.4 too much\nclose\n")
		endless := readerFunc(func(p []byte) (int, error) { return copy(p, strings.Repeat("abcdef\r\n", 100)), nil })
		_, err := c.Send(t.Context(), envelope(bob), endless)
		e, ok := errors.AsType[*smtp.ReplyError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, 552, e.Code)
		assert.Equal(t, "DATA", e.Command)
		assert.False(t, c.Alive())
	})
}

// A server that closes in the middle of a group: what it said of each recipient
// is his alone.
func TestClientLastWordsWithinGroup(t *testing.T) {
	for _, last := range []string{"", "421 4.3.2 bye"} {
		synctest.Test(t, func(t *testing.T) {
			near, far := testkit.PipeBuffer(4096)
			go func() {
				defer far.Close()
				b := make([]byte, 1000)
				io.WriteString(far, "220 hi\r\n")
				far.Read(b)
				io.WriteString(far, "250-hi\r\n250 PIPELINING\r\n")
				io.ReadFull(far, b)
				io.WriteString(far, "250 ok\r\n550 5.1.1 no\r\n250 ok\r\n")
				if last != "" {
					io.WriteString(far, last+"\r\n")
				}
			}()
			c, err := smtp.NewClient(t.Context(), near, nil)
			require.NoError(t, err)
			e := envelope()
			for range 60 { // more than the buffers hold
				e.To = append(e.To, smtp.Recipient{Path: smtp.Path{Local: strings.Repeat("x", 60), Domain: strings.Repeat("x.", 90) + "y"}})
			}
			r, err := c.Send(t.Context(), e, strings.NewReader("Hi.\r\n"))
			assert.Error(t, err)
			assert.False(t, c.Alive())
			for i, result := range r.Results {
				reply, ok := errors.AsType[*smtp.ReplyError](result.Err)
				switch {
				case i == 0:
					assert.True(t, ok && reply.Code == 550)
				case last == "":
					assert.False(t, ok, "%v", result.Err)
					assert.Error(t, result.Err)
				default:
					assert.True(t, ok && reply.Code == 421, "%v", result.Err)
				}
			}
		})
	}
}

func TestClientBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, nil, hello()+"C: NOOP\nC*\n")
		done := make(chan error)
		go func() { done <- c.Noop(t.Context()) }()
		synctest.Wait()
		assert.ErrorIs(t, c.Noop(t.Context()), smtp.ErrBusy)
		r, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
		assert.ErrorIs(t, err, smtp.ErrBusy)
		assert.ErrorIs(t, r.Results[0].Err, smtp.ErrBusy)
		assert.False(t, c.Alive())
		assert.ErrorIs(t, c.Quit(t.Context()), smtp.ErrBusy)
		assert.Error(t, <-done, "Quit closed the session")
		assert.NoError(t, c.Close())
	})
}

func TestClientQuit(t *testing.T) {
	for script, ok := range map[string]bool{
		"C: QUIT\nS: 221 bye\n": true,
		"C: QUIT\nS: 421 bye\n": true,
		"C: QUIT\nS: 500 no\n":  false,
		"C: QUIT\nclose\n":      false,
		"C: QUIT\nC*\n":         false,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := client(t, nil, hello()+script)
			from := time.Now()
			err := c.Quit(t.Context())
			assert.Equal(t, ok, err == nil, "%q: %v", script, err)
			assert.LessOrEqual(t, time.Since(from), 30*time.Second)
			assert.False(t, c.Alive())
		})
	}
}

func TestClientCommands(t *testing.T) {
	c := client(t, nil, hello()+`
		C: VRFY bob
		S: 252 perhaps
		C: EXPN list
		S: 550 no
		C: HELP
		S: 214-DATA
		S: 214 QUIT
		C: RSET
		S: 250 ok
		C: EHLO crepes.fr
		S: 250-hi
		S: 250 DSN
	`)
	r, err := c.Verify(t.Context(), "bob")
	assert.NoError(t, err)
	assert.Equal(t, 252, r.Code)
	_, err = c.Expand(t.Context(), "list")
	assert.ErrorContains(t, err, "EXPN: reply 550")
	r, err = c.Help(t.Context(), "")
	assert.NoError(t, err)
	assert.Equal(t, "DATA\nQUIT", r.Text())
	assert.NoError(t, c.Reset(t.Context()))
	_, dsn := c.Extension("DSN")
	assert.False(t, dsn)
	assert.NoError(t, c.Hello(t.Context()))
	_, dsn = c.Extension("DSN")
	assert.True(t, dsn)

	_, err = c.Verify(t.Context(), "zoé")
	assert.ErrorIs(t, err, smtp.ErrNotUTF8)
	c = client(t, nil, hello("SMTPUTF8")+"C: VRFY zoé SMTPUTF8\nS: 252 perhaps\n") // RFC 6531 §3.7.4.2
	_, err = c.Verify(t.Context(), "zoé")
	assert.NoError(t, err)
}

func TestDial(t *testing.T) {
	network := testkit.NewNetwork()
	l, err := network.Listen(t.Context(), "tcp", "192.0.2.1:25")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		io.WriteString(nc, "220 hi\r\n")
		b := make([]byte, 100)
		n, _ := nc.Read(b)
		io.WriteString(nc, "250 "+strings.TrimSpace(strings.TrimPrefix(string(b[:n]), "EHLO "))+"\r\n")
		nc.Read(b)
	}()
	c, err := smtp.Dial(t.Context(), "tcp", "192.0.2.1:25", &smtp.Options{Dial: network.Dial})
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, "192.0.2.1:25", c.RemoteAddr().String())
	assert.Contains(t, c.LocalAddr().String(), "127.0.0.1")
	_, err = smtp.Dial(t.Context(), "tcp", "192.0.2.2:25", &smtp.Options{Dial: network.Dial})
	assert.Error(t, err)
}

// Without a name of its own the client says its address (RFC 5321 §4.1.4).
func TestClientHelloName(t *testing.T) {
	for local, want := range map[string]string{
		"192.0.2.9:99":         "[192.0.2.9]",
		"[2001:db8::1]:9":      "[IPv6:2001:db8::1]",
		"[::ffff:192.0.2.9]:9": "[192.0.2.9]",
		"nonsense":             "localhost",
	} {
		nc, _ := playServer(t, nil, "S: 220 hi\nC: EHLO "+want+"\nS: 250 hi\n")
		c, err := smtp.NewClient(t.Context(), &localAt{nc, local}, nil)
		require.NoError(t, err)
		c.Close()
	}
}

// RFC 6531 §3.7.1: EHLO is in A-labels, whatever the server takes.
func TestClientHelloALabels(t *testing.T) {
	client(t, &smtp.Options{Hello: "bücher.example"}, "S: 220 hi\nC: EHLO xn--bcher-kva.example\nS: 502 what\nC: HELO xn--bcher-kva.example\nS: 250 hi\n")
	_, err := clientErr(t, &smtp.Options{Hello: "bü cher.example"}, "S: 220 hi\nC*\n")
	_, ok := errors.AsType[*smtp.ParseError](err)
	assert.True(t, ok, "%v", err)
}

type localAt struct {
	net.Conn
	local string
}

func (f *localAt) LocalAddr() net.Addr { return name(f.local) }

type name string

func (n name) Network() string { return "tcp" }
func (n name) String() string  { return string(n) }

// What passes is told, but for secrets.
func TestClientTrace(t *testing.T) {
	var got []string
	c := client(t, &smtp.Options{Trace: &smtp.Trace{Line: func(server bool, line []byte) {
		who := "C: "
		if server {
			who = "S: "
		}
		got = append(got, who+string(line))
	}}}, hello("AUTH PLAIN")+"C: AUTH PLAIN AGEAYg==\nS: 235 in\n")
	require.NoError(t, c.Auth(t.Context(), smtp.AuthPlain("", "a", "b")))
	assert.Equal(t, []string{"S: 220 hamburger.edu", "C: EHLO crepes.fr", "S: 250-hamburger.edu", "S: 250 AUTH PLAIN", "C: AUTH PLAIN ***", "S: 235 in"}, got)
}
