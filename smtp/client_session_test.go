package smtp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// A handshake has its own time, and not what is left of the last command's.
func TestClientHandshakeTime(t *testing.T) {
	for _, implicit := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			opts := &smtp.Options{Hello: "crepes.fr", TLS: smtp.TLSRequired, Timeouts: smtp.ClientTimeouts{Command: time.Second, Handshake: 20 * time.Second}}
			script := hello("STARTTLS") + "C: STARTTLS\nS: 220 go\nC*\n"
			if implicit {
				opts.TLS, script = smtp.TLSImplicit, "C*\n"
			}
			from := time.Now()
			_, err := clientErr(t, opts, script)
			e, ok := errors.AsType[*smtp.LimitError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, "Timeouts.Handshake", e.Name)
			assert.Equal(t, 20*time.Second, time.Since(from))
		})
	}
	// A slow one within its time is none too late.
	synctest.Test(t, func(t *testing.T) {
		server, config := testkit.Certificate(t, "hamburger.edu")
		server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			time.Sleep(15 * time.Second)
			return nil, nil
		}
		nc, _ := playServer(t, server, hello("STARTTLS")+"C: STARTTLS\nS: 220 go\nTLS\nC: EHLO crepes.fr\nS: 250 hi\n")
		c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", TLSConfig: config, Timeouts: smtp.ClientTimeouts{Command: time.Second, Handshake: 20 * time.Second}})
		require.NoError(t, err)
		c.Close()
	})
	// The context's own end is told as that.
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		nc, _ := playServer(t, nil, "C*\n")
		_, err := smtp.NewClient(ctx, nc, &smtp.Options{TLS: smtp.TLSImplicit, TLSConfig: &tls.Config{ServerName: "a.example"}})
		assert.ErrorIs(t, err, why)
		_, limit := errors.AsType[*smtp.LimitError](err)
		assert.False(t, limit, "%v", err)
	})
}

// A connection that is TLS already, as tls.Dial makes one, is as good as one that
// the client has made it: passwords are said, and STARTTLS is not.
func TestClientOverTLS(t *testing.T) {
	for _, mode := range []smtp.TLSMode{smtp.TLSOpportunistic, smtp.TLSRequired, smtp.TLSOff} {
		synctest.Test(t, func(t *testing.T) {
			server, config := testkit.Certificate(t, "hamburger.edu")
			config.ServerName = "hamburger.edu"
			nc, _ := playServer(t, server, "TLS\n"+hello("STARTTLS", "AUTH PLAIN")+"C: AUTH PLAIN "+b64("\x00bob\x00hungry")+"\nS: 235 in\n")
			c, err := smtp.NewClient(t.Context(), tls.Client(at(nc, "192.0.2.1:465"), config), &smtp.Options{Hello: "crepes.fr", TLS: mode})
			require.NoError(t, err)
			defer c.Close()
			state, ok := c.TLS()
			assert.True(t, ok && state.HandshakeComplete)
			assert.Equal(t, "hamburger.edu", state.ServerName)
			assert.NoError(t, c.Login(t.Context(), "bob", "hungry"))
		})
	}
}

// A command that could not be sent has ended the session, however long it was.
func TestClientWriteFails(t *testing.T) {
	for _, long := range []int{10, 10000} {
		near, far := testkit.Pipe()
		go func() {
			io.WriteString(far, "220 hi\r\n")
			bufio.NewReader(far).ReadString('\n')
			io.WriteString(far, "250 hi\r\n")
		}()
		c, err := smtp.NewClient(t.Context(), &deaf{Conn: near}, nil)
		require.NoError(t, err)
		_, err = c.Verify(t.Context(), strings.Repeat("x", long))
		assert.ErrorIs(t, err, errSource)
		assert.False(t, c.Alive())
		far.Close()
	}
}

// deaf takes one write.
type deaf struct {
	net.Conn
	writes int
}

func (d *deaf) Write(b []byte) (int, error) {
	if d.writes++; d.writes > 1 {
		return 0, errSource
	}
	return d.Conn.Write(b)
}

// A connection may have no addresses to tell.
func TestClientWithoutAddresses(t *testing.T) {
	nc, _ := playServer(t, nil, "S: 220 hi\nC: EHLO localhost\nS: 250-hi\nS: 250 AUTH PLAIN\n")
	c, err := smtp.NewClient(t.Context(), nowhere{nc}, nil)
	require.NoError(t, err)
	defer c.Close()
	assert.ErrorIs(t, c.Login(t.Context(), "bob", "hungry"), smtp.ErrTLSRequired)
}

type nowhere struct{ net.Conn }

