package sasl_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/sasl"
)

// What the protocol packages declare; the mechanisms must satisfy it.
type client interface {
	Start() (mechanism string, initial []byte, err error)
	Next(challenge []byte, more bool) (response []byte, err error)
}

type server interface {
	Mechanism() string
	Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error)
}

var (
	_ client = (*sasl.PlainClient)(nil)
	_ client = (*sasl.LoginClient)(nil)
	_ client = (*sasl.CRAMMD5Client)(nil)
	_ client = (*sasl.ExternalClient)(nil)
	_ client = (*sasl.OAuthBearerClient)(nil)

	_ server = (*sasl.PlainServer)(nil)
	_ server = (*sasl.LoginServer)(nil)
	_ server = (*sasl.CRAMMD5Server)(nil)
	_ server = (*sasl.ExternalServer)(nil)
)

// errDown is what a program's check answers when it cannot tell.
var errDown = errors.New("the users are away")

// check knows tim and his secret of RFC 4616 §4; he may act as his group.
func check(_ context.Context, identity, user, password string) (string, error) {
	switch {
	case user == "down":
		return "", errDown
	case user != "tim" || password != "tanstaaftanstaaf":
		return "", sasl.ErrRefused
	case identity == "" || identity == "tim":
		return "tim", nil
	case identity == "group":
		return "group", nil
	}
	return "", nil // no name is no entry
}

// run plays an exchange as a protocol's client and server do, and returns what
// each side says at its end.
func run(t *testing.T, c client, s server) (identity string, clientErr, serverErr error) {
	t.Helper()
	mechanism, response, err := c.Start()
	if err != nil {
		return "", err, nil
	}
	require.Equal(t, s.Mechanism(), mechanism)
	for range 10 {
		challenge, identity, err := s.Step(t.Context(), response)
		if err != nil {
			return "", nil, err
		}
		if identity != "" && challenge == nil {
			_, err := c.Next(nil, false)
			return identity, err, nil
		}
		response, err = c.Next(challenge, true)
		if err != nil {
			return "", err, nil
		}
		if identity != "" {
			assert.Empty(t, response, "answer to what comes with success")
			_, err := c.Next(nil, false)
			return identity, err, nil
		}
	}
	t.Fatal("an exchange without end")
	return "", nil, nil
}

// step is one call of a server's Step: in, and what comes out of it.
type step struct {
	in        []byte
	challenge string // "-" for none
	identity  string
	err       error
}

func steps(t *testing.T, s server, all []step) {
	t.Helper()
	for i, st := range all {
		challenge, identity, err := s.Step(t.Context(), st.in)
		if st.err != nil {
			assert.ErrorIs(t, err, st.err, "step %d", i)
		} else {
			assert.NoError(t, err, "step %d", i)
		}
		assert.Equal(t, st.identity, identity, "step %d", i)
		if st.challenge == "-" || st.err != nil {
			assert.Nil(t, challenge, "step %d", i)
		} else {
			assert.NotNil(t, challenge, "step %d", i)
			assert.Equal(t, st.challenge, string(challenge), "step %d", i)
		}
	}
}

