package smtp_test

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
	"applayer/smtp"
)

// mechanisms are what a server offers who knows one user, bob.
func mechanisms(c *smtp.Conn) []smtp.SASLServer {
	check := func(_ context.Context, _, user, password string) (string, error) {
		if user != "bob" || password != "hungry" {
			return "", smtp.ErrAuthRefused
		}
		return user, nil
	}
	password := func(_ context.Context, user string) (string, error) {
		if user != "bob" {
			return "", smtp.ErrAuthRefused
		}
		return "hungry", nil
	}
	all := []smtp.SASLServer{
		smtp.ServePlain(check), smtp.ServeLogin(check), smtp.ServeCRAMMD5("hamburger.edu", password),
		smtp.ServeExternal(func(_ context.Context, identity string) (string, error) {
			return check(context.Background(), "", identity, "hungry")
		}),
	}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		v, err := smtp.NewSCRAMVerifier(hash, "hungry", []byte("0123456789abcdef"), 4096)
		if err != nil {
			panic(err)
		}
		all = append(all, smtp.ServeSCRAM(c, hash, func(_ context.Context, _, user string) (smtp.SCRAMVerifier, error) {
			if user != "bob" {
				return smtp.SCRAMVerifier{}, smtp.ErrAuthRefused
			}
			return v, nil
		})...)
	}
	return all
}

func TestMechanisms(t *testing.T) {
	serverConfig, clientConfig := testkit.Certificate(t, "hamburger.edu")
	a, b := testkit.Pipe()
	client, server := smtp.NewConn(a, &smtp.ConnOptions{Client: true}), smtp.NewConn(b, nil)
	defer client.Close()
	defer server.Close()
	scram := func(hash crypto.Hash) func(string, *tls.ConnectionState, bool, string) smtp.SASLClient {
		return func(password string, state *tls.ConnectionState, plus bool, identity string) smtp.SASLClient {
			return smtp.AuthSCRAM(hash, "bob", password, &smtp.SCRAMOptions{TLS: state, Plus: plus, Identity: identity})
		}
	}
	party := &sasltest.Party[smtp.SASLClient, smtp.SASLServer]{
		Offered:  func() []smtp.SASLServer { return mechanisms(server) },
		Plain:    func(password string) smtp.SASLClient { return smtp.AuthPlain("", "bob", password) },
		Login:    func(password string) smtp.SASLClient { return smtp.AuthLogin("bob", password) },
		CRAMMD5:  func(password string) smtp.SASLClient { return smtp.AuthCRAMMD5("bob", password) },
		SHA1:     scram(crypto.SHA1),
		SHA256:   scram(crypto.SHA256),
		External: smtp.AuthExternal,
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
	c := smtp.AuthOAuthBearer("bob@hamburger.edu", "token", "hamburger.edu", 143)
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
	bob, err := smtp.NewSCRAMVerifier(crypto.SHA256, "hungry", []byte("a random salt of"), 10000)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &smtp.Server{
		Auth: func(c *smtp.Conn) []smtp.SASLServer {
			return smtp.ServeSCRAM(c, crypto.SHA256, func(_ context.Context, _, user string) (smtp.SCRAMVerifier, error) {
				if user != "bob" {
					return smtp.SCRAMVerifier{}, smtp.ErrAuthRefused
				}
				return bob, nil
			})
		},
	}

	// What a server does for AUTH, and Client.Auth with it:
	nc, _ := net.Pipe()
	offered := server.Auth(smtp.NewConn(nc, nil))
	fmt.Println(offered[0].Mechanism())
	who, err := sasltest.Authenticate(context.Background(), smtp.AuthSCRAM(crypto.SHA256, "bob", "hungry", nil), offered)
	fmt.Println(who, err)
	_, err = sasltest.Authenticate(context.Background(), smtp.AuthSCRAM(crypto.SHA256, "bob", "pizza", nil), offered)
	fmt.Println(err)
	// Output:
	// SCRAM-SHA-256
	// bob <nil>
	// user "bob": sasl: authentication refused
}
