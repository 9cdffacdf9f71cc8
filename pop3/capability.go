package pop3

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// Capability is something that a server can do, or a way in which it behaves
// (RFC 2449 §5).
type Capability struct {
	// Tag is its name, as in "SASL".
	Tag string
	// Params are what stands behind.
	Params []string
}

// Capabilities are what a server answers to CAPA. They differ before and after
// TLS, and before and after the login.
type Capabilities []Capability

// ParseCapability takes one line of the answer to CAPA.
func ParseCapability(line []byte) (Capability, error) {
	fields := bytes.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(fields) == 0 {
		return Capability{}, &ParseError{What: "capa-tag", Ref: "RFC 2449 §3", Err: ErrSyntax}
	}
	words := make([]string, len(fields))
	for i, f := range fields {
		if ascii.Span(&ascii.VChar, f) != len(f) {
			return Capability{}, &ParseError{What: "capability", Ref: "RFC 2449 §3", Err: ErrSyntax}
		}
		words[i] = string(f)
	}
	return Capability{Tag: words[0], Params: words[1:]}, nil
}

// AppendCapability appends a line of the answer to CAPA, without its end.
func AppendCapability(dst []byte, c Capability) ([]byte, error) {
	for i, word := range append([]string{c.Tag}, c.Params...) {
		if word == "" || ascii.Span(&ascii.VChar, word) != len(word) {
			return dst, &ParseError{What: "capability", Ref: "RFC 2449 §3", Err: ErrSyntax}
		}
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, word...)
	}
	return dst, nil
}

// Find returns the parameters of a capability, and whether it is there.
func (c Capabilities) Find(tag string) (params []string, found bool) {
	for _, one := range c {
		if ascii.EqualFold(one.Tag, tag) {
			return one.Params, true
		}
	}
	return nil, false
}

// Has tells whether a capability is there, and all the parameters with it.
func (c Capabilities) Has(tag string, params ...string) bool {
	have, found := c.Find(tag)
	for _, want := range params {
		found = found && hasFold(have, want)
	}
	return found
}

// Mechanisms returns the names of SASL mechanisms (RFC 5034 §3).
func (c Capabilities) Mechanisms() []string {
	params, _ := c.Find("SASL")
	return params
}

// LoginDelay returns how long to wait between two logins (RFC 2449 §6.5). Where
// perUser is true it may be less once somebody is logged in.
func (c Capabilities) LoginDelay() (d time.Duration, perUser bool) {
	params, _ := c.Find("LOGIN-DELAY")
	if len(params) == 0 {
		return 0, false
	}
	seconds, err := strconv.ParseInt(params[0], 10, 32)
	if err != nil || seconds < 0 {
		return 0, false
	}
	return time.Duration(seconds) * time.Second, hasFold(params[1:], "USER")
}

// Expire returns how long messages are kept on the server (RFC 2449 §6.7).
func (c Capabilities) Expire() (e Expire, perUser bool) {
	params, _ := c.Find("EXPIRE")
	if len(params) == 0 {
		return ExpireUnsaid, false
	}
	perUser = hasFold(params[1:], "USER")
	if strings.EqualFold(params[0], "NEVER") {
		return ExpireNever, perUser
	}
	days, err := strconv.ParseInt(params[0], 10, 31)
	switch {
	case err != nil || days < 0:
		return ExpireUnsaid, false
	case days == 0:
		return ExpireAtOnce, perUser
	}
	return Expire(days), perUser
}

func hasFold(words []string, want string) bool {
	for _, w := range words {
		if ascii.EqualFold(w, want) {
			return true
		}
	}
	return false
}

// Expire is for how many days messages are kept on a server (RFC 2449 §6.7), or
// one of the constants.
type Expire int

// What is no number of days.
const (
	ExpireUnsaid Expire = 0  // the server does not say
	ExpireNever  Expire = -1 // NEVER: until they are deleted
	ExpireAtOnce Expire = -2 // 0: until the session that retrieved them ends
)

// String returns the parameter as it stands on the wire, "" for ExpireUnsaid.
func (e Expire) String() string {
	switch e {
	case ExpireUnsaid:
		return ""
	case ExpireNever:
		return "NEVER"
	case ExpireAtOnce:
		return "0"
	}
	return strconv.Itoa(int(e))
}
