package sasl

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	_ "crypto/sha1" // SCRAM-SHA-1
	_ "crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SCRAM (RFC 5802; RFC 7677 for SHA-256) lets each side show the other that it
// knows what was made of the password, and neither learns more by it:
//
//	C: n,,n=user,r=CNONCE                          client-first-message
//	S: r=CNONCE SNONCE,s=SALT,i=ITERATIONS         server-first-message
//	C: c=biws,r=CNONCE SNONCE,p=PROOF              client-final-message
//	S: v=SIGNATURE                                 server-final-message
//
// This file has the grammar of RFC 5802 §7; scram_keys.go the computations of
// §3, scram_client.go and scram_server.go the two sides.

// scramName is the mechanism's name (RFC 5802 §4).
func scramName(hash crypto.Hash, plus bool) string {
	name := "SCRAM-" + hash.String()
	if plus {
		name += "-PLUS"
	}
	return name
}

// The three ways to speak of channel binding, gs2-cbind-flag (RFC 5802 §7).
const (
	flagNone     = 'n' // the client has none
	flagNotTheir = 'y' // the client has, and believes that the server has not
	flagBound    = 'p' // it is used
)

// clientFirst is a client-first-message.
type clientFirst struct {
	flag      byte
	binding   string // cb-name, with flagBound
	authzid   string
	user      string
	nonce     string
	gs2Header []byte // as it came
	bare      []byte // client-first-message-bare, as it came
}

// serverFirst is a server-first-message.
type serverFirst struct {
	nonce      string
	salt       []byte
	iterations int
}

// clientFinal is a client-final-message.
type clientFinal struct {
	binding      []byte // c=, in base64
	nonce        string
	proof        []byte
	withoutProof []byte // client-final-message-without-proof, as it came
}

// attributeError is an attribute that is not there or not of its form.
type attributeError struct {
	name byte
	ref  string
}

func (e *attributeError) Error() string {
	return "attribute " + strconv.QuoteRuneToASCII(rune(e.name)) + " missing or malformed (" + e.ref + ")"
}

// errMandatory is an extension that must be understood: there are none yet.
var errMandatory = errors.New("mandatory extension (RFC 5802 §5.1)")

// attributes are what is left of a message of attr-val, with commas between.
type attributes []byte

// take returns the value of the next attribute, which must be this one. An
// extension marked mandatory stands at the front of a message.
func (a *attributes) take(name byte) ([]byte, error) {
	switch b := *a; {
	case len(b) > 1 && b[0] == 'm' && b[1] == '=':
		return nil, errMandatory
	case len(b) < 3 || b[0] != name || b[1] != '=':
		return nil, &attributeError{name, "RFC 5802 §7"}
	}
	value, rest, more := bytes.Cut((*a)[2:], []byte{','})
	if len(value) == 0 || !isValue(value) || more && len(rest) == 0 {
		return nil, &attributeError{name, "RFC 5802 §7"}
	}
	*a = rest
	return value, nil
}

// defined are the attributes of RFC 5802 §5.1, each of which has its place: a
// second user name at the end is no extension. Their case matters.
const defined = "anmrcsipve"

// skip passes over extensions to the end. What is not understood is ignored
// (RFC 5802 §7).
func (a *attributes) skip() error {
	for len(*a) > 0 {
		name := (*a)[0]
		lower := name | 0x20
		if lower < 'a' || lower > 'z' || name != 'm' && strings.IndexByte(defined, name) >= 0 {
			return &attributeError{name, "RFC 5802 §7"}
		}
		if _, err := a.take(name); err != nil {
			return err
		}
	}
	return nil
}

