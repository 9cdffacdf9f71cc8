package smtp_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

func TestAuth(t *testing.T) {
	const noop = "C: NOOP\nS: 250 ok\n"
	long := strings.Repeat("p", 600)
	tests := []struct {
		name, script string
		mechanism    smtp.SASLClient
		want         string // of the error
	}{
		{"4954-4 an initial response", "C: AUTH PLAIN " + b64("\x00bob\x00hungry") + "\nS: 235 in\n" + noop, smtp.AuthPlain("", "bob", "hungry"), ""},
		{"4954-4 one too long for the command", "C: AUTH PLAIN\nS: 334 \nC: " + b64("\x00bob\x00"+long) + "\nS: 235 in\n" + noop, smtp.AuthPlain("", "bob", long), ""},
		{"4954-4 an empty one is =", "C: AUTH EXTERNAL =\nS: 235 in\n" + noop, smtp.AuthExternal(""), ""},
		{"challenges", "C: AUTH LOGIN\nS: 334 " + b64("Username:") + "\nC: " + b64("bob") + "\nS: 334 " + b64("Password:") + "\nC: " + b64("hungry") + "\nS: 235 in\n" + noop, smtp.AuthLogin("bob", "hungry"), ""},
		{"refused", "C: AUTH PLAIN " + b64("\x00bob\x00hungry") + "\nS: 535 5.7.8 no\n" + noop, smtp.AuthPlain("", "bob", "hungry"), `smtp: AUTH: reply 535 5.7.8: "no"`},
		{"refused for now", "C: AUTH PLAIN " + b64("\x00bob\x00hungry") + "\nS: 454 4.7.0 no\n" + noop, smtp.AuthPlain("", "bob", "hungry"), `smtp: AUTH: reply 454 4.7.0: "no"`},
		{"250 is no login", "C: AUTH PLAIN " + b64("\x00bob\x00hungry") + "\nS: 250 ok\n", smtp.AuthPlain("", "bob", "hungry"), "smtp: AUTH: peer: no reply 250 in state AUTH (RFC 4954 §4)"},
		{"4954-4 a challenge that is no base64 is cancelled", "C: AUTH LOGIN\nS: 334 !\nC: *\nS: 501 cancelled\n" + noop, smtp.AuthLogin("bob", "hungry"), "smtp: AUTH: base64: syntax at byte 0 (RFC 4954 §4)"},
		{"a challenge too many is cancelled", "C: AUTH PLAIN " + b64("\x00bob\x00hungry") + "\nS: 334 \nC: *\nS: 501 cancelled\n" + noop, smtp.AuthPlain("", "bob", "hungry"), "AUTH"},
		{"cancelled, and granted all the same", "C: AUTH LOGIN\nS: 334 !\nC: *\nS: 235 in\n", smtp.AuthLogin("bob", "hungry"), "smtp: AUTH: base64: syntax at byte 0 (RFC 4954 §4)"},
		{"cut", "C: AUTH LOGIN\nclose\n", smtp.AuthLogin("bob", "hungry"), "smtp: AUTH: unexpected EOF"},
		{"421", "C: AUTH LOGIN\nS: 421 bye\n", smtp.AuthLogin("bob", "hungry"), `smtp: AUTH: reply 421: "bye"`},
		{"a challenge before its turn: no password is sent", "C: AUTH LOGIN\n" + `S~ 334 \r\n334 \r\n` + "\nC*\n", smtp.AuthLogin("bob", "hungry"), "peer: no reply 334 in state Ready"},
		{"5321-4.5.3.1.4 a command of 512 octets", "C: AUTH ECHO " + b64(strings.Repeat("x", 375)) + "\nS: 334 " + b64("y") + "\nC: " + b64("y") + "\nS: 235 in\n" + noop, named("ECHO"), ""},
		{"of 513, and the response but once", "C: AUTH ECHOS\nS: 334 \nC: " + b64(strings.Repeat("x", 375)) + "\nS: 334 " + b64("y") + "\nC: " + b64("y") + "\nS: 235 in\n" + noop, named("ECHOS"), ""},
		{"a server that proves nothing is left", "C: AUTH SCRAM " + b64("x") + "\nS: 235 in\nC*\n", proof{}, "smtp: AUTH: no proof"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, nil, hello("AUTH PLAIN LOGIN")+tt.script)
				err := c.Auth(t.Context(), tt.mechanism)
				if tt.want == "" {
					assert.NoError(t, err)
				} else {
					assert.ErrorContains(t, err, tt.want)
				}
				goes := strings.HasSuffix(tt.script, noop)
				assert.Equal(t, goes, c.Alive())
				if goes {
					assert.NoError(t, c.Noop(t.Context()))
				}
			})
		})
	}
}

