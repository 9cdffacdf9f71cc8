package sasl

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// PlainClient is PLAIN (RFC 4616): user name and password as they are, in one
// message. It is for connections that nobody else reads.
type PlainClient struct {
	// Identity is whom to act as; empty means User himself.
	Identity string
	// User is whose password it is.
	User     string
	Password string
}

// Start returns the only message.
func (c *PlainClient) Start() (mechanism string, initial []byte, err error) {
	if c.User == "" || c.Password == "" {
		return "", nil, fmt.Errorf("%w: empty user name or password (RFC 4616 §2)", ErrCredentials)
	}
	if strings.Contains(c.Identity+c.User+c.Password, "\x00") {
		return "", nil, fmt.Errorf("%w: NUL (RFC 4616 §2)", ErrCredentials)
	}
	return "PLAIN", []byte(c.Identity + "\x00" + c.User + "\x00" + c.Password), nil
}

// Next refuses every challenge: there is nothing more to say.
func (c *PlainClient) Next(challenge []byte, more bool) ([]byte, error) {
	return oneMessage("PLAIN", challenge, more)
}

// oneMessage is the Next of a mechanism that has said all in Start.
func oneMessage(mechanism string, challenge []byte, more bool) ([]byte, error) {
	if more {
		return nil, fmt.Errorf("%w: %s: %s", ErrChallenge, mechanism, quote(challenge))
	}
	return nil, nil
}

// PlainServer is PLAIN (RFC 4616) as a server takes it.
type PlainServer struct {
	// Check tells whether user, with that password, may act as identity, and
	// who he is then; an empty identity asks to act as himself. User name and
	// password are prepared by SASLprep. ErrRefused means no, any other error
	// that it cannot be told.
	Check func(ctx context.Context, identity, user, password string) (who string, err error)
}

// Mechanism returns "PLAIN".
func (s *PlainServer) Mechanism() string { return "PLAIN" }

// Step takes the message; a client that sent none with his command is asked for
// it by an empty challenge (RFC 4422 §3).
func (s *PlainServer) Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error) {
	if response == nil {
		return []byte{}, "", nil
	}
	authzid, rest, ok1 := bytes.Cut(response, []byte{0})
	authcid, passwd, ok2 := bytes.Cut(rest, []byte{0})
	if !ok1 || !ok2 || len(authcid) == 0 || len(passwd) == 0 || bytes.IndexByte(passwd, 0) >= 0 || !utf8.Valid(response) {
		return nil, "", ErrSyntax
	}
	identity, err = checkPassword(ctx, s.Check, string(authzid), string(authcid), string(passwd))
	return nil, identity, err
}

// checkPassword asks a program's check. What cannot be prepared, or is empty
// then, is nobody's (RFC 4616 §2).
func checkPassword(ctx context.Context, check func(ctx context.Context, identity, user, password string) (string, error), identity, user, password string) (who string, err error) {
	defer func(given string) {
		if err != nil {
			err = &UserError{given, err}
		}
	}(user)
	user, err = Saslprep(user, Query)
	if err == nil {
		password, err = Saslprep(password, Query)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if user == "" || password == "" {
		return "", ErrRefused
	}
	return granted(check(ctx, identity, user, password))
}
