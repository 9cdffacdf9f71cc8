package sasl

import (
	"bytes"
	"context"
	"fmt"
	"unicode/utf8"
)

// LoginClient is LOGIN, which no RFC defines and every mail server knows: the
// server asks for the user name and then for the password, both as they are.
// PLAIN says the same in one message.
type LoginClient struct {
	User     string
	Password string

	answers int // given
}

// Start returns no initial response: there are servers that drop one.
func (c *LoginClient) Start() (mechanism string, initial []byte, err error) {
	if c.User == "" || c.Password == "" {
		return "", nil, fmt.Errorf("%w: empty user name or password", ErrCredentials)
	}
	return "LOGIN", nil, nil
}

// Next answers the first challenge by the user name and the second by the
// password. What the challenges say is not looked at: "Username:" and "User
// Name", with and without a NUL, are all about.
func (c *LoginClient) Next(challenge []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	c.answers++
	switch c.answers {
	case 1:
		return []byte(c.User), nil
	case 2:
		return []byte(c.Password), nil
	}
	return nil, fmt.Errorf("%w: LOGIN: %s", ErrChallenge, quote(challenge))
}

// The questions as Outlook and the others expect them.
var (
	askUser     = []byte("Username:")
	askPassword = []byte("Password:")
)

// LoginServer is LOGIN as a server takes it.
type LoginServer struct {
	// Check is as that of [PlainServer]; identity is always empty.
	Check func(ctx context.Context, identity, user, password string) (who string, err error)

	user string // once it is known
}

// Mechanism returns "LOGIN".
func (s *LoginServer) Mechanism() string { return "LOGIN" }

// Step asks for what is missing. The user name may come with the command.
func (s *LoginServer) Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error) {
	if response == nil {
		s.user = ""
		return askUser, "", nil
	}
	if len(response) == 0 || bytes.IndexByte(response, 0) >= 0 || !utf8.Valid(response) {
		s.user = ""
		return nil, "", ErrSyntax
	}
	if s.user == "" {
		s.user = string(response)
		return askPassword, "", nil
	}
	user := s.user
	s.user = ""
	identity, err = checkPassword(ctx, s.Check, "", user, string(response))
	return nil, identity, err
}
