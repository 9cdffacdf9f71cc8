package smtp_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// startTLS begins TLS on the client's end.
func (c *caller) startTLS(config *tls.Config) {
	c.tb.Helper()
	tc := tls.Client(c.nc, config)
	require.NoError(c.tb, tc.Handshake())
	c.nc, c.r = tc, bufio.NewReader(tc)
}

// STARTTLS begins the session anew (RFC 3207 §4.2), and is not offered again.
func TestServerSTARTTLS(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		c := play(t, &smtp.Server{Backend: m, TLSConfig: serverTLS}, `
			S: 220
			C: STARTTLS
			S: 503 5.5.1
			C: EHLO a`)
		assert.Contains(t, c.want("250"), "250-STARTTLS")
		c.play("C: STARTTLS now\nS: 501 5.5.4\nC: MAIL FROM:<a@b>\nS: 250\nC: STARTTLS\nS: 503 5.5.1\nC: RSET\nS: 250\nC: STARTTLS\nS: 220")
		c.startTLS(clientTLS)
		c.play("C: MAIL FROM:<a@b>\nS: 503 5.5.1\nC: EHLO b")
		assert.NotContains(t, strings.Join(c.want("250"), " "), "STARTTLS")
		c.play(`C: STARTTLS
			S: 503 5.5.1
			C: MAIL FROM:<a@b> SMTPUTF8
			S: 250
			C: RCPT TO:<c@d>
			S: 250
			C: DATA
			S: 354
			C: x
			C: .
			S: 250
			C: QUIT
			S: 221`)
		require.Len(t, m.got(), 1)
		assert.Equal(t, "b", m.got()[0].Hello)
		assert.Equal(t, "UTF8SMTPS", m.got()[0].Protocol)
		c.end()
	})
}

// What stands behind STARTTLS in the clear is never a command within TLS
// (CVE-2011-0411).
func TestServerSTARTTLSInjection(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t)
	for _, injected := range []string{"RSET\r\n", "R", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			m := new(mailbox)
			c := play(t, &smtp.Server{Backend: m, TLSConfig: serverTLS}, "S: 220\nC: EHLO a\nS: 250")
			c.send("STARTTLS\r\n" + injected)
			c.want("501 5.5.2")
			c.end()
		})
	}
}

// A handshake that fails, or does not come, ends the session.
func TestServerSTARTTLSFails(t *testing.T) {
	serverTLS, _ := testkit.Certificate(t)
	synctest.Test(t, func(t *testing.T) {
		c := play(t, &smtp.Server{Backend: new(mailbox), TLSConfig: serverTLS}, "S: 220\nC: EHLO a\nS: 250\nC: STARTTLS\nS: 220\nC: MAIL FROM:<a@b>")
		rest, _ := io.ReadAll(c.r)
		assert.NotContains(t, string(rest), "250")
		assert.NoError(t, <-c.done)

		c = play(t, &smtp.Server{Backend: new(mailbox), TLSConfig: serverTLS}, "S: 220\nC: EHLO a\nS: 250\nC: STARTTLS\nS: 220")
		begun := time.Now()
		<-c.done
		assert.Equal(t, time.Minute, time.Since(begun))

		// Another protocol's client is no client (ALPACA).
		_, clientTLS := testkit.Certificate(t)
		clientTLS.InsecureSkipVerify, clientTLS.NextProtos = true, []string{"http/1.1"}
		c = play(t, &smtp.Server{Backend: new(mailbox), TLSConfig: serverTLS}, "S: 220\nC: EHLO a\nS: 250\nC: STARTTLS\nS: 220")
		require.Error(t, tls.Client(c.nc, clientTLS).Handshake())
		<-c.done
	})
}

// A configuration without a certificate is TLS that is not to be had.
func TestServerTLSUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := call(t, &smtp.Server{Backend: new(mailbox), TLSConfig: new(tls.Config)})
		c.want("220")
		assert.NotContains(t, strings.Join(c.do("EHLO a", "250"), " "), "STARTTLS")
		c.do("STARTTLS", "454 4.7.0")
		c.do("NOOP", "250")
	})
}

