package sasl

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// SCRAMServer is SCRAM (RFC 5802) with one of its hashes, as a server takes it.
type SCRAMServer struct {
	// Hash is crypto.SHA1 or crypto.SHA256.
	Hash crypto.Hash
	// Plus makes it the -PLUS mechanism, which binds to the connection.
	Plus bool
	// Bindings are what a client may bind to. Both mechanisms are told of them:
	// who uses the one without -PLUS since he has not seen the other is turned
	// away, because somebody hid it from him (RFC 5802 §6).
	Bindings []Binding
	// Lookup returns the verifier of a user who asks to act as identity (empty:
	// as himself). The name is prepared by SASLprep. ErrRefused means that
	// there is no such user, or that he may not: the exchange goes on to its
	// end, so that the client cannot tell. The verifier returned with it has
	// the salt and iteration count that he is shown; with a zero one they are
	// made up, the same each time while the program runs. Any other error means
	// that it cannot be told.
	Lookup func(ctx context.Context, identity, user string) (Verifier, error)

	testNonce   string // for tests
	first       clientFirst
	serverFirst []byte // what we sent, nil before
	combined    string // the nonce in it
	verifier    Verifier
	identity    string // who he will be; empty for nobody
}

// Mechanism returns the name, as in "SCRAM-SHA-256-PLUS".
func (s *SCRAMServer) Mechanism() string { return scramName(s.Hash, s.Plus) }

// Step takes the two messages of the client. The server-final-message comes
// with the identity.
func (s *SCRAMServer) Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error) {
	switch {
	case response == nil:
		s.serverFirst = nil
		return []byte{}, "", nil
	case s.serverFirst == nil:
		challenge, err = s.takeFirst(ctx, response)
		s.serverFirst = challenge
		return challenge, "", err
	}
	challenge, err = s.takeFinal(response)
	s.serverFirst = nil
	if err != nil {
		return nil, "", err
	}
	return challenge, s.identity, nil
}

// takeFirst answers the client-first-message by the server-first-message.
func (s *SCRAMServer) takeFirst(ctx context.Context, response []byte) ([]byte, error) {
	m, err := parseClientFirst(response)
	if err != nil {
		return nil, syntaxOrRefused(err)
	}
	if err := s.checkFlag(&m); err != nil {
		return nil, err
	}
	user, err := Saslprep(m.user, Query)
	if err != nil {
		return nil, fmt.Errorf("%w: user name: %w", ErrRefused, err)
	}
	if user == "" { // all of it was mapped to nothing
		return nil, ErrRefused
	}
	if err := s.lookup(ctx, m.authzid, user); err != nil {
		return nil, &UserError{user, err}
	}
	s.first = m
	// What the message was made of belongs to the caller.
	s.first.gs2Header, s.first.bare = bytes.Clone(m.gs2Header), bytes.Clone(m.bare)
	nonce := s.testNonce
	if nonce == "" {
		nonce = rand.Text()
	}
	s.combined = m.nonce + nonce
	return encodeServerFirst(serverFirst{
		nonce: s.combined, salt: s.verifier.Salt, iterations: s.verifier.Iterations,
	}), nil
}

// syntaxOrRefused gives a parser's error its kind.
func syntaxOrRefused(err error) error {
	if errors.Is(err, errMandatory) {
		return fmt.Errorf("%w: SCRAM: %w", ErrRefused, err)
	}
	return fmt.Errorf("%w: SCRAM: %w", ErrSyntax, err)
}

// checkFlag is what RFC 5802 §6 asks of the channel binding flag.
func (s *SCRAMServer) checkFlag(m *clientFirst) error {
	switch {
	case m.flag == flagNotTheir && len(s.Bindings) > 0:
		return fmt.Errorf("%w: SCRAM: -PLUS was hidden from the client (RFC 5802 §6)", ErrRefused)
	case m.flag == flagBound != s.Plus:
		return fmt.Errorf("%w: SCRAM: channel binding without -PLUS, or -PLUS without (RFC 5802 §6)", ErrRefused)
	case m.flag == flagBound && s.binding(m.binding) == nil:
		return fmt.Errorf("%w: SCRAM: channel binding %s (RFC 5802 §6)", ErrRefused, quote([]byte(m.binding)))
	}
	return nil
}

// binding returns the data of that type, nil for none.
func (s *SCRAMServer) binding(kind string) []byte {
	i := slices.IndexFunc(s.Bindings, func(b Binding) bool { return b.Type == kind })
	if i < 0 {
		return nil
	}
	return s.Bindings[i].Data
}

// lookup sets verifier and identity.
func (s *SCRAMServer) lookup(ctx context.Context, authzid, user string) (err error) {
	s.identity = ""
	s.verifier, err = s.Lookup(ctx, authzid, user)
	made := decoy(s.Hash, user, s.verifier) // for those who are there too, whom no haste should tell
	switch {
	case errors.Is(err, ErrRefused):
		s.verifier = made
		return nil
	case err != nil:
		return err
	case s.verifier.check(s.Hash) != nil:
		return errVerifier
	case s.verifier.Identity != "":
		s.identity = s.verifier.Identity
	case authzid == "" || authzid == user:
		s.identity = user
	}
	return nil
}

// takeFinal answers the client-final-message by the server-final-message.
func (s *SCRAMServer) takeFinal(response []byte) ([]byte, error) {
	m, err := parseClientFinal(response)
	if err != nil {
		return nil, syntaxOrRefused(err)
	}
	want := encodeBinding(s.first.gs2Header, s.binding(s.first.binding))[len("c="):]
	if m.nonce != s.combined {
		return nil, fmt.Errorf("%w: SCRAM: another nonce (RFC 5802 §5.1)", ErrRefused)
	}
	if subtle.ConstantTimeCompare(m.binding, want) != 1 {
		return nil, fmt.Errorf("%w: SCRAM: another channel, or another header (RFC 5802 §6)", ErrRefused)
	}
	said := authMessage(s.first.bare, s.serverFirst, m.withoutProof)
	proved := s.verifier.proves(s.Hash, m.proof, said)
	signature := hmacOf(s.Hash, s.verifier.ServerKey, said)
	if !proved || s.identity == "" {
		return nil, &UserError{s.first.user, ErrRefused}
	}
	return encodeServerFinal(signature), nil
}

// decoyKey makes up what is shown of users who are not there.
var decoyKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key)
	return key
})

// SaltSize is the length of a salt that is made up.
const SaltSize = 16

// DecoySalt returns n octets of salt that a name which is no user's is shown:
// always the same while the program runs, so that it looks like one that is
// stored.
func DecoySalt(user string, n int) []byte {
	salt := make([]byte, 0, n+sha256.Size)
	for block := 0; len(salt) < n; block++ {
		salt = append(salt, hmacOf(crypto.SHA256, decoyKey(), fmt.Appendf(nil, "salt %d ", block), []byte(user))...)
	}
	return salt[:n]
}

// decoy is a verifier that nothing proves. Keys that nobody has a password for
// are made as well, so that the same is done as for others.
func decoy(hash crypto.Hash, user string, like Verifier) Verifier {
	v := Verifier{Salt: like.Salt, Iterations: like.Iterations}
	if len(v.Salt) == 0 || v.Iterations <= 0 {
		v.Salt, v.Iterations = DecoySalt(user, SaltSize), MinIterations
	}
	v.StoredKey = hmacOf(hash, decoyKey(), []byte("stored"), []byte(user))
	v.ServerKey = hmacOf(hash, decoyKey(), []byte("server"), []byte(user))
	return v
}
