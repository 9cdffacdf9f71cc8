package smtp

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// helloChars are what a client's name may hold. Underscores are many Windows
// hosts', colons and brackets a literal's; what has a meaning in a Received
// field is not among them.
var helloChars = ascii.VChar.Without(ascii.Chars(`()<>,;\"`)).Or(ascii.Range(0x80, 0xff))

// ParseHello reads the argument of EHLO, HELO or LHLO: the client's name, up to
// the first space. It is to be a domain or an address literal
// (RFC 5321 §4.1.1.1); what real clients say instead is taken too, since mail must
// not be refused for it (§4.1.4), but no octet that could not stand in a header.
// The error is a [*ParseError] of 501 5.5.4.
func ParseHello(arg []byte) (domain string, err error) {
	name, _, _ := bytes.Cut(arg, []byte{' '})
	if len(name) == 0 || len(name) > maxDomain || ascii.Span(&helloChars, name) < len(name) || !utf8.Valid(name) {
		return "", badArgument(0, "Domain", "RFC 5321 §4.1.1.1")
	}
	return string(name), nil
}

// ParseBDAT reads the argument of BDAT: the chunk's size in octets and perhaps
// LAST (RFC 3030 §2). The error is a [*ParseError] of 501 5.5.4; the octets that
// follow cannot be told from commands then.
func ParseBDAT(arg []byte) (size int64, last bool, err error) {
	v, n, err := ascii.Decimal(arg, math.MaxInt64)
	if err != nil {
		return 0, false, badArgument(n, "chunk-size", "RFC 3030 §2")
	}
	word := bytes.TrimLeft(arg[n:], " ")
	switch {
	case len(word) == 0:
		return int64(v), false, nil
	case arg[n] == ' ' && ascii.EqualFold(word, "LAST"):
		return int64(v), true, nil
	}
	return 0, false, badArgument(n, "BDAT", "RFC 3030 §2")
}

// AppendBDAT appends the argument of BDAT. A size below 0 is refused.
func AppendBDAT(dst []byte, size int64, last bool) ([]byte, error) {
	if size < 0 {
		return dst, &ParseError{What: "chunk-size", Ref: "RFC 3030 §2", Err: ErrValue}
	}
	dst = strconv.AppendInt(dst, size, 10)
	if last {
		dst = append(dst, " LAST"...)
	}
	return dst, nil
}

// mechChars are what a mechanism's name is made of (RFC 4422 §3.1).
var mechChars = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-_"))

// maxMechanism is the longest name of a mechanism (RFC 4422 §3.1).
const maxMechanism = 20

// ParseAuth reads the argument of AUTH: a mechanism, in upper case then, and
// perhaps its initial response (RFC 4954 §4), which is nil where there is none
// and empty for "=". The error is a [*ParseError] of 501, 5.5.4 for the mechanism
// and 5.5.2 for the response.
func ParseAuth(arg []byte) (mechanism string, initial []byte, err error) {
	name, response, more := bytes.Cut(arg, []byte{' '})
	if len(name) == 0 || len(name) > maxMechanism || ascii.Span(&mechChars, name) < len(name) {
		return "", nil, badArgument(0, "sasl-mech", "RFC 4954 §4")
	}
	mechanism = strings.ToUpper(string(name))
	if !more {
		return mechanism, nil, nil
	}
	response = bytes.TrimLeft(response, " ")
	if len(response) == 1 && response[0] == '=' {
		return mechanism, []byte{}, nil
	}
	initial, err = ParseAuthResponse(response)
	if err == nil && len(initial) == 0 {
		err = badBase64()
	}
	if err != nil {
		return "", nil, err
	}
	return mechanism, initial, nil
}

// ParseAuthResponse decodes a client's response within AUTH, or a server's
// challenge (RFC 4954 §4). The error is a [*ParseError] of 501 5.5.2. A response
// of "*", which cancels, is none: look for it first.
func ParseAuthResponse(line []byte) ([]byte, error) {
	// The package's decoder passes over line ends, which are no BASE64 here.
	if indexControl(line) >= 0 {
		return nil, badBase64()
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Strict().Decode(b, line)
	if err != nil {
		return nil, badBase64()
	}
	return b[:n], nil
}

func badBase64() error {
	return &ParseError{What: "base64", Ref: "RFC 4954 §4", Reply: 501, Enhanced: EnhancedCode{5, 5, 2}, Err: ErrSyntax}
}

// AppendAuth appends the argument of AUTH. A nil initial response is left out, an
// empty one is "=".
func AppendAuth(dst []byte, mechanism string, initial []byte) ([]byte, error) {
	if mechanism == "" || len(mechanism) > maxMechanism || ascii.Span(&mechChars, mechanism) < len(mechanism) {
		return dst, &ParseError{What: "sasl-mech", Ref: "RFC 4954 §4", Err: ErrSyntax}
	}
	dst = append(dst, mechanism...)
	switch {
	case initial == nil:
		return dst, nil
	case len(initial) == 0:
		return append(dst, " ="...), nil
	}
	return base64.StdEncoding.AppendEncode(append(dst, ' '), initial), nil
}