func (nowhere) LocalAddr() net.Addr  { return nil }
func (nowhere) RemoteAddr() net.Addr { return nil }

// RFC 4954 §4: challenges may be as long as mechanisms make them, whatever the
// limit of replies is, and 12288 octets by default.
func TestAuthLongChallenge(t *testing.T) {
	for _, tt := range []struct {
		octets int
		fits   bool
	}{{9000, true}, {9300, false}} {
		synctest.Test(t, func(t *testing.T) {
			said := strings.Repeat("x", tt.octets)
			script := hello("AUTH X") + "C: AUTH X\nS: 334 " + b64(said) + "\n"
			if tt.fits {
				script += "C: " + b64(said) + "\nS: 235 in\nC: NOOP\nS: 250 " + strings.Repeat("x", 600) + "\n"
			} else {
				script += "C*\n"
			}
			c := client(t, &smtp.Options{Limits: smtp.Limits{MaxReplyLine: 512}}, script)
			err := c.Auth(t.Context(), echo{})
			e, limit := errors.AsType[*smtp.LimitError](err)
			if !tt.fits {
				require.True(t, limit, "%v", err)
				assert.Equal(t, "MaxAuthLine", e.Name)
				assert.EqualValues(t, 12288, e.Max)
				return
			}
			require.NoError(t, err)
			err = c.Noop(t.Context())
			e, limit = errors.AsType[*smtp.LimitError](err)
			require.True(t, limit, "%v", err)
			assert.Equal(t, "MaxReplyLine", e.Name)
		})
	}
}

// echo answers by what it is asked.
type echo struct{}

func (echo) Start() (string, []byte, error)                   { return "X", nil, nil }
func (echo) Next(challenge []byte, more bool) ([]byte, error) { return challenge, nil }

// A connection whose session did not begin is closed, whatever was in the way.
func TestClientStartCloses(t *testing.T) {
	server, config := testkit.Certificate(t, "hamburger.edu")
	for name, script := range map[string]string{
		"greeting":      "S: 554 no\nC*\n",
		"EHLO":          "S: 220 hi\nC: EHLO crepes.fr\nS: 550 no\nC*\n",
		"TLS, required": hello() + "C*\n",
		"EHLO in TLS":   hello("STARTTLS") + "C: STARTTLS\nS: 220 go\nTLS\nC: EHLO crepes.fr\nS: 550 no\nC*\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mode := smtp.TLSOpportunistic
				if name == "TLS, required" {
					mode = smtp.TLSRequired
				}
				nc, p := playServer(t, server, script)
				_, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", TLS: mode, TLSConfig: config})
				assert.Error(t, err)
				p.all.Wait() // which needs the end
			})
		})
	}
}

// A context that ends behind its call ends no other.
func TestClientContextEndsLater(t *testing.T) {
	c := client(t, nil, hello()+"C: NOOP\nS: 250 ok\nC: NOOP\nS: 250 ok\n")
	ctx, cancel := context.WithCancel(t.Context())
	assert.NoError(t, c.Noop(ctx))
	cancel()
	assert.NoError(t, c.Noop(t.Context()))
}

// Negative timeouts are none, and a negative size is the default.
func TestClientNegativeOptions(t *testing.T) {
	c := client(t, &smtp.Options{ChunkSize: -1, Timeouts: smtp.ClientTimeouts{
		Connect: -1, Greeting: -1, Handshake: -1, Command: -1, DataStart: -1, DataBlock: -1, DataEnd: -1, Quit: -1,
	}}, hello("CHUNKING")+`
		C: MAIL FROM:<alice@crepes.fr>
		S: 250 ok
		C: RCPT TO:<bob@hamburger.edu>
		S: 250 ok
		C: BDAT 5 LAST
		C: Hi.
		S: 250 ok
		C: QUIT
		S: 221 bye
	`)
	_, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
	assert.NoError(t, err)
	assert.NoError(t, c.Quit(t.Context()))
}

// RFC 5321 §4.1.4: EHLO resets as RSET does.
func TestClientHelloResets(t *testing.T) {
	c := client(t, nil, hello()+toDATA+`
		C: Hi.
		C: .
		S: 451 no
		C: EHLO crepes.fr
		S: 250 hi
		C: MAIL FROM:<alice@crepes.fr>
		S: 550 no
	`)
	_, err := c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
	assert.ErrorContains(t, err, "DATA: reply 451")
	assert.NoError(t, c.Hello(t.Context()))
	_, err = c.Send(t.Context(), envelope(bob), strings.NewReader("Hi.\r\n"))
	assert.ErrorContains(t, err, "MAIL: reply 550")
}
