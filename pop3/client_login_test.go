package pop3_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/pop3"
)

func TestClientLogin(t *testing.T) {
	const start = "S: +OK ready <1896.697170952@dbc.mtview.ca.us>\nC: CAPA\nS: +OK\n"
	insecure := &pop3.Options{TLS: pop3.TLSOff, AllowInsecureAuth: true}
	apop := &pop3.Options{TLS: pop3.TLSOff, AllowAPOP: true}
	tests := []struct {
		name, script string
		loopback     bool
		opts         *pop3.Options
		want         error
	}{
		{"USER and PASS", start + "S: USER\nS: .\nC: USER mrose\nS: +OK\nC: PASS tanstaaf\nS: +OK", true, nil, nil},
		{"not to others in the clear", start + "S: USER\nS: SASL PLAIN LOGIN\nS: .", false, nil, pop3.ErrTLSRequired},
		{"unless allowed", start + "S: USER\nS: SASL LOGIN PLAIN\nS: .\nC: AUTH PLAIN AG1yb3NlAHRhbnN0YWFm\nS: +OK", false, insecure, nil},
		{"LOGIN", start + "S: SASL LOGIN\nS: .\nC: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: bXJvc2U=\nS: + UGFzc3dvcmQ6\nC: dGFuc3RhYWY=\nS: +OK", true, nil, nil},
		{"APOP where allowed", start + "S: USER\nS: .\nC: APOP mrose c4c9334bac560ecc979e58001b3e22fb\nS: +OK", false, apop, nil},
		{"APOP before CRAM-MD5", start + "S: SASL CRAM-MD5\nS: .\nC: APOP mrose c4c9334bac560ecc979e58001b3e22fb\nS: +OK", false, apop, nil},
		{"AUTH refused", start + "S: SASL PLAIN\nS: .\nC: AUTH PLAIN AG1yb3NlAHRhbnN0YWFm\nS: -ERR [AUTH] no", true, nil, pop3.ErrAuthRefused},
		{"in use behind AUTH", start + "S: SASL PLAIN\nS: .\nC: AUTH PLAIN AG1yb3NlAHRhbnN0YWFm\nS: -ERR [IN-USE] no", true, nil, pop3.ErrInUse},
		{"the connection ends in AUTH", start + "S: SASL LOGIN\nS: .\nC: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: bXJvc2U=\nS!", true, nil, io.ErrUnexpectedEOF},
		{"CRAM-MD5", start + "S: SASL CRAM-MD5\nS: .\nC: AUTH CRAM-MD5\nS: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\nC: bXJvc2UgODVhMmRlYWViNTIwOWIwZjU0ZDQwNzU5ZGFjYzI0YzQ=\nS: +OK", false, nil, nil},
		{"refused", start + "S: .\nC: USER mrose\nS: +OK\nC: PASS tanstaaf\nS: -ERR [AUTH] no", true, nil, pop3.ErrAuthRefused},
		{"USER refused", start + "S: .\nC: USER mrose\nS: -ERR no", true, nil, nil},
		{"in use", start + "S: .\nC: USER mrose\nS: +OK\nC: PASS tanstaaf\nS: -ERR [IN-USE] no", true, nil, pop3.ErrInUse},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			against(t, tt.loopback, tt.script, tt.opts, func(t *testing.T, c *pop3.Client, err error) {
				require.NoError(t, err)
				err = c.Login(t.Context(), "mrose", "tanstaaf")
				switch {
				case tt.name == "USER refused":
					assert.EqualError(t, err, `pop3: USER: refused: "no"`)
				case tt.want == nil:
					assert.NoError(t, err)
				default:
					assert.ErrorIs(t, err, tt.want)
				}
			})
		})
	}
}