// A refusal tells whom it was for, to the server's log and never to the peer.
func TestRefusedUser(t *testing.T) {
	check := func(context.Context, string, string, string) (string, error) { return "", sasl.ErrRefused }
	_, _, err := (&sasl.PlainServer{Check: check}).Step(t.Context(), []byte("\x00tim\x00tan"))
	require.ErrorIs(t, err, sasl.ErrRefused)
	assert.Equal(t, "tim", sasl.RefusedUser(err))
	assert.EqualError(t, err, `user "tim": sasl: authentication refused`)

	evil := strings.Repeat("x\n", 100)
	_, _, err = (&sasl.PlainServer{Check: check}).Step(t.Context(), []byte("\x00"+evil+"\x00tan"))
	require.ErrorIs(t, err, sasl.ErrRefused)
	assert.Equal(t, evil[:100], sasl.RefusedUser(err))
	assert.NotContains(t, err.Error(), "\n")

	login := &sasl.LoginServer{Check: check}
	_, _, err = login.Step(t.Context(), []byte("tim"))
	require.NoError(t, err)
	_, _, err = login.Step(t.Context(), []byte("tan"))
	require.ErrorIs(t, err, sasl.ErrRefused)
	assert.Equal(t, "tim", sasl.RefusedUser(err))

	down := errors.New("no directory")
	cram := &sasl.CRAMMD5Server{Password: func(_ context.Context, user string) (string, error) {
		if user == "down" {
			return "", down
		}
		return "", sasl.ErrRefused
	}}
	for user, want := range map[string]error{"down": down, "tim": sasl.ErrRefused} {
		_, _, err = cram.Step(t.Context(), nil)
		require.NoError(t, err)
		_, _, err = cram.Step(t.Context(), []byte(user+" b913a602c7eda7a495b4e6e7334d3890"))
		require.ErrorIs(t, err, want)
		assert.Equal(t, user, sasl.RefusedUser(err))
	}

	scram := &sasl.SCRAMServer{Hash: crypto.SHA256, Lookup: func(context.Context, string, string) (sasl.Verifier, error) {
		return sasl.Verifier{}, sasl.ErrRefused
	}}
	_, _, err = scram.Step(t.Context(), nil)
	require.NoError(t, err)
	first, _, err := scram.Step(t.Context(), []byte("n,,n=tim,r=abc"))
	require.NoError(t, err)
	nonce, _, _ := strings.Cut(string(first), ",")
	_, _, err = scram.Step(t.Context(), []byte("c=biws,"+nonce+",p="+base64.StdEncoding.EncodeToString(make([]byte, 32))))
	require.ErrorIs(t, err, sasl.ErrRefused)
	assert.Equal(t, "tim", sasl.RefusedUser(err))
	assert.Empty(t, sasl.RefusedUser(down))
}

func TestPasswords(t *testing.T) {
	tests := []struct {
		name             string
		identity         string
		user, password   string
		want             string
		refused          error
		carriedByLogin   bool
		carriedByCRAMMD5 bool
	}{
		{"4616-4 tim", "", "tim", "tanstaaftanstaaf", "tim", nil, true, true},
		{"as himself", "tim", "tim", "tanstaaftanstaaf", "tim", nil, false, false},
		{"as his group", "group", "tim", "tanstaaftanstaaf", "group", nil, false, false},
		{"4616-4 as somebody else", "Ursel", "tim", "tanstaaftanstaaf", "", sasl.ErrRefused, false, false},
		{"wrong password", "", "tim", "tanstaaf", "", sasl.ErrRefused, true, true},
		{"no such user", "", "tom", "tanstaaftanstaaf", "", sasl.ErrRefused, true, true},
		{"no users", "", "down", "x", "", errDown, true, true},
	}
	password := func(ctx context.Context, user string) (string, error) {
		if user == "tim" {
			return "tanstaaftanstaaf", nil
		}
		return check(ctx, "", user, "")
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			verdict := func(c client, s server) {
				t.Helper()
				got, clientErr, serverErr := run(t, c, s)
				assert.NoError(t, clientErr)
				assert.Equal(t, tt.want, got)
				assert.ErrorIs(t, serverErr, tt.refused)
			}
			verdict(&sasl.PlainClient{Identity: tt.identity, User: tt.user, Password: tt.password},
				&sasl.PlainServer{Check: check})
			if tt.carriedByLogin {
				verdict(&sasl.LoginClient{User: tt.user, Password: tt.password}, &sasl.LoginServer{Check: check})
			}
			if tt.carriedByCRAMMD5 {
				verdict(&sasl.CRAMMD5Client{User: tt.user, Password: tt.password},
					&sasl.CRAMMD5Server{Host: "mail.example", Password: password})
			}
		})
	}
}