// isValue tells whether b is UTF-8 without NUL: nothing else is in a message.
func isValue(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// parseClientFirst takes a client-first-message.
func parseClientFirst(b []byte) (m clientFirst, err error) {
	if !isValue(b) {
		return m, errors.New("octets outside UTF-8, or NUL (RFC 5802 §7)")
	}
	rest, err := m.parseGS2Header(b)
	if err != nil {
		return m, err
	}
	m.gs2Header, m.bare = b[:len(b)-len(rest)], rest
	a := attributes(rest)
	user, err := a.take('n')
	if err != nil {
		return m, err
	}
	if m.user, err = parseName(user); err != nil {
		return m, err
	}
	if m.nonce, err = a.takeNonce(); err != nil {
		return m, err
	}
	return m, a.skip()
}

// parseGS2Header takes gs2-cbind-flag "," [ authzid ] "," and returns what is
// behind it.
func (m *clientFirst) parseGS2Header(b []byte) (rest []byte, err error) {
	flag, rest, ok := bytes.Cut(b, []byte{','})
	switch {
	case !ok || len(flag) == 0:
		return nil, errors.New("gs2-cbind-flag (RFC 5802 §7)")
	case len(flag) == 1 && (flag[0] == flagNone || flag[0] == flagNotTheir):
	case len(flag) > 2 && flag[0] == flagBound && flag[1] == '=' && isBindingName(flag[2:]):
		m.binding = string(flag[2:])
	default:
		return nil, errors.New("gs2-cbind-flag (RFC 5802 §7)")
	}
	m.flag = flag[0]
	authzid, rest, ok := bytes.Cut(rest, []byte{','})
	if !ok {
		return nil, errors.New("gs2-header (RFC 5802 §7)")
	}
	if len(authzid) == 0 {
		return rest, nil
	}
	name, ok := bytes.CutPrefix(authzid, []byte("a="))
	if !ok {
		return nil, &attributeError{'a', "RFC 5802 §7"}
	}
	m.authzid, err = parseName(name)
	return rest, err
}

// isBindingName tells whether b is a cb-name.
func isBindingName(b []byte) bool {
	for _, c := range b {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return len(b) > 0
}

// parseName takes a saslname.
func parseName(b []byte) (string, error) {
	// An '=' that is neither must fail the login (RFC 5802 §5.1).
	odd := bytes.Count(b, []byte("=")) - bytes.Count(b, []byte("=2C")) - bytes.Count(b, []byte("=3D"))
	if len(b) == 0 || odd != 0 {
		return "", errors.New("saslname (RFC 5802 §5.1)")
	}
	return strings.NewReplacer("=2C", ",", "=3D", "=").Replace(string(b)), nil
}

// takeNonce takes a nonce: printable ASCII without commas.
func (a *attributes) takeNonce() (string, error) {
	nonce, err := a.take('r')
	if err != nil {
		return "", err
	}
	for _, c := range nonce {
		if c <= ' ' || c > '~' {
			return "", &attributeError{'r', "RFC 5802 §7"}
		}
	}
	return string(nonce), nil
}

// parseServerFirst takes a server-first-message.
func parseServerFirst(b []byte) (m serverFirst, err error) {
	a := attributes(b)
	if m.nonce, err = a.takeNonce(); err != nil {
		return m, err
	}
	if m.salt, err = a.takeBase64('s'); err != nil {
		return m, err
	}
	iterations, err := a.take('i')
	if err != nil {
		return m, err
	}
	// posit-number has no sign and no leading zero.
	n, err := strconv.ParseUint(string(iterations), 10, 31)
	if err != nil || iterations[0] == '0' {
		return m, &attributeError{'i', "RFC 5802 §7"}
	}
	m.iterations = int(n)
	return m, a.skip()
}

// takeBase64 takes an attribute in base64 with its padding.
func (a *attributes) takeBase64(name byte) ([]byte, error) {
	value, err := a.take(name)
	if err != nil {
		return nil, err
	}
	b, err := decodeBase64(value)
	if err != nil || len(b) == 0 {
		return nil, &attributeError{name, "RFC 5802 §7"}
	}
	return b, nil
}

// decodeBase64 decodes base64 as RFC 5802 §7 has it: padded, nothing between.
func decodeBase64(b []byte) ([]byte, error) {
	if bytes.ContainsAny(b, "\r\n") { // which the decoder would pass over
		return nil, base64.CorruptInputError(0)
	}
	return base64.StdEncoding.Strict().AppendDecode(nil, b)
}

// parseClientFinal takes a client-final-message.
func parseClientFinal(b []byte) (m clientFinal, err error) {
	// The proof stands last, behind extensions, and has no comma.
	i := bytes.LastIndex(b, []byte(",p="))
	if i < 0 {
		return m, &attributeError{'p', "RFC 5802 §7"}
	}
	m.withoutProof = b[:i]
	proof := attributes(b[i+1:])
	if m.proof, err = proof.takeBase64('p'); err != nil {
		return m, err
	}
	if len(proof) > 0 {
		return m, &attributeError{'p', "RFC 5802 §7"}
	}
	a := attributes(m.withoutProof)
	if m.binding, err = a.take('c'); err != nil {
		return m, err
	}
	if m.nonce, err = a.takeNonce(); err != nil {
		return m, err
	}
	return m, a.skip()
}

// parseServerFinal takes a server-final-message: a signature, or the error that
// the server tells.
func parseServerFinal(b []byte) (signature []byte, err error) {
	if refusal, ok := bytes.CutPrefix(b, []byte("e=")); ok {
		return nil, fmt.Errorf("%w: the server says %s", ErrRefused, quote(refusal))
	}
	a := attributes(b)
	if signature, err = a.takeBase64('v'); err != nil {
		return nil, err
	}
	return signature, a.skip()
}

// encodeServerFirst returns a server-first-message.
func encodeServerFirst(m serverFirst) []byte {
	b := []byte("r=" + m.nonce + ",s=")
	b = base64.StdEncoding.AppendEncode(b, m.salt)
	return strconv.AppendInt(append(b, ",i="...), int64(m.iterations), 10)
}

// encodeBinding returns channel-binding: what the client said of it, and the
// data where it is used (RFC 5802 §5.1).
func encodeBinding(gs2Header, data []byte) []byte {
	input := append(bytes.Clone(gs2Header), data...)
	return base64.StdEncoding.AppendEncode([]byte("c="), input)
}

// hmacOf is HMAC(key, str) of RFC 5802 §2.2.
func hmacOf(hash crypto.Hash, key []byte, parts ...[]byte) []byte {
	mac := hmac.New(hash.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// encodeServerFinal returns a server-final-message.
func encodeServerFinal(signature []byte) []byte {
	return base64.StdEncoding.AppendEncode([]byte("v="), signature)
}
