package http1

import (
	"encoding/base64"
	"strings"

	"applayer/internal/ascii"
)

// BasicAuth returns the value of Authorization or Proxy-Authorization for a
// user and password (RFC 7617 §2), in UTF-8. A user with a colon and control
// characters in either are refused with a [*ParseError], as the section asks.
// Anybody who sees the value knows the password: send it over TLS.
func BasicAuth(user, password string) (string, error) {
	if i := strings.IndexByte(user, ':'); i >= 0 {
		return "", refused(i, "Basic credentials: colon in the user", "RFC 7617 §2")
	}
	if i := findControl(user + ":" + password); i >= 0 {
		return "", refused(i, "Basic credentials: control character", "RFC 7617 §2")
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)), nil
}

// findControl returns the place of the first control character, HTAB among
// them, or -1.
func findControl(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return i
		}
	}
	return -1
}

// ParseBasicAuth takes the value of Authorization with Basic credentials
// (RFC 7617 §2). The scheme's case has no meaning. The error is a
// [*ParseError] with reply 400; its text tells nothing of the credentials.
func ParseBasicAuth(value string) (user, password string, err error) {
	scheme, rest, ok := strings.Cut(value, " ")
	if !ok || !ascii.EqualFold(scheme, "Basic") {
		return "", "", malformed(0, "credentials: not of the Basic scheme", "RFC 7617 §2")
	}
	rest = strings.Trim(rest, " ")
	at := len(scheme) + 1
	// The decoder would skip line ends, which no field has.
	b, derr := base64.StdEncoding.Strict().DecodeString(rest)
	if derr != nil || strings.ContainsAny(rest, "\r\n") {
		return "", "", malformed(at, "Basic credentials: no base64", "RFC 7617 §2")
	}
	user, password, ok = strings.Cut(string(b), ":")
	if !ok {
		return "", "", malformed(at, "Basic credentials: no colon", "RFC 7617 §2")
	}
	if findControl(user+password) >= 0 {
		return "", "", malformed(at, "Basic credentials: control character", "RFC 7617 §2")
	}
	return user, password, nil
}

// b64token are the octets of a b64token before its equals signs
// (RFC 9110 §11.2).
var b64token = table(ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-._~+/")))

// BearerAuth returns the value of Authorization for a token (RFC 6750 §2.1).
// What is no b64token is refused with a [*ParseError].
func BearerAuth(token string) (string, error) {
	bare := strings.TrimRight(token, "=")
	for i := range len(bare) {
		if !b64token[bare[i]] {
			return "", refused(i, "Bearer token: octet that no b64token has", "RFC 6750 §2.1")
		}
	}
	if bare == "" {
		return "", refused(0, "Bearer token: empty", "RFC 6750 §2.1")
	}
	return "Bearer " + token, nil
}

// SetBasicAuth sets Authorization to [BasicAuth] of the user and password.
func (r *Request) SetBasicAuth(user, password string) error {
	v, err := BasicAuth(user, password)
	if err == nil {
		r.Header.Set("Authorization", v)
	}
	return err
}

// SetBearerAuth sets Authorization to [BearerAuth] of the token.
func (r *Request) SetBearerAuth(token string) error {
	v, err := BearerAuth(token)
	if err == nil {
		r.Header.Set("Authorization", v)
	}
	return err
}