// A client that needs no answer does not answer, and one that has answered all
// does not go on.
func TestClientsRefuseChallenges(t *testing.T) {
	for name, c := range map[string]client{
		"PLAIN":       &sasl.PlainClient{User: "tim", Password: "x"},
		"LOGIN":       &sasl.LoginClient{User: "tim", Password: "x"},
		"CRAM-MD5":    &sasl.CRAMMD5Client{User: "tim", Password: "x"},
		"EXTERNAL":    &sasl.ExternalClient{},
		"OAUTHBEARER": &sasl.OAuthBearerClient{Token: "x"},
	} {
		mechanism, _, err := c.Start()
		require.NoError(t, err)
		assert.Equal(t, name, mechanism)
		for range 3 {
			_, err = c.Next([]byte("more\r\n"), true)
			if err != nil {
				break
			}
		}
		require.ErrorIs(t, err, sasl.ErrChallenge, name)
		assert.NotContains(t, err.Error(), "\r")
	}
}

func TestClientsRefuseCredentials(t *testing.T) {
	for name, c := range map[string]client{
		"PLAIN no user":            &sasl.PlainClient{Password: "x"},
		"PLAIN no password":        &sasl.PlainClient{User: "x"},
		"PLAIN NUL in identity":    &sasl.PlainClient{Identity: "a\x00b", User: "x", Password: "x"},
		"PLAIN NUL in user":        &sasl.PlainClient{User: "x\x00", Password: "x"},
		"PLAIN NUL in password":    &sasl.PlainClient{User: "x", Password: "\x00x"},
		"LOGIN no user":            &sasl.LoginClient{Password: "x"},
		"LOGIN no password":        &sasl.LoginClient{User: "x"},
		"CRAM-MD5 no user":         &sasl.CRAMMD5Client{Password: "x"},
		"EXTERNAL NUL":             &sasl.ExternalClient{Identity: "\x00"},
		"OAUTHBEARER no token":     &sasl.OAuthBearerClient{User: "x"},
		"OAUTHBEARER token":        &sasl.OAuthBearerClient{Token: "a\x01host=b"},
		"OAUTHBEARER token, space": &sasl.OAuthBearerClient{Token: "a b"},
		"OAUTHBEARER host":         &sasl.OAuthBearerClient{Token: "a", Host: "b\x01auth=c"},
		"OAUTHBEARER user":         &sasl.OAuthBearerClient{Token: "a", User: "b\x00"},
		"OAUTHBEARER user, ^A":     &sasl.OAuthBearerClient{Token: "a", User: "b\x01auth=Bearer c"},
	} {
		_, initial, err := c.Start()
		assert.ErrorIs(t, err, sasl.ErrCredentials, name)
		assert.Nil(t, initial, name)
	}
}

func TestPlain(t *testing.T) {
	c := &sasl.PlainClient{User: "tim", Password: "tanstaaftanstaaf"}
	_, initial, err := c.Start()
	require.NoError(t, err)
	assert.Equal(t, "\x00tim\x00tanstaaftanstaaf", string(initial)) // RFC 4616 §4

	s := &sasl.PlainServer{Check: check}
	steps(t, s, []step{
		{[]byte("\x00tim\x00tanstaaftanstaaf"), "-", "tim", nil},
		{nil, "", "", nil}, // no initial response
		{[]byte("group\x00tim\x00tanstaaftanstaaf"), "-", "group", nil},
		{[]byte("Ursel\x00Kurt\x00xipj3plmq"), "-", "", sasl.ErrRefused}, // RFC 4616 §4
		{[]byte{}, "-", "", sasl.ErrSyntax},
		{[]byte("tim\x00tanstaaftanstaaf"), "-", "", sasl.ErrSyntax},
		{[]byte("\x00\x00tanstaaftanstaaf"), "-", "", sasl.ErrSyntax},
		{[]byte("\x00tim\x00"), "-", "", sasl.ErrSyntax},
		{[]byte("\x00tim\x00tanstaaftanstaaf\x00"), "-", "", sasl.ErrSyntax},
		{[]byte("\x00tim\x00tanstaaf\xff"), "-", "", sasl.ErrSyntax},
		{[]byte("\x00t\u2170m\x00tanstaaf\u00adtanstaaf"), "-", "tim", nil}, // RFC 4013 §2
		{[]byte("\x00tim\x00tanstaaf\u0085"), "-", "", sasl.ErrRefused},
		{[]byte("\x00\u0085\x00tanstaaf"), "-", "", sasl.ErrRefused},
		{[]byte("\x00\u00ad\x00tanstaaf"), "-", "", sasl.ErrRefused},
	})
}