// named has much to say at first, and then says what it hears.
type named string

func (n named) Start() (string, []byte, error) {
	return string(n), []byte(strings.Repeat("x", 375)), nil
}
func (named) Next(challenge []byte, more bool) ([]byte, error) { return challenge, nil }

// proof wants one that never comes.
type proof struct{}

func (proof) Start() (string, []byte, error) { return "SCRAM", []byte("x"), nil }
func (proof) Next(_ []byte, more bool) ([]byte, error) {
	if more {
		return nil, nil
	}
	return nil, errors.New("no proof")
}

func TestAuthNotOffered(t *testing.T) {
	c := client(t, nil, hello()+"C: NOOP\nS: 250 ok\n")
	assert.ErrorIs(t, c.Auth(t.Context(), smtp.AuthPlain("", "a", "b")), smtp.ErrUnsupported)
	assert.ErrorIs(t, c.Login(t.Context(), "a", "b"), smtp.ErrUnsupported)
	assert.NoError(t, c.Noop(t.Context()))
}

// Login takes the best of what is offered, and says no password where it can be
// heard.
func TestLogin(t *testing.T) {
	plain := "C: AUTH PLAIN " + b64("\x00bob\x00hungry") + "\nS: 235 in\n"
	tests := []struct {
		name, offered, script string
		opts                  smtp.Options
		host                  string
		secure                bool
		err                   error
	}{
		{name: "PLAIN over loopback", offered: "LOGIN PLAIN CRAM-MD5", script: plain, host: "127.0.0.1:25"},
		{name: "bound SCRAM needs TLS", offered: "SCRAM-SHA-256-PLUS PLAIN", script: plain, host: "127.0.0.1:25"},
		{name: "PLAIN over a Unix-domain socket", offered: "PLAIN", script: plain},
		{name: "in any case", offered: "plain", script: plain, host: "[::1]:25"},
		{name: "LOGIN", offered: "LOGIN X-OAUTH", script: "C: AUTH LOGIN\nS: 535 no\n", host: "127.0.0.1:25", err: errRefused},
		{name: "PLAIN in the clear", offered: "PLAIN LOGIN", host: "192.0.2.1:25", err: smtp.ErrTLSRequired},
		{name: "PLAIN in the clear on demand", offered: "PLAIN LOGIN", host: "192.0.2.1:25", script: plain, opts: smtp.Options{AllowInsecureAuth: true}},
		{name: "CRAM-MD5 in the clear", offered: "PLAIN CRAM-MD5", host: "192.0.2.1:25", script: "C: AUTH CRAM-MD5\nS: 535 no\n", err: errRefused},
		{name: "PLAIN over TLS", offered: "PLAIN LOGIN", host: "192.0.2.1:25", script: plain, secure: true},
		{name: "nothing of use", offered: "GSSAPI", host: "127.0.0.1:25", err: smtp.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server, config := testkit.Certificate(t, "hamburger.edu")
			script := hello("AUTH "+tt.offered) + tt.script
			if tt.secure {
				script = hello("STARTTLS") + "C: STARTTLS\nS: 220 go\nTLS\n" + strings.TrimPrefix(script, "S: 220 hamburger.edu\n")
			}
			nc, _ := playServer(t, server, script)
			tt.opts.Hello, tt.opts.TLSConfig = "crepes.fr", config
			if tt.host != "" {
				nc = at(nc, tt.host)
			} else {
				nc = &addressed{nc, &net.UnixAddr{Name: "/run/lmtp", Net: "unix"}}
			}
			c, err := smtp.NewClient(t.Context(), nc, &tt.opts)
			require.NoError(t, err)
			defer c.Close()
			err = c.Login(t.Context(), "bob", "hungry")
			switch {
			case tt.err == nil:
				assert.NoError(t, err)
			case tt.err == errRefused:
				e, ok := errors.AsType[*smtp.ReplyError](err)
				assert.True(t, ok && e.Code == 535, "%v", err)
			default:
				assert.ErrorIs(t, err, tt.err)
				assert.True(t, c.Alive())
			}
		})
	}
}

var errRefused = errors.New("535")
