package sasl

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ExternalClient is EXTERNAL (RFC 4422 §A): the server knows already who
// the client is, by his TLS certificate as a rule.
type ExternalClient struct {
	// Identity is whom to act as; empty means whoever the certificate names.
	Identity string
}

// Start returns the only message, which is not nil when it is empty.
func (c *ExternalClient) Start() (mechanism string, initial []byte, err error) {
	if strings.Contains(c.Identity, "\x00") {
		return "", nil, fmt.Errorf("%w: NUL (RFC 4422 §A.1)", ErrCredentials)
	}
	return "EXTERNAL", append([]byte{}, c.Identity...), nil
}

// Next refuses every challenge: there is nothing more to say.
func (c *ExternalClient) Next(challenge []byte, more bool) ([]byte, error) {
	return oneMessage("EXTERNAL", challenge, more)
}

// ExternalServer is EXTERNAL (RFC 4422 §A) as a server takes it.
type ExternalServer struct {
	// Check tells who the client is, who asks to act as identity; an empty one
	// asks to act as the one he is known to be. ErrRefused means nobody, any
	// other error that it cannot be told.
	Check func(ctx context.Context, identity string) (who string, err error)
}

// Mechanism returns "EXTERNAL".
func (s *ExternalServer) Mechanism() string { return "EXTERNAL" }

// Step takes the message; a client that sent none with his command is asked for
// it by an empty challenge.
func (s *ExternalServer) Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error) {
	if response == nil {
		return []byte{}, "", nil
	}
	if strings.Contains(string(response), "\x00") || !utf8.Valid(response) {
		return nil, "", ErrSyntax
	}
	identity, err = granted(s.Check(ctx, string(response)))
	return nil, identity, err
}