func TestLogin(t *testing.T) {
	steps(t, &sasl.LoginServer{Check: check}, []step{
		{nil, "Username:", "", nil},
		{[]byte("tim"), "Password:", "", nil},
		{[]byte("tanstaaftanstaaf"), "-", "tim", nil},
		{[]byte("tim"), "Password:", "", nil}, // with the command
		{[]byte("wrong"), "-", "", sasl.ErrRefused},
		{[]byte{}, "-", "", sasl.ErrSyntax},
		{[]byte("tim"), "Password:", "", nil},
		{[]byte{}, "-", "", sasl.ErrSyntax},
		{[]byte("tim\xff"), "-", "", sasl.ErrSyntax},
		{[]byte("tim\x00"), "-", "", sasl.ErrSyntax},
		{[]byte("tim"), "Password:", "", nil},
		{nil, "Username:", "", nil}, // begun anew
		{[]byte("t\u2170m"), "Password:", "", nil},
		{[]byte("tanstaaf\u00adtanstaaf"), "-", "tim", nil},
		{[]byte("down"), "Password:", "", nil},
		{[]byte("x"), "-", "", errDown},
	})
}

func TestCRAMMD5(t *testing.T) {
	const challenge = "<1896.697170952@postoffice.reston.mci.net>"
	const answer = "tim b913a602c7eda7a495b4e6e7334d3890"
	c := &sasl.CRAMMD5Client{User: "tim", Password: "tanstaaftanstaaf"}
	_, initial, err := c.Start()
	require.NoError(t, err)
	assert.Nil(t, initial)
	response, err := c.Next([]byte(challenge), true)
	require.NoError(t, err)
	assert.Equal(t, answer, string(response)) // RFC 2195 §2

	s := &sasl.CRAMMD5Server{Host: "mail.example", Password: func(_ context.Context, user string) (string, error) {
		switch user {
		case "tim", "tim of the hill":
			return "tanstaaftanstaaf", nil
		case "empty":
			return "", nil
		case "gone":
			return "tanstaaftanstaaf", sasl.ErrRefused
		}
		return "", sasl.ErrRefused
	}}
	for _, tt := range []struct {
		response, want string
		err            error
	}{
		{answer, "tim", nil},
		{"tim of the hill" + answer[3:], "tim of the hill", nil},
		{"t\u2170m" + answer[3:], "tim", nil}, // RFC 4013 §2
		{"\u00ad" + answer[3:], "", sasl.ErrRefused},
		{"t\xffm" + answer[3:], "", sasl.ErrRefused},
		{"tim b913a602c7eda7a495b4e6e7334d3891", "", sasl.ErrRefused},
		{"tim B913A602C7EDA7A495B4E6E7334D3890", "", sasl.ErrRefused}, // lower case only
		{"tom b913a602c7eda7a495b4e6e7334d3890", "", sasl.ErrRefused},
		{"gone b913a602c7eda7a495b4e6e7334d3890", "", sasl.ErrRefused},
		{"tim", "", sasl.ErrSyntax},
		{"", "", sasl.ErrSyntax},
		{" b913a602c7eda7a495b4e6e7334d3890", "", sasl.ErrSyntax},
		{"tim b913a602c7eda7a495b4e6e7334d38900", "", sasl.ErrSyntax},
	} {
		s.SetChallenge(challenge)
		_, identity, err := s.Step(t.Context(), []byte(tt.response))
		assert.ErrorIs(t, err, tt.err, tt.response)
		assert.Equal(t, tt.want, identity, tt.response)
		_, _, err = s.Step(t.Context(), []byte(answer))
		assert.ErrorIs(t, err, sasl.ErrSyntax, "a second answer to one challenge")
	}

	// An empty password is nobody's, even where the digest is right.
	empty := &sasl.CRAMMD5Client{User: "empty"}
	_, _, serverErr := run(t, empty, s)
	assert.ErrorIs(t, serverErr, sasl.ErrRefused)

	first, _, err := s.Step(t.Context(), nil)
	require.NoError(t, err)
	assert.Regexp(t, `^<[A-Z2-7]{26}\.[0-9]+@mail\.example>$`, string(first))
	second, _, err := s.Step(t.Context(), nil)
	require.NoError(t, err)
	assert.NotEqual(t, first, second)
}

