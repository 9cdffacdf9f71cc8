package pop3

import (
	"context"

	"applayer/internal/sasl"
)

// Errors of [Backend] and [SASLServer], which a client finds in a refusal, too.
var (
	// ErrAuthRefused means that the credentials are not right: -ERR [AUTH].
	ErrAuthRefused = sasl.ErrRefused
	// ErrAuthSyntax means a response that is not of the mechanism's form.
	ErrAuthSyntax = sasl.ErrSyntax
)

// SASLClient is the client's side of one authentication (RFC 4422 §3). It is
// used once.
type SASLClient interface {
	// Start names the mechanism and gives the initial response, nil for none.
	Start() (mechanism string, initial []byte, err error)
	// Next answers a challenge. When the server says that the login succeeded it
	// is called once more with more false and a nil challenge: an error then
	// means that the server has not proved what the mechanism asks it to.
	Next(challenge []byte, more bool) (response []byte, err error)
}

// SASLServer is the server's side of one mechanism, for one connection. After an
// exchange has ended, whatever its outcome, the next Step begins another. One
// that the client breaks off with "*" has no end, so that a server takes new
// ones for each AUTH command.
type SASLServer interface {
	// Mechanism is its name, as in "PLAIN".
	Mechanism() string
	// Step takes a response, nil at first where the client sent no initial one;
	// a response that is empty is not nil.
	// With a nil error and no identity the challenge is sent and a response
	// awaited. With an identity the client is who he says; a challenge that
	// is not nil then is sent before, and answered by an empty response.
	//
	// An error that is [ErrAuthRefused] refuses the credentials, [ErrAuthSyntax]
	// the form of a response; any other is a failure of ours and temporary.
	Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error)
}
