package pop3_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/pop3"
)

// mechanisms are what a server offers who knows one user, bob.
func mechanisms(c *pop3.Conn) []pop3.SASLServer {
	check := func(_ context.Context, _, user, password string) (string, error) {
		if user != "bob" || password != "hungry" {
			return "", pop3.ErrAuthRefused
		}
		return user, nil
	}
	password := func(_ context.Context, user string) (string, error) {
		if user != "bob" {
			return "", pop3.ErrAuthRefused
		}
		return "hungry", nil
	}
	all := []pop3.SASLServer{
		pop3.ServePlain(check), pop3.ServeLogin(check), pop3.ServeCRAMMD5("hamburger.edu", password),
		pop3.ServeExternal(func(_ context.Context, identity string) (string, error) {
			return check(context.Background(), "", identity, "hungry")
		}),
	}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		v, err := pop3.NewSCRAMVerifier(hash, "hungry", []byte("0123456789abcdef"), 4096)
		if err != nil {
			panic(err)
		}
		all = append(all, pop3.ServeSCRAM(c, hash, func(_ context.Context, _, user string) (pop3.SCRAMVerifier, error) {
			if user != "bob" {
				return pop3.SCRAMVerifier{}, pop3.ErrAuthRefused
			}
			return v, nil
		})...)
	}
	return all
}

// authenticate plays an exchange and returns who the client is then.
func authenticate(ctx context.Context, c pop3.SASLClient, offered []pop3.SASLServer) (string, error) {
	name, response, err := c.Start()
	if err != nil {
		return "", err
	}
	for _, s := range offered {
		if s.Mechanism() != name {
			continue
		}
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
	return "", errors.ErrUnsupported
}

func TestMechanisms(t *testing.T) {
	serverConfig, clientConfig := testkit.Certificate(t, "hamburger.edu")
	a, b := testkit.Pipe()
	client, server := pop3.NewConn(a, &pop3.ConnOptions{Client: true}), pop3.NewConn(b, nil)
	defer client.Close()
	defer server.Close()
	names := func() (names []string) {
		for _, m := range mechanisms(server) {
			names = append(names, m.Mechanism())
		}
		return names
	}
	play := func(opts *pop3.SCRAMOptions) {
		t.Helper()
		for password, want := range map[string]error{"hungry": nil, "angry": pop3.ErrAuthRefused} {
			for _, c := range []pop3.SASLClient{
				pop3.AuthPlain("", "bob", password), pop3.AuthLogin("bob", password), pop3.AuthCRAMMD5("bob", password),
				pop3.AuthSCRAM(crypto.SHA1, "bob", password, opts), pop3.AuthSCRAM(crypto.SHA256, "bob", password, opts),
			} {
				got, err := authenticate(t.Context(), c, mechanisms(server))
				assert.ErrorIs(t, err, want)
				assert.Equal(t, want == nil, got == "bob")
			}
		}
	}
	plain := []string{"PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL", "SCRAM-SHA-1", "SCRAM-SHA-256"}
	assert.Equal(t, plain, names())
	play(nil)
	play(&pop3.SCRAMOptions{Identity: "bob"})

	done := make(chan error, 1)
	go func() { done <- server.StartTLS(t.Context(), serverConfig) }()
	require.NoError(t, client.StartTLS(t.Context(), clientConfig))
	require.NoError(t, <-done)
	state, ok := client.TLS()
	require.True(t, ok)
	assert.Equal(t, []string{"PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, names())
	play(&pop3.SCRAMOptions{TLS: &state, Plus: true})

	// Somebody took -PLUS off the list.
	_, err := authenticate(t.Context(), pop3.AuthSCRAM(crypto.SHA256, "bob", "hungry", &pop3.SCRAMOptions{TLS: &state}), mechanisms(server))
	assert.ErrorIs(t, err, pop3.ErrAuthRefused)

	got, err := authenticate(t.Context(), pop3.AuthExternal("bob"), mechanisms(server))
	assert.NoError(t, err)
	assert.Equal(t, "bob", got)
}

// A token that is not taken is asked about by the method that the constructor
// tells of.
func TestAuthOAuthBearer(t *testing.T) {
	c := pop3.AuthOAuthBearer("bob@hamburger.edu", "token", "hamburger.edu", 143)
	name, initial, err := c.Start()
	require.NoError(t, err)
	assert.Equal(t, "OAUTHBEARER", name)
	assert.Equal(t, "n,a=bob@hamburger.edu,\x01host=hamburger.edu\x01port=143\x01auth=Bearer token\x01\x01", string(initial))
	response, err := c.Next([]byte(`{"status":"invalid_token"}`), true)
	require.NoError(t, err)
	assert.Equal(t, "\x01", string(response))
	refused, ok := c.(interface{ Failure() []byte })
	require.True(t, ok)
	assert.JSONEq(t, `{"status":"invalid_token"}`, string(refused.Failure()))
}

// A server that keeps verifiers, and no passwords.
func ExampleServeSCRAM() {
	bob, err := pop3.NewSCRAMVerifier(crypto.SHA256, "hungry", []byte("a random salt of"), 10000)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &pop3.Server{
		Auth: func(c *pop3.Conn) []pop3.SASLServer {
			return pop3.ServeSCRAM(c, crypto.SHA256, func(_ context.Context, _, user string) (pop3.SCRAMVerifier, error) {
				if user != "bob" {
					return pop3.SCRAMVerifier{}, pop3.ErrAuthRefused
				}
				return bob, nil
			})
		},
	}

	// What a server does for AUTH, and Client.Auth with it:
	nc, _ := net.Pipe()
	offered := server.Auth(pop3.NewConn(nc, nil))
	fmt.Println(offered[0].Mechanism())
	who, err := authenticate(context.Background(), pop3.AuthSCRAM(crypto.SHA256, "bob", "hungry", nil), offered)
	fmt.Println(who, err)
	_, err = authenticate(context.Background(), pop3.AuthSCRAM(crypto.SHA256, "bob", "pizza", nil), offered)
	fmt.Println(err)
	// Output:
	// SCRAM-SHA-256
	// bob <nil>
	// user "bob": sasl: authentication refused
}