func TestExternal(t *testing.T) {
	s := &sasl.ExternalServer{Check: func(_ context.Context, identity string) (string, error) {
		switch identity {
		case "", "fred":
			return "fred", nil
		case "down":
			return "", errDown
		}
		return "", sasl.ErrRefused
	}}
	for identity, want := range map[string]string{"": "fred", "fred": "fred"} {
		got, clientErr, serverErr := run(t, &sasl.ExternalClient{Identity: identity}, s)
		assert.NoError(t, clientErr)
		assert.NoError(t, serverErr)
		assert.Equal(t, want, got)
	}
	_, initial, err := (&sasl.ExternalClient{}).Start()
	require.NoError(t, err)
	assert.NotNil(t, initial, "an empty message is one") // RFC 4422 §A.2
	steps(t, s, []step{
		{nil, "", "", nil},
		{[]byte{}, "-", "fred", nil},
		{[]byte("wilma"), "-", "", sasl.ErrRefused},
		{[]byte("down"), "-", "", errDown},
		{[]byte("fr\x00ed"), "-", "", sasl.ErrSyntax},
		{[]byte("fr\xffed"), "-", "", sasl.ErrSyntax},
	})
}

func TestOAuthBearer(t *testing.T) {
	tests := []struct {
		name string
		c    sasl.OAuthBearerClient
		want string
	}{
		{
			"7628-4.1 IMAP",
			sasl.OAuthBearerClient{User: "user@example.com", Token: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", Host: "server.example.com", Port: 143},
			"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01",
		},
		{"whom the token is for", sasl.OAuthBearerClient{Token: "abc"}, "n,,\x01auth=Bearer abc\x01\x01"},
		{"5801-4 saslname", sasl.OAuthBearerClient{User: "a,b=c", Token: "abc"}, "n,a=a=2Cb=3Dc,\x01auth=Bearer abc\x01\x01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mechanism, initial, err := tt.c.Start()
			require.NoError(t, err)
			assert.Equal(t, "OAUTHBEARER", mechanism)
			assert.Equal(t, tt.want, string(initial))
			_, err = tt.c.Next(nil, false)
			assert.NoError(t, err)
			assert.Nil(t, tt.c.Failure())
		})
	}
}

// A server that does not take the token tells why, and is answered by ^A
// (RFC 7628 §3.2.3 and §4.3).
func TestOAuthBearerFailure(t *testing.T) {
	const failure = `{"status":"invalid_token","scope":"example_scope"}`
	c := &sasl.OAuthBearerClient{Token: "abc"}
	_, _, err := c.Start()
	require.NoError(t, err)
	response, err := c.Next([]byte(failure), true)
	require.NoError(t, err)
	assert.Equal(t, "\x01", string(response))
	assert.Equal(t, failure, string(c.Failure()))
	_, err = c.Next(nil, false)
	assert.ErrorIs(t, err, sasl.ErrChallenge, "granted after all")
}
