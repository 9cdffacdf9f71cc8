package smtp_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// The time of a message in chunks is that of DATA: so much for silence in any of
// them, and so much for all together, however many there are.
func TestServerChunkTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		c := play(t, &smtp.Server{Backend: m}, toRcpt+"C: BDAT 3\nC: a\nS: 250\nC: BDAT 3")
		begun := time.Now()
		c.want("421 4.4.2")
		assert.Equal(t, 3*time.Minute, time.Since(begun), "silence in the second chunk")
		c.end()

		c = play(t, &smtp.Server{Backend: m}, toRcpt+"C: BDAT 3\nC: a\nS: 250\nC: BDAT 3000")
		begun = time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			for err := error(nil); err == nil; _, err = io.WriteString(c.nc, "N") {
				time.Sleep(50 * time.Second)
			}
		})
		c.want("421 4.4.2")
		assert.Equal(t, 30*time.Minute, time.Since(begun), "an octet now and then in the second chunk")
		c.nc.Close()
		wg.Wait()

		c = play(t, &smtp.Server{Backend: m}, toRcpt)
		begun = time.Now()
		for time.Since(begun) <= 30*time.Minute {
			c.do("BDAT 2\r\n", "250")
			time.Sleep(time.Minute)
		}
		c.do("BDAT 2\r\n", "250")
		c.want("421 4.4.2")
		c.end()
		<-c.done
		assert.Empty(t, m.got())
	})
}

// Data's context ends when connections are cut, also while it waits for something
// else than the client.
func TestServerCloseReachesData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &patientBackend{begun: make(chan struct{}, 1)}
		srv := &smtp.Server{Hostname: "hamburger.edu", Backend: b}
		c := play(t, srv, toData+"C: x\nC: .")
		<-b.begun
		require.NoError(t, srv.Close())
		<-c.done
		assert.ErrorIs(t, b.err, context.Canceled)
	})
}

// patientBackend takes messages until its context ends.
type patientBackend struct {
	mailbox
	begun chan struct{}
	err   error
}

type patientSession struct {
	smtp.Session
	b *patientBackend
}

func (b *patientBackend) NewSession(ctx context.Context, c *smtp.Conn) (smtp.Session, error) {
	s, err := b.mailbox.NewSession(ctx, c)
	return &patientSession{s, b}, err
}

func (s *patientSession) Data(ctx context.Context, _ io.Reader) error {
	s.b.begun <- struct{}{}
	<-ctx.Done()
	s.b.err = ctx.Err()
	return s.b.err
}

// Commands that have come already are not begun when the server shuts down.
func TestServerShutdownPipelined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var srv *smtp.Server
		over := make(chan error, 1)
		m := &mailbox{onMail: func(smtp.Path, smtp.MailOptions) error {
			go func() { over <- srv.Shutdown(context.Background()) }()
			time.Sleep(time.Second)
			return nil
		}}
		srv = &smtp.Server{Backend: m}
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250")
		c.send("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n")
		c.play("S: 250\nS: 421 4.3.2\nEND")
		require.NoError(t, <-over)
		assert.Equal(t, 1, m.resets)
	})
}

// A handshake has its own time, not what is left of the command's.
func TestServerHandshakeTime(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	synctest.Test(t, func(t *testing.T) {
		srv := &smtp.Server{Backend: new(mailbox), TLSConfig: serverTLS, Timeouts: smtp.Timeouts{Command: 10 * time.Second}}
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: STARTTLS\nS: 220")
		time.Sleep(30 * time.Second)
		c.startTLS(clientTLS)
		c.do("EHLO a", "250")
	})
}

// Each line of AUTH may take as long as a command; the end of the server does not
// wait for the delay of a refusal.
func TestServerAUTHTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &smtp.Server{Backend: new(mailbox), Auth: plainAuth, AllowInsecureAuth: true, Timeouts: smtp.Timeouts{LoginDelay: time.Hour}}
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250")
		time.Sleep(4 * time.Minute)
		c.do("AUTH PLAIN", "334")
		time.Sleep(4 * time.Minute)
		c.do(b64("\x00alice\x00secret"), "235")

		c = play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: AUTH PLAIN\nS: 334")
		begun := time.Now()
		c.want("421 4.4.2")
		assert.Equal(t, 5*time.Minute, time.Since(begun))
		c.end()

		c = play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: AUTH PLAIN "+b64("\x00alice\x00x"))
		synctest.Wait()
		begun = time.Now()
		require.NoError(t, srv.Close())
		<-c.done
		assert.Less(t, time.Since(begun), time.Minute)
	})
}