// SCRAM goes both ways, with the server's proof.
func TestClientAuthExchange(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"a challenge that is no base64", "C: AUTH LOGIN\nS: + !\nC: *\nS: -ERR", "pop3: base64: syntax at byte 0 (RFC 5034 §4)"},
		{"and a server that goes on", "C: AUTH LOGIN\nS: + !\nC: *\nS: +OK", "pop3: base64: syntax at byte 0 (RFC 5034 §4)"},
		{"a challenge too many", "C: AUTH LOGIN\nS: + \nC: Ym9i\nS: + \nC: aHVuZ3J5\nS: + QQ==\nC: *\nS: -ERR", `sasl: challenge outside the mechanism: LOGIN: "A"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			against(t, true, "S: +OK\nC: CAPA\nS: +OK\nS: SASL\nS: .\n"+tt.script, nil, func(t *testing.T, c *pop3.Client, err error) {
				require.NoError(t, err)
				assert.EqualError(t, c.Auth(t.Context(), pop3.AuthLogin("bob", "hungry")), tt.want)
			})
		})
	}
	t.Run("an initial response that is too long waits", func(t *testing.T) {
		long := strings.Repeat("x", 200)
		script := "S: +OK\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\nC: AUTH PLAIN\nS: + \nC: AGJvYgB4eHh4" + strings.Repeat("eHh4", 65) + "eA==\nS: +OK"
		against(t, true, script, nil, func(t *testing.T, c *pop3.Client, err error) {
			require.NoError(t, err)
			assert.NoError(t, c.Auth(t.Context(), pop3.AuthPlain("", "bob", long)))
		})
	})
	t.Run("none without the capability", func(t *testing.T) {
		script := "S: +OK\nC: CAPA\nS: -ERR\nC: AUTH PLAIN\nS: + \nC: AGJvYgBodW5ncnk=\nS: +OK"
		against(t, true, script, nil, func(t *testing.T, c *pop3.Client, err error) {
			require.NoError(t, err)
			assert.NoError(t, c.Auth(t.Context(), pop3.AuthPlain("", "bob", "hungry")))
		})
	})
	t.Run("not in the clear", func(t *testing.T) {
		against(t, false, "S: +OK", nil, func(t *testing.T, c *pop3.Client, err error) {
			require.NoError(t, err)
			assert.ErrorIs(t, c.Auth(t.Context(), pop3.AuthPlain("", "bob", "hungry")), pop3.ErrTLSRequired)
		})
	})
}

// doubtful is a mechanism in which the server has to prove itself, and does not.
type doubtful struct{}

func (doubtful) Start() (string, []byte, error) { return "X-DOUBT", nil, nil }

func (doubtful) Next(_ []byte, more bool) ([]byte, error) {
	if more {
		return []byte("me"), nil
	}
	return nil, errLost
}

// RFC 5802 §5: a server that says that the login succeeded, and has not shown that
// it knows the password, may be anybody: nothing more is said to it.
func TestClientServerWithoutProof(t *testing.T) {
	against(t, true, "S: +OK\nC: CAPA\nS: -ERR\nC: AUTH X-DOUBT\nS: + \nC: bWU=\nS: +OK", nil, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		assert.ErrorIs(t, c.Auth(t.Context(), doubtful{}), errLost)
		_, _, err = c.Stat(t.Context())
		assert.ErrorIs(t, err, net.ErrClosed)
	})
	against(t, true, "S: +OK\nC: CAPA\nS: +OK\nS: SASL SCRAM-SHA-256\nS: .\nC: AUTH SCRAM-SHA-256 …\nS: +OK", nil, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		assert.ErrorContains(t, c.Login(t.Context(), "bob", "hungry"), "sasl: ")
		_, _, err = c.Stat(t.Context())
		assert.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestClientGreeting(t *testing.T) {
	against(t, true, "S: -ERR [SYS/TEMP] busy", nil, func(t *testing.T, c *pop3.Client, err error) {
		assert.EqualError(t, err, `pop3: greeting: refused [SYS/TEMP]: "busy"`)
		assert.Nil(t, c)
	})
	against(t, true, "S!", nil, func(t *testing.T, c *pop3.Client, err error) {
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
	against(t, true, "S: +OK\nC: STLS\nS: -ERR no", &pop3.Options{TLS: pop3.TLSRequired}, func(t *testing.T, c *pop3.Client, err error) {
		assert.ErrorIs(t, err, pop3.ErrTLSRequired)
	})
	against(t, true, "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .\nC: QUIT\nS!", &pop3.Options{}, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		require.NoError(t, c.Quit(t.Context()))
	})
	_, err := pop3.Dial(t.Context(), "tcp", "127.0.0.1:110", &pop3.Options{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errLost }})
	assert.ErrorIs(t, err, errLost)
}

// CVE-2011-0411 at the client: what came in the clear behind the answer to STLS
// is no response from within TLS.
func TestClientSTLSInjection(t *testing.T) {
	against(t, false, "S: +OK\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: +OK|+OK injected", &pop3.Options{}, func(t *testing.T, c *pop3.Client, err error) {
		assert.ErrorIs(t, err, pop3.ErrBufferedPlaintext)
		assert.Nil(t, c)
	})
}

func TestClientTLSModes(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	_, stranger := testkit.Certificate(t, "192.0.2.2")
	tests := []struct {
		name string
		mode pop3.TLSMode
		port string
		tls  *tls.Config
		fail bool
	}{
		{"opportunistic", pop3.TLSOpportunistic, ":110", client, false},
		{"required", pop3.TLSRequired, ":110", client, false},
		{"implicit", pop3.TLSImplicit, ":995", client, false},
		{"another host's certificate", pop3.TLSOpportunistic, ":110", stranger, true},
		{"a certificate that nobody knows", pop3.TLSImplicit, ":995", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, &pop3.Server{Backend: letters(first), TLSConfig: server})
				c, err := pop3.Dial(t.Context(), "tcp", "192.0.2.1"+tt.port, &pop3.Options{TLS: tt.mode, TLSConfig: tt.tls, Dial: s.network.Dial})
				if tt.fail {
					assert.Error(t, err)
					return
				}
				require.NoError(t, err)
				defer c.Close()
				state, secure := c.TLS()
				assert.True(t, secure)
				assert.Equal(t, "pop3", state.NegotiatedProtocol)
				caps, err := c.Capabilities(t.Context())
				require.NoError(t, err)
				assert.Equal(t, "TOP", caps[0].Tag, "the greeting was read before")
				assert.True(t, caps.Has("SASL", "PLAIN"))
				assert.False(t, caps.Has("STLS"))
				require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
				require.NoError(t, c.Quit(t.Context()))
			})
		})
	}
}

// A configuration that names no server is for the address that was dialled
// (RFC 8314 §5.1, RFC 6125 §6).
func TestClientChecksTheServersName(t *testing.T) {
	for _, mode := range []pop3.TLSMode{pop3.TLSOpportunistic, pop3.TLSRequired, pop3.TLSImplicit} {
		for name, fits := range map[string]bool{"192.0.2.1": true, "192.0.2.2": false, "localhost": false} {
			server, client := testkit.Certificate(t, name)
			client.ServerName = ""
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, &pop3.Server{Backend: letters(), TLSConfig: server})
				port := ":110"
				if mode == pop3.TLSImplicit {
					port = ":995"
				}
				c, err := pop3.Dial(t.Context(), "tcp", "192.0.2.1"+port, &pop3.Options{TLS: mode, TLSConfig: client, Dial: s.network.Dial})
				if fits {
					require.NoError(t, err)
					c.Close()
					return
				}
				_, otherName := errors.AsType[x509.HostnameError](err)
				assert.True(t, otherName, "%v", err)
				assert.Nil(t, c)
			})
		}
	}
}

// A negative timeout is none.
func TestClientWithoutTimeouts(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: letters(first), TLSConfig: server})
		opts := &pop3.Options{TLSConfig: client, Dial: s.network.Dial, ReplyTimeout: -1, StallTimeout: -1, ConnectTimeout: -1, HandshakeTimeout: -1}
		c, err := pop3.Dial(t.Context(), "tcp", "192.0.2.1:110", opts)
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
		m, err := c.Retr(t.Context(), 1)
		require.NoError(t, err)
		_, err = io.ReadAll(m)
		require.NoError(t, err)
		require.NoError(t, m.Close())
		require.NoError(t, c.Quit(t.Context()))
	})
}

// Names beyond ASCII go to servers that say that they take them.
func TestClientUTF8Login(t *testing.T) {
	against(t, true, "S: +OK\nC: CAPA\nS: +OK\nS: UTF8 USER\nS: .\nC: UTF8\nS: +OK\nC: USER j\u00f6rg\nS: +OK\nC: PASS \u00fc\nS: +OK", nil, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		_, err = c.Capabilities(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.UTF8(t.Context()))
		require.NoError(t, c.Login(t.Context(), "j\u00f6rg", "\u00fc"))
	})
	against(t, true, "S: +OK\nC: CAPA\nS: +OK\nS: UTF8\nS: .", nil, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		assert.ErrorIs(t, c.Login(t.Context(), "j\u00f6rg", "\u00fc"), pop3.ErrNotSupported)
	})
}

// RFC 6856 §2.2: APOP's proof is made of the name and password as SASLprep makes
// them, at both ends, and octets beyond ASCII are for servers that take them.
func TestApopIsPrepared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &pop3.Server{Backend: secretMail{letters()}})
		for _, tt := range []struct {
			user, password string
			in             bool
		}{
			{"b\u00adob", "\uff48ungry", true},
			{"bob", "hungry\u0221", false}, // no character of Unicode 3.2
			{"bob\x07", "hungry", false},
			{"nobody", "hungry", false},
		} {
			c, err := pop3.NewClient(t.Context(), s.dial("192.0.2.7").nc, nil)
			require.NoError(t, err)
			err = c.APOP(t.Context(), tt.user, tt.password)
			assert.Equal(t, tt.in, err == nil, "%q %q: %v", tt.user, tt.password, err)
			c.Close()
		}
		c := s.dial("192.0.2.7")
		greeting, err := c.in.ReadString('\n')
		require.NoError(t, err)
		stamp := greeting[strings.Index(greeting, "<") : len(greeting)-2]
		c.talk("C: APOP b\u00adob " + string(pop3.ApopDigest(stamp, "hungry")) + "\nS: +OK…")
	})
	against(t, true, "S: +OK <1@x>\nC: CAPA\nS: +OK\nS: UTF8\nS: .", nil, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		assert.ErrorIs(t, c.APOP(t.Context(), "j\u00f6rg", "x"), pop3.ErrNotSupported)
		assert.Error(t, c.APOP(t.Context(), "bob", ""))
	})
}

// Whoever has no password kept for him cannot prove that he knows it.
func TestApopWithoutPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &pop3.Server{Backend: noSecretMail{letters()}}).dial("192.0.2.7")
		greeting, err := c.in.ReadString('\n')
		require.NoError(t, err)
		stamp := greeting[strings.Index(greeting, "<") : len(greeting)-2]
		c.talk("C: APOP bob " + string(pop3.ApopDigest(stamp, "")) + "\nS: -ERR [AUTH]…")
	})
}

// noSecretMail knows a user and no password of his.
type noSecretMail struct{ *mail }

func (noSecretMail) Secret(context.Context, string) (string, string, error) { return "", "bob", nil }

// RFC 6856 §2.1: no STLS behind UTF8.
func TestClientSTLSBehindUTF8(t *testing.T) {
	against(t, true, "S: +OK\nC: UTF8\nS: +OK", nil, func(t *testing.T, c *pop3.Client, err error) {
		require.NoError(t, err)
		require.NoError(t, c.UTF8(t.Context()))
		assert.EqualError(t, c.StartTLS(t.Context()), "pop3: no STLS in state UTF8 (RFC 6856 §2.1)")
	})
}

// tunnel is a connection whose peer has no address, as through a tunnel.
type tunnel struct{ net.Conn }

func (tunnel) RemoteAddr() net.Addr { return nil }

// Without an address the peer is somewhere: a password goes over TLS alone.
func TestClientOfNobody(t *testing.T) {
	a, b := testkit.Pipe()
	defer b.Close()
	go func() {
		io.WriteString(b, "+OK\r\n")
		for asked := bufio.NewScanner(b); asked.Scan(); {
			io.WriteString(b, "+OK\r\nUSER\r\n.\r\n")
		}
	}()
	c, err := pop3.NewClient(t.Context(), tunnel{a}, &pop3.Options{TLS: pop3.TLSOff})
	require.NoError(t, err)
	defer c.Close()
	assert.ErrorIs(t, c.Login(t.Context(), "bob", "hungry"), pop3.ErrTLSRequired)
}
