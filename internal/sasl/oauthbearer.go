package sasl

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// OAuthBearerClient is OAUTHBEARER (RFC 7628): a token that an OAuth 2.0 server
// gave. It is for connections under TLS.
type OAuthBearerClient struct {
	// User is the identity to act as; empty means whom the token is for. Some
	// servers ask for it.
	User string
	// Token is the access token.
	Token string
	// Host and Port are the server's, as the client knows them; empty and 0
	// leave them out.
	Host string
	Port int

	failure []byte // what the server said of the token
}

// kvsep ends a pair; alone it is the answer to an error (RFC 7628 §3.1).
const kvsep = "\x01"

// Start returns the message of RFC 7628 §3.1.
func (c *OAuthBearerClient) Start() (mechanism string, initial []byte, err error) {
	if !isBearer(c.Token) || strings.ContainsAny(c.User+c.Host, kvsep+"\x00") {
		return "", nil, fmt.Errorf("%w: token, user or host (RFC 7628 §3.1)", ErrCredentials)
	}
	b := appendGS2Header(nil, "n", c.User)
	b = append(b, kvsep...)
	if c.Host != "" {
		b = append(b, "host="+c.Host+kvsep...)
	}
	if c.Port != 0 {
		b = append(b, "port="+strconv.Itoa(c.Port)+kvsep...)
	}
	b = append(b, "auth=Bearer "+c.Token+kvsep+kvsep...)
	return "OAUTHBEARER", b, nil
}

// isBearer tells whether token is a b64token (RFC 6750 §2.1), or at least
// visible ASCII: real ones have a character more here and there.
func isBearer(token string) bool {
	return token != "" && strings.IndexFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// Next answers what the server says of a token that it does not take, so that it
// can end the exchange with its refusal (RFC 7628 §3.2.3).
func (c *OAuthBearerClient) Next(challenge []byte, more bool) ([]byte, error) {
	switch {
	case c.failure != nil:
		// Granted, or asked for more, after the server has said no.
		return nil, fmt.Errorf("%w: OAUTHBEARER: %s", ErrChallenge, quote(c.failure))
	case !more:
		return nil, nil
	}
	c.failure = append([]byte{}, challenge...)
	return []byte(kvsep), nil
}

// Failure is the JSON document in which the server told why it does not take
// the token (RFC 7628 §3.2.2), nil if it did not.
func (c *OAuthBearerClient) Failure() []byte { return bytes.Clone(c.failure) }
