// Package sasltest plays the mechanisms that a protocol package offers against
// those with which its clients log in: what the constructors of each package
// make of package sasl, in the clear and over TLS. It is imported by tests only.
package sasltest

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"testing"

	"applayer/internal/sasl"
)

// Client is what protocol packages call SASLClient.
type Client interface {
	Start() (mechanism string, initial []byte, err error)
	Next(challenge []byte, more bool) (response []byte, err error)
}

// Server is what protocol packages call SASLServer.
type Server interface {
	Mechanism() string
	Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error)
}

// Authenticate plays an exchange with the one of the mechanisms offered that the
// client names, and returns who the client is then.
func Authenticate[S Server](ctx context.Context, c Client, offered []S) (string, error) {
	name, response, err := c.Start()
	if err != nil {
		return "", err
	}
	for _, s := range offered {
		if s.Mechanism() == name {
			return exchange(ctx, c, s, response)
		}
	}
	return "", errors.ErrUnsupported
}

func exchange(ctx context.Context, c Client, s Server, response []byte) (string, error) {
	for {
		challenge, identity, err := s.Step(ctx, response)
		if err == nil && challenge != nil {
			response, err = c.Next(challenge, true)
		}
		if err != nil {
			return "", err
		}
		if identity != "" {
			_, err = c.Next(nil, false)
			return identity, err
		}
	}
}

// Party is a protocol package: its servers know one user, bob, whose password is
// "hungry", and its clients log in as him.
type Party[C Client, S Server] struct {
	// Offered are the mechanisms of a connection's server: PLAIN, LOGIN,
	// CRAM-MD5, EXTERNAL (to whom it takes no password) and SCRAM.
	Offered func() []S
	// Plain, Login, CRAMMD5, SHA1, SHA256 are clients that know a password.
	// SCRAM is told of TLS if there is any, that -PLUS is offered, and as whom
	// to act.
	Plain, Login, CRAMMD5 func(password string) C
	SHA1, SHA256          func(password string, state *tls.ConnectionState, plus bool, identity string) C
	External              func(identity string) C
	// Secure begins TLS between both ends.
	Secure func() *tls.ConnectionState
}

// Play plays every mechanism, with the right password and with another.
func (p *Party[C, S]) Play(t testing.TB) {
	t.Helper()
	plain := []string{"PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL", "SCRAM-SHA-1", "SCRAM-SHA-256"}
	p.checkNames(t, plain)
	p.play(t, nil, "")
	p.play(t, nil, "bob")
	state := p.Secure()
	secure := []string{"PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}
	p.checkNames(t, secure)
	p.play(t, state, "")

	// Somebody took -PLUS off the list.
	check(t, p.SHA256("hungry", state, false, ""), p.Offered(), sasl.ErrRefused)
	check(t, p.External("bob"), p.Offered(), nil)
}

func (p *Party[C, S]) checkNames(t testing.TB, want []string) {
	t.Helper()
	var got []string
	for _, m := range p.Offered() {
		got = append(got, m.Mechanism())
	}
	if !slices.Equal(got, want) {
		t.Errorf("offered %q, want %q", got, want)
	}
}

func (p *Party[C, S]) play(t testing.TB, state *tls.ConnectionState, identity string) {
	t.Helper()
	for password, want := range map[string]error{"hungry": nil, "angry": sasl.ErrRefused} {
		for _, c := range []C{
			p.Plain(password), p.Login(password), p.CRAMMD5(password),
			p.SHA1(password, state, state != nil, identity), p.SHA256(password, state, state != nil, identity),
		} {
			check(t, c, p.Offered(), want)
		}
	}
}

// check lets a client log in, who is bob, or refused with an error.
func check[S Server](t testing.TB, c Client, offered []S, want error) {
	t.Helper()
	who, err := Authenticate(t.Context(), c, offered)
	if !errors.Is(err, want) || (want == nil) != (who == "bob") {
		t.Errorf("%T: %q, %v; want %v", c, who, err, want)
	}
}