// Where TLS is required nothing that matters goes on before it.
func TestServerRequireTLS(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	synctest.Test(t, func(t *testing.T) {
		srv := &smtp.Server{Backend: new(mailbox), TLSConfig: serverTLS, RequireTLS: true, Auth: plainAuth}
		c := call(t, srv)
		c.want("220")
		assert.NotContains(t, strings.Join(c.do("EHLO a", "250"), " "), "AUTH")
		c.play("C: MAIL FROM:<a@b>\nS: 530 5.7.0\nC: VRFY a\nS: 530 5.7.0\nC: AUTH PLAIN\nS: 530 5.7.0\nC: STARTTLS\nS: 220")
		c.startTLS(clientTLS)
		assert.Contains(t, strings.Join(c.do("EHLO a", "250"), " "), "AUTH PLAIN")
		c.do("MAIL FROM:<a@b>", "250")
	})
}

// Submissions begin with TLS (RFC 8314).
func TestServerServeTLS(t *testing.T) {
	testkit.NoLeaks(t)
	serverTLS, clientTLS := testkit.Certificate(t, "mail.example")
	network := testkit.NewNetwork()
	l, err := network.Listen(t.Context(), "tcp", "192.0.2.1:465")
	require.NoError(t, err)
	m := new(mailbox)
	srv := &smtp.Server{Hostname: "hamburger.edu", Backend: m, TLSConfig: serverTLS}
	done := make(chan error, 1)
	go func() { done <- srv.ServeTLS(l) }()
	nc, err := network.Dial(t.Context(), "tcp", "192.0.2.1:465")
	require.NoError(t, err)
	c := &caller{tb: t, nc: nc}
	c.startTLS(clientTLS)
	c.play("S: 220\nC: EHLO a")
	assert.NotContains(t, strings.Join(c.want("250"), " "), "STARTTLS")
	c.play("C: STARTTLS\nS: 503\nC: MAIL FROM:<a@b>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: DATA\nS: 354\nC: .\nS: 250\nC: QUIT\nS: 221")
	c.end()
	c.nc.Close()
	assert.Equal(t, "ESMTPS", m.got()[0].Protocol)
	require.NoError(t, srv.Shutdown(t.Context()))
	assert.ErrorIs(t, <-done, smtp.ErrServerClosed)

	l, err = network.Listen(t.Context(), "tcp", "192.0.2.1:465")
	require.NoError(t, err)
	assert.ErrorContains(t, new(smtp.Server).ServeTLS(l), "no TLSConfig")
}

// counter counts what is written, and in how many parts.
type counter struct{ octets, parts int }

func (c *counter) Write(p []byte) (int, error) {
	c.octets += len(p)
	c.parts++
	return len(p), nil
}

// Within TLS a message comes in parts as large as TLS has them.
func TestServerTLSParts(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t)
	text := strings.Repeat(strings.Repeat("x", 62)+"\r\n", 8000)
	for _, begin := range []string{"DATA", "BDAT 512000 LAST"} {
		synctest.Test(t, func(t *testing.T) {
			var got counter
			m := &mailbox{onData: func(r io.Reader) error { _, err := io.Copy(&got, r); return err }}
			c := play(t, &smtp.Server{Backend: m, TLSConfig: serverTLS}, "S: 220\nC: EHLO a\nS: 250\nC: STARTTLS\nS: 220")
			c.startTLS(clientTLS)
			c.play("C: EHLO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250")
			end := ""
			if c.send(begin + "\r\n"); begin == "DATA" {
				c.want("354")
				end = ".\r\n"
			}
			go io.WriteString(c.nc, text+end)
			c.want("250")
			assert.Equal(t, len(text), got.octets)
			assert.Less(t, got.parts, len(text)/1000)
		})
	}
}
