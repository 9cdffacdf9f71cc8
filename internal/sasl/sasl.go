// Package sasl holds the mechanisms of SASL (RFC 4422) that mail uses, each as
// a client's and a server's side of an exchange: no connection, no base64, no
// protocol's replies. What the protocol packages declare as their SASLClient
// and SASLServer these satisfy by their methods:
//
//	Start() (mechanism string, initial []byte, err error)
//	Next(challenge []byte, more bool) (response []byte, err error)
//
//	Mechanism() string
//	Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error)
//
// A mechanism is a struct whose fields are set before its first method is
// called. A client's side is used once. A server's side begins anew after an
// exchange has ended, well or not, but not when the client breaks one off: a
// protocol's server takes a new one then.
package sasl

import (
	"errors"
	"strconv"
)

// Errors of the servers' sides.
var (
	// ErrRefused means that the credentials are not right.
	ErrRefused = errors.New("sasl: authentication refused")
	// ErrSyntax means a response that is not of the mechanism's form.
	ErrSyntax = errors.New("sasl: response outside the grammar")
)

// Errors of the clients' sides, wrapped by those that say more.
var (
	// ErrChallenge means that the server asked for something that the mechanism
	// does not have.
	ErrChallenge = errors.New("sasl: challenge outside the mechanism")
	// ErrNotProved means that the server did not prove that it knows the
	// password too, as the mechanism asks it to.
	ErrNotProved = errors.New("sasl: the server has not proved who it is")
	// ErrCredentials means a user name, identity, password or token that the
	// mechanism cannot carry.
	ErrCredentials = errors.New("sasl: credentials that the mechanism cannot carry")
)

// maxQuoted is how much of a peer's text an error shows.
const maxQuoted = 100

func quote(text []byte) string {
	return strconv.QuoteToASCII(string(text[:min(len(text), maxQuoted)]))
}

// UserError is why a user was not let in, with the name that was given, so that a
// server's log can tell it.
type UserError struct {
	User string
	Err  error
}

// Error tells both. The name is a peer's, and is quoted and cut.
func (e *UserError) Error() string { return "user " + quote([]byte(e.User)) + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *UserError) Unwrap() error { return e.Err }

// RefusedUser returns the name that err tells of, "" for none, cut to a length
// that a log can hold.
func RefusedUser(err error) string {
	if e, ok := errors.AsType[*UserError](err); ok {
		return e.User[:min(len(e.User), maxQuoted)]
	}
	return ""
}

// granted is what a program's answer means: no name without an error is a
// refusal, so that a program that forgets one lets nobody in.
func granted(who string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if who == "" {
		return "", ErrRefused
	}
	return who, nil
}
