package sasl

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5" // #nosec: RFC 2195 asks for it
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// CRAMMD5Client is CRAM-MD5 (RFC 2195): the password keys a digest of what the
// server sends. It does not show who the server is, and who listens can guess
// the password from what he heard: SCRAM does better.
type CRAMMD5Client struct {
	User     string
	Password string

	answered bool
}

// Start returns no initial response: the server speaks first (RFC 2195 §2).
func (c *CRAMMD5Client) Start() (mechanism string, initial []byte, err error) {
	if c.User == "" {
		return "", nil, fmt.Errorf("%w: empty user name", ErrCredentials)
	}
	return "CRAM-MD5", nil, nil
}

// Next answers the one challenge.
func (c *CRAMMD5Client) Next(challenge []byte, more bool) ([]byte, error) {
	switch {
	case !more:
		return nil, nil
	case c.answered:
		return nil, fmt.Errorf("%w: CRAM-MD5: %s", ErrChallenge, quote(challenge))
	}
	c.answered = true
	return append([]byte(c.User+" "), keyedDigest(c.Password, challenge)...), nil
}

// keyedDigest returns the digest in the 32 lower-case digits of RFC 2195 §2.
func keyedDigest(password string, challenge []byte) []byte {
	mac := hmac.New(md5.New, []byte(password))
	mac.Write(challenge)
	return hex.AppendEncode(nil, mac.Sum(nil))
}

// CRAMMD5Server is CRAM-MD5 (RFC 2195) as a server takes it.
type CRAMMD5Server struct {
	// Host is the name in the challenge.
	Host string
	// Password returns a user's password, which the server must have as it is.
	// The name is prepared by SASLprep, and who he is then. ErrRefused means
	// that there is no such user, any other error that it cannot be told.
	Password func(ctx context.Context, user string) (string, error)

	challenge []byte // sent, nil before
}

// Mechanism returns "CRAM-MD5".
func (s *CRAMMD5Server) Mechanism() string { return "CRAM-MD5" }

// Step sends the challenge and checks the answer to it. An initial response is
// an error (RFC 4954 §4).
func (s *CRAMMD5Server) Step(ctx context.Context, response []byte) (challenge []byte, identity string, err error) {
	if response == nil {
		s.challenge = s.newChallenge()
		return s.challenge, "", nil
	}
	sent := s.challenge
	s.challenge = nil // it is good for one answer
	// A user name may have spaces in it, the digest has none.
	i := bytes.LastIndexByte(response, ' ')
	if sent == nil || i <= 0 || len(response)-i-1 != 2*md5.Size {
		return nil, "", ErrSyntax
	}
	given, digest := string(response[:i]), response[i+1:]
	user, err := Saslprep(given, Query)
	if err != nil || user == "" {
		return nil, "", &UserError{given, ErrRefused}
	}
	password, err := s.Password(ctx, user)
	refused := errors.Is(err, ErrRefused)
	if err != nil && !refused {
		return nil, "", &UserError{user, err}
	}
	// The same is done for a user who is not there.
	equal := hmac.Equal(keyedDigest(password, sent), digest)
	if refused || !equal || password == "" {
		return nil, "", &UserError{user, ErrRefused}
	}
	return nil, user, nil
}

// newChallenge has the form of a msg-id that never was (RFC 2195 §2).
func (s *CRAMMD5Server) newChallenge() []byte {
	b := append([]byte{'<'}, rand.Text()...)
	b = strconv.AppendInt(append(b, '.'), time.Now().Unix(), 10)
	return append(append(append(b, '@'), s.Host...), '>')
}
