package sasltest_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/internal/sasl"
	"applayer/internal/sasl/sasltest"
)

// only is a mechanism that takes any password, or only the right one.
type only struct {
	name   string
	anyone bool
}

func (m only) Mechanism() string { return m.name }

func (m only) Step(_ context.Context, response []byte) (challenge []byte, identity string, err error) {
	if m.anyone || string(response) == "hungry" {
		return nil, "bob", nil
	}
	return nil, "", sasl.ErrRefused
}

// speaker is its client.
type speaker struct{ name, password string }

func (c speaker) Start() (string, []byte, error)    { return c.name, []byte(c.password), nil }
func (c speaker) Next([]byte, bool) ([]byte, error) { return nil, nil }

// party is a package of such mechanisms. Without TLS there is no -PLUS, and with it
// the SCRAM of a client that thinks so is refused.
func party(anyone bool, missing string) *sasltest.Party[speaker, only] {
	secure := false
	knows := func(name string) func(string) speaker {
		return func(password string) speaker { return speaker{name, password} }
	}
	scram := func(name string) func(string, *tls.ConnectionState, bool, string) speaker {
		return func(password string, state *tls.ConnectionState, plus bool, _ string) speaker {
			if plus {
				return speaker{name + "-PLUS", password}
			}
			if state != nil {
				password = "somebody in the middle"
			}
			return speaker{name, password}
		}
	}
	return &sasltest.Party[speaker, only]{
		Offered: func() (all []only) {
			for _, name := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"} {
				plus := name == "SCRAM-SHA-1-PLUS" || name == "SCRAM-SHA-256-PLUS"
				if name != missing && (secure || !plus) {
					all = append(all, only{name, anyone})
				}
			}
			return all
		},
		Plain: knows("PLAIN"), Login: knows("LOGIN"), CRAMMD5: knows("CRAM-MD5"),
		SHA1: scram("SCRAM-SHA-1"), SHA256: scram("SCRAM-SHA-256"),
		External: func(string) speaker { return speaker{"EXTERNAL", "hungry"} },
		Secure: func() *tls.ConnectionState {
			secure = true
			return new(tls.ConnectionState)
		},
	}
}

// failures counts what fails.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Errorf(string, ...any) { f.n++ }

func TestPlay(t *testing.T) {
	party(false, "").Play(t)
	for name, bad := range map[string]*sasltest.Party[speaker, only]{
		"any password":         party(true, ""),
		"a mechanism is not":   party(false, "CRAM-MD5"),
		"nothing ties to TLS":  party(false, "SCRAM-SHA-1-PLUS"),
		"EXTERNAL is not":      party(false, "EXTERNAL"),
		"the last one is gone": party(false, "SCRAM-SHA-256"),
	} {
		f := &failures{TB: t}
		bad.Play(f)
		assert.NotZero(t, f.n, name)
	}
}

func TestAuthenticate(t *testing.T) {
	client := &sasl.PlainClient{User: "bob", Password: "hungry"}
	_, err := sasltest.Authenticate(t.Context(), client, []*sasl.SCRAMServer{{Hash: crypto.SHA256}})
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	who, err := sasltest.Authenticate(t.Context(), client, []*sasl.PlainServer{{
		Check: func(_ context.Context, _, user, password string) (string, error) {
			return user + " is " + password, nil
		},
	}})
	assert.NoError(t, err)
	assert.Equal(t, "bob is hungry", who)
}
