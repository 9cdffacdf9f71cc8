package sasl

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
)

// maxIterations is the most work that a server can ask of a client, about a
// second (RFC 5802 §9: a hostile server can send a big count).
const maxIterations = 1_000_000

// SCRAMClient is SCRAM (RFC 5802) with one of its hashes.
type SCRAMClient struct {
	// Hash is crypto.SHA1 or crypto.SHA256.
	Hash crypto.Hash
	// Identity is whom to act as; empty means User himself.
	Identity string
	User     string
	Password string
	// Binding ties the login to the connection below, so that nobody in the
	// middle can pass it on. The zero value is none.
	Binding Binding
	// Plus tells that the server offers the -PLUS of this mechanism, which is
	// used then if there is a Binding. A Binding without Plus tells the server
	// that it seems not to offer it, and one that does will see that somebody
	// took it off the list (RFC 5802 §6).
	Plus bool

	testNonce string // for tests
	nonce     string
	gs2Header []byte
	firstBare []byte
	signature []byte // the server's, as it must be
	state     scramClientState
}

// scramClientState is what the client waits for.
type scramClientState uint8

const (
	clientNew       scramClientState = iota // nothing yet
	clientSentFirst                         // the server-first-message
	clientSentFinal                         // the server-final-message
	clientProved                            // the outcome
	clientFailed                            // nothing any more
)

// Start returns the client-first-message.
func (c *SCRAMClient) Start() (mechanism string, initial []byte, err error) {
	user, err := Saslprep(c.User, Query)
	if err != nil {
		return "", nil, fmt.Errorf("%w: user name: %w", ErrCredentials, err)
	}
	if user == "" || strings.Contains(c.Identity, "\x00") {
		return "", nil, fmt.Errorf("%w: empty user name, or NUL (RFC 5802 §7)", ErrCredentials)
	}
	flag, plus := string(flagNone), false
	switch bound := c.Binding.Type != ""; {
	case bound && c.Plus:
		flag, plus = string(flagBound)+"="+c.Binding.Type, true
	case bound:
		flag = string(flagNotTheir)
	}
	// Another one each time: to who was sent this one before, somebody could
	// play the server's old messages again.
	if c.nonce = c.testNonce; c.nonce == "" {
		c.nonce = rand.Text()
	}
	c.gs2Header = appendGS2Header(nil, flag, c.Identity)
	c.firstBare = append(appendName([]byte("n="), user), ",r="+c.nonce...)
	c.state = clientSentFirst
	return scramName(c.Hash, plus), append(append([]byte{}, c.gs2Header...), c.firstBare...), nil
}

// Next answers the two messages of the server.
func (c *SCRAMClient) Next(challenge []byte, more bool) (response []byte, err error) {
	switch state := c.state; {
	case state == clientProved && !more && len(challenge) == 0:
		return nil, nil
	case state == clientSentFirst && more:
		response, err = c.final(challenge)
		c.state = clientSentFinal
	case state == clientSentFinal && (more || challenge != nil):
		// Protocols that can carry it send the signature with their success.
		response, err = []byte{}, c.verify(challenge)
		c.state = clientProved
	case !more:
		err = fmt.Errorf("%w: SCRAM: granted without a signature (RFC 5802 §3)", ErrNotProved)
	default:
		err = fmt.Errorf("%w: SCRAM: %s", ErrChallenge, quote(challenge))
	}
	if err != nil {
		c.state = clientFailed
		return nil, err
	}
	return response, nil
}

// final answers the server-first-message by the client-final-message.
func (c *SCRAMClient) final(challenge []byte) ([]byte, error) {
	m, err := parseServerFirst(challenge)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: SCRAM: %w", ErrChallenge, err)
	case !strings.HasPrefix(m.nonce, c.nonce) || m.nonce == c.nonce:
		return nil, fmt.Errorf("%w: SCRAM: a nonce that does not go on from ours (RFC 5802 §5.1)", ErrChallenge)
	case m.iterations < MinIterations:
		return nil, fmt.Errorf("%w: SCRAM: %d iterations, at least %d are asked (RFC 7677 §4)", ErrChallenge, m.iterations, MinIterations)
	case m.iterations > maxIterations:
		return nil, fmt.Errorf("%w: SCRAM: %d iterations, at most %d are done (RFC 5802 §9)", ErrChallenge, m.iterations, maxIterations)
	}
	salted, err := saltedPassword(c.Hash, c.Password, m.salt, m.iterations)
	if err != nil {
		return nil, err
	}
	var data []byte
	if c.gs2Header[0] == flagBound {
		data = c.Binding.Data
	}
	b := append(encodeBinding(c.gs2Header, data), ",r="+m.nonce...)
	said := authMessage(c.firstBare, challenge, b)
	c.signature = hmacOf(c.Hash, hmacOf(c.Hash, salted, []byte("Server Key")), said)
	proof := clientProof(c.Hash, clientKey(c.Hash, salted), said)
	return base64.StdEncoding.AppendEncode(append(b, ",p="...), proof), nil
}

// verify checks the server-final-message: the server has the keys of the
// password too.
func (c *SCRAMClient) verify(challenge []byte) error {
	signature, err := parseServerFinal(challenge)
	if err != nil {
		return fmt.Errorf("SCRAM: %w", err)
	}
	if !hmac.Equal(signature, c.signature) {
		return fmt.Errorf("%w: SCRAM: the signature is another (RFC 5802 §3)", ErrNotProved)
	}
	return nil
}
