// Package sasl holds the mechanisms of SASL (RFC 4422) that mail uses, each as
// a client's and a server's side of an exchange: no connection, no base64, no
// protocol's replies. What the protocol packages declare as their SASLClient
// and SASLServer these satisfy by their methods.
package sasl

import "errors"

// Errors of the servers' sides.
var (
	// ErrRefused means that the credentials are not right.
	ErrRefused = errors.New("sasl: authentication refused")
	// ErrSyntax means a response that is not of the mechanism's form.
	ErrSyntax = errors.New("sasl: response outside the grammar")
)
