package ftp_test

import (
	"crypto/tls"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// startTLS begins TLS.
func (a *actor) startTLS() {
	t := tls.Server(a.nc, a.tls)
	a.check(t.HandshakeContext(a.tb.Context()))
	a.nc = t
	a.in.Reset(t)
}

// secureLogin greets, begins TLS and lets anonymous in.
func (a *actor) secureLogin(config *tls.Config, features ...string) {
	a.tls = config
	a.say("220 ready")
	a.expect("AUTH TLS", "234 go")
	a.startTLS()
	a.expect("USER anonymous", "331 password")
	a.expect("PASS anonymous@", "230 in")
	a.expect("PBSZ 0", "200 ok")
	a.expect("PROT P", "200 ok")
	a.feat(features...)
}

// What stands behind the 234 in the clear came from who knows whom, and must
// not be taken for replies from within TLS.
func TestCVE2021_22947OctetsBeforeTheHandshake(t *testing.T) {
	server, client := testkit.Certificate(t)
	const injected = "230 in, no password needed\r\n211 no features\r\n"
	for split := range len(injected) + 1 {
		network := play(t, func(a *actor) {
			a.tls = server
			a.say("220 ready")
			a.expect("AUTH TLS")
			io.WriteString(a.nc, "234 go\r\n"+injected[:split])
			io.WriteString(a.nc, injected[split:])
			rest, _ := io.ReadAll(a.in)
			assert.NotContains(a.tb, string(rest), "USER")
		})
		_, err := dialActorErr(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
		require.Error(t, err)
		if split > 0 { // else it comes in place of the handshake
			assert.ErrorIs(t, err, ftp.ErrBufferedPlaintext)
		}
	}
}

// Without TLS no password is sent.
func TestCVE2021_22946RefusedAUTH(t *testing.T) {
	for _, reply := range []string{"500 what?", "502 no", "534 policy", "431 no certificate", "200 ok", "230 you are in"} {
		network := play(t, func(a *actor) {
			a.say("220 ready")
			a.expect("AUTH TLS", reply)
			a.gone()
		})
		c, err := dialActorErr(t, network, &ftp.Options{TLS: ftp.TLSExplicit, User: "bob", Password: "secret"})
		assert.Error(t, err, reply)
		assert.Nil(t, c)
	}
}

// A refused PROT P must not leave data in the clear either.
func TestRefusedPROT(t *testing.T) {
	server, client := testkit.Certificate(t)
	network := play(t, func(a *actor) {
		a.tls = server
		a.say("220 ready")
		a.expect("AUTH TLS", "234 go")
		a.startTLS()
		a.expect("USER anonymous", "230 in")
		a.expect("PBSZ 0", "200 ok")
		a.expect("PROT P", "534 no")
		a.gone()
	})
	_, err := dialActorErr(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
	assert.ErrorIs(t, err, ftp.ErrTLSRequired)
}

func TestClientTLS(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	resumed := make(chan bool, 3)
	network := play(t, func(a *actor) {
		a.secureLogin(server)
		a.typ("I")
		for range 2 {
			a.epsv()
			a.expect("RETR a", "150 go")
			d := tls.Server(a.accept(), server)
			a.check(d.Handshake())
			resumed <- d.ConnectionState().DidResume
			io.WriteString(d, "secret")
			d.Close()
			a.say("226 ok")
		}
		a.epsv()
		a.expect("STOR a", "150 go")
		d := tls.Server(a.accept(), server)
		a.check(d.Handshake())
		resumed <- d.ConnectionState().DidResume
		b, err := io.ReadAll(d)
		a.check(err)
		assert.Equal(a.tb, "mine", string(b))
		d.Close()
		a.say("226 ok")
	})
	c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
	require.NotNil(t, c.TLS())
	for range 2 {
		r, err := c.Retrieve(t.Context(), "a", 0)
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "secret", string(b))
	}
	require.NoError(t, c.Store(t.Context(), "a", strings.NewReader("mine")))
	for i := range 3 {
		assert.True(t, <-resumed, "data connection %d resumes the control connection's session", i)
	}
}

// The name that HOST asks for is that in TLS (RFC 7151 §3.2.2), and is said once:
// behind a login it is refused.
func TestClientTLSHost(t *testing.T) {
	server, client := testkit.Certificate(t, "ftp.example")
	client.ServerName = ""
	network := play(t, func(a *actor) {
		a.tls = server
		a.say("220 ready")
		a.expect("AUTH TLS", "234 go")
		a.startTLS()
		assert.Equal(a.tb, "ftp.example", a.nc.(*tls.Conn).ConnectionState().ServerName)
		a.expect("HOST ftp.example", "220 that is me")
		for range 2 {
			a.expect("USER anonymous", "230 in")
			a.expect("PBSZ 0", "200 ok")
			a.expect("PROT P", "200 ok")
			a.feat()
		}
	})
	c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client, Host: "ftp.example"})
	assert.NoError(t, c.Login(t.Context(), "anonymous", ""))
}

func TestClientTLSImplicit(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	network := play(t, func(a *actor) {
		a.tls = server
		a.startTLS()
		a.say("220 ready")
		a.expect("USER anonymous", "230 in")
		a.expect("PBSZ 0", "200 ok")
		a.expect("PROT C", "200 ok")
		a.feat()
		a.typ("I")
		a.send("RETR a", "clear")
	})
	c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSImplicit, TLSConfig: client, ClearData: true})
	r, err := c.Retrieve(t.Context(), "a", 0)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "clear", string(b))
}

// Data that end without TLS's closing alert may have been cut by anybody.
func TestCloseNotifyMissing(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	tests := []struct {
		name, first string
		want        error
	}{
		{"no size was announced", "150 go", io.ErrUnexpectedEOF},
		{"less than announced", "150 Opening (9 bytes)", io.ErrUnexpectedEOF},
		// The size came over the protected control connection.
		{"all that was announced", "150 Opening (6 bytes)", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			network := play(t, func(a *actor) {
				a.secureLogin(server)
				a.typ("I")
				a.epsv()
				a.expect("RETR a", tt.first)
				raw := a.accept()
				d := tls.Server(raw, server)
				a.check(d.Handshake())
				io.WriteString(d, "secret")
				raw.Close()
				a.say("226 ok")
			})
			c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
			r, err := c.Retrieve(t.Context(), "a", 0)
			require.NoError(t, err)
			_, err = io.ReadAll(r)
			assert.ErrorIs(t, err, tt.want)
		})
	}
}

// Octets in the clear on a data connection that PROT P secures are none of the
// file's.
func TestClearOctetsOnPROTP(t *testing.T) {
	server, client := testkit.Certificate(t, "192.0.2.1")
	network := play(t, func(a *actor) {
		a.secureLogin(server)
		a.typ("I")
		a.epsv()
		a.expect("RETR a", "150 go")
		nc := a.accept()
		io.WriteString(nc, "these octets are in the clear")
		defer nc.Close()
		a.expect("ABOR", "426 broken")
		a.expect("PWD", "226 ok", `257 "/"`)
	})
	c := dialActor(t, network, &ftp.Options{TLS: ftp.TLSExplicit, TLSConfig: client})
	_, err := c.Retrieve(t.Context(), "a", 0)
	var record tls.RecordHeaderError
	assert.ErrorAs(t, err, &record)
}