// RFC 2033 §4.2: in LMTP a message without recipients is 503, also where they were
// refused.
func TestServerLMTPNoRecipient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mailbox{onRcpt: func(smtp.Path, smtp.RcptOptions) error { return smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No.") }}
		play(t, &smtp.Server{Backend: m, LMTP: true}, "S: 220\nC: LHLO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 550\nC: DATA\nS: 503 5.5.1\nC: BDAT 3 LAST\nC: x\nS: 503 5.5.1")
	})
}

// By BDAT, too, a bare line end closes the connection where it is to.
func TestServerChunkRejectAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		play(t, &smtp.Server{Backend: m, BareNewline: smtp.PolicyRejectAndClose}, toRcpt+"C> BDAT 4 LAST\\r\\na\\nb\\nRSET\\r\\n\nS: 554 5.6.0\nEND")
		assert.Empty(t, m.got())
	})
}

// While a message comes in chunks its session is not asked anything else.
func TestServerChunkVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		m := &mailbox{onVerify: func(string) (smtp.Reply, error) {
			asked++
			return smtp.Reply{Code: 250, Lines: []string{"<bob@hamburger.edu>"}}, nil
		}}
		play(t, &smtp.Server{Backend: m}, toRcpt+"C: VRFY bob\nS: 250\nC: BDAT 3\nC: a\nS: 250\nC: VRFY bob\nS: 252\nC: BDAT 3 LAST\nC: b\nS: 250 2.0.0 Message")
		assert.Equal(t, 1, asked)
	})
}

// A login in the clear is forgotten when TLS begins (RFC 3207 §4.2).
func TestServerSTARTTLSForgetsLogin(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	synctest.Test(t, func(t *testing.T) {
		login := "C: AUTH PLAIN " + b64("\x00alice\x00secret") + "\nS: 235\n"
		srv := &smtp.Server{Backend: new(mailbox), Auth: plainAuth, AllowInsecureAuth: true, Submission: true, TLSConfig: serverTLS}
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250\n"+login+"C: STARTTLS\nS: 220")
		c.startTLS(clientTLS)
		c.play("C: EHLO a\nS: 250\nC: MAIL FROM:<>\nS: 530 5.7.0\n" + login + "C: MAIL FROM:<>\nS: 250")
	})
}

// What is not offered is not to be had.
func TestServerSTARTTLSNotOffered(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t)
	synctest.Test(t, func(t *testing.T) {
		c := play(t, &smtp.Server{Backend: new(mailbox), TLSConfig: serverTLS, Without: []string{"STARTTLS"}}, "S: 220\nC: EHLO a")
		assert.NotContains(t, c.want("250"), "250-STARTTLS")
		c.do("STARTTLS", "502 5.5.1")
	})
}

// A token is as good as a password, and a client by a Unix-domain socket is on
// this host.
func TestServerAUTHWhoReads(t *testing.T) {
	auth := func(*smtp.Conn) []smtp.SASLServer {
		return []smtp.SASLServer{&scripted{"OAUTHBEARER", nil}, &scripted{"XOAUTH2", nil}, &scripted{"LOGIN", nil}, &scripted{"X-HASH", nil}}
	}
	synctest.Test(t, func(t *testing.T) {
		c := play(t, &smtp.Server{Backend: new(mailbox), Auth: auth, Wrap: from("192.0.2.7:1")}, "S: 220\nC: EHLO a")
		assert.Contains(t, c.want("250"), "250-AUTH X-HASH")
		c = play(t, &smtp.Server{Backend: new(mailbox), Auth: auth, Wrap: func(nc net.Conn) net.Conn { return local{nc} }}, "S: 220\nC: EHLO a")
		assert.Contains(t, c.want("250"), "250-AUTH OAUTHBEARER XOAUTH2 LOGIN X-HASH")
	})
}

// local is a connection by a Unix-domain socket.
type local struct{ net.Conn }

func (local) RemoteAddr() net.Addr { return &net.UnixAddr{Net: "unix"} }

// The last reply arrives though the client sent more than was read, for which the
// system would have reset the connection.
func TestServerLingers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &smtp.Server{Hostname: "hamburger.edu", Backend: new(mailbox), Limits: smtp.Limits{MaxErrors: 1}}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	for _, last := range []string{"NONSENSE\r\n", "\x00\r\n"} {
		nc, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		_, err = nc.Write([]byte("EHLO crepes.fr\r\nNONSENSE\r\n" + last + strings.Repeat("x", 100<<10)))
		require.NoError(t, err)
		got, err := io.ReadAll(nc)
		require.NoError(t, err)
		assert.Contains(t, string(got), "\r\n421 4.7.0 ")
		nc.Close()
	}
	require.NoError(t, srv.Shutdown(t.Context()))
	assert.ErrorIs(t, <-served, smtp.ErrServerClosed)
}
