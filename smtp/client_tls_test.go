package smtp_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

func TestClientTLS(t *testing.T) {
	const (
		upgrade = "C: STARTTLS\nS: 220 go\nTLS\n"
		again   = "C: EHLO crepes.fr\nS: 250-hamburger.edu\nS: 250 8BITMIME\n"
		noop    = "C: NOOP\nS: 250 ok\n"
	)
	tests := []struct {
		name, script string
		mode         smtp.TLSMode
		secure       bool
	}{
		{"3207-4.2 EHLO is said again", hello("STARTTLS", "PIPELINING") + upgrade + again + noop, smtp.TLSOpportunistic, true},
		{"required", hello("STARTTLS", "PIPELINING") + upgrade + again + noop, smtp.TLSRequired, true},
		{"8314-3.3 implicit", "TLS\n" + hello("8BITMIME") + noop, smtp.TLSImplicit, true},
		{"off", hello("STARTTLS", "8BITMIME") + noop, smtp.TLSOff, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, config := testkit.Certificate(t, "hamburger.edu")
				nc, _ := playServer(t, server, tt.script)
				c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", TLS: tt.mode, TLSConfig: config})
				require.NoError(t, err)
				defer c.Close()
				state, ok := c.TLS()
				assert.Equal(t, tt.secure, ok)
				if ok {
					assert.Equal(t, "hamburger.edu", state.ServerName)
				}
				_, eight := c.Extension("8bitmime")
				assert.True(t, eight)
				_, pipelining := c.Extension("PIPELINING")
				assert.False(t, pipelining, "what was offered in the clear is forgotten")
				assert.NoError(t, c.Noop(t.Context()))
			})
		})
	}
}

// A certificate for another name ends the session, whatever the mode.
func TestClientTLSWrongName(t *testing.T) {
	for _, mode := range []smtp.TLSMode{smtp.TLSOpportunistic, smtp.TLSRequired, smtp.TLSImplicit} {
		server, config := testkit.Certificate(t, "hamburger.edu")
		config.ServerName = "crepes.fr"
		near, far := testkit.Pipe()
		go func() {
			defer far.Close()
			if mode != smtp.TLSImplicit {
				far.Write([]byte("220 hi\r\n250-hi\r\n250 STARTTLS\r\n")[:8])
				b := make([]byte, 100)
				far.Read(b)
				far.Write([]byte("250-hi\r\n250 STARTTLS\r\n"))
				far.Read(b)
				far.Write([]byte("220 go\r\n"))
			}
			tls.Server(far, server).Handshake()
		}()
		_, err := smtp.NewClient(t.Context(), near, &smtp.Options{TLS: mode, TLSConfig: config})
		_, ok := errors.AsType[*tls.CertificateVerificationError](err)
		assert.True(t, ok, "%v", err)
	}
}

func TestStartTLS(t *testing.T) {
	server, config := testkit.Certificate(t, "hamburger.edu")
	nc, _ := playServer(t, server, hello("STARTTLS")+`
		C: STARTTLS
		S: 454 4.7.0 later
		C: NOOP
		S: 250 ok
		C: STARTTLS
		S: 220 go
		TLS
		C: EHLO crepes.fr
		S: 250 hamburger.edu
	`)
	c, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr", TLS: smtp.TLSOff})
	require.NoError(t, err)
	defer c.Close()
	assert.ErrorIs(t, c.StartTLS(t.Context(), config), smtp.ErrTLSRequired)
	assert.NoError(t, c.Noop(t.Context()))
	assert.NoError(t, c.StartTLS(t.Context(), config))
	_, ok := c.TLS()
	assert.True(t, ok)
	assert.ErrorIs(t, c.StartTLS(t.Context(), config), smtp.ErrTLSRequired, "it is not offered any more")
}

// CVE-2011-0411 in the client's direction: what came in the clear behind 220 is
// no reply to what is said within TLS.
func TestStartTLSInjection(t *testing.T) {
	for _, injected := range []string{`250 ok\r\n`, `2`, `\r\n`, `250-a\r\n250 AUTH PLAIN\r\n235 in\r\n`} {
		synctest.Test(t, func(t *testing.T) {
			nc, p := playServer(t, nil, hello("STARTTLS")+"C: STARTTLS\nS~ 220 go\\r\\n"+injected+"\nC*\n")
			_, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr"})
			assert.ErrorIs(t, err, smtp.ErrBufferedPlaintext)
			p.all.Wait()
			assert.Empty(t, p.rest.String(), "not even a handshake")
		})
	}
	// The same in a packet of its own, which the handshake finds.
	synctest.Test(t, func(t *testing.T) {
		nc, _ := playServer(t, nil, hello("STARTTLS")+"C: STARTTLS\nS: 220 go\nS: 250 injected\nC*\n")
		_, err := smtp.NewClient(t.Context(), nc, &smtp.Options{Hello: "crepes.fr"})
		assert.Error(t, err)
		assert.True(t, errors.Is(err, smtp.ErrBufferedPlaintext) || strings.Contains(err.Error(), "handshake"), "%v", err)
	})
}
