package pop3_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/sasl/sasltest"
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

func TestMechanisms(t *testing.T) {
	serverConfig, clientConfig := testkit.Certificate(t, "hamburger.edu")
	a, b := testkit.Pipe()
	client, server := pop3.NewConn(a, &pop3.ConnOptions{Client: true}), pop3.NewConn(b, nil)
	defer client.Close()
	defer server.Close()
	scram := func(hash crypto.Hash) func(string, *tls.ConnectionState, bool, string) pop3.SASLClient {
		return func(password string, state *tls.ConnectionState, plus bool, identity string) pop3.SASLClient {
			return pop3.AuthSCRAM(hash, "bob", password, &pop3.SCRAMOptions{TLS: state, Plus: plus, Identity: identity})
		}
	}
	party := &sasltest.Party[pop3.SASLClient, pop3.SASLServer]{
		Offered:  func() []pop3.SASLServer { return mechanisms(server) },
		Plain:    func(password string) pop3.SASLClient { return pop3.AuthPlain("", "bob", password) },
		Login:    func(password string) pop3.SASLClient { return pop3.AuthLogin("bob", password) },
		CRAMMD5:  func(password string) pop3.SASLClient { return pop3.AuthCRAMMD5("bob", password) },
		SHA1:     scram(crypto.SHA1),
		SHA256:   scram(crypto.SHA256),
		External: pop3.AuthExternal,
		Secure: func() *tls.ConnectionState {
			done := make(chan error, 1)
			go func() { done <- server.StartTLS(t.Context(), serverConfig) }()
			require.NoError(t, client.StartTLS(t.Context(), clientConfig))
			require.NoError(t, <-done)
			state, ok := client.TLS()
			require.True(t, ok)
			return &state
		},
	}
	party.Play(t)
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
	who, err := sasltest.Authenticate(context.Background(), pop3.AuthSCRAM(crypto.SHA256, "bob", "hungry", nil), offered)
	fmt.Println(who, err)
	_, err = sasltest.Authenticate(context.Background(), pop3.AuthSCRAM(crypto.SHA256, "bob", "pizza", nil), offered)
	fmt.Println(err)
	// Output:
	// SCRAM-SHA-256
	// bob <nil>
	// user "bob": sasl: authentication refused
}
