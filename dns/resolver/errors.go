package resolver

import (
	"errors"

	"applayer/dns"
)

// Why a question has no answer, or a reply was not taken.
var (
	// ErrNoServer means that no server of the zone gave an answer.
	ErrNoServer = errors.New("resolver: no server gave an answer")
	// ErrAliasLoop means aliases that lead back to themselves.
	ErrAliasLoop = errors.New("resolver: loop of aliases")
	// ErrRemembered means that the question failed a moment ago (RFC 9520).
	ErrRemembered = errors.New("resolver: failed a moment ago")
	// ErrQuestion means a question that nobody resolves: of another class than
	// IN, or of a type that is none of data.
	ErrQuestion = errors.New("resolver: no question to resolve")
	// ErrNotAsked means a reply to a message that waits for none any more.
	ErrNotAsked = errors.New("resolver: nothing asked")
	// ErrNotReply means a message that is no reply to the one sent; the wait
	// goes on (RFC 5452 §9.1).
	ErrNotReply = errors.New("resolver: no reply to this question")
)

// limitError tells which of the [Limits] a question reached; times are in
// nanoseconds.
func limitError[T ~int | ~int64](name string, v T) *dns.LimitError {
	return &dns.LimitError{Name: name, Max: int64(v), Reply: int(dns.RCodeServFail)}
}
